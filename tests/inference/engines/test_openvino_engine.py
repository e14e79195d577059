"""OpenVINO says what torch says, in parts of a batch too, and tells nobody that it is used."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from pathview.core.errors import ModelError
from pathview.inference.engines import openvino_engine
from pathview.inference.engines.engine import EngineError
from pathview.inference.timm_model import TimmModel

Make = Callable[..., TimmModel]


@pytest.mark.parametrize("count", [1, 3, 8, 33])
def test_it_says_what_torch_says_however_many_there_are(make_model: Make, count: int) -> None:
    patches = np.random.default_rng(count).integers(0, 256, (count, 32, 32, 3), np.uint8)
    ours, reference = make_model("openvino"), make_model("torch")
    ours.load("cpu")
    reference.load("cpu")
    assert ours.engine.startswith("openvino ")
    assert reference.engine.startswith("torch ")
    said = ours.predict(patches)
    assert said.dtype == np.float32
    assert ours.parity is not None
    assert reference.parity is not None
    np.testing.assert_allclose(
        said, reference.predict(patches), atol=1e-4 + 2 * (ours.parity + reference.parity)
    )
    # The order is kept however the parts come back.
    turned = ours.predict(patches[::-1])
    np.testing.assert_allclose(turned, said[::-1], atol=1e-4 + 2 * ours.parity)


def test_strided_patches_are_taken_as_they_look(make_model: Make) -> None:
    model = make_model("openvino")
    model.load("cpu")
    large = np.random.default_rng(3).integers(0, 256, (6, 64, 64, 3), np.uint8)
    np.testing.assert_array_equal(model.predict(large[:, ::2, ::2]), model.predict(large[:, ::2, ::2].copy()))


def test_without_it_torch_runs_the_model_and_a_wish_for_it_is_refused(
    make_model: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "openvino", None)
    model = make_model("auto")
    model.load("cpu")
    assert model.engine.startswith("torch ")
    with pytest.raises(ModelError, match="OpenVINO is not installed"):
        make_model("openvino").load("cpu")


def test_a_network_that_it_cannot_convert_is_run_by_torch(
    make_model: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> None:
        raise EngineError("OpenVINO cannot convert it: no such operation")

    from pathview.inference.engines import start

    monkeypatch.setattr(start, "convert", refuse)
    model = make_model("auto")
    model.load("cpu")
    assert model.engine.startswith("torch ")
    with pytest.raises(ModelError, match="no such operation"):
        make_model("openvino").load("cpu")


def test_a_conversion_that_fails_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import torch

    class Odd(torch.nn.Module):
        def forward(self, patches: torch.Tensor) -> torch.Tensor:
            raise ValueError("never")

    with pytest.raises(EngineError, match="never"):
        openvino_engine.convert(Odd(), 32, tmp_path / "here")  # type: ignore[arg-type]
    assert list(tmp_path.iterdir()) == []


def test_nobody_is_told_that_it_is_used(weights: Path) -> None:
    code = f"""
import sys

def no_network(event, arguments):
    if event.startswith("socket.") and event not in ("socket.__new__", "socket.gethostname"):
        raise SystemExit(f"{{event}} {{arguments}}")

sys.addaudithook(no_network)
from pathlib import Path
from pathview.inference.card import ModelCard, Task
from pathview.inference.timm_model import TimmModel
card = ModelCard("small", "1", Task.CLASSIFY, 1.0, 32, 32, ("no", "yes"), "yes")
model = TimmModel(card, architecture="test_efficientnet", weights=Path({str(weights)!r}),
                  mean=(0.5,) * 3, std=(0.2,) * 3)
model.use_backend("openvino")
model.load("cpu")
assert model.engine.startswith("openvino"), model.engine
assert not any(name.startswith("openvino_telemetry.") for name in sys.modules)
"""
    subprocess.run([sys.executable, "-c", code], check=True)
