"""Detections on disk: a zarr group whose columns only grow."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from shutil import rmtree
from typing import TYPE_CHECKING, Any, Self, cast
from uuid import uuid4

import numpy as np

from pathview.annotations.objects import STEPS, Objects
from pathview.core.errors import HeatmapMismatchError

if TYPE_CHECKING:
    import zarr

_FORMAT = 1
_ROWS = {"centers": (2,), "classes": (), "scores": (), "cells": (), "ring": (2,), "ends": ()}
_KINDS = {
    "centers": "float64",
    "classes": "uint8",
    "scores": "float32",
    "cells": "int32",
    "ring": "int16",
    "ends": "int64",
}
_CHUNK = 1 << 16


class DetectionStore:
    """The zarr group of one model's objects on one slide.

    The columns are those of `Objects`, in a group inside that the attribute `columns` names. The attributes
    `objects` and `corners` say how much of them counts. They are written last, in one file that is renamed
    into place: a process that is killed while it writes leaves the earlier objects, and never half a block.

    Attributes
    ----------
    path, classes
        Where it is, and the names of the classes in the order of their numbers.
    """

    def __init__(self, path: Path, group: zarr.Group) -> None:
        self.path = path
        self._group = group
        attributes = cast("dict[str, Any]", dict(group.attrs))
        if attributes["pathview_detections"] != _FORMAT:
            raise ValueError(f"format {attributes['pathview_detections']} is not {_FORMAT}")
        self.attributes = attributes
        self.classes = tuple(str(name) for name in attributes["classes"])
        self._count = (int(attributes["objects"]), int(attributes["corners"]))
        self._columns = _columns(group, str(attributes["columns"]))

    @classmethod
    def create(cls, path: Path, classes: Sequence[str], identity: Mapping[str, Any]) -> Self:
        """Make an empty store.

        Parameters
        ----------
        path
            Nothing may be there.
        classes
            Names in the order of their numbers.
        identity
            JSON values that say whose objects these are; what `open` compares.
        """
        import zarr

        path.parent.mkdir(parents=True, exist_ok=True)
        # Made beside and renamed, so that no half-made folder ever stands in the way of the next run.
        part = path.with_name(f".{path.name}.{uuid4().hex}.part")
        group = zarr.open_group(str(part), mode="w", zarr_format=3)
        name = _make_columns(group)
        group.update_attributes(
            {
                "pathview_detections": _FORMAT,
                "classes": list(classes),
                "steps_per_pixel": STEPS,
                "columns": name,
                "objects": 0,
                "corners": 0,
                "identity": dict(identity),
            }
        )
        part.rename(path)
        return cls.open(path, writable=True)

    @classmethod
    def open(cls, path: Path, *, writable: bool = False, identity: Mapping[str, Any] | None = None) -> Self:
        """Open what `create` made.

        Raises
        ------
        HeatmapMismatchError
            If it is something else, or was made with another identity.
        """
        import zarr

        try:
            store = cls(path, zarr.open_group(str(path), mode="r+" if writable else "r"))
        except (OSError, KeyError, TypeError, ValueError) as error:
            raise HeatmapMismatchError(path, f"no detections ({type(error).__name__}: {error})") from error
        theirs = store.attributes.get("identity", {})
        for key, mine in (identity or {}).items():
            if theirs.get(key) != mine:
                raise HeatmapMismatchError(path, f"detections with {key} {theirs.get(key)!r}, not {mine!r}")
        return store

    def __len__(self) -> int:
        return self._count[0]

    def read(self) -> Objects:
        """Return all objects."""
        objects, corners = self._count
        ends = np.array(self._columns["ends"][:objects])
        return Objects(
            np.array(self._columns["centers"][:objects]),
            np.array(self._columns["classes"][:objects]),
            np.array(self._columns["scores"][:objects]),
            np.array(self._columns["cells"][:objects]),
            np.array(self._columns["ring"][:corners]),
            ends,
        )

    def append(self, objects: Objects) -> None:
        """Add objects; they are there once this returns, and none of them is before."""
        if len(objects):
            self._count = self._write(objects, *self._count)
            self._commit()

    def replace(self, objects: Objects) -> None:
        """Hold these objects instead; a process killed meanwhile leaves either those or these."""
        old = str(self.attributes["columns"])
        self.attributes["columns"] = _make_columns(self._group)
        self._columns = _columns(self._group, self.attributes["columns"])
        self._count = self._write(objects, 0, 0)
        self._commit()
        rmtree(self.path / old, ignore_errors=True)

    def _write(self, objects: Objects, count: int, corners: int) -> tuple[int, int]:
        total = count + len(objects), corners + len(objects.ring)
        for name, column in self._columns.items():
            values = getattr(objects, name)
            start, end = (corners, total[1]) if name == "ring" else (count, total[0])
            if name == "ends":
                values = values + corners
            if end > column.shape[0]:
                column.resize((end, *_ROWS[name]))
            if end > start:
                column[start:end] = values
        return total

    def _commit(self) -> None:
        objects, corners = self._count
        self._group.update_attributes(
            {"columns": self.attributes["columns"], "objects": objects, "corners": corners}
        )


def _make_columns(group: zarr.Group) -> str:
    name = f"columns-{uuid4().hex[:8]}"
    inner = group.create_group(name)
    for column, row in _ROWS.items():
        inner.create_array(column, shape=(0, *row), chunks=(_CHUNK, *row), dtype=_KINDS[column])
    return name


def _columns(group: zarr.Group, name: str) -> dict[str, zarr.Array[Any]]:
    inner = cast("zarr.Group", group[name])
    return {column: cast("zarr.Array[Any]", inner[column]) for column in _ROWS}
