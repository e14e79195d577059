"""One class of a heatmap as a picture."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Literal

import numpy as np
from numpy.typing import NDArray

from pathview.core.pyramid import Pyramid, TileKey
from pathview.inference.views import MOST_UNCERTAIN, UNCERTAINTY
from pathview.tiles.source import FAILED, NOT_RUN, SKIPPED, UNCERTAIN, UNCERTAIN_STEPS, UNLIKE, Scalar

if TYPE_CHECKING:
    from pathview.inference.heatmap import Heatmap

TILE = 256
"""Edge, in cells, of tiles on the screen and of chunks on disk: one write makes one of each stale."""


class HeatmapChannel:
    """The `TileSource` of one class: level 0 has one pixel a cell, coarser levels the mean of what is done.

    Where nothing under a pixel is done it carries a code of `pathview.tiles.source`: FAILED if any cell
    failed, else NOT_RUN if any waits, else SKIPPED. Where most of what is done is unlike the training tissue,
    UNLIKE is added to the value, and UNCERTAIN for each step of the mean uncertainty. While a run makes a
    coarse map first, what waits shows the mean of what is done of the smallest block about it, up to the edge
    `HeatmapFacts.coarse`. Tiles may be read while the heatmap is written: a cell's value is there before its
    state says so.
    """

    def __init__(self, heatmap: Heatmap, index: int) -> None:
        self._heatmap = heatmap
        self._index = index

    @property
    def pyramid(self) -> Pyramid:
        """One source pixel a cell, `scale` the stride and `origin` the grid's, in level-0 pixels."""
        return self._heatmap.pyramid

    @property
    def kind(self) -> Literal["scalar"]:
        """Values, to be coloured by the screen."""
        return "scalar"

    def revision(self, key: TileKey) -> int:
        """Return a number that grows with each write under the tile."""
        row, col = key.row << key.level, key.col << key.level
        span = 1 << key.level
        return int(self._heatmap.revisions[row : row + span, col : col + span].sum())

    def read_tile(self, key: TileKey) -> Scalar:
        """Read one tile."""
        span = TILE << key.level
        rows = slice(key.row * span, (key.row + 1) * span)
        cols = slice(key.col * span, (key.col + 1) * span)
        # The state first: a cell that becomes done in between is shown as waiting, never as NaN.
        state = self._heatmap.state[rows, cols].copy()
        scores = self._heatmap.scores[self._index, rows, cols]
        width, height = self.pyramid.pixels(key)
        tile = np.full((height, width), NOT_RUN, np.float32)
        unlike = self._heatmap.unlike(rows, cols)
        every = self._heatmap.extras.get(UNCERTAINTY)
        spread = None if every is None else every[self._index, rows, cols]

        def shown(step: int) -> Scalar:
            part = shown_tile(scores, state, step, unlike)
            return part if spread is None else part + _uncertain(spread, state, step)

        part = _filled(shown, 1 << key.level, self._heatmap.facts.coarse)
        tile[: part.shape[0], : part.shape[1]] = part
        return tile


def shown_tile(
    scores: NDArray[np.float32],
    state: NDArray[np.uint8],
    step: int,
    unlike: NDArray[np.bool_] | None = None,
) -> Scalar:
    """Return what one pixel for `step` by `step` cells shows, as `HeatmapChannel` says.

    Parameters
    ----------
    scores, state
        (rows, columns) values, and `CellState` numbers.
    step
        Cells along the edge of a pixel.
    unlike
        Which cells are unlike the training tissue; None for none of them.
    """
    done = state == 1
    total = _summed(np.where(done, scores, np.float32(0)), step)
    count = _summed(done.astype(np.float32), step)
    code = np.full(count.shape, SKIPPED, np.float32)
    code[_summed((state == 0).astype(np.float32), step) > 0] = NOT_RUN
    code[_summed((state == 3).astype(np.float32), step) > 0] = FAILED
    mean = total / np.maximum(count, 1)
    if unlike is not None:
        mostly = 2 * _summed((unlike & done).astype(np.float32), step) > count
        mean = mean + np.where(mostly, np.float32(UNLIKE), np.float32(0))
    return np.where(count > 0, mean, code).astype(np.float32)


def _uncertain(spread: NDArray[np.float32], state: NDArray[np.uint8], step: int) -> Scalar:
    """Return what is added for the mean uncertainty of the cells that are done; 0 where there is none."""
    done = state == 1
    total = _summed(np.where(done, np.nan_to_num(spread), np.float32(0)), step)
    count = _summed(done.astype(np.float32), step)
    steps = np.rint(total / np.maximum(count, 1) / MOST_UNCERTAIN * UNCERTAIN_STEPS)
    return np.asarray(UNCERTAIN * np.clip(steps, 0, UNCERTAIN_STEPS), np.float32)


def _filled(shown: Callable[[int], Scalar], step: int, coarse: int) -> Scalar:
    """Return the picture of `step` cells a pixel, with what is known of their blocks in those that wait."""
    part = shown(step)
    edge = 2 * step
    while edge <= coarse and (part == NOT_RUN).any():
        ratio = edge // step
        wide = shown(edge).repeat(ratio, axis=0).repeat(ratio, axis=1)[: part.shape[0], : part.shape[1]]
        np.copyto(part, wide, where=(part == NOT_RUN) & (wide >= 0))
        edge *= 2
    return part


def _summed(values: NDArray[np.float32], step: int) -> NDArray[np.float32]:
    if step == 1 or not values.size:
        return values
    rows, cols = values.shape
    padded = np.pad(values, ((0, -rows % step), (0, -cols % step)))
    blocks = padded.reshape(padded.shape[0] // step, step, padded.shape[1] // step, step)
    return np.asarray(blocks.sum(axis=(1, 3)), np.float32)
