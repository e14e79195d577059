"""The freehand tool."""

from __future__ import annotations

from pathview.annotations import shapes
from pathview.annotations.store import AnnotationStore
from pathview.view.pointer import PointerEvent
from pathview.view.tools.drawing import STROKE_STEP, STROKE_TOLERANCE, XY, Drawing, apart, trace
from pathview.view.tools.tool import ToolStep


class Freehand(Drawing):
    """Draws the area round which one drags; Escape takes it back."""

    name = "freehand"

    def __init__(self) -> None:
        super().__init__()
        self._stroke: list[XY] = []

    def pointer(self, event: PointerEvent, store: AnnotationStore) -> ToolStep:
        """Start at a press, follow the drag, close at the release."""
        if event.kind == "press" and event.button == "left":
            self._stroke = [event.at]
        elif not self._stroke or event.kind in ("press", "double", "leave"):
            return ToolStep(preview=trace(self._stroke))
        elif event.kind == "release":
            return self._close(event)
        elif apart(self._stroke[-1], event.at, event.downsample, STROKE_STEP):
            self._stroke.append(event.at)
        return ToolStep(preview=trace(self._stroke))

    def key(self, key: str, store: AnnotationStore) -> ToolStep:
        """Escape takes the stroke back."""
        if key == "Escape" and self._stroke:
            self._stroke = []
            return ToolStep(done=True)
        return ToolStep(preview=trace(self._stroke))

    def _close(self, event: PointerEvent) -> ToolStep:
        stroke, self._stroke = [*self._stroke, event.at], []
        shape = shapes.polygon_from_points(stroke, STROKE_TOLERANCE * event.downsample)
        return self.finish(shape, event.downsample)
