"""What a new plugin begins with, for each task: the lines of its manifest and a model that works."""

from __future__ import annotations

from dataclasses import dataclass

from pathview.inference.card import Task


@dataclass(frozen=True, slots=True)
class Beginning:
    """How a plugin of one task begins.

    Attributes
    ----------
    does
        A sentence for the manifest.
    fields
        The lines of its manifest that only this task has.
    says
        The module's sentence.
    returns
        What `predict` returns, of `pathview.inference`.
    predict
        Its lines.
    tiles
        Reference tiles: a colour and the score of the class that it shows, by name.
    """

    does: str
    fields: str
    says: str
    returns: str
    predict: str
    tiles: dict[str, tuple[tuple[int, int, int], float]]


MANIFEST = """# What PathView reads without importing anything; docs/plugins.md explains each line.
id = "{name}"
api = 1
description = "{does} Replace it by your own."

[[model]]
name = "{name}"
title = "{title}"
version = "0.1.0"
task = "{task}"
mpp = {mpp}                       # um per pixel that the model was trained at
patch = {patch}                       # edge of a patch in those pixels
license = ""
intended_use = "Research use only."
factory = "model:make"           # module:function in this folder
{fields}"""

MODEL = '''"""{says}"""

import numpy as np

from pathview.inference import {names}


class Model:
    """Replace the inside of `load` and `predict` by your own; PathView calls nothing else."""

    def __init__(self, card: ModelCard) -> None:
        self.card = card

    def load(self, device: str) -> None:
        """Make ready on "cpu", "cuda:0" or "mps": import torch here, not above."""

    def predict(self, patches: Patches) -> {returns}:
{predict}
    def unload(self) -> None:
        """Give the memory back."""


def make(folder, card):
    """Make the model; what `factory` in plugin.toml names."""
    return Model(card)
'''

_CLASSES = """classes = ["Pink", "Blue"]       # in the order of the model's output
positive = "Blue"                # what the heatmap shows first
threshold = 0.5
"""

BEGINNINGS = {
    Task.CLASSIFY: Beginning(
        "Says how blue a patch is.",
        _CLASSES
        + """# Tiles that the model must get right before it runs, with what it says of them.
reference = [
    {{ tile = "reference/pink.png", class = "Pink", score = {pink} }},
    {{ tile = "reference/blue.png", class = "Blue", score = {blue} }},
]
""",
        "A tile classifier in a few lines: how much bluer than red a patch is.",
        "Prediction",
        '''        """Return probabilities (n, classes) float32 for patches (n, h, w, 3) uint8, RGB."""
        means = patches.mean(axis=(1, 2), dtype=np.float32)
        blue = 1 / (1 + np.exp(0.5 + (means[:, 0] - means[:, 2]) / 20))
        return np.stack([1 - blue, blue], axis=1).astype(np.float32)
''',
        {"pink": ((220, 160, 190), 0.881), "blue": ((110, 80, 150), 0.818)},
    ),
    Task.EMBED: Beginning(
        "Gives mean and spread of each colour of a patch.",
        """features = 6                     # how many numbers the model gives of a patch
""",
        "A model that embeds in a few lines: mean and spread of each colour of a patch.",
        "Features",
        '''        """Return features (n, features) float32 for patches (n, h, w, 3) uint8, RGB."""
        colours = patches.astype(np.float32) / 255
        return np.concatenate([colours.mean(axis=(1, 2)), colours.std(axis=(1, 2))], axis=1)
''',
        {},
    ),
    Task.SEGMENT: Beginning(
        "Says how blue each pixel is.",
        _CLASSES
        + """output_stride = 2                # pixels of the patch along a pixel of the output
halo = 8                         # pixels at a patch's edge not to be trusted; patches overlap by it
# Tiles that the model must get right before it runs, with the mean of what it says of them.
reference = [
    {{ tile = "reference/pink.png", class = "Pink", score = {pink} }},
    {{ tile = "reference/blue.png", class = "Blue", score = {blue} }},
]
""",
        "A segmentation in a few lines: how much bluer than red each 2 x 2 pixels are.",
        "DenseMaps",
        '''        """Return probabilities (n, classes, h / 2, w / 2) for patches (n, h, w, 3) uint8, RGB."""
        n, edge = len(patches), self.card.patch // 2
        means = patches.reshape(n, edge, 2, edge, 2, 3).mean(axis=(2, 4), dtype=np.float32)
        blue = 1 / (1 + np.exp(0.5 + (means[..., 0] - means[..., 2]) / 20))
        return np.stack([1 - blue, blue], axis=1).astype(np.float32)
''',
        {"pink": ((220, 160, 190), 0.881), "blue": ((110, 80, 150), 0.818)},
    ),
}
