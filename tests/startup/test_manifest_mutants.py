"""Two hundred wrong manifests of one right model: each is refused in words, none runs as if nothing were."""

from __future__ import annotations

import json
import random
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from pathview.core.errors import PathViewError
from pathview.inference.preflight import preflight
from pathview.startup.find_model import in_folder

MUTANTS = 200

Manifest = dict[str, Any]
# Changes a manifest in place and returns what a refusal must mention one of.
Mutate = Callable[[Manifest, random.Random], tuple[str, ...]]

REQUIRED = (
    "spec_version", "architecture", "num_classes", "class_names", "patch_size_pixels", "spacing_um_px",
    "transform",
)  # fmt: skip
WORDS_OF_REFERENCES = ("reference tile",)


def missing(manifest: Manifest, rng: random.Random) -> tuple[str, ...]:
    key = rng.choice(REQUIRED)
    del manifest[key]
    return (f'"{key}" is missing',)


def wrong_kind(manifest: Manifest, rng: random.Random) -> tuple[str, ...]:
    key = rng.choice(REQUIRED)
    manifest[key] = rng.choice([None, True, -1, "much", 0.3, {}, []])
    return (key,)


def misspelt_key(manifest: Manifest, rng: random.Random) -> tuple[str, ...]:
    key = rng.choice(REQUIRED)
    manifest[key[:-1]] = manifest.pop(key)
    return (key,)


def impossible_mpp(manifest: Manifest, rng: random.Random) -> tuple[str, ...]:
    manifest["spacing_um_px"] = rng.choice([0, -0.5, 1e-4, 500, 2500.0, 20, 40, True, "0.5", None, 0.03])
    return ("spacing_um_px", "patch_size_pixels")


def other_mpp(manifest: Manifest, rng: random.Random) -> tuple[str, ...]:
    manifest["spacing_um_px"] = rng.choice([0.25, 1.0, 0.2431, 0.46, 2.0, 0.51])
    return WORDS_OF_REFERENCES


def other_patch(manifest: Manifest, rng: random.Random) -> tuple[str, ...]:
    manifest["patch_size_pixels"] = rng.choice([0, 7, 32, 63, 65, 128, 224, 5000, 64.0, -64, "64"])
    return ("patch_size_pixels", *WORDS_OF_REFERENCES)


def class_count(manifest: Manifest, rng: random.Random) -> tuple[str, ...]:
    manifest["num_classes"] = rng.choice([0, 1, 2, 4, 1000, -3, 3.5, "3"])
    return ("num_classes",)


def classes_more_or_fewer(manifest: Manifest, rng: random.Random) -> tuple[str, ...]:
    manifest["class_names"] = rng.choice(
        [
            ["Stroma", "Tumor", "Fat", "Other"],
            ["Other", "Stroma", "Tumor", "Fat"],
            ["Stroma", "Tumor", "Fat", ""],
        ]
    )
    manifest["num_classes"] = 4
    return ("was trained for 3 classes", "class_names")


def repeated_class(manifest: Manifest, rng: random.Random) -> tuple[str, ...]:
    manifest["class_names"] = rng.choice([["Stroma", "Tumor", "Tumor"], ["Fat", "Tumor", "Fat"], [1, 2, 3]])
    return ("class_names",)


def permuted_classes(manifest: Manifest, rng: random.Random) -> tuple[str, ...]:
    manifest["class_names"] = rng.choice(
        [list(order) for order in (
            ("Tumor", "Stroma", "Fat"), ("Fat", "Tumor", "Stroma"), ("Stroma", "Fat", "Tumor"),
            ("Tumor", "Fat", "Stroma"), ("Fat", "Stroma", "Tumor"),
        )]
    )  # fmt: skip
    return ("in the order Stroma, Tumor, Fat all reference tiles come out right",)


