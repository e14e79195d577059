"""GeoJSON as QuPath reads and writes it; coordinates are level-0 pixels."""

from __future__ import annotations

import gzip
import json
import zlib
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

import numpy as np
import shapely

from pathview.annotations.annotation import Annotation
from pathview.annotations.geojson_parts import KINDS, Malformed, annotations_in
from pathview.core.errors import AnnotationFormatError, ExportError
from pathview.core.files import atomic_write
from pathview.core.palette import class_color

type ColorOf = Callable[[str | None], tuple[int, int, int]]
"""Gives a class, or None for unclassified, its (r, g, b), 0-255 each."""

_GZIP = b"\x1f\x8b"
_MAX_BYTES = 1 << 31


def write_geojson(annotations: Iterable[Annotation], target: Path, *, colors: ColorOf = class_color) -> None:
    """Write annotations to a file that QuPath opens; a name that ends in .gz compresses it.

    Parameters
    ----------
    annotations
        In drawing order.
    target
        Replaced only when the whole file is on disk.
    colors
        Class colours, which QuPath demands beside class names.

    Raises
    ------
    ExportError
        If the file cannot be written, or an annotation has a shape that the format lacks.
    """
    try:
        data = dumps(annotations, colors=colors).encode("ascii")
        with atomic_write(target) as file:
            file.write(gzip.compress(data, mtime=0) if target.suffix == ".gz" else data)
    except ValueError as error:
        raise ExportError(target, str(error)) from error
    except OSError as error:
        raise ExportError(target, error.strerror or str(error)) from error


def dumps(annotations: Iterable[Annotation], *, colors: ColorOf = class_color) -> str:
    """Return annotations as the text of a FeatureCollection, one feature a line, ASCII only.

    Raises
    ------
    ValueError
        If an annotation is empty, not finite, or a mixed collection of shapes.
    """
    features = ",\n".join(_features(list(annotations), colors))
    return f'{{"type":"FeatureCollection","features":[\n{features}\n]}}\n'


def read_geojson(path: Path) -> list[Annotation]:
    """Return the annotations of a GeoJSON file, plain or gzipped, from QuPath or another program.

    It may hold a FeatureCollection, a feature, a bare geometry, or a list of those. Self-intersecting areas
    are mended, ids that are no UUIDs or occur twice are replaced, QuPath's child objects come as annotations
    of their own, and measurements are not taken over.

    Raises
    ------
    AnnotationFormatError
        If any part of the file is malformed, naming the place; then nothing is imported.
    """
    return loads(_bytes_of(path), path)


def loads(text: str | bytes, source: Path = Path("text")) -> list[Annotation]:
    """Return the annotations in GeoJSON text; see `read_geojson`.

    Parameters
    ----------
    text
        The document; bytes may be UTF-8, UTF-16 or UTF-32.
    source
        What error messages call it.
    """
    try:
        return annotations_in(json.loads(text, parse_constant=_refuse))
    except json.JSONDecodeError as error:
        raise AnnotationFormatError(source, f"line {error.lineno}", error.msg) from error
    except Malformed as error:
        raise AnnotationFormatError(source, error.where, error.reason) from error
    except RecursionError as error:
        raise AnnotationFormatError(source, "line 1", "it is nested too deeply") from error
    except ValueError as error:  # an encoding that is none, NaN, or a number of thousands of digits
        raise AnnotationFormatError(source, "line 1", str(error)) from error


def _features(annotations: list[Annotation], colors: ColorOf) -> Iterator[str]:
    geometries = [annotation.geometry for annotation in annotations]
    for annotation, shape in zip(annotations, shapely.to_geojson(geometries), strict=True):
        _check_writable(annotation)
        properties = json.dumps(_properties(annotation, colors), separators=(",", ":"))
        yield f'{{"type":"Feature","id":"{annotation.id}","geometry":{shape},"properties":{properties}}}'


def _check_writable(annotation: Annotation) -> None:
    geometry = annotation.geometry
    known = geometry.geom_type in KINDS or geometry.geom_type == "LinearRing"
    if geometry.is_empty or not known or not np.isfinite(geometry.bounds).all():
        raise ValueError(f"annotation {annotation.id} is {geometry.geom_type}, empty or not finite")


def _properties(annotation: Annotation, colors: ColorOf) -> dict[str, object]:
    properties: dict[str, object] = {"objectType": "annotation"}
    if annotation.name:
        properties["name"] = annotation.name
    if annotation.class_name is not None:
        color = list(colors(annotation.class_name))
        properties["classification"] = {"name": annotation.class_name, "color": color}
    if annotation.locked:
        properties["isLocked"] = True
    if annotation.note:
        properties["pathview"] = {"note": annotation.note}
    return properties


def _bytes_of(path: Path) -> bytes:
    try:
        with path.open("rb") as raw:
            packed = raw.read(len(_GZIP)) == _GZIP
        # Read at most so much: a small gzip file can unpack to more than there is memory.
        with gzip.open(path) if packed else path.open("rb") as file:
            data = file.read(_MAX_BYTES + 1)
    except OSError as error:
        raise AnnotationFormatError(path, "the file", error.strerror or str(error)) from error
    except (EOFError, zlib.error) as error:
        raise AnnotationFormatError(path, "the file", f"it cannot be unpacked: {error}") from error
    if len(data) > _MAX_BYTES:
        raise AnnotationFormatError(path, "the file", "it is larger than 2 GiB")
    return data


def _refuse(constant: str) -> float:
    raise ValueError(f"{constant} is not a number of JSON")
