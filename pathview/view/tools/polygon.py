"""The polygon tool."""

from __future__ import annotations

import shapely
from shapely.geometry import Point

from pathview.annotations import shapes
from pathview.annotations.store import AnnotationStore
from pathview.view.pointer import PointerEvent
from pathview.view.tools.drawing import CLOSING, STROKE_STEP, XY, Drawing, apart, trace
from pathview.view.tools.tool import ToolStep


class Polygon(Drawing):
    """Draws corner by corner: a click sets one, a drag draws freehand between two.

    A double click, Enter or a click on the first corner closes the outline; Backspace takes the last corner
    back, or a whole freehand stretch; Escape gives up.
    """

    name = "polygon"

    def __init__(self) -> None:
        super().__init__()
        self._stretches: list[list[XY]] = []
        self._held = False
        self._cursor: XY | None = None
        self._downsample = 1.0

    def pointer(self, event: PointerEvent, store: AnnotationStore) -> ToolStep:
        """Set corners, follow the cursor, close."""
        self._downsample = event.downsample
        self._cursor = None if event.kind == "leave" else event.at
        if event.kind == "double":
            return self._close()
        if event.kind == "press" and event.button == "left":
            if self._closes(event):
                return self._close()
            self._stretches.append([event.at])
            self._held = True
        elif event.kind == "release":
            return self._release(event)
        elif event.kind == "move" and self._held:
            self._draw_on(event)
        return self._preview()

    def key(self, key: str, store: AnnotationStore) -> ToolStep:
        """Enter closes, Backspace takes back, Escape gives up."""
        if not self._stretches:
            return ToolStep()
        if key == "Enter":
            return self._close()
        if key == "Escape":
            return self._end()
        if key == "Backspace":
            self._stretches.pop()
            self._held = False
            return self._preview() if self._stretches else self._end()
        return self._preview()

    def _points(self) -> list[XY]:
        return [point for stretch in self._stretches for point in stretch]

    def _closes(self, event: PointerEvent) -> bool:
        points = self._points()
        return len(points) >= 3 and not apart(points[0], event.at, event.downsample, CLOSING)

    def _draw_on(self, event: PointerEvent) -> None:
        stretch = self._stretches[-1]
        if apart(stretch[-1], event.at, event.downsample, STROKE_STEP):
            stretch.append(event.at)

    def _release(self, event: PointerEvent) -> ToolStep:
        # A drag that comes back to the first corner means the same as a click there.
        drawn = self._held and len(self._stretches[-1]) > 2
        self._held = False
        return self._close() if drawn and self._closes(event) else self._preview()

    def _preview(self) -> ToolStep:
        points = self._points()
        line = trace([*points, self._cursor] if points and self._cursor else points)
        if line is not None and len(points) >= 3:
            # From here on a click on the first corner closes, so that corner is marked.
            line = shapely.geometrycollections([line, Point(points[0])])
        return ToolStep(preview=line)

    def _close(self) -> ToolStep:
        if len(self._points()) < 3:
            return self._preview()  # nothing is lost by closing too early
        shape = shapes.polygon_from_points(self._points())
        self._end()
        return self.finish(shape, self._downsample)

    def _end(self) -> ToolStep:
        self._stretches, self._held = [], False
        return ToolStep(done=True)
