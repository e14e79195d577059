"""Every format of weights says the same, and programs run only when they are allowed."""

from __future__ import annotations

import io
import json
import warnings
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from pathview.core.errors import CodeNotAllowedError, ModelError
from pathview.inference.boundary import ask
from pathview.inference.model import ChoosesBackend
from pathview.inference.preflight import preflight
from pathview.inference.source import ModelSource
from pathview.startup.find_model import allowed, in_folder

torch = pytest.importorskip("torch")
safetensors = pytest.importorskip("safetensors.torch")
timm = pytest.importorskip("timm")


def write(folder: Path, kind: str) -> None:
    """Put the folder's weights in another form in the place of the safetensors file."""
    file = folder / "model.safetensors"
    state = safetensors.load_file(file)
    file.unlink()
    network = timm.create_model("test_resnet", num_classes=3).eval()
    network.load_state_dict(state)
    pixels = torch.zeros(2, 3, 64, 64)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        if kind == "torchscript":
            torch.jit.save(torch.jit.trace(network, pixels), folder / "torchscript_model.pt")
        elif kind == "exported":
            dynamic = ({0: torch.export.Dim("n", min=1, max=64)},)
            torch.export.save(
                torch.export.export(network, (pixels,), dynamic_shapes=dynamic), folder / "model.pt2"
            )
        elif kind == "training":
            wrapped = {f"module.{key}": value for key, value in state.items()}
            torch.save({"epoch": 3, "state_dict": wrapped}, folder / "pytorch_model.bin")
        elif kind == "half":
            torch.save({key: _half(value) for key, value in state.items()}, folder / "pytorch_model.bin")
        else:
            torch.save(network.state_dict(), folder / "pytorch_model.bin")


def _half(value: Any) -> Any:
    return value.half() if value.is_floating_point() else value


def loaded(source: ModelSource) -> np.ndarray:
    """Load a model, have it pass its reference tiles, and return what it says of some patches."""
    model = source.make()
    assert isinstance(model, ChoosesBackend)
    model.use_backend("torch")
    model.load("cpu")
    assert preflight(model, references=source.references) == ()
    patches = np.random.default_rng(2).integers(0, 256, (3, 64, 64, 3)).astype(np.uint8)
    return ask(model, patches)


@pytest.mark.parametrize("kind", ["checkpoint", "training", "half", "torchscript", "exported"])
def test_every_format_says_the_same(model_folder: Path, kind: str) -> None:
    expected = loaded(in_folder(model_folder))
    write(model_folder, kind)
    source = in_folder(model_folder)
    assert source.is_code == (kind in ("torchscript", "exported"))
    np.testing.assert_allclose(loaded(allowed(source, (), now=True)), expected, atol=0.03)


@pytest.mark.parametrize("kind", ["torchscript", "exported"])
def test_a_program_runs_only_if_it_is_the_one_allowed(model_folder: Path, kind: str) -> None:
    write(model_folder, kind)
    source = in_folder(model_folder)
    assert allowed(source, ()) == source
    assert allowed(source, (source.card.sha256,)).allowed_code == source.card.sha256
    for refused in (source, replace(source, allowed_code="0" * 64)):
        with pytest.raises(CodeNotAllowedError, match="a program that would run with your rights; allow it"):
            refused.make().load("cpu")
    file = source.recipe.weights if source.recipe else Path()
    leave = allowed(source, (), now=True)
    file.write_bytes(file.read_bytes() + b"\0")
    with pytest.raises(ModelError, match="holds other weights than its card says"):
        leave.make().load("cpu")


def test_a_network_that_gives_probabilities_already(model_folder: Path) -> None:
    sure = torch.nn.Sequential(torch.nn.AdaptiveAvgPool2d(1), torch.nn.Flatten(), torch.nn.Softmax(1))
    (model_folder / "model.safetensors").unlink()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        torch.jit.save(
            torch.jit.trace(sure, torch.zeros(1, 3, 64, 64)), model_folder / "torchscript_model.pt"
        )
    with pytest.raises(ModelError, match=r'probabilities already.*"activation": "none"'):
        allowed(in_folder(model_folder), (), now=True).make().load("cpu")


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ({"args": {"lr": 0.1}}, "holds no network's weights by name"),
        ([1, 2], "holds no network's weights by name"),
        ({"a": torch.zeros(3), "b": "text"}, "holds no network's weights by name"),
        ({"fc.weight": torch.zeros(3)}, "does not fit test_resnet: it lacks"),
        ({"a": Path("x")}, r"contains code: it wants '[\w.]*Path"),
    ],
    ids=["arguments", "list", "text", "other network", "an object"],
)
def test_what_a_checkpoint_may_not_hold(model_folder: Path, content: object, words: str) -> None:
    (model_folder / "model.safetensors").unlink()
    out = io.BytesIO()
    torch.save(content, out)
    (model_folder / "pytorch_model.bin").write_bytes(out.getvalue())
    with pytest.raises(ModelError, match=words):
        in_folder(model_folder).make().load("cpu")


def test_a_network_of_a_fixed_size_says_which(model_folder: Path) -> None:
    config = (model_folder / "config.json").read_text(encoding="utf-8")
    (model_folder / "config.json").write_text(config.replace("test_resnet", "test_vit"), encoding="utf-8")
    network = timm.create_model("test_vit", num_classes=3)
    safetensors.save_file(network.state_dict(), model_folder / "model.safetensors")
    with pytest.raises(ModelError, match=r'takes 160 px and would get 64: .*"Resize".*"img_size": 64'):
        in_folder(model_folder).make().load("cpu")


SMALL = (
    "test_byobnet", "test_convnext", "test_efficientnet_gn", "test_mambaout", "test_nfnet", "test_vit",
    "test_maxvit",
)  # fmt: skip


@pytest.mark.parametrize("architecture", SMALL)
def test_networks_of_every_family_load_and_answer(model_folder: Path, architecture: str) -> None:
    config = json.loads((model_folder / "config.json").read_text(encoding="utf-8"))
    config["architecture"] = architecture
    config["transform"].insert(0, {"name": "Resize", "arguments": {"size": 160}})
    config["pathview"]["reference"] = []
    (model_folder / "config.json").write_text(json.dumps(config), encoding="utf-8")
    torch.manual_seed(1)
    network = timm.create_model(architecture, num_classes=3).eval()
    safetensors.save_file(network.state_dict(), model_folder / "model.safetensors")
    model = in_folder(model_folder).make()
    model.load("cpu")
    patches = np.random.default_rng(2).integers(0, 256, (2, 64, 64, 3)).astype(np.uint8)
    pixels = torch.tensor(patches).permute(0, 3, 1, 2).float()
    resized = torch.nn.functional.interpolate(pixels, (160, 160), mode="bilinear", antialias=True)
    with torch.inference_mode():
        expected = torch.softmax(network(resized / 127.5 - 1), 1).numpy()
    np.testing.assert_allclose(ask(model, patches), expected, atol=0.03)
