"""A new plugin to begin from: a model in ten lines that runs as it is, with reference tiles and a test."""

from __future__ import annotations

import os
from pathlib import Path

from pathview.core.errors import ExportError, ManifestError
from pathview.core.files import write_text
from pathview.startup.card_fields import NAME

_UM_PX = 0.5
_PATCH = 64

_MANIFEST = """# What PathView reads without importing anything; docs/plugins.md explains each line.
id = "{name}"
api = 1
description = "Says how blue a patch is. Replace it by your own."

[[model]]
name = "{name}"
title = "{title}"
version = "0.1.0"
task = "classify"
mpp = {mpp}                       # um per pixel that the model was trained at
patch = {patch}                       # edge of a patch in those pixels
classes = ["Pink", "Blue"]       # in the order of the model's output
positive = "Blue"                # what the heatmap shows first
threshold = 0.5
license = ""
intended_use = "Research use only."
factory = "model:make"           # module:function in this folder
# Tiles that the model must get right before it runs, with what it says of them.
reference = [
    {{ tile = "reference/pink.png", class = "Pink", score = {pink} }},
    {{ tile = "reference/blue.png", class = "Blue", score = {blue} }},
]
"""

_MODEL = '''"""A tile classifier in a few lines: how much bluer than red a patch is."""

import numpy as np

from pathview.inference import ModelCard, Patches, Prediction


class Model:
    """Replace the inside of `load` and `predict` by your own; PathView calls nothing else."""

    def __init__(self, card: ModelCard) -> None:
        self.card = card

    def load(self, device: str) -> None:
        """Make ready on "cpu", "cuda:0" or "mps": import torch here, not above."""

    def predict(self, patches: Patches) -> Prediction:
        """Return probabilities (n, classes) float32 for patches (n, patch, patch, 3) uint8, RGB."""
        means = patches.mean(axis=(1, 2), dtype=np.float32)
        blue = 1 / (1 + np.exp(0.5 + (means[:, 0] - means[:, 2]) / 20))
        return np.stack([1 - blue, blue], axis=1).astype(np.float32)

    def unload(self) -> None:
        """Give the memory back."""


def make(folder, card):
    """Make the model; what `factory` in plugin.toml names."""
    return Model(card)
'''

_TEST = '''"""Run with pytest, or the same with `pathview plugins check {name}`."""

from pathlib import Path

import pytest

from pathview.inference.contract_tests import try_contract
from pathview.startup.manifest import read_manifest

MODELS = read_manifest(Path(__file__).with_name("plugin.toml")).models


@pytest.mark.parametrize("source", MODELS, ids=[source.card.name for source in MODELS])
def test_it_keeps_the_contract(source):
    for demand, fault, notes in try_contract(source):
        assert not fault, f"{{demand}}: {{fault}}"
'''

_TILES = {"pink": ((220, 160, 190), 0.881), "blue": ((110, 80, 150), 0.818)}


def write_skeleton(name: str, root: Path) -> Path:
    """Write a plugin with a model that works, its reference tiles and a test.

    Parameters
    ----------
    name
        Of plugin, model and folder: lower-case letters, digits, ".", "_" and "-".
    root
        The folder to put it into, made if need be.

    Returns
    -------
    Path
        The plugin's folder.

    Raises
    ------
    ManifestError
        If the name cannot be one.
    ExportError
        If there is such a folder, or it cannot be written.
    """
    folder = root / name
    if not NAME.fullmatch(name):
        raise ManifestError(folder, (f'"{name}" must be lower-case letters, digits, ".", "_" and "-"',))
    if os.path.lexists(folder):
        raise ExportError(folder, "there is something of that name; choose another, or move it away")
    scores = {tile: score for tile, (_, score) in _TILES.items()}
    title = name.replace("-", " ").replace("_", " ").capitalize()
    try:
        (folder / "reference").mkdir(parents=True)
        manifest = _MANIFEST.format(name=name, title=title, mpp=_UM_PX, patch=_PATCH, **scores)
        write_text(folder / "plugin.toml", manifest)
        write_text(folder / "model.py", _MODEL)
        write_text(folder / f"test_{name.replace('-', '_').replace('.', '_')}.py", _TEST.format(name=name))
        for tile, (colour, _) in _TILES.items():
            _write_tile(folder / "reference" / f"{tile}.png", colour)
    except OSError as error:
        raise ExportError(folder, error.strerror or str(error)) from error
    return folder


def _write_tile(path: Path, colour: tuple[int, int, int]) -> None:
    from PIL import Image

    # The pHYs chunk of a PNG tells its pixels a metre, so that a tile states its own um/px.
    Image.new("RGB", (_PATCH, _PATCH), colour).save(path, dpi=(25_400 / _UM_PX,) * 2)
