"""From what a detector says of patches to the objects of a slide, each of them once."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from psygnal import Signal

from pathview.annotations.detection_store import DetectionStore
from pathview.annotations.objects import Objects
from pathview.inference.card import ModelCard
from pathview.inference.facts import HeatmapFacts
from pathview.inference.grid import PatchGrid
from pathview.inference.heatmap import CellState, Heatmap
from pathview.inference.order import Cells
from pathview.inference.patch_objects import PatchObjects

FOLDER = "detections"
"""Where the objects lie inside a heatmap's folder."""
_EXACT = 1024


class DetectionSink:
    """Collects the objects of a run and keeps them beside the states of the cells that they were found in.

    Of a patch counts what has its centre in the patch's cell. Cells are half-open and lie side by side, so
    each place of the slide belongs to one patch, however far patches overlap: no object comes twice.

    Parameters
    ----------
    heatmap
        The ledger: objects of cells that it does not have as done are dropped, since they are found anew.
    store
        Where the objects are kept; None keeps them in memory only.
    """

    added = Signal(Objects)
    """Objects that were not there before."""

    def __init__(self, heatmap: Heatmap, store: DetectionStore | None = None) -> None:
        self._heatmap = heatmap
        self._store = store
        self._waiting: list[Objects] = []
        self._kept: list[Objects] = []
        if store is not None and len(store):
            self._kept.append(_of_done_cells(store, heatmap))

    @classmethod
    def open(cls, heatmap: Heatmap, card: ModelCard) -> DetectionSink:
        """Open or make the store in the heatmap's folder.

        Raises
        ------
        HeatmapMismatchError
            If what is there belongs to another model or slide.
        OSError
            If it cannot be made.
        """
        if heatmap.path is None:
            return cls(heatmap)
        path, identity = heatmap.path / FOLDER, identity_of(heatmap.facts)
        if path.exists():
            return cls(heatmap, DetectionStore.open(path, writable=True, identity=identity))
        return cls(heatmap, DetectionStore.create(path, card.classes, identity))

    @property
    def objects(self) -> Objects:
        """All objects so far."""
        if len(self._kept) > 1:
            self._kept = [Objects.joined(self._kept)]
        return self._kept[0] if self._kept else Objects.none()

    def put(self, cells: Cells, payload: Sequence[PatchObjects]) -> None:
        """Take what a detector says of the patches of `cells` (n, 2), one entry for each, checked."""
        found = placed(self._heatmap.grid, cells, payload, self._heatmap.facts.slide_size)
        if len(found):
            self._kept.append(found)
            self._waiting.append(found)
            self.added.emit(found)

    def flush(self) -> None:
        """Bring what was put to disk."""
        waiting, self._waiting = self._waiting, []
        if self._store is not None and waiting:
            self._store.append(Objects.joined(waiting))


def identity_of(facts: HeatmapFacts) -> dict[str, object]:
    """Return whose objects those of a run are, as JSON values."""
    return {
        "slide_fingerprint": facts.slide_fingerprint,
        "slide_size": list(facts.slide_size),
        "model": facts.model,
        "model_version": facts.model_version,
        "weights_sha256": facts.weights_sha256,
    }


def placed(grid: PatchGrid, cells: Cells, payload: Sequence[PatchObjects], size: tuple[int, int]) -> Objects:
    """Return the objects of patches that have their centres in their cells and on the slide.

    Parameters
    ----------
    grid
        Where the patches lie.
    cells
        (n, 2) rows and columns.
    payload
        What was found in each.
    size
        Of the slide, level-0 pixels.
    """
    parts = [
        _in_cell(grid, (int(cell[0]), int(cell[1])), patch, found, size)
        for cell, patch, found in zip(cells, grid.boxes(cells), payload, strict=True)
        if len(found)
    ]
    return Objects.joined(parts)


def _in_cell(
    grid: PatchGrid,
    cell: tuple[int, int],
    patch: NDArray[np.float64],
    found: PatchObjects,
    size: tuple[int, int],
) -> Objects:
    corner, scale = patch[:2], grid.downsample
    # Neighbouring patches come to the same place by other sums: what differs in the last digits is made one.
    centers = np.rint((np.asarray(found.centers, np.float64) * scale + corner) * _EXACT) / _EXACT
    at = np.floor((centers - grid.origin) / grid.stride)
    mine = (at == (cell[1], cell[0])).all(axis=1)
    mine &= ((centers >= 0) & (centers < size)).all(axis=1)
    chosen = np.flatnonzero(mine)
    outlines = [found.outlines[int(n)] * scale + corner for n in chosen] if len(found.outlines) else []
    number = cell[0] * grid.shape[1] + cell[1]
    numbers = np.full(len(chosen), number, np.int32)
    return Objects.of(centers[chosen], found.kinds[chosen], found.marks[chosen], numbers, outlines)


def _of_done_cells(store: DetectionStore, heatmap: Heatmap) -> Objects:
    """Return the objects of cells that are done; the others leave the store too."""
    objects = store.read()
    done = (heatmap.state == CellState.DONE).ravel()
    fits = (objects.cells >= 0) & (objects.cells < done.size)
    fits[fits] = done[objects.cells[fits]]
    if fits.all():
        return objects
    kept = objects.take(fits)
    store.replace(kept)
    return kept


def read_objects(path: Path, facts: HeatmapFacts) -> tuple[tuple[str, ...], Objects] | None:
    """Return the classes and objects in the folder of a heatmap, None where there are none; any thread.

    Raises
    ------
    HeatmapMismatchError
        If they belong to another model or slide.
    """
    folder = path / FOLDER
    if not folder.exists():
        return None
    store = DetectionStore.open(folder, identity=identity_of(facts))
    return store.classes, store.read()
