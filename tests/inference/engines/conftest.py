from __future__ import annotations

import importlib.util
from collections.abc import Callable
from pathlib import Path

import pytest

from pathview.inference.card import ModelCard, Task
from pathview.inference.timm_model import TimmModel

ARCHITECTURE = "test_efficientnet"


@pytest.fixture(autouse=True, scope="session")
def needs_the_libraries() -> None:
    missing = [
        name for name in ("torch", "timm", "safetensors", "openvino") if not importlib.util.find_spec(name)
    ]
    if missing:
        pytest.skip(f"the models extra is not installed: {', '.join(missing)}")


@pytest.fixture(autouse=True)
def engines_are_free(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("PATHVIEW_BACKEND")


@pytest.fixture(scope="session")
def weights(tmp_path_factory: pytest.TempPathFactory) -> Path:
    import safetensors.torch
    import timm
    import torch

    torch.manual_seed(5)
    network = timm.create_model(ARCHITECTURE, pretrained=False, num_classes=2)
    path = tmp_path_factory.mktemp("weights") / "weights.safetensors"
    safetensors.torch.save_file(network.state_dict(), str(path))
    return path


@pytest.fixture
def make_model(weights: Path) -> Callable[..., TimmModel]:
    """Return a function that makes a small model; it knows two classes and patches of 32 px."""

    def make(backend: str = "auto", temperature: float = 1.3, path: Path = weights) -> TimmModel:
        card = ModelCard(
            name="small",
            version="1",
            task=Task.CLASSIFY,
            mpp=1.0,
            patch=32,
            stride=32,
            classes=("no", "yes"),
            positive="yes",
        )
        model = TimmModel(
            card, architecture=ARCHITECTURE, weights=path, mean=(0.5, 0.4, 0.6), std=(0.2, 0.25, 0.3),
            temperature=temperature,
        )  # fmt: skip
        model.use_backend(backend)
        return model

    return make
