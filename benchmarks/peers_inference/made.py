"""What all programs are given: two slides, and the bundled model in the forms that they take."""

from __future__ import annotations

import io
import json
import tomllib
import warnings
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import tifffile
import torch
from numpy.typing import NDArray
from PIL import Image
from safetensors.torch import save_file

from pathview.core.geometry import Box
from pathview.core.region import Region
from pathview.slides.open import open_slide
from plugins.pcam_tumour.network import ARCHITECTURE, load_network

PLUGIN = Path(__file__).parents[2] / "plugins" / "pcam_tumour"
PATCH, MPP = 96, 0.972
CLASSES = ("Normal", "Tumor")

# All tissue, so that every program looks at the same patches; the model's pixels are the slide's own.
_TILES, _TILE_GRID = "patches/pcam_valid.zip", (60, 50)
# A real scan at twice that resolution, so that every program makes the model's pixels out of the slide's.
_SCAN, _SCAN_MPP, _REPEATS = "wsi/aperio/CMU-1-Small-Region.svs", 0.499, (3, 3)
_SMALLEST = 700


def mosaic(data: Path, target: Path) -> Path:
    """Write 3,000 tiles of PatchCamelyon side by side, at the pixel size that the model wants."""
    columns, rows = _TILE_GRID
    image = np.empty((rows * PATCH, columns * PATCH, 3), np.uint8)
    for number, tile in enumerate(_tiles(data / _TILES, rows * columns)):
        row, column = divmod(number, columns)
        image[row * PATCH : (row + 1) * PATCH, column * PATCH : (column + 1) * PATCH] = tile
    return _write(image, target, MPP, power=10)


def scan(data: Path, target: Path) -> Path:
    """Write a scan of skin, repeated, at the pixel size that its scanner had."""
    with open_slide(data / _SCAN) as slide:
        width, height = slide.info.size
        image = slide.read(Region(Box(0, 0, width, height), 1.0))
    return _write(np.tile(image, (*_REPEATS, 1)), target, _SCAN_MPP, power=20)


def _tiles(archive: Path, count: int) -> Iterator[NDArray[np.uint8]]:
    with zipfile.ZipFile(archive) as file:
        # In an order of their own: tumour and normal tiles mixed.
        names = np.random.default_rng(1).permutation(sorted(file.namelist()))[:count]
        for name in names:
            yield np.asarray(Image.open(io.BytesIO(file.read(str(name)))).convert("RGB"))


def _write(image: NDArray[np.uint8], target: Path, mpp: float, power: int) -> Path:
    """Write a pyramid of quarters as Aperio's: the one form in which all of them find the pixel size."""
    height, width = image.shape[:2]
    description = f"Aperio Image Library v11.2.1\n{width}x{height} |AppMag = {power}|MPP = {mpp}"
    with tifffile.TiffWriter(target) as file:
        for number, level in enumerate(_levels(image)):
            file.write(
                level, tile=(256, 256), photometric="rgb", compression="jpeg", compressionargs={"level": 90},
                subfiletype=min(number, 1), description=description if not number else None, metadata=None,
            )  # fmt: skip
    return target


def _levels(image: NDArray[np.uint8]) -> Iterator[NDArray[np.uint8]]:
    yield image
    while min(image.shape[:2]) > 2 * _SMALLEST:
        height, width = (edge // 4 * 4 for edge in image.shape[:2])
        blocks = image[:height, :width].reshape(height // 4, 4, width // 4, 4, 3)
        image = np.rint(blocks.mean((1, 3))).astype(np.uint8)
        yield image


class Calibrated(torch.nn.Module):
    """The bundled network with its calibration: scaled pixels to logits whose softmax are its scores."""

    def __init__(self) -> None:
        super().__init__()
        card = tomllib.loads((PLUGIN / "plugin.toml").read_text("utf-8"))["model"][0]
        self.network = load_network(PLUGIN / card["weights"])
        self.bias = (0.0, float(card["bias"]))
        self.temperature = float(card["temperature"])

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Return logits (n, 2) for (n, 3, 96, 96)."""
        said: torch.Tensor = self.network(x)
        return (said + torch.tensor(self.bias)) / self.temperature


def write_model(folder: Path) -> Path:
    """Write `torchscript_model.pt` and `config.json` for WSInfer, `weights.safetensors` and a card for torch.

    WSInfer's archive is traced with a batch of two, contiguous, as its model zoo's are.
    """
    folder.mkdir()
    model = Calibrated().eval()
    model.network.to(memory_format=torch.contiguous_format)
    with torch.no_grad(), warnings.catch_warnings():
        # Tracing is deprecated in torch, and what WSInfer's models are made by.
        warnings.simplefilter("ignore")
        trace: Any = torch.jit.trace  # torch has no types for it
        traced = trace(model, torch.zeros(2, 3, PATCH, PATCH))
    traced.save(str(folder / "torchscript_model.pt"))
    scaling = {"mean": [0.5, 0.5, 0.5], "std": [0.5, 0.5, 0.5]}
    config = {
        "spec_version": "1.0", "architecture": ARCHITECTURE, "num_classes": len(CLASSES),
        "class_names": list(CLASSES), "name": "pcam-tumour", "patch_size_pixels": PATCH, "spacing_um_px": MPP,
        "transform": [
            {"name": "Resize", "arguments": {"size": PATCH}}, {"name": "ToTensor"},
            {"name": "Normalize", "arguments": scaling},
        ],
    }  # fmt: skip
    (folder / "config.json").write_text(json.dumps(config))
    save_file(model.network.state_dict(), folder / "weights.safetensors")
    card = {"architecture": ARCHITECTURE, "classes": CLASSES, "patch": PATCH, "mpp": MPP}
    (folder / "card.json").write_text(
        json.dumps(card | {"bias": model.bias, "temperature": model.temperature})
    )
    return folder


def float32_scores(patches: NDArray[np.uint8]) -> NDArray[np.float32]:
    """Return the probability of tumour (n,) for patches (n, 96, 96, 3), by torch in float32."""
    model = Calibrated().eval()
    said = []
    with torch.inference_mode():
        for first in range(0, len(patches), 64):
            x = torch.from_numpy(patches[first : first + 64]).permute(0, 3, 1, 2).float() / 127.5 - 1
            said.append(torch.softmax(model(x), 1)[:, 1].numpy())
    return np.concatenate(said)
