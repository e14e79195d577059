"""The select tool: pick, gather, move and delete."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from uuid import UUID

import shapely
from shapely.geometry.base import BaseGeometry

from pathview.annotations import shapes
from pathview.annotations.annotation import Annotation
from pathview.annotations.edit import Edit
from pathview.annotations.store import AnnotationStore
from pathview.core.geometry import Box
from pathview.view.pointer import PointerEvent
from pathview.view.tools.drawing import SMALLEST, XY, apart
from pathview.view.tools.tool import ToolStep

# How far beside a line one may click, in logical pixels.
_REACH = 5.0


class Select:
    """Selects with clicks and rubber bands, moves what is selected, deletes it.

    A click picks the smallest annotation there, Shift adds to the selection or takes away from it. A drag
    that starts on an annotation moves all selected ones that are not locked; one that starts beside them
    selects what its rubber band holds.
    """

    name = "select"
    cursor = "arrow"

    def __init__(self) -> None:
        self.class_name: str | None = None
        self.selection: frozenset[UUID] = frozenset()
        self._from: XY | None = None
        self._grabbed = False
        self._dragging = False

    def pointer(self, event: PointerEvent, store: AnnotationStore) -> ToolStep:
        """Pick at a press; drag, then move or select at the release."""
        if event.kind == "press" and event.button == "left":
            return self._press(event, store)
        if self._from is None or event.kind not in ("move", "release"):
            return ToolStep()
        self._dragging |= apart(self._from, event.at, event.downsample, SMALLEST)
        if event.kind == "release":
            return self._release(event, store)
        return ToolStep(preview=self._preview(event, store))

    def key(self, key: str, store: AnnotationStore) -> ToolStep:
        """Delete removes, Escape gives up a drag or clears the selection."""
        if key in ("Delete", "Backspace"):
            return self._delete(store)
        if key != "Escape":
            return ToolStep()
        dragging, self._from = self._from is not None and self._dragging, None
        return ToolStep(done=True) if dragging else self._choose(frozenset(), done=True)

    def _press(self, event: PointerEvent, store: AnnotationStore) -> ToolStep:
        self._from, self._dragging = event.at, False
        adding = "shift" in event.modifiers
        hits = store.at(event.x, event.y, _REACH * event.downsample)
        self._grabbed = bool(hits)
        if not hits:
            return ToolStep() if adding else self._choose(frozenset())
        # One that is selected already can be dragged even where a smaller one lies on top.
        if not adding and any(hit.id in self.selection for hit in hits):
            return ToolStep()
        picked = frozenset({hits[0].id})
        return self._choose(self.selection ^ picked if adding else picked)

    def _release(self, event: PointerEvent, store: AnnotationStore) -> ToolStep:
        start, self._from = self._from, None
        assert start is not None
        if not self._dragging:
            return self._click(event, store)
        if not self._grabbed:
            held = frozenset(one.id for one in _inside(_band(start, event.at), store))
            return self._choose(self.selection | held, done=True)
        moved = [(one, replace(one, geometry=_moved(one, start, event.at))) for one in self._movable(store)]
        return ToolStep(Edit.replace("Move", *moved) if moved else None, done=True)

    def _click(self, event: PointerEvent, store: AnnotationStore) -> ToolStep:
        # A plain click among several settles on the smallest, though the press kept them for a drag.
        hits = store.at(event.x, event.y, _REACH * event.downsample)
        if "shift" in event.modifiers or not hits:
            return ToolStep(done=True)
        return self._choose(frozenset({hits[0].id}), done=True)

    def _delete(self, store: AnnotationStore) -> ToolStep:
        doomed = self._movable(store)
        if not doomed:
            return ToolStep()
        self._from = None
        left = self.selection - {one.id for one in doomed}
        self.selection = left
        return ToolStep(Edit.remove("Delete", *doomed), done=True, selection=left)

    def _choose(self, selection: frozenset[UUID], done: bool = False) -> ToolStep:
        self.selection = selection
        return ToolStep(selection=selection, done=done)

    def _preview(self, event: PointerEvent, store: AnnotationStore) -> BaseGeometry | None:
        if not self._dragging or self._from is None:
            return None
        if not self._grabbed:
            return shapes.rectangle(_band(self._from, event.at))
        return _gathered(_moved(one, self._from, event.at) for one in self._movable(store))

    def _movable(self, store: AnnotationStore) -> list[Annotation]:
        chosen = (store[id] for id in sorted(self.selection) if id in store)
        return [annotation for annotation in chosen if not annotation.locked]


def _moved(annotation: Annotation, start: XY, end: XY) -> BaseGeometry:
    return shapes.translated(annotation.geometry, end[0] - start[0], end[1] - start[1])


def _gathered(geometries: Iterable[BaseGeometry]) -> BaseGeometry | None:
    parts = list(geometries)
    return shapely.geometrycollections(parts) if parts else None


def _band(a: XY, b: XY) -> Box:
    return Box(min(a[0], b[0]), min(a[1], b[1]), max(a[0], b[0]), max(a[1], b[1]))


def _inside(box: Box, store: AnnotationStore) -> list[Annotation]:
    area = shapely.box(box.x0, box.y0, box.x1, box.y1)
    return [one for one in store.within(box) if area.covers(one.geometry)]
