import hashlib
import importlib.util
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from pathview.core.errors import ModelError
from pathview.inference.card import ModelCard
from pathview.inference.device import available_devices, default_batch, resolve_device
from pathview.inference.run import InferenceRun
from pathview.inference.run_status import RunState
from pathview.inference.timm_model import TimmModel

NEEDED = ("torch", "timm", "safetensors")
with_torch = pytest.mark.skipif(
    any(importlib.util.find_spec(name) is None for name in NEEDED), reason="the models extra is not installed"
)

ARCHITECTURE = "test_efficientnet"
SCALING = {"mean": (0.5, 0.4, 0.6), "std": (0.2, 0.25, 0.3)}


@pytest.fixture(scope="module")
def weights(tmp_path_factory: pytest.TempPathFactory) -> Path:
    import safetensors.torch
    import timm
    import torch

    torch.manual_seed(5)
    network = timm.create_model(ARCHITECTURE, pretrained=False, num_classes=2)
    state = {
        key: value.half() if value.is_floating_point() else value
        for key, value in network.state_dict().items()
    }
    path = tmp_path_factory.mktemp("weights") / "weights.safetensors"
    safetensors.torch.save_file(state, str(path))
    return path


@pytest.fixture
def patches() -> np.ndarray:
    return np.random.default_rng(2).integers(0, 256, (5, 32, 32, 3)).astype(np.uint8)


def make(card: ModelCard, path: Path, **changes: object) -> TimmModel:
    arguments = {"architecture": ARCHITECTURE, "weights": path, **SCALING, **changes}
    return TimmModel(card, **arguments)  # type: ignore[arg-type]


def direct(weights: Path, patches: np.ndarray, temperature: float) -> np.ndarray:
    """The same in the plainest torch there is."""
    import safetensors.torch
    import timm
    import torch

    network = timm.create_model(ARCHITECTURE, pretrained=False, num_classes=2).eval()
    network.load_state_dict({k: v.float() for k, v in safetensors.torch.load(weights.read_bytes()).items()})
    pixels = torch.tensor(patches.astype(np.float32) / 255)
    scaled = (pixels - torch.tensor(SCALING["mean"])) / torch.tensor(SCALING["std"])
    with torch.inference_mode():
        logits = network(scaled.permute(0, 3, 1, 2).contiguous())
        return np.asarray(torch.softmax(logits / temperature, 1).numpy())


@with_torch
def test_it_says_what_plain_torch_says(card: ModelCard, weights: Path, patches: np.ndarray) -> None:
    digest = hashlib.sha256(weights.read_bytes()).hexdigest()
    model = make(replace(card, sha256=digest), weights, temperature=1.7)
    model.load("cpu")
    model.load("cpu")
    said = model.predict(patches)
    assert said.dtype == np.float32
    assert model.parity is not None
    assert model.parity <= 0.02
    assert "cpu" in model.engine
    np.testing.assert_allclose(said, direct(weights, patches, 1.7), atol=max(1e-5, 2 * model.parity))
    model.unload()
    with pytest.raises(ModelError, match="not loaded"):
        model.predict(patches)


@with_torch
def test_a_precision_that_differs_is_not_used(
    card: ModelCard, weights: Path, patches: np.ndarray, monkeypatch: pytest.MonkeyPatch
) -> None:
    from pathview.inference.engines import start, torch_engine

    monkeypatch.setattr(torch_engine, "fast_precision", lambda device: "bfloat16")
    monkeypatch.setattr(start, "PARITY_LIMIT", -1.0)
    model = make(card, weights)
    model.load("cpu")
    assert "float32" in model.engine
    np.testing.assert_allclose(model.predict(patches), direct(weights, patches, 1.0), atol=1e-5)


@with_torch
def test_it_runs_over_a_slide(make_run: Callable[..., InferenceRun], card: ModelCard, weights: Path) -> None:
    run = make_run(with_model=make(card, weights))
    while run.step():
        pass
    assert run.status.state is RunState.DONE
    np.testing.assert_allclose(run.heatmap.scores.sum(axis=0), 1, atol=1e-5)


@with_torch
@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"architecture": "no_such_net"}, "no_such_net"),
        ({"architecture": "test_vit"}, "does not fit"),
        ({"weights": Path("absent.safetensors")}, "cannot be read"),
        ({"weights": Path(__file__)}, "no file of weights by its content"),
    ],
)
def test_what_is_wrong_is_named(
    card: ModelCard, weights: Path, changes: dict[str, object], words: str
) -> None:
    with pytest.raises(ModelError, match=words):
        make(card, weights, **changes).load("cpu")


@with_torch
def test_other_weights_than_the_cards_are_refused(card: ModelCard, weights: Path) -> None:
    with pytest.raises(ModelError, match="other weights"):
        make(replace(card, sha256="0" * 64), weights).load("cpu")


def test_without_torch_it_says_what_to_install(
    card: ModelCard, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    for name in NEEDED:
        monkeypatch.setitem(sys.modules, name, None)
    for name in ("scoring", "torch_engine"):
        monkeypatch.delitem(sys.modules, f"pathview.inference.engines.{name}", raising=False)
    weights = tmp_path / "w.safetensors"
    weights.write_bytes((2).to_bytes(8, "little") + b"{}")
    with pytest.raises(ModelError, match=r'pip install "pathview\[models\]"'):
        make(card, weights).load("cpu")
    assert available_devices() == ("cpu",)
    assert resolve_device("auto") == "cpu"
    with pytest.raises(ModelError, match='no device "cuda" here; there is cpu'):
        resolve_device("cuda")


def test_defaults_need_no_torch() -> None:
    code = (
        "import sys\n"
        "import pathview.inference.remote, pathview.inference.timm_model, pathview.inference.device\n"
        "from pathview.inference.device import resolve_device\n"
        "assert resolve_device('cpu') == 'cpu'\n"
        "assert not {'torch', 'timm', 'safetensors', 'zarr', 'scipy'} & set(sys.modules)\n"
    )
    subprocess.run([sys.executable, "-W", "error", "-c", code], check=True)
    assert default_batch("cpu") < default_batch("cuda:0")
