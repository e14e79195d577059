"""Where annotations lie: a tree over most of them and a short list of what changed since it was built."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from uuid import UUID

import numpy as np
import shapely
from shapely import STRtree
from shapely.geometry.base import BaseGeometry

from pathview.annotations.annotation import Annotation
from pathview.annotations.edit import Edit

_FEW = 64


class SpatialIndex:
    """Finds annotations by place; an edit costs only a note, and the next look-up settles the notes.

    Parameters
    ----------
    annotations
        What lies on the slide now and is to be found; the owner's own live collection, read at rebuilds.
    """

    def __init__(self, annotations: Collection[Annotation]) -> None:
        self._annotations = annotations
        self._indexed: list[Annotation] = []
        self._tree = STRtree([])
        self._since: dict[UUID, Annotation | None] = {}

    def note(self, edit: Edit) -> None:
        """Remember what an edit changed."""
        self._since.update((change.id, change.after) for change in edit.changes)

    def candidates(self, area: BaseGeometry) -> list[Annotation]:
        """Return, in no order, the annotations whose bounding box meets that of `area`, edges included."""
        # Rebuilding costs the number of annotations, a look-up costs the number of notes: keep both small.
        if len(self._since) > max(_FEW, len(self._annotations) // 16):
            self._rebuild()
        known = (self._indexed[index] for index in self._tree.query(area))
        found = [annotation for annotation in known if annotation.id not in self._since]
        return found + _meeting(area, (a for a in self._since.values() if a is not None))

    def _rebuild(self) -> None:
        self._indexed = list(self._annotations)
        self._tree = STRtree([annotation.geometry for annotation in self._indexed])
        self._since.clear()


def _meeting(area: BaseGeometry, annotations: Iterable[Annotation]) -> list[Annotation]:
    # Empty geometries have NaN bounds, which compare false, so they are never found, as in the tree.
    some = list(annotations)
    bounds = shapely.bounds([annotation.geometry for annotation in some]).reshape(-1, 4)
    x0, y0, x1, y1 = area.bounds
    meets = (bounds[:, 0] <= x1) & (bounds[:, 2] >= x0) & (bounds[:, 1] <= y1) & (bounds[:, 3] >= y0)
    return [some[index] for index in np.flatnonzero(meets)]
