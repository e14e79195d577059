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
    return np.rint(_along_columns(_along_rows(source, rows), columns)).astype(np.uint8)


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


def _along_rows(source: Rgb, span: Span) -> NDArray[np.float32]:
    index, weight = _taps(span)
    result: NDArray[np.float32] = source[index[0]] * weight[0][:, None, None]
    for tap in range(1, len(index)):
        result += source[index[tap]] * weight[tap][:, None, None]
    return result


def _along_columns(source: NDArray[np.float32], span: Span) -> NDArray[np.float32]:
    index, weight = _taps(span)
    # Weights by channel and flat rows: broadcasting over an axis of three is ten times slower.
    weight = np.repeat(weight, 3, axis=1)
    result: NDArray[np.float32] = _columns(source, index[0]) * weight[0]
    for tap in range(1, len(index)):
        part = _columns(source, index[tap])
        part *= weight[tap]
        result += part
    return result.reshape(len(source), span.count, 3)


def _columns(source: NDArray[np.float32], index: NDArray[np.intp]) -> NDArray[np.float32]:
    return np.take(source, index, axis=1).reshape(len(source), -1)
