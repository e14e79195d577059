"""Test-time augmentation: what a model says of a patch that is turned and mirrored in all eight ways.

Tissue has no up and no down, so a model should say the same of all of them. Where it does not, the mean
depends less on chance than one answer does, and the spread tells how little the model is sure.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from pathview.inference.boundary import Answer, ask_all
from pathview.inference.model import Patches, TileModel

VIEWS = 8
"""Four turns, of the patch and of its mirror image."""
UNCERTAINTY = "uncertainty"
"""Name of the heatmap's extra that has, for each class, the standard deviation over the views."""
MOST_UNCERTAIN = 0.5
"""No larger can the standard deviation of numbers from 0 to 1 be."""


def turned(patches: Patches, view: int) -> Patches:
    """Return patches (n, p, p, 3) as one of the `VIEWS` ways shows them; 0 is as they are."""
    facing = patches[:, :, ::-1] if view >= VIEWS // 2 else patches
    # Contiguous, as a model is promised: many libraries take no negative strides.
    return np.ascontiguousarray(np.rot90(facing, view % (VIEWS // 2), axes=(1, 2)))


def ask_in_views(model: TileModel, patches: Patches) -> tuple[Answer, NDArray[np.float32]]:
    """Return the mean over all views, and the standard deviation of the probabilities (n, classes).

    Raises
    ------
    ModelError, MemoryError
        As by `ask_all`.
    """
    answers = [ask_all(model, turned(patches, view)) for view in range(VIEWS)]
    said = np.stack([answer.prediction for answer in answers])
    ood = [answer.ood for answer in answers if answer.ood is not None]
    return Answer(said.mean(axis=0), np.mean(ood, axis=0) if ood else None), said.std(axis=0)
