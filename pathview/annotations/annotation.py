"""Annotations: shapes that people make, as immutable values."""

from __future__ import annotations

from dataclasses import dataclass, field
from uuid import UUID, uuid4

from shapely.geometry.base import BaseGeometry


@dataclass(frozen=True, slots=True)
class Annotation:
    """One shape on a slide, in level-0 pixels.

    Attributes
    ----------
    geometry
        A valid shapely Polygon, MultiPolygon, LineString, MultiLineString, Point or MultiPoint; shapely
        geometries are immutable, so annotations share structure freely.
    class_name
        The class, or None for unclassified.
    name, note
        Free text by the reader.
    locked
        Whether tools may move, change or delete it.
    id
        Stable identity, kept through edits, undo and export.
    """

    geometry: BaseGeometry
    class_name: str | None = None
    name: str = ""
    note: str = ""
    locked: bool = False
    id: UUID = field(default_factory=uuid4)
