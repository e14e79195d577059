"""Which parts of a slide were looked at, and how closely."""

from __future__ import annotations

import math
import zlib
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from pathview.view.viewport import Viewport

REST_S = 0.3
"""A place counts as looked at when it was on the screen that long without a break."""

TICK_S = 0.1
"""How often to look while the view moves."""

# Cells along the longer side: a window at 1 um/px is some hundred of them wide on a large slide, so that what
# is rounded at its edges stays under a hundredth.
_CELLS = 3072
# A cell holds the finest downsample in one byte: 1/16 to 2048, in steps of 1/16 octave, which are 4 percent.
_PER_OCTAVE, _ZERO = 16, 64
_NEVER = 255
_MAGIC = b"PVC1"


class Coverage:
    """A grid over a slide with the finest downsample at which each cell was looked at; main thread only.

    Parameters
    ----------
    size
        (width, height) of the slide, level-0 px.

    Attributes
    ----------
    cell
        Edge of a cell, level-0 px; the first cell begins at the slide's corner.
    """

    def __init__(self, size: tuple[int, int]) -> None:
        self.cell = max(1.0, max(size) / _CELLS)
        width, height = size
        shape = (max(1, math.ceil(height / self.cell)), max(1, math.ceil(width / self.cell)))
        self._finest = np.full(shape, _NEVER, np.uint8)

    @property
    def shape(self) -> tuple[int, int]:
        """Rows and columns."""
        rows, columns = self._finest.shape
        return rows, columns

    @property
    def empty(self) -> bool:
        """Whether nothing was looked at."""
        return bool((self._finest == _NEVER).all())

    def mark(self, views: Sequence[Viewport]) -> bool:
        """Note that what all of `views` show was looked at, as closely as the coarsest of them.

        Returns
        -------
        bool
            Whether anything is seen more closely now than before.
        """
        rows, left, right = self._common(views)
        if not rows or not (right > left).any():
            return False
        first, last = int(left[right > left].min()), int(right.max())
        block = self._finest[rows.start : rows.stop, first:last]
        code = _code(max(view.downsample for view in views))
        if block.max() <= code:
            return False
        columns = np.arange(first, last)
        inside = (columns >= left[:, None]) & (columns < right[:, None])
        news = inside & (block > code)
        block[news] = code
        return bool(news.any())

    def seen(self, downsample: float) -> NDArray[np.bool_]:
        """Return which cells were looked at as closely as `downsample` or closer, (rows, columns)."""
        return self._finest <= _code(downsample)

    def reset(self) -> None:
        """Forget everything."""
        self._finest[:] = _NEVER

    def to_bytes(self) -> bytes:
        """Return the grid, compressed; `restore` reads it."""
        return packed(self.copy())

    def copy(self) -> NDArray[np.uint8]:
        """Return the grid as it is now, for `packed`."""
        return self._finest.copy()

    def restore(self, kept: bytes) -> None:
        """Take over what `to_bytes` has given of a slide of the same size.

        Raises
        ------
        ValueError
            If it is not that; then nothing has changed.
        """
        if not kept.startswith(_MAGIC):
            raise ValueError("it does not begin as a read coverage does")
        # Not more than is expected: a few bytes may stand for gigabytes.
        stream = zlib.decompressobj()
        try:
            values = stream.decompress(kept[len(_MAGIC) :], self._finest.nbytes + 1)
        except zlib.error as error:
            raise ValueError(f"it is damaged: {error}") from error
        if len(values) != self._finest.nbytes:
            raise ValueError("it is of a slide of another size")
        self._finest = np.frombuffer(values, np.uint8).reshape(self.shape).copy()

    def _common(self, views: Sequence[Viewport]) -> tuple[range, NDArray[np.intp], NDArray[np.intp]]:
        """Return rows of cells that all views may show; of each its first cell and the one past its last."""
        height, width = self.shape
        boxes = [view.box() for view in views]
        top = math.ceil(max(box.y0 for box in boxes) / self.cell - 0.5)
        bottom = math.ceil(min(box.y1 for box in boxes) / self.cell - 0.5)
        rows = range(min(max(top, 0), height), min(max(bottom, 0), height))
        y = (np.arange(rows.start, rows.stop, dtype=np.float64) + 0.5) * self.cell
        low, high = np.full(len(rows), -np.inf), np.full(len(rows), np.inf)
        for view in views:
            _narrow(view, y, low, high)
        # A cell counts by its middle.
        left = np.clip(np.ceil(low / self.cell - 0.5), 0, width).astype(np.intp)
        right = np.clip(np.ceil(high / self.cell - 0.5), 0, width).astype(np.intp)
        return rows, left, right


def packed(grid: NDArray[np.uint8]) -> bytes:
    """Compress what `Coverage.copy` gave; any thread: a large slide's takes 40 ms."""
    return _MAGIC + zlib.compress(grid, 4)


class Gaze:
    """What was on the screen in the last moment; main thread only."""

    def __init__(self) -> None:
        self._views: list[tuple[float, Viewport]] = []

    def look(self, viewport: Viewport, now: float) -> list[Viewport]:
        """Note what is on the screen at `now`, seconds, and return all that was for the last `REST_S`.

        None of it as long as nothing was there for that long. A break, as when the window was hidden or the
        picture was not sharp yet, is told by `lose`.
        """
        self._views.append((now, viewport))
        since = now - REST_S + 1e-9
        while len(self._views) > 1 and self._views[1][0] <= since:
            del self._views[0]
        if self._views[0][0] > since:
            return []
        return list(dict.fromkeys(view for _, view in self._views))

    def lose(self) -> None:
        """Forget what was on the screen: it does not count any longer."""
        self._views.clear()

    def resting(self) -> bool:
        """Whether one view alone was on the screen for `REST_S`."""
        return bool(self._views) and len({view for _, view in self._views}) == 1 and self._long_enough()

    def _long_enough(self) -> bool:
        return self._views[-1][0] - self._views[0][0] >= REST_S - 1e-9


def _code(downsample: float) -> int:
    return min(max(round(_ZERO + _PER_OCTAVE * math.log2(downsample)), 0), _NEVER - 1)


def _narrow(
    view: Viewport, y: NDArray[np.float64], low: NDArray[np.float64], high: NDArray[np.float64]
) -> None:
    """Narrow the part low..high of each line `y`, level-0 px, to what the view shows of it."""
    xx, xy, yx, yy = view.matrix
    below = y - view.center[1]
    for size, across, down in ((view.size[0], xx, xy), (view.size[1], yx, yy)):
        reach, offset = size / 2 * view.downsample, down * below
        if abs(across) < 1e-12:  # the line runs along this edge of the screen: all of it, or none
            high[np.abs(offset) > reach] = -np.inf
            continue
        ends = np.sort(np.stack([(-reach - offset) / across, (reach - offset) / across]), axis=0)
        np.maximum(low, view.center[0] + ends[0], out=low)
        np.minimum(high, view.center[0] + ends[1], out=high)
