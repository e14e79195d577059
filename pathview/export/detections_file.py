"""Detections as files of other programs: GeoJSON that QuPath opens, and CSV; written piece by piece."""

from __future__ import annotations

import csv
import gzip
import io
import json
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import shapely
from numpy.typing import NDArray

from pathview.annotations.objects import Objects
from pathview.core.errors import ExportError
from pathview.core.files import atomic_write
from pathview.core.palette import class_color

type ColorOf = Callable[[str], tuple[int, int, int]]
type Mpp = tuple[float, float] | None
"""(x, y) um/px of level 0; None where nobody knows."""

# So many at a time: a million objects are half a gigabyte of text.
_AT_ONCE = 5_000
_DECIMALS = 2


def write_detections_geojson(
    objects: Objects, classes: tuple[str, ...], mpp: Mpp, target: Path, *, colors: ColorOf = class_color
) -> None:
    """Write objects as QuPath's detections: outlines where there are any, else points.

    Each has the measurements ``Score`` and, with an outline, ``Area µm^2``; that is ``Area px^2`` where the
    pixel size is unknown.

    Parameters
    ----------
    objects, classes
        What was found, and the names of the classes in the order of their numbers.
    mpp
        Turns areas into square micrometres.
    target
        Replaced only when the whole file is on disk; a name that ends in .gz compresses it.
    colors
        Class colours, which QuPath demands beside class names.

    Raises
    ------
    ExportError
        If the file cannot be written.
    """
    named = [
        json.dumps({"name": name, "color": list(colors(name))}, separators=(",", ":")) for name in classes
    ]
    features = (_feature_lines(part, named, mpp) for part in _parts(objects))
    _write(target, _collection(features))


def write_detections_table(objects: Objects, classes: tuple[str, ...], mpp: Mpp, target: Path) -> None:
    """Write objects as CSV, a row each.

    The columns are ``class,score,x_px,y_px,area_px2`` and, where the pixel size is known, ``x_um``, ``y_um``
    and ``area_um2``; areas are empty for objects without outline.

    Raises
    ------
    ExportError
        If the file cannot be written.
    """
    names = ["class", "score", "x_px", "y_px", "area_px2", *(["x_um", "y_um", "area_um2"] if mpp else [])]
    _write(target, _rows(names, objects, classes, mpp))


def _rows(names: list[str], objects: Objects, classes: tuple[str, ...], mpp: Mpp) -> Iterator[str]:
    yield ",".join(names) + "\n"
    for part in _parts(objects):
        text = io.StringIO()
        table = csv.writer(text, lineterminator="\n")
        areas = part.areas()
        for (x, y), kind, score, area in zip(part.centers, part.classes, part.scores, areas, strict=True):
            row = [classes[kind], f"{score:.4f}", f"{x:.2f}", f"{y:.2f}", _area(area)]
            if mpp is not None:
                row += [f"{x * mpp[0]:.3f}", f"{y * mpp[1]:.3f}", _area(area * mpp[0] * mpp[1])]
            table.writerow(row)
        yield text.getvalue()


def _area(area: float) -> str:
    return f"{area:.2f}" if area else ""


def _parts(objects: Objects) -> Iterator[Objects]:
    for start in range(0, len(objects), _AT_ONCE):
        yield objects.take(np.arange(start, min(start + _AT_ONCE, len(objects))))


def _collection(pieces: Iterator[str]) -> Iterator[str]:
    yield '{"type":"FeatureCollection","features":[\n'
    for number, piece in enumerate(pieces):
        yield (",\n" if number else "") + piece
    yield "\n]}\n"


def _feature_lines(objects: Objects, named: list[str], mpp: Mpp) -> str:
    unit, factor = ("px^2", 1.0) if mpp is None else ("µm^2", mpp[0] * mpp[1])
    unit = json.dumps(f"Area {unit}")
    shapes = shapely.to_geojson(_shapes(objects))
    lines = []
    areas = objects.areas() * factor
    for shape, kind, score, area in zip(shapes, objects.classes, objects.scores, areas, strict=True):
        size = f",{unit}:{area:.3f}" if area else ""
        lines.append(
            f'{{"type":"Feature","geometry":{shape},"properties":{{"objectType":"detection",'
            f'"classification":{named[kind]},"measurements":{{"Score":{score:.4f}{size}}}}}}}'
        )
    return ",\n".join(lines)


def _shapes(objects: Objects) -> NDArray[np.object_]:
    centers = np.round(objects.centers, _DECIMALS)
    shapes = np.empty(len(objects), object)
    shapes[:] = shapely.points(centers)
    # A ring of fewer than three corners is no polygon.
    whole = np.flatnonzero(objects.sizes >= 3)
    if len(whole):
        some = objects.take(whole)
        corners = np.round(some.corners(), _DECIMALS)
        rings = shapely.linearrings(corners, indices=np.repeat(np.arange(len(some)), some.sizes))
        shapes[whole] = shapely.polygons(rings)
    return shapes


def _write(target: Path, pieces: Iterator[str]) -> None:
    try:
        with atomic_write(target) as file:
            if target.suffix == ".gz":
                with gzip.GzipFile(fileobj=file, mode="wb", mtime=0, filename="") as packed:
                    for piece in pieces:
                        packed.write(piece.encode("utf-8"))
            else:
                for piece in pieces:
                    file.write(piece.encode("utf-8"))
    except OSError as error:
        raise ExportError(target, error.strerror or str(error)) from error
