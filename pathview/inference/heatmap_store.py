"""A heatmap on disk: a zarr group with the arrays `scores`, `state` and what else the run kept."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self, cast
from uuid import uuid4

import numpy as np
import shapely
from numpy.typing import NDArray

from pathview.core.errors import HeatmapMismatchError
from pathview.inference.facts import HeatmapFacts
from pathview.inference.grid import PatchGrid, cells_inside
from pathview.inference.heatmap_channel import TILE

if TYPE_CHECKING:
    import zarr

_FORMAT = 1
_FAILURES_KEPT = 1000


class HeatmapStore:
    """The zarr group of one heatmap.

    `scores` is (classes, rows, columns) float32 with NaN as fill, `state` (rows, columns) uint8 with 0 as
    fill. Further arrays, (layers, rows, columns) float32 with NaN as fill, are named in the attribute
    `extras` with their number of layers; everything else is in the group's attributes too. zarr writes a
    chunk beside the old one and renames it, so that a chunk is old or new and never torn.

    Attributes
    ----------
    path, facts
        Where it is, and what its values belong to.
    extras
        Layers of each further array by its name.
    group
        What else a run keeps of its cells lies in it, too, under names of its own.
    """

    def __init__(self, path: Path, group: zarr.Group, facts: HeatmapFacts) -> None:
        self.path = path
        self.facts = facts
        self.group = group
        # Looked up once: each look-up reads and parses the array's metadata file.
        self._scores = cast("zarr.Array[Any]", group["scores"])
        self._state = cast("zarr.Array[Any]", group["state"])
        self.extras = {str(name): int(n) for name, n in cast("Any", group.attrs.get("extras", {})).items()}
        self._extras = {name: cast("zarr.Array[Any]", group[name]) for name in self.extras}
        self._failures_kept = self.read_failures()

    @classmethod
    def create(
        cls, path: Path, grid: PatchGrid, facts: HeatmapFacts, extras: Mapping[str, int] | None = None
    ) -> Self:
        """Make an empty store; `extras` are layers by name.

        Raises
        ------
        FileExistsError
            If something is at `path`.
        """
        import zarr

        if path.exists():
            raise FileExistsError(f"{path} exists")
        path.parent.mkdir(parents=True, exist_ok=True)
        # Made beside and renamed, so that no half-made folder ever stands in the way of the next run.
        part = path.with_name(f".{path.name}.{uuid4().hex}.part")
        group = zarr.open_group(str(part), mode="w", zarr_format=3)
        _create_layers(group, "scores", len(facts.classes), grid.shape)
        group.create_array("state", shape=grid.shape, chunks=_chunk(grid.shape), dtype="uint8", fill_value=0)
        group.update_attributes({"pathview_heatmap": _FORMAT, **facts.to_json(), "grid": _grid_to_json(grid)})
        part.rename(path)
        store = cls.open(path, writable=True)
        store.add_extras(extras or {})
        return store

    @classmethod
    def open(cls, path: Path, *, writable: bool) -> Self:
        """Open what `create` made.

        Raises
        ------
        HeatmapMismatchError
            If it is something else.
        """
        import zarr

        try:
            group = zarr.open_group(str(path), mode="r+" if writable else "r")
            if group.attrs["pathview_heatmap"] != _FORMAT:
                raise ValueError(f"format {group.attrs['pathview_heatmap']} is not {_FORMAT}")
            return cls(path, group, HeatmapFacts.from_json(dict(group.attrs)))
        except (OSError, KeyError, TypeError, ValueError) as error:
            raise HeatmapMismatchError(path, f"not a heatmap ({type(error).__name__}: {error})") from error

    def read_grid(self) -> PatchGrid:
        """Return the grid; selected are the cells inside that are not marked as skipped."""
        facts = cast("dict[str, Any]", self.group.attrs["grid"])
        rows, cols = facts["shape"]
        everything = np.ones((rows, cols), bool)
        region = None if facts["region_wkb"] is None else shapely.from_wkb(facts["region_wkb"])
        grid = PatchGrid(
            (float(facts["origin"][0]), float(facts["origin"][1])),
            float(facts["patch"]),
            float(facts["stride"]),
            int(facts["pixels"]),
            (rows, cols),
            everything,
            everything,
            region,
        )
        inside = cells_inside(grid)
        return replace(grid, inside=inside, selected=inside & (np.asarray(self._state[...]) != 2))

    def read_arrays(self) -> tuple[NDArray[np.float32], NDArray[np.uint8]]:
        """Return all of (`scores`, `state`)."""
        return np.array(self._scores[...], np.float32), np.array(self._state[...], np.uint8)

    def read_extras(self) -> dict[str, NDArray[np.float32]]:
        """Return all further arrays by name."""
        return {name: np.array(array[...], np.float32) for name, array in self._extras.items()}

    def add_extras(self, extras: Mapping[str, int]) -> None:
        """Make those of the further arrays, layers by name, that are not there yet."""
        missing = {name: layers for name, layers in extras.items() if name not in self.extras}
        for name, layers in missing.items():
            _create_layers(self.group, name, layers, self._state.shape)
            self._extras[name] = cast("zarr.Array[Any]", self.group[name])
        if missing:
            # Named last: an array that nobody names does no harm.
            self.extras |= missing
            self.note({"extras": self.extras})

    def read_failures(self) -> dict[tuple[int, int], str]:
        """Return the reasons of failed cells by (row, column)."""
        kept = cast("list[list[Any]]", self.group.attrs.get("failures", []))
        return {(int(row), int(col)): str(reason) for row, col, reason in kept}

    def write(
        self,
        scores: NDArray[np.float32],
        state: NDArray[np.uint8],
        tiles: Iterable[tuple[int, int]],
        failures: dict[tuple[int, int], str],
        extras: Mapping[str, NDArray[np.float32]] | None = None,
    ) -> None:
        """Write the chunks of `tiles`, (row, column) in tiles: all values, then all states."""
        windows = [_window(tile) for tile in sorted(tiles)]
        for rows, cols in windows:
            self._scores[:, rows, cols] = scores[:, rows, cols]
            for name, values in (extras or {}).items():
                self._extras[name][:, rows, cols] = values[:, rows, cols]
        for rows, cols in windows:
            self._state[rows, cols] = state[rows, cols]
        kept = dict(itertools.islice(failures.items(), _FAILURES_KEPT))
        if kept != self._failures_kept:
            self.note({"failures": [[row, col, reason] for (row, col), reason in kept.items()]})
            self._failures_kept = kept

    def note_grid(self, grid: PatchGrid) -> None:
        """Keep another region on the same lattice."""
        self.note({"grid": _grid_to_json(grid)})

    def note(self, facts: dict[str, Any]) -> None:
        """Add to the group's attributes."""
        self.group.update_attributes(facts)


def _chunk(shape: tuple[int, ...]) -> tuple[int, ...]:
    # zarr has no arrays without a chunk; an empty grid still gets chunks of one cell.
    return tuple(max(1, min(TILE, length)) for length in shape)


def _create_layers(group: zarr.Group, name: str, layers: int, shape: tuple[int, ...]) -> None:
    # An array that a killed run has left unnamed is made anew.
    group.create_array(
        name,
        shape=(layers, *shape),
        chunks=(max(1, layers), *_chunk(shape)),
        dtype="float32",
        fill_value=np.nan,
        overwrite=True,
    )


def _window(tile: tuple[int, int]) -> tuple[slice, slice]:
    row, col = tile[0] * TILE, tile[1] * TILE
    return slice(row, row + TILE), slice(col, col + TILE)


def _grid_to_json(grid: PatchGrid) -> dict[str, Any]:
    region = None if grid.region is None else shapely.to_wkb(grid.region, hex=True)
    return {
        "origin": list(grid.origin),
        "patch": grid.patch,
        "stride": grid.stride,
        "pixels": grid.pixels,
        "shape": list(grid.shape),
        "region_wkb": region,
    }
