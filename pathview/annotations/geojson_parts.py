"""From parsed GeoJSON to annotations, with the place of whatever is wrong."""

from __future__ import annotations

from collections.abc import Container, Iterator
from contextlib import suppress
from uuid import UUID, uuid4

import numpy as np
import shapely
from shapely.geometry.base import BaseGeometry

from pathview.annotations.annotation import Annotation
from pathview.annotations.shapes import areal, ellipse
from pathview.core.geometry import Box

KINDS = frozenset({"Polygon", "MultiPolygon", "LineString", "MultiLineString", "Point", "MultiPoint"})
"""Geometry types that are read and written."""

# No slide is larger, and beyond it areas overflow.
_MAX_COORDINATE = 1e9

type _Json = dict[str, object]
type _Place = tuple[str, _Json]


class Malformed(Exception):
    """Something in the document is not as it must be."""

    def __init__(self, where: str, reason: str) -> None:
        self.where = where
        self.reason = reason
        super().__init__(f"{where}: {reason}")


def annotations_in(document: object) -> list[Annotation]:
    """Return the annotations of a parsed document.

    Raises
    ------
    Malformed
        With the place and the reason.
    RecursionError
        If it is nested too deeply.
    """
    found: dict[UUID, Annotation] = {}
    for where, feature in _features(document):
        try:
            annotation = _annotation(feature, taken=found.keys())
        except (TypeError, ValueError, LookupError, AttributeError, OverflowError) as error:
            raise Malformed(where, _reason(error)) from error
        except shapely.errors.ShapelyError as error:
            raise Malformed(where, str(error)) from error
        found[annotation.id] = annotation
    return list(found.values())


def _reason(error: Exception) -> str:
    return f"{error} is missing" if isinstance(error, KeyError) else str(error) or type(error).__name__


def _features(document: object) -> Iterator[_Place]:
    many = document
    if isinstance(document, dict) and document.get("type") == "FeatureCollection":
        many = document.get("features")
        if not isinstance(many, list):
            raise Malformed("the collection", "its features are no list")
    if not isinstance(many, list):
        yield from _family("the document", document)
        return
    for number, one in enumerate(many, start=1):
        yield from _family(f"feature {number}", one)


def _family(where: str, one: object) -> Iterator[_Place]:
    """Yield a feature and QuPath's objects below it."""
    if not isinstance(one, dict):
        raise Malformed(where, "it is no object")
    feature = one if one.get("type") == "Feature" else {"geometry": one}
    properties = _properties(feature, where)
    if _object_type(properties) != "root":  # the root stands for the whole image
        yield where, feature
    children = properties.get("childObjects") or []
    if not isinstance(children, list):
        raise Malformed(where, "its child objects are no list")
    for number, child in enumerate(children, start=1):
        yield from _family(f"{where}, child {number}", child)


def _properties(feature: _Json, where: str) -> _Json:
    properties = feature.get("properties") or {}
    if not isinstance(properties, dict):
        raise Malformed(where, "its properties are no object")
    return properties


def _object_type(properties: _Json) -> object:
    return properties.get("objectType", properties.get("object_type", properties.get("type")))


def _annotation(feature: _Json, taken: Container[UUID]) -> Annotation:
    properties = _properties(feature, "")
    extras = properties.get("pathview")
    return Annotation(
        _geometry(feature["geometry"]),
        _class_name(properties.get("classification")),
        _text(properties.get("name")),
        _text(extras.get("note")) if isinstance(extras, dict) else "",
        properties.get("isLocked") is True,
        _identity(feature.get("id"), taken),
    )


def _geometry(data: object) -> BaseGeometry:
    if not isinstance(data, dict):
        raise ValueError("its geometry is no object")
    if data["type"] not in KINDS:
        raise ValueError(f"geometries of type {data['type']} are not supported")
    geometry = shapely.force_2d(shapely.geometry.shape(data))
    points = shapely.get_coordinates(geometry)
    if not len(points):
        raise ValueError("its geometry is empty")
    if not (np.abs(points) <= _MAX_COORDINATE).all():  # false for NaN too
        raise ValueError("a coordinate is not finite or lies outside any slide")
    return _round(geometry) if data.get("isEllipse") is True else _mended(geometry)


def _round(polygon: BaseGeometry) -> BaseGeometry:
    shape = ellipse(Box(*polygon.bounds))
    if shape is None:
        raise ValueError("an ellipse has no extent")
    return shape


def _mended(geometry: BaseGeometry) -> BaseGeometry:
    if geometry.is_valid:
        return geometry
    # An area that holds none, for example three corners on a line, is kept as what is left of it.
    valid = areal(geometry) or shapely.make_valid(geometry)
    if valid.is_empty or valid.geom_type not in KINDS:
        raise ValueError(f"its {geometry.geom_type} cannot be mended: {shapely.is_valid_reason(geometry)}")
    return valid


def _class_name(classification: object) -> str | None:
    if isinstance(classification, dict):
        names = classification.get("names")
        parts = names if isinstance(names, list) else [classification.get("name")]
        return ": ".join(_text(part) for part in parts) or None
    return _text(classification) or None


def _text(value: object) -> str:
    # Half a surrogate pair is legal in JSON and nowhere else.
    return "" if value is None else str(value).encode("utf-8", "replace").decode("utf-8")


def _identity(id: object, taken: Container[UUID]) -> UUID:
    with suppress(ValueError):
        if isinstance(id, str) and (known := UUID(id)) not in taken:
            return known
    return uuid4()
