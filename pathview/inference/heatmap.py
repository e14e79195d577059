"""A model's answers over a slide: an array in memory, a zarr on disk, and a tile source for the screen."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from enum import IntEnum
from functools import partial
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from psygnal import Signal

from pathview.core.errors import HeatmapMismatchError
from pathview.core.pyramid import Pyramid, TileKey
from pathview.inference.card import ModelCard
from pathview.inference.dense_map import DenseMap
from pathview.inference.facts import HeatmapFacts
from pathview.inference.grid import PatchGrid
from pathview.inference.heatmap_channel import TILE, HeatmapChannel
from pathview.inference.heatmap_store import HeatmapStore
from pathview.inference.model import Prediction
from pathview.slides.reader import SlideInfo
from pathview.tiles.source import TileSource

OOD = "ood"
"""Name of the extra that has the out-of-distribution score."""

_FLUSH_S = 1.0


class CellState(IntEnum):
    """What is known about one cell; the numbers are those of the file."""

    NOT_RUN = 0
    DONE = 1
    SKIPPED = 2
    FAILED = 3


class Progress(NamedTuple):
    """How many cells are in which state; `total` counts those that are to be looked at."""

    done: int
    total: int
    skipped: int
    failed: int


@dataclass(frozen=True, slots=True)
class CellValue:
    """What a heatmap says about a place: `scores` is None, and `extras` empty, unless `state` is DONE.

    `unlike` says whether the cell is unlike the tissue that the model was trained on: its scores mean little.
    """

    state: CellState
    scores: dict[str, float] | None = None
    reason: str = ""
    extras: Mapping[str, tuple[float, ...]] = field(default_factory=dict)
    unlike: bool = False


class Heatmap:
    """The cells of one model on one slide.

    One thread writes (and gets `changed`); `channel` sources may be read from any thread. Cells are kept in
    memory; with a store they go to disk at most once a second, values before states, so that a killed run
    loses a second's work and never holds a state without its value.

    Attributes
    ----------
    grid
        The lattice.
    facts
        Model, slide and classes that the values belong to.
    scores
        (classes, rows, columns) float32 probabilities, NaN unless done.
    state
        (rows, columns) uint8 of `CellState`.
    extras
        What else is known of each cell, by name: (layers, rows, columns) float32, NaN unless done. Which
        there are is up to the run.
    failures
        Reason of each failed cell by (row, column).
    dense
        What a model that segments has said of pixels; None for every other model, and while it is in memory
        alone.
    """

    changed = Signal(frozenset)
    """The tile keys, the same in every channel, whose pixels changed."""

    def __init__(
        self,
        grid: PatchGrid,
        facts: HeatmapFacts,
        store: HeatmapStore | None = None,
        extras: Mapping[str, int] | None = None,
    ) -> None:
        self.grid = grid
        self.facts = facts
        rows, cols = grid.shape
        self.scores: NDArray[np.float32] = np.full((len(facts.classes), rows, cols), np.nan, np.float32)
        self.state: NDArray[np.uint8] = np.zeros((rows, cols), np.uint8)
        self.extras: dict[str, NDArray[np.float32]] = {
            name: np.full((layers, rows, cols), np.nan, np.float32) for name, layers in (extras or {}).items()
        }
        self.failures: dict[tuple[int, int], str] = {}
        self.dense: DenseMap | None = None
        self._store = store
        self._first: Callable[[], None] | None = None
        self._dirty: set[tuple[int, int]] = set()
        self._flushed_at = time.monotonic()
        # An empty grid (a region beside the slide) still is a picture of one pixel.
        self.pyramid = Pyramid((max(1, cols), max(1, rows)), TILE, grid.stride, grid.origin)
        columns, lines = self.pyramid.shape(0)
        self.revisions: NDArray[np.int64] = np.zeros((lines, columns), np.int64)
        self._channels: dict[int, HeatmapChannel] = {}

    @classmethod
    def create(
        cls,
        path: Path | None,
        grid: PatchGrid,
        card: ModelCard,
        info: SlideInfo,
        *,
        views: int = 1,
        coarse: int = 1,
        extras: Mapping[str, int] | None = None,
    ) -> Heatmap:
        """Start an empty heatmap; with a `path` it is kept there.

        Parameters
        ----------
        path
            The folder to make, or None.
        grid, card, info
            Which cells of which slide, and for which model.
        views, coarse
            See `HeatmapFacts`.
        extras
            How many layers each further array has, by its name.

        Raises
        ------
        FileExistsError
            If something is at `path`.
        """
        facts = replace(HeatmapFacts.of(card, info, views), coarse=coarse)
        store = HeatmapStore.create(path, grid, facts, extras) if path else None
        heatmap = cls(grid, facts, store, extras)
        heatmap.mark_skipped(np.argwhere(grid.inside & ~grid.selected))
        heatmap.flush()
        return heatmap

    @classmethod
    def open(cls, path: Path, *, writable: bool = False) -> Heatmap:
        """Open what `create` kept.

        Raises
        ------
        HeatmapMismatchError
            If the folder is not a heatmap of this program.
        """
        store = HeatmapStore.open(path, writable=writable)
        heatmap = cls(store.read_grid(), store.facts, store if writable else None, store.extras)
        heatmap.take_over(*store.read_arrays(), store.read_failures(), store.read_extras())
        heatmap.attach_dense(path)
        return heatmap

    @classmethod
    def open_or_create(
        cls,
        path: Path | None,
        grid: PatchGrid,
        card: ModelCard,
        info: SlideInfo,
        *,
        views: int = 1,
        coarse: int = 1,
        extras: Mapping[str, int] | None = None,
    ) -> Heatmap:
        """Go on with what is at `path`, or start it; the arguments are those of `create`.

        Done cells stay done; failed ones are tried again; whether a cell is skipped follows `grid`. Extras
        that an earlier run did not keep are NaN in the cells that it did.

        Raises
        ------
        HeatmapMismatchError
            If the folder holds another model's, slide's or grid's values.
        """
        if path is None or not path.exists():
            return cls.create(path, grid, card, info, views=views, coarse=coarse, extras=extras)
        store = HeatmapStore.open(path, writable=True)
        difference = store.facts.difference(HeatmapFacts.of(card, info, views))
        if not difference and not store.read_grid().same_lattice(grid):
            difference = "the grid of patches is another"
        if difference:
            raise HeatmapMismatchError(path, difference)
        store.note_grid(grid)
        store.add_extras(extras or {})
        store.note({"coarse": coarse})
        heatmap = cls(grid, replace(store.facts, coarse=coarse), store, store.extras)
        scores, state = store.read_arrays()
        state[state != CellState.DONE] = CellState.NOT_RUN
        state[grid.inside & ~grid.selected & (state != CellState.DONE)] = CellState.SKIPPED
        heatmap.take_over(scores, state, {}, store.read_extras())
        heatmap._touch(np.argwhere(np.ones(grid.shape, bool)))
        heatmap.flush()
        return heatmap

    @property
    def path(self) -> Path | None:
        """Where it is kept, or None."""
        return self._store.path if self._store else None

    @property
    def progress(self) -> Progress:
        """Counts over the whole grid."""
        selected = self.state[self.grid.selected]
        return Progress(
            int((selected == CellState.DONE).sum()),
            selected.size,
            int((self.state == CellState.SKIPPED).sum()),
            int((selected == CellState.FAILED).sum()),
        )

    def unlike(self, rows: slice = slice(None), cols: slice = slice(None)) -> NDArray[np.bool_]:
        """Return which cells of a window are done and unlike the tissue that the model was trained on."""
        state, limit = self.state[rows, cols], self.facts.ood_threshold
        if OOD not in self.extras or limit is None:
            return np.zeros(state.shape, bool)
        # A NaN is not above anything.
        return np.asarray((state == CellState.DONE) & (self.extras[OOD][0, rows, cols] > limit))

    def pending(self) -> NDArray[np.intp]:
        """Return the (n, 2) cells (row, column) that are selected and have not been tried."""
        return np.argwhere(self.grid.selected & (self.state == CellState.NOT_RUN))

    def write(
        self,
        cells: NDArray[np.intp],
        prediction: Prediction,
        extras: Mapping[str, NDArray[np.float32]] | None = None,
    ) -> None:
        """Take probabilities (n, classes) and extras (n, layers) for `cells` (n, 2): values, then states."""
        rows, cols = cells.T
        self.scores[:, rows, cols] = prediction.T
        self._take_extras(cells, extras or {})
        self._mark(cells, CellState.DONE)

    def fail(self, cells: NDArray[np.intp], reason: str) -> None:
        """Note that `cells` (n, 2) could not be looked at."""
        self.failures.update(dict.fromkeys(((int(row), int(col)) for row, col in cells), reason))
        self._mark(cells, CellState.FAILED)

    def mark_skipped(self, cells: NDArray[np.intp]) -> None:
        """Note that `cells` (n, 2) are not worth looking at."""
        self._mark(cells, CellState.SKIPPED)

    def mirror(
        self,
        cells: NDArray[np.intp],
        scores: NDArray[np.float32],
        state: NDArray[np.uint8],
        reasons: Mapping[tuple[int, int], str],
        extras: Mapping[str, NDArray[np.float32]] | None = None,
    ) -> None:
        """Take what another process did to `cells` (n, 2): as for `write`, with (n,) states."""
        rows, cols = cells.T
        self.scores[:, rows, cols] = scores.T
        self._take_extras(cells, extras or {})
        self.state[rows, cols] = state
        self.failures.update(reasons)
        self._announce(cells)

    def take_over(
        self,
        scores: NDArray[np.float32],
        state: NDArray[np.uint8],
        failures: dict[tuple[int, int], str],
        extras: Mapping[str, NDArray[np.float32]] | None = None,
    ) -> None:
        """Replace everything in memory, in place, so that channels already drawn stay valid."""
        for name, values in (extras or {}).items():
            self.extras[name][...] = values
        # A done cell without values was flushed by a machine that lost power in between: look again.
        lost = (state == CellState.DONE) & np.isnan(scores).any(axis=0)
        self.scores[...] = scores
        self.state[...] = np.where(lost, CellState.NOT_RUN, state)
        self.failures = dict(failures)
        self._announce(np.argwhere(np.ones(self.grid.shape, bool)))

    def attach_dense(self, path: Path) -> None:
        """Show the dense map in a heatmap's folder, if there is one, in place of cells.

        Raises
        ------
        HeatmapMismatchError
            If what is there is something else.
        """
        self.dense = DenseMap.of(path, self)

    def note_dense(self, cells: NDArray[np.intp]) -> None:
        """Take note that the dense map has changed in and about `cells` (n, 2)."""
        if self.dense is not None:
            self.dense.note(cells)
            self._announce(cells)

    def field(self, index: int) -> Callable[[], tuple[NDArray[np.float32], PatchGrid]]:
        """Return what reads one class, NaN where unknown, and its lattice: of pixels, or else of cells.

        The cells are those of this moment; pixels are read when it is called, in any thread.
        """
        if self.dense is not None:
            return partial(self.dense.values, index)
        values = self.values(index)
        return lambda: (values, self.grid)

    def channel(self, index: int) -> TileSource:
        """Return one class as a picture, of pixels where there is a dense map, else of one pixel a cell.

        It is the same object each time.
        """
        if self.dense is not None:
            return self.dense.channel(index)
        return self._channels.setdefault(index, HeatmapChannel(self, index))

    def value_at(self, x: float, y: float) -> CellValue | None:
        """Return what is known at a level-0 point, or None outside the grid."""
        cell = self.grid.cell_at(x, y)
        if cell is None:
            return None
        state = CellState(int(self.state[cell]))
        if state is not CellState.DONE:
            return CellValue(state, reason=self.failures.get(cell, ""))
        values = (float(score) for score in self.scores[:, cell[0], cell[1]])
        extras = {name: tuple(map(float, layers[:, *cell])) for name, layers in self.extras.items()}
        scores = dict(zip(self.facts.classes, values, strict=True))
        row, col = cell
        unlike = self.unlike(slice(row, row + 1), slice(col, col + 1))
        return CellValue(state, scores, extras=extras, unlike=bool(unlike[0, 0]))

    def extras_of(self, cells: NDArray[np.intp]) -> dict[str, NDArray[np.float32]]:
        """Return the extras of `cells` (n, 2), (n, layers) each: what `mirror` takes."""
        rows, cols = cells.T
        return {name: layers[:, rows, cols].T for name, layers in self.extras.items()}

    def values(self, index: int) -> NDArray[np.float32]:
        """Return the probabilities of one class, (rows, columns), NaN where not done: of this moment."""
        return np.where(self.state == CellState.DONE, self.scores[index], np.float32(np.nan))

    def copy(self) -> Heatmap:
        """Return the values of this moment, in memory: to work on in another thread while a run goes on."""
        copy = Heatmap(self.grid, self.facts, extras={name: len(one) for name, one in self.extras.items()})
        copy.take_over(self.scores, self.state, self.failures, self.extras)
        return copy

    def flush(self) -> None:
        """Bring what is not on disk yet there; without a store nothing happens."""
        if self._first is not None:
            self._first()
        self._flushed_at = time.monotonic()
        if self._store is not None and self._dirty:
            self._store.write(self.scores, self.state, self._dirty, self.failures, self.extras)
        self._dirty.clear()

    def flush_first(self, flush: Callable[[], None]) -> None:
        """Call `flush` before each flush: what it brings to disk is there before the cells' states are."""
        self._first = flush

    def note(self, **facts: str) -> None:
        """Keep further facts about the run (engine, precision, parity) with the values."""
        if self._store is not None:
            self._store.note(facts)

    def _take_extras(self, cells: NDArray[np.intp], extras: Mapping[str, NDArray[np.float32]]) -> None:
        rows, cols = cells.T
        for name, values in extras.items():
            self.extras[name][:, rows, cols] = values.T

    def _mark(self, cells: NDArray[np.intp], state: CellState) -> None:
        if not len(cells):
            return
        self.state[tuple(cells.T)] = state
        self._touch(cells)
        self._announce(cells)
        if time.monotonic() - self._flushed_at >= _FLUSH_S:
            self.flush()

    def _touch(self, cells: NDArray[np.intp]) -> None:
        if self._store is not None:
            self._dirty |= _tiles_of(cells)

    def _announce(self, cells: NDArray[np.intp]) -> None:
        tiles = _tiles_of(cells)
        for tile in tiles:
            self.revisions[tile] += 1
        self.changed.emit(
            frozenset(
                TileKey(level, col >> level, row >> level)
                for level in range(self.pyramid.levels)
                for row, col in tiles
            )
        )


def _tiles_of(cells: NDArray[np.intp]) -> set[tuple[int, int]]:
    return {(int(row), int(col)) for row, col in np.unique(np.asarray(cells) // TILE, axis=0)}