def transform_steps(manifest: Manifest, rng: random.Random) -> tuple[str, ...]:
    steps = manifest["transform"]
    to_tensor, normalize = steps
    manifest["transform"] = rng.choice(
        [
            [normalize, to_tensor], [to_tensor], [normalize], [], [to_tensor, to_tensor, normalize],
            [{"name": "CenterCrop", "arguments": {"size": 64}}, *steps], [{"name": "resize"}, *steps],
            [*steps, {"name": "ColorJitter"}], [*steps, "Normalize"], [{"name": "totensor"}, normalize],
            [{"name": "ToTensor", "argument": {}}, normalize], [*steps, {"name": "GaussianBlur"}],
            [{"name": "Lambda", "arguments": {"lambd": "lambda x: x / 2"}}, *steps],
        ]
    )  # fmt: skip
    return ("transform",)


def resize_step(manifest: Manifest, rng: random.Random) -> tuple[str, ...]:
    arguments = rng.choice(
        [
            {}, {"size": 0}, {"size": [64, 48]}, {"size": "64"}, {"size": 64, "interpolation": "lanczos"},
            {"size": 64, "antialias": False}, {"size": 64, "max_size": 80}, {"sise": 64}, {"size": 96},
            {"size": 32}, {"size": 224}, {"size": 160, "interpolation": "bicubic"},
            {"size": 32, "interpolation": 0},
        ]
    )  # fmt: skip
    manifest["transform"].insert(0, {"name": "Resize", "arguments": arguments})
    return ("Resize", *WORDS_OF_REFERENCES)


def scaling(manifest: Manifest, rng: random.Random) -> tuple[str, ...]:
    manifest["transform"][1]["arguments"] |= rng.choice(
        [
            {"mean": [127.5] * 3, "std": [127.5] * 3}, {"std": [0, 0, 0]}, {"mean": [0.5]}, {"mean": 0.5},
            {"std": [0.5, 0.5]}, {"mean": [0.5, 0.5, None]}, {"std": [-0.5] * 3}, {"mean": ["0.5"] * 3},
            {"mean": [0.485, 0.456, 0.406], "std": [0.229, 0.224, 0.225]},
            {"mean": [0, 0, 0], "std": [1, 1, 1]}, {"mean": [0.0, 0.0, 0.0]}, {"std": [0.25] * 3},
            {"mean": [0.7, 0.6, 0.7]}, {"means": [0.5] * 3},
            {"mean": [0.3, 0.5, 0.7]}, {"std": [1.0, 0.5, 0.5]},
        ]
    )  # fmt: skip
    return ("Normalize", *WORDS_OF_REFERENCES)


def channel_order(manifest: Manifest, rng: random.Random) -> tuple[str, ...]:
    manifest["pathview"]["channels"] = rng.choice(["BGR", "GBR", "rgb", "RGBA", "L", "", 3, True])
    return ("channels",)


def activation(manifest: Manifest, rng: random.Random) -> tuple[str, ...]:
    manifest["pathview"] |= rng.choice(
        [
            {"activation": "none"}, {"activation": "sigmoid"}, {"activation": "Softmax"},
            {"activation": None},
            {"multi_label": True}, {"multi_label": "no"}, {"multi_label": True, "activation": "none"},
            {"multi_label": True, "activation": "softmax"}, {"activation": "relu"},
        ]
    )  # fmt: skip
    return ("activation", "multi_label", *WORDS_OF_REFERENCES)


def temperature(manifest: Manifest, rng: random.Random) -> tuple[str, ...]:
    manifest["pathview"]["temperature"] = rng.choice([0, -1, 0.3, 0.5, 2, 5, 1e9, "1", True, None])
    return ("temperature", *WORDS_OF_REFERENCES)


def architecture(manifest: Manifest, rng: random.Random) -> tuple[str, ...]:
    manifest["architecture"] = rng.choice(
        ["test_vit", "test_resnett", "resnet18", "test_efficientnet", "", "../test_resnet", "test_convnext"]
    )
    return ("architecture", "timm cannot make", "does not fit")


def weights(manifest: Manifest, rng: random.Random) -> tuple[str, ...]:
    manifest["pathview"] |= rng.choice(
        [
            {"weights": "absent.safetensors"}, {"weights": "../three-tissues/model.safetensors"},
            {"weights": "/etc/passwd"}, {"weights": ["model.safetensors"]}, {"weights": "Tumor_0.png"},
            {"sha256": "0" * 64}, {"sha256": "abc"}, {"sha256": 7}, {"format": "ONNX"}, {"format": "pickle"},
            {"weights": "config.json"}, {"weights": "."},
        ]
    )  # fmt: skip
    return ("weights", "sha256", "format")


