"""The annotations of one slide, changed by edits only."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from uuid import UUID

import numpy as np
import shapely
from psygnal import Signal

from pathview.annotations.annotation import Annotation
from pathview.annotations.edit import Change, Edit
from pathview.annotations.spatial import SpatialIndex
from pathview.core.errors import EditConflictError
from pathview.core.geometry import Box


class AnnotationStore:
    """Holds the annotations of one slide in drawing order, first drawn first; main thread only.

    An annotation keeps its place in the drawing order for good: one that an undo brings back lies where it
    lay, not on top.

    Parameters
    ----------
    annotations
        What is there from the start, in drawing order.

    Attributes
    ----------
    changed
        Emitted after each edit of annotations, with the edit; a listener must not edit in the same turn.
    """

    changed = Signal(Edit)

    def __init__(self, annotations: Iterable[Annotation] = ()) -> None:
        self._items = {annotation.id: annotation for annotation in annotations}
        # Ranks outlive the annotations, so that what comes back finds its old place.
        self._ranks = {id: rank for rank, id in enumerate(self._items)}
        self._sorted = True
        self._index = SpatialIndex(self._items.values())
        self._index.note(Edit.add("", *self._items.values()))

    def apply(self, edit: Edit) -> None:
        """Change the store by `edit` and tell the listeners.

        Raises
        ------
        EditConflictError
            If the edit does not fit what is there; then nothing has changed.
        """
        self.check(edit)
        if not edit.changes:
            return
        for change in edit.changes:
            self._take(change)
        self._index.note(edit)
        self.changed.emit(edit)

    def check(self, edit: Edit) -> None:
        """Make sure that `edit` fits: each annotation is what its `before` says, and occurs once.

        Raises
        ------
        EditConflictError
            If it does not.
        """
        ids: list[UUID] = []
        for before, after in edit.changes:
            present = after if after is not None else before
            if present is None or (before is not None and before.id != present.id):
                raise EditConflictError(f"{edit.label}: a change does not name one annotation")
            current = self._items.get(present.id)
            if current is not before and current != before:
                raise EditConflictError(f"{edit.label}: annotation {present.id} is not what the edit expects")
            ids.append(present.id)
        if len(set(ids)) < len(ids):
            raise EditConflictError(f"{edit.label}: an annotation is changed twice")

    def putting(self, label: str, annotations: Iterable[Annotation]) -> Edit:
        """Return the edit that adds `annotations`, replacing those whose ids are here already."""
        wanted = {annotation.id: annotation for annotation in annotations}
        changes = (Change(self._items.get(id), after) for id, after in wanted.items())
        return Edit(label, tuple(change for change in changes if change.before != change.after))

    def within(self, box: Box) -> list[Annotation]:
        """Return the annotations whose bounding box meets `box`, edges included, in drawing order."""
        found = self._index.candidates(shapely.box(box.x0, box.y0, box.x1, box.y1))
        return sorted(found, key=self._rank)

    def at(self, x: float, y: float, tolerance: float) -> list[Annotation]:
        """Return what lies within `tolerance` of a point, all in level-0 px, the best pick first.

        The smallest area comes first, since a shape inside another could not be picked otherwise; among
        equals, the topmost.
        """
        reach = shapely.box(x - tolerance, y - tolerance, x + tolerance, y + tolerance)
        near = self._index.candidates(reach)
        distances = shapely.distance([annotation.geometry for annotation in near], shapely.Point(x, y))
        hits = [near[index] for index in np.flatnonzero(distances <= tolerance)]
        return sorted(hits, key=lambda annotation: (annotation.geometry.area, -self._rank(annotation)))

    def __getitem__(self, id: UUID) -> Annotation:
        return self._items[id]

    def __contains__(self, id: object) -> bool:
        return id in self._items

    def __iter__(self) -> Iterator[Annotation]:
        self._sort()
        return iter(tuple(self._items.values()))

    def __len__(self) -> int:
        return len(self._items)

    def _rank(self, annotation: Annotation) -> int:
        return self._ranks[annotation.id]

    def _take(self, change: Change) -> None:
        if change.after is None:
            del self._items[change.id]
            return
        if change.before is None:
            # Only what comes back to an old place can disturb the order of the dict.
            self._sorted &= change.id not in self._ranks
            self._ranks.setdefault(change.id, len(self._ranks))
        self._items[change.id] = change.after

    def _sort(self) -> None:
        if self._sorted:
            return
        ordered = sorted(self._items.values(), key=self._rank)
        # In place: the spatial index looks at this very dict.
        self._items.clear()
        self._items.update((annotation.id, annotation) for annotation in ordered)
        self._sorted = True
