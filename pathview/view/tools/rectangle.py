"""The rectangle tool."""

from __future__ import annotations

import math

from pathview.annotations import shapes
from pathview.annotations.store import AnnotationStore
from pathview.core.geometry import Box
from pathview.view.pointer import PointerEvent
from pathview.view.tools.drawing import SMALLEST, XY, Drawing
from pathview.view.tools.tool import ToolStep


class Rectangle(Drawing):
    """Draws a rectangle from corner to corner of a drag; Shift makes it a square, Escape takes it back."""

    name = "rectangle"

    def __init__(self) -> None:
        super().__init__()
        self._corner: XY | None = None

    def pointer(self, event: PointerEvent, store: AnnotationStore) -> ToolStep:
        """Start at a press, preview while dragging, finish at the release."""
        if event.kind == "press" and event.button == "left":
            self._corner = event.at
        if self._corner is None:
            return ToolStep()
        box = _between(self._corner, event.at, "shift" in event.modifiers)
        if event.kind != "release":
            return ToolStep(preview=shapes.rectangle(box))
        self._corner = None
        if min(box.width, box.height) < SMALLEST * event.downsample:
            return ToolStep(done=True)
        return self.finish(shapes.rectangle(box), event.downsample)

    def key(self, key: str, store: AnnotationStore) -> ToolStep:
        """Escape takes the rectangle back."""
        if key == "Escape" and self._corner is not None:
            self._corner = None
            return ToolStep(done=True)
        return ToolStep()


def _between(a: XY, b: XY, square: bool) -> Box:
    dx, dy = b[0] - a[0], b[1] - a[1]
    if square:
        edge = max(abs(dx), abs(dy))
        dx, dy = math.copysign(edge, dx), math.copysign(edge, dy)
    return Box(min(a[0], a[0] + dx), min(a[1], a[1] + dy), max(a[0], a[0] + dx), max(a[1], a[1] + dy))
