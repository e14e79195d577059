"""Patches of the next batch are read while the model works on this one."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from concurrent.futures import TimeoutError as NotYet
from dataclasses import dataclass

import numpy as np

from pathview.core.errors import PathViewError
from pathview.core.geometry import Box
from pathview.core.region import Region
from pathview.inference.grid import PatchGrid
from pathview.inference.model import Patches
from pathview.inference.order import Cells
from pathview.slides.slide import Slide

# A block that is mostly glass is not worth decoding whole.
_WORTH_WHOLE = 0.4


@dataclass(frozen=True, slots=True, eq=False)
class Loaded:
    """A block of cells as it was read.

    Attributes
    ----------
    cells, patches
        (n, 2) cells and their (n, patch, patch, 3) uint8 pixels.
    failures
        Cells that could not be read, with the reason.
    """

    cells: Cells
    patches: Patches
    failures: tuple[tuple[Cells, str], ...] = ()


def read_block(slide: Slide, grid: PatchGrid, cells: Cells) -> Loaded:
    """Read the patches of neighbouring cells; what cannot be read is named in `failures`."""
    if _worth_whole(slide, grid, cells):
        try:
            return Loaded(cells, _cut(slide, grid, cells))
        except (PathViewError, OSError):
            pass  # read one by one below: one broken tile must not cost the whole block
    return _one_by_one(slide, grid, cells)


class ReadAhead:
    """A bounded queue of blocks that threads are reading, in the order they were asked for.

    Parameters
    ----------
    slide, grid
        What to read from; patches lie as the grid says.
    readers
        Threads.
    """

    def __init__(self, slide: Slide, grid: PatchGrid, *, readers: int) -> None:
        self._slide = slide
        self._grid = grid
        self._pool = ThreadPoolExecutor(max_workers=readers, thread_name_prefix="patch-reader")
        self._waiting: deque[tuple[Cells, Future[Loaded]]] = deque()
        self._cells = 0

    def __len__(self) -> int:
        """Return how many cells were asked for and not taken."""
        return self._cells

    def ask(self, cells: Cells) -> None:
        """Queue a block for reading."""
        self._waiting.append((cells, self._pool.submit(read_block, self._slide, self._grid, cells)))
        self._cells += len(cells)

    def call_back(self, wanted: Callable[[Cells], bool]) -> list[Cells]:
        """Forget the blocks that are not wanted any longer, and return them."""
        waiting, back = deque[tuple[Cells, Future[Loaded]]](), []
        for cells, future in self._waiting:
            if wanted(cells):
                waiting.append((cells, future))
            else:
                future.cancel()  # one that is being read is read in vain
                back.append(cells)
        self._waiting = waiting
        self._cells = sum(len(cells) for cells, _ in waiting)
        return back

    def take(self, timeout: float) -> Loaded | None:
        """Return the oldest block, or None when it is not there after `timeout` seconds."""
        if not self._waiting:
            return None
        cells, future = self._waiting[0]
        try:
            loaded = future.result(timeout)
        except NotYet:
            return None
        self._waiting.popleft()
        self._cells -= len(cells)
        return loaded

    def close(self) -> None:
        """Forget what was asked for and end the threads once the reads under way are through."""
        self._pool.shutdown(wait=True, cancel_futures=True)
        self._waiting.clear()
        self._cells = 0


def _worth_whole(slide: Slide, grid: PatchGrid, cells: Cells) -> bool:
    if len(cells) < 2 or grid.patch != grid.stride or not _pixels_coincide(slide, grid.downsample):
        return False
    rows, cols = np.ptp(cells, axis=0) + 1
    return bool(len(cells) >= _WORTH_WHOLE * rows * cols)


def _pixels_coincide(slide: Slide, downsample: float) -> bool:
    """Tell whether the model's pixels are whole blocks of native pixels, so that a cut equals a read."""
    serving = [level.downsample for level in slide.info.levels if level.downsample <= downsample * 1.01]
    return downsample == round(downsample) and all(downsample % native == 0 for native in serving)


def _cut(slide: Slide, grid: PatchGrid, cells: Cells) -> Patches:
    first, last = cells.min(axis=0), cells.max(axis=0)
    corners = grid.boxes(np.stack([first, last]))
    whole = slide.read(Region(Box(*corners[0, :2], *corners[1, 2:]), grid.downsample))
    rows, cols = last - first + 1
    size = grid.pixels
    tiles = whole.reshape(rows, size, cols, size, 3).swapaxes(1, 2)
    at = cells - first
    return np.ascontiguousarray(tiles[at[:, 0], at[:, 1]])


def _one_by_one(slide: Slide, grid: PatchGrid, cells: Cells) -> Loaded:
    patches = np.empty((len(cells), grid.pixels, grid.pixels, 3), np.uint8)
    good = np.ones(len(cells), bool)
    failures = []
    for index, corners in enumerate(grid.boxes(cells)):
        try:
            patches[index] = slide.read(Region(Box(*corners), grid.downsample))
        except (PathViewError, OSError) as error:
            good[index] = False
            failures.append((cells[index : index + 1], str(error)))
    return Loaded(cells[good], patches[good], tuple(failures))
