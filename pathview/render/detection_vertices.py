"""Detections as vertex arrays: dots far out, outlines close in; numpy only, to be tested without GL."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pathview.annotations.objects import STEPS, Objects

DOT = np.dtype([("a_at", np.float32, 2), ("a_score", np.float32), ("a_class", np.float32)])
EDGE = np.dtype(
    [
        ("a_at", np.float32, 2),  # where it starts, level-0 pixels from the corner of its square
        ("a_delta", np.float32, 2),  # from there to its end
        ("a_score", np.float32),
        ("a_class", np.float32),
        ("a_corner", np.float32),  # 0 to 3, of the four vertices of a segment
    ]
)
LEVELS = 10
_QUAD = np.array([0, 1, 2, 2, 1, 3], np.uint32)


@dataclass(frozen=True, slots=True, eq=False)
class Dots:
    """Dots in such an order that a prefix of them is enough from far away.

    Attributes
    ----------
    vertices
        (n,) of `DOT`.
    enough
        (LEVELS,): how many from the start stand for all where squares of 2**level level-0 pixels cannot be
        told apart: in each the one with the highest score of each class. All of them at level 0.
    """

    vertices: NDArray[np.void]
    enough: NDArray[np.intp]


@dataclass(frozen=True, slots=True, eq=False)
class Edges:
    """Outlines: (4 * n,) of `EDGE`, and (6 * n,) indices of their triangles."""

    vertices: NDArray[np.void]
    triangles: NDArray[np.uint32]


def dots(objects: Objects, corner: tuple[float, float]) -> Dots:
    """Return the dots of objects, placed relative to a corner at a multiple of 2**(LEVELS - 1) pixels."""
    at = objects.centers - corner
    level = _levels(at, objects)
    order = np.argsort(-level, kind="stable")
    vertices = np.empty(len(objects), DOT)
    vertices["a_at"] = at[order]
    vertices["a_score"] = objects.scores[order]
    vertices["a_class"] = objects.classes[order]
    counts = np.bincount(level, minlength=LEVELS)
    return Dots(vertices, np.cumsum(counts[::-1])[::-1].astype(np.intp))


def edges(objects: Objects, corner: tuple[float, float]) -> Edges:
    """Return the outlines of objects, placed relative to a corner."""
    sizes = objects.sizes
    of = np.repeat(np.arange(len(objects)), sizes)
    ring = objects.ring.astype(np.float32) / STEPS
    following = np.arange(1, len(ring) + 1)
    some = sizes > 0
    following[objects.ends[some] - 1] = (objects.ends - sizes)[some]
    segments = np.empty(len(ring), EDGE)
    segments["a_at"] = (objects.centers - corner)[of] + ring
    segments["a_delta"] = ring[following] - ring if len(ring) else 0
    segments["a_score"] = objects.scores[of]
    segments["a_class"] = objects.classes[of]
    # Segments of no length would have no direction.
    segments = segments[(segments["a_delta"] != 0).any(axis=1)]
    vertices = np.repeat(segments, 4)
    vertices.reshape(-1, 4)["a_corner"] = (0, 1, 2, 3)
    starts = np.arange(0, len(vertices), 4, dtype=np.uint32)
    return Edges(vertices, (starts[:, None] + _QUAD).reshape(-1))


def _levels(at: NDArray[np.float64], objects: Objects) -> NDArray[np.intp]:
    """Return (n,) the coarsest level at which each object stands for its square."""
    level = np.zeros(len(objects), np.intp)
    cells = np.floor(at).astype(np.int64)
    left = np.argsort(-objects.scores, kind="stable")
    for number in range(1, LEVELS):
        col, row = (cells[left] >> number).T
        # Squares are at most 2**13 by 2**13 even where one pixel is one.
        key = ((row << 20) + col << 8) + objects.classes[left]
        left = left[np.sort(np.unique(key, return_index=True)[1])]
        level[left] = number
    return level