def unknown_own_key(manifest: Manifest, rng: random.Random) -> tuple[str, ...]:
    key = rng.choice(["temprature", "treshold", "chanels", "activaton", "post", "mean", "classes", "colour"])
    manifest["pathview"][key] = 1
    return (f'"{key}"',)


def own_values(manifest: Manifest, rng: random.Random) -> tuple[str, ...]:
    key, value = rng.choice(
        [
            ("positive", "tumor"), ("positive", 1), ("threshold", 1.5), ("threshold", "half"), ("stride", 0),
            ("stride", 12.5), ("task", "segment"), ("name", "Three Tissues"), ("version", 1),
            ("options", ["a"]), ("options", {"img_size": 64}), ("license", 3),
        ]
    )  # fmt: skip
    manifest["pathview"][key] = value
    return (f'"{key}"', "timm cannot make")


def references(manifest: Manifest, rng: random.Random) -> tuple[str, ...]:
    tiles = manifest["pathview"]["reference"]
    tile = rng.choice(tiles)
    change = rng.randrange(7)
    if change == 0:
        tile["class"] = "Necrosis"
    elif change == 1:
        tile["tile"] = rng.choice(["absent.png", "../Tumor_0.png", "config.json", ""])
    elif change == 2:
        tile["score"] = rng.choice([1.2, "high", -0.1, 0.2, 0.99])
    elif change == 3:
        tile["class"] = next(other["class"] for other in tiles if other["class"] != tile["class"])
    elif change == 4:
        tile["file"] = tile.pop("tile")
    elif change == 5:
        manifest["pathview"]["reference"] = rng.choice(["Tumor_0.png", {"Tumor": "Tumor_0.png"}, [1], None])
    else:
        tile["tile"] = next(other["tile"] for other in tiles if other["class"] != tile["class"])
    return ("reference",)


KINDS: tuple[Mutate, ...] = (
    missing, wrong_kind, misspelt_key, impossible_mpp, other_mpp, other_patch, class_count,
    classes_more_or_fewer, repeated_class, permuted_classes, transform_steps, resize_step, scaling,
    channel_order, activation, temperature, architecture, weights, unknown_own_key, own_values, references,
)  # fmt: skip


def run_to_the_first_patch(folder: Path) -> tuple[str, ...]:
    """Do with a model folder what a run does before it looks at a slide; return the notes."""
    source = in_folder(folder)
    model = source.make()
    model.load("cpu")
    return preflight(model, references=source.references)


def test_the_right_manifest_passes_without_a_note(model_folder: Path) -> None:
    assert run_to_the_first_patch(model_folder) == ()


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.__name__)
def test_none_of_the_wrong_ones_runs_silently(model_folder: Path, kind: Mutate) -> None:
    file = model_folder / "config.json"
    right = file.read_text(encoding="utf-8")
    for number in range(KINDS.index(kind), MUTANTS, len(KINDS)):
        manifest = json.loads(right)
        words = kind(manifest, random.Random(number))
        file.write_text(json.dumps(manifest), encoding="utf-8")
        try:
            notes = run_to_the_first_patch(model_folder)
        except PathViewError as refused:
            text = str(refused)
        else:
            pytest.fail(f"mutant {number} ran, with {notes}: {manifest}")
        assert any(word in text for word in words), f"mutant {number}: {text}"
        assert "Traceback" not in text
        assert len(text) < 1500


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{",
        "[]",
        "null",
        '{"spec_version": "1.0", "spec_version": "1.0"}',
        "\x00",
        "[" * 100_000,
        "9" * 5000,
    ],
    ids=["empty", "cut off", "list", "null", "key twice", "zero", "deep", "long number"],
)
def test_damaged_json_is_refused(model_folder: Path, text: str) -> None:
    (model_folder / "config.json").write_text(text, encoding="utf-8")
    with pytest.raises(PathViewError, match=r"config\.json"):
        run_to_the_first_patch(model_folder)
