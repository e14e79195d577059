"""Exact area averaging along pixel edges, so that nothing drifts by half a pixel."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from pathview.slides.reader import Rgb

# Positions closer than this (in pixels) are the same: float noise of boxes that were made from micrometres.
SNAP = 1e-4

# Output rows done at once: what they need stays in the processor's cache, which halves the time.
_BLOCK_ROWS = 32


@dataclass(frozen=True, slots=True)
class Span:
    """How a run of output pixels lies over a row (or column) of source pixels.

    Attributes
    ----------
    start
        Source position of the first output pixel's leading edge; source pixel i spans i to i + 1.
    step
        Source pixels per output pixel.
    count
        Output pixels.
    limit
        Source pixels there are; what an output pixel covers beyond them does not count.
    """

    start: float
    step: float
    count: int
    limit: int

    @property
    def window(self) -> tuple[int, int]:
        """Half-open range of the source pixels that are needed; at least one."""
        first = min(max(math.floor(self.start + SNAP), 0), self.limit - 1)
        last = math.ceil(self.start + self.step * self.count - SNAP)
        return first, min(max(last, first + 1), self.limit)

    @property
    def factor(self) -> int | None:
        """The whole number of source pixels per output pixel when the edges coincide, else None."""
        factor = max(1, round(self.step))
        end = self.start + self.step * self.count
        aligned = abs(self.start - round(self.start)) < SNAP and abs(self.step - factor) * self.count < SNAP
        return factor if aligned and self.start > -SNAP and end - self.limit < factor - SNAP else None


def average(source: Rgb, rows: Span, columns: Span) -> Rgb:
    """Average `source` into the pixels of the spans.

    Parameters
    ----------
    source
        (h, w, 3) uint8, exactly the `window` of both spans.
    rows, columns
        Where the output lies.

    Returns
    -------
    Rgb
        (rows.count, columns.count, 3) uint8. Each pixel is the mean over the area it covers, taken over the
        part where there are source pixels; a pixel that covers none repeats the nearest one.
    """
    down, across = rows.factor, columns.factor
    if down == 1 and across == 1:
        return source
    if down is not None and across is not None:
        # Pillow averages the last block over what is there, which is the rule above.
        return np.asarray(Image.fromarray(source).reduce((across, down)))
    return _share_out(source, rows, columns)


def _taps(span: Span) -> tuple[NDArray[np.intp], NDArray[np.float32]]:
    """Return the source indices (taps, count) within the window and their weights, which add up to 1."""
    low, high = span.window
    edges = span.start + span.step * np.arange(span.count + 1) - low
    inside = np.clip(edges, 0, high - low)
    first = np.minimum(np.floor(inside[:-1]).astype(np.intp), high - low - 1)
    number = int(np.max(np.ceil(inside[1:]) - first, initial=1))
    index = first + np.arange(number)[:, None]
    weight = np.minimum(inside[1:], index + 1) - np.maximum(inside[:-1], index)
    weight = np.maximum(weight, 0)
    total = weight.sum(axis=0)
    weight[0, total <= 0] = 1
    weight /= np.where(total > 0, total, 1)
    return np.minimum(index, high - low - 1), weight.astype(np.float32)


def _share_out(source: Rgb, rows: Span, columns: Span) -> Rgb:
    """Average by the share of every source pixel in every output pixel, along rows, then along columns."""
    height, width = source.shape[:2]
    down, down_share = _taps(rows)
    across, across_share = _taps(columns)
    # Flat rows and weights by channel: broadcasting over an axis of three is ten times slower.
    flat = source.reshape(height, width * 3)
    across_share = np.repeat(across_share, 3, axis=1)
    result = np.empty((rows.count, columns.count, 3), np.uint8)
    for first in range(0, rows.count, _BLOCK_ROWS):
        block = slice(first, first + _BLOCK_ROWS)
        lines = _sum(flat, down[:, block], down_share[:, block, None]).reshape(-1, width, 3)
        sums = lines.take(across[0], axis=1).reshape(len(lines), -1)
        sums *= across_share[0]
        for tap, share in zip(across[1:], across_share[1:], strict=True):
            part = lines.take(tap, axis=1).reshape(len(lines), -1)
            part *= share
            sums += part
        result[block] = (sums + 0.5).reshape(-1, columns.count, 3)
    return result


def _sum(flat: Rgb, index: NDArray[np.intp], share: NDArray[np.float32]) -> NDArray[np.float32]:
    """Add up the rows `index` (taps, count) of `flat`, weighted by `share` (taps, count, 1)."""
    total: NDArray[np.float32] = flat[index[0]] * share[0]
    for tap in range(1, len(index)):
        total += flat[index[tap]] * share[tap]
    return total
