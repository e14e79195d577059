"""A slide's dense map on disk: a pyramid of probabilities, and the patches that are not blended for good."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, Self, cast

import imagecodecs
import numpy as np

from pathview.core.errors import HeatmapMismatchError
from pathview.core.files import atomic_path
from pathview.core.pyramid import Pyramid
from pathview.inference.dense_blend import DenseGeometry, Quantised
from pathview.inference.heatmap_store import HeatmapStore

if TYPE_CHECKING:
    import zarr

NAME = "dense"
TILE = 512
"""Edge, in pixels, of chunks on disk and of tiles on the screen."""

_FORMAT = 1
_ENDING = ".zst"


class DenseStore:
    """The group ``dense`` in a heatmap's folder.

    Arrays ``0``, ``1`` and so on, each half as fine, are (classes, rows, columns) uint8: 0 where nothing is
    known, else 1 for a probability of 0 to 255 for one of 1. Chunks are 512 x 512 pixels of all classes, and
    there are none where nobody has looked. Files in ``.patches``, one a cell, hold what the model said of
    those cells that have a neighbour still to come.

    Attributes
    ----------
    geometry, classes
        Where cells and patches lie, and how many classes there are.
    pyramid
        Of the map on the slide, in level-0 pixels.
    """

    def __init__(self, path: Path, group: zarr.Group) -> None:
        self._folder = path / NAME / ".patches"
        facts = cast("dict[str, Any]", dict(group.attrs))
        if facts.get("pathview_dense") != _FORMAT:
            raise ValueError(f"format {facts.get('pathview_dense')} is not {_FORMAT}")
        rows, cols = facts["shape"]
        self.geometry = DenseGeometry((rows, cols), facts["cell"], facts["patch"], facts["taper"])
        self.classes = int(facts["classes"])
        x, y = facts["origin"]
        self.pyramid = _pyramid(self.geometry, float(facts["downsample"]), (float(x), float(y)))
        self._levels = [cast("zarr.Array[Any]", group[str(n)]) for n in range(self.pyramid.levels)]

    @classmethod
    def open(cls, path: Path, *, writable: bool = False) -> Self | None:
        """Open the map in a heatmap's folder; None where its model does not segment.

        Raises
        ------
        HeatmapMismatchError
            If what is there is something else.
        """
        import zarr

        group = HeatmapStore.open(path, writable=writable).group
        if NAME not in group:
            return None
        try:
            return cls(path, cast("zarr.Group", group[NAME]))
        except (KeyError, TypeError, ValueError, zarr.errors.ArrayNotFoundError) as error:
            raise HeatmapMismatchError(path, f"not a dense map ({type(error).__name__}: {error})") from error

    @classmethod
    def create(
        cls,
        path: Path,
        geometry: DenseGeometry,
        classes: int,
        downsample: float,
        origin: tuple[float, float],
    ) -> Self:
        """Make an empty map in a heatmap's folder.

        Parameters
        ----------
        path
            The heatmap's folder.
        geometry, classes
            What it will hold.
        downsample
            Level-0 pixels per pixel of the map.
        origin
            Level-0 position of its top-left corner.
        """
        group = HeatmapStore.open(path, writable=True).group.require_group(NAME)
        pyramid = _pyramid(geometry, downsample, origin)
        for level in range(pyramid.levels):
            step = 1 << level
            width, height = (max(1, -(-length // step)) for length in pyramid.size)
            group.create_array(
                str(level),
                shape=(classes, height, width),
                chunks=(classes, min(TILE, height), min(TILE, width)),
                dtype="uint8",
                fill_value=0,
                overwrite=True,
            )
        # The format last: a group without it is made anew.
        group.update_attributes(
            {
                "shape": list(geometry.shape),
                "cell": geometry.cell,
                "patch": geometry.patch,
                "taper": geometry.taper,
                "classes": classes,
                "downsample": downsample,
                "origin": list(origin),
                "unknown": 0,
                "probability": "(value - 1) / 254",
                "pathview_dense": _FORMAT,
            }
        )
        return cls(path, group)

    def read(self, level: int, rows: slice, cols: slice) -> Quantised:
        """Return (classes, rows, columns) of a window of a level, as far as it lies in it; any thread."""
        return np.array(self._levels[level][:, rows, cols], np.uint8)

    def read_class(self, level: int, index: int, rows: slice, cols: slice) -> Quantised:
        """Return (rows, columns) of one class, like `read`."""
        return np.array(self._levels[level][index, rows, cols], np.uint8)

    def write(self, level: int, rows: slice, cols: slice, values: Quantised) -> None:
        """Replace a window of a level."""
        self._levels[level][:, rows, cols] = values

    def size(self, level: int) -> tuple[int, int]:
        """Return (width, height) of a level in its own pixels."""
        _, height, width = self._levels[level].shape
        return int(width), int(height)

    def keep_patch(self, cell: tuple[int, int], patch: Quantised) -> None:
        """Keep what the model said of a cell's patch, (classes, h, w)."""
        self._folder.mkdir(exist_ok=True)
        # A plain file: one comes and goes with every cell, and an array's chunk takes ten times as long.
        with atomic_path(self._place(cell)) as part:
            part.write_bytes(imagecodecs.zstd_encode(patch.tobytes(), level=1))

    def patch(self, cell: tuple[int, int]) -> Quantised | None:
        """Return what the model said of a cell's patch; None where that is not kept (any more)."""
        edge = self.geometry.patch
        try:
            data = imagecodecs.zstd_decode(self._place(cell).read_bytes())
        except FileNotFoundError:
            return None
        return np.frombuffer(data, np.uint8).reshape(self.classes, edge, edge)

    def kept_patches(self) -> set[tuple[int, int]]:
        """Return the cells whose patches are kept."""
        names = (file.stem.split("_") for file in self._folder.glob(f"[0-9]*{_ENDING}"))
        return {(int(row), int(col)) for row, col in names}

    def drop_patch(self, cell: tuple[int, int]) -> None:
        """Keep it no longer."""
        self._place(cell).unlink(missing_ok=True)

    def _place(self, cell: tuple[int, int]) -> Path:
        return self._folder / f"{cell[0]}_{cell[1]}{_ENDING}"


def _pyramid(geometry: DenseGeometry, downsample: float, origin: tuple[float, float]) -> Pyramid:
    width, height = geometry.size
    return Pyramid((max(1, width), max(1, height)), TILE, downsample, origin)
