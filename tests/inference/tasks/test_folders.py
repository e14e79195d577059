"""Model folders of the other tasks: timm networks that embed, and programs that segment."""

from __future__ import annotations

import json
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from pathview.core.errors import ManifestError
from pathview.inference.card import Task
from pathview.inference.model import ChoosesBackend, Patches
from pathview.inference.preflight import preflight
from pathview.inference.source import ModelSource
from pathview.inference.tasks.table import kind_of
from pathview.startup.find_model import allowed, in_folder

torch = pytest.importorskip("torch")
safetensors = pytest.importorskip("safetensors.torch")
timm = pytest.importorskip("timm")

PATCHES: Patches = np.random.default_rng(2).integers(0, 256, (3, 64, 64, 3)).astype(np.uint8)


def config(folder: Path, classes: list[str], **own: Any) -> Path:
    manifest = {
        "spec_version": "1.0", "architecture": "test_resnet", "num_classes": len(classes),
        "class_names": classes, "patch_size_pixels": 64, "spacing_um_px": 0.5,
        "transform": [
            {"name": "ToTensor"},
            {"name": "Normalize", "arguments": {"mean": [0.5, 0.5, 0.5], "std": [0.5, 0.5, 0.5]}},
        ],
        "pathview": own,
    }  # fmt: skip
    folder.mkdir()
    (folder / "config.json").write_text(json.dumps(manifest), encoding="utf-8")
    return folder


def said(source: ModelSource) -> np.ndarray:
    model = source.make()
    assert isinstance(model, ChoosesBackend)
    model.use_backend("torch")
    model.load("cpu")
    preflight(model)
    kind = kind_of(source.card)
    return kind.numbers(kind.answer(model, PATCHES))


def pixels() -> Any:
    return torch.tensor(PATCHES).permute(0, 3, 1, 2).float() / 127.5 - 1


@pytest.mark.parametrize("prefix", ["", "module."])
def test_a_timm_network_gives_its_pooled_features(tmp_path: Path, prefix: str) -> None:
    """The file is a classifier's: its head is left aside."""
    torch.manual_seed(1)
    classifier = timm.create_model("test_resnet", num_classes=5).eval()
    body = timm.create_model("test_resnet", num_classes=0).eval()
    body.load_state_dict({k: v for k, v in classifier.state_dict().items() if not k.startswith("fc.")})
    with torch.inference_mode():
        expected = body(pixels()).numpy()
    folder = config(tmp_path / "m", [], task="embed", features=expected.shape[1])
    state = {f"{prefix}{key}": value for key, value in classifier.state_dict().items()}
    safetensors.save_file(state, folder / "model.safetensors")
    source = in_folder(folder)
    assert (source.card.task, source.card.features) == (Task.EMBED, expected.shape[1])
    np.testing.assert_allclose(said(source), expected, atol=0.02 * np.abs(expected).max())


def test_another_number_of_features_is_named(tmp_path: Path) -> None:
    from pathview.core.errors import ModelError

    folder = config(tmp_path / "m", [], task="embed", features=7)
    safetensors.save_file(
        timm.create_model("test_resnet", num_classes=0).state_dict(), folder / "model.safetensors"
    )
    with pytest.raises(ModelError, match=r"gives \(\d+,\) numbers a patch; the manifest names 7"):
        in_folder(folder).make().load("cpu")


def test_a_program_segments(tmp_path: Path) -> None:
    torch.manual_seed(1)
    network = torch.nn.Sequential(torch.nn.AvgPool2d(2), torch.nn.Conv2d(3, 2, 3, padding=1)).eval()
    folder = config(tmp_path / "m", ["a", "b"], task="segment", output_stride=2, halo=4)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        torch.jit.save(torch.jit.trace(network, torch.zeros(2, 3, 64, 64)), folder / "torchscript_model.pt")
    source = allowed(in_folder(folder), (), now=True)
    assert (source.card.stride, source.card.output_shape) == (56, (2, 32, 32))
    with torch.inference_mode():
        expected = torch.softmax(network(pixels()), dim=1).numpy()
    np.testing.assert_allclose(said(source), expected, atol=0.02)


@pytest.mark.parametrize(
    ("classes", "own", "fault"),
    [
        (["a"], {"task": "embed", "features": 4}, '"num_classes" must be 0'),
        ([], {"task": "embed", "features": 4, "activation": "softmax"}, '"activation" makes probabilities'),
        (["a", "b"], {"task": "segment"}, '"task": model.safetensors is for a network of timm'),
        ([], {"task": "classify"}, '"num_classes" must be how many classes'),
    ],
)
def test_manifests_that_do_not_fit_their_task(
    tmp_path: Path, classes: list[str], own: dict[str, Any], fault: str
) -> None:
    folder = config(tmp_path / "m", classes, **own)
    network = timm.create_model("test_resnet", num_classes=len(classes))
    safetensors.save_file(network.state_dict(), folder / "model.safetensors")
    with pytest.raises(ManifestError, match=fault):
        in_folder(folder)
