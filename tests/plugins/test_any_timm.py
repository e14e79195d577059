"""The bundled plugin for any timm network: a checkpoint chosen by its parameters."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from pathview.core.errors import ModelError
from pathview.inference.boundary import ask, load
from pathview.inference.source import ModelSource
from pathview.startup.registry import load_registry

PLUGINS = Path(__file__).parents[2] / "plugins"


@pytest.fixture
def source() -> ModelSource:
    return load_registry([PLUGINS / "timm_any" / "plugin.toml"]).models["any-timm"]


def test_without_a_checkpoint_it_says_what_to_do(source: ModelSource) -> None:
    with pytest.raises(ModelError, match="choose its checkpoint first: under Model > Model parameters"):
        source.make()
    with pytest.raises(ModelError, match="gone"):
        source.with_values({"checkpoint": "/gone/away.pth"})


def test_it_runs_a_checkpoint_of_a_training_and_results_know_it(source: ModelSource, tmp_path: Path) -> None:
    torch = pytest.importorskip("torch")
    timm = pytest.importorskip("timm")
    file = tmp_path / "best.pth"
    torch.manual_seed(3)
    network = timm.create_model("resnet10t", num_classes=2).eval()
    torch.save({"state_dict": network.state_dict(), "epoch": 7}, file)
    values = {"architecture": "resnet10t", "checkpoint": str(file), "normalisation": "none"}
    chosen = source.with_values(values)
    assert chosen.card.version.startswith("1.0.0 [architecture=resnet10t, checkpoint=best.pth ")
    assert str(tmp_path) not in chosen.card.version
    model = chosen.make()
    load(model, "cpu")
    patches = np.random.default_rng(1).integers(0, 256, (2, 224, 224, 3), np.uint8)
    said = ask(model, patches)
    model.unload()
    with torch.no_grad():
        floats = torch.from_numpy(patches).permute(0, 3, 1, 2).float() / 255
        wanted = torch.softmax(network(floats), dim=1).numpy()
    np.testing.assert_allclose(said, wanted, atol=0.02)
    torch.manual_seed(4)
    torch.save(timm.create_model("resnet10t", num_classes=2).state_dict(), file)
    assert source.with_values(values).card.version != chosen.card.version, "the same name, other weights"
