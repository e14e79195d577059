"""The zoom tool: a rubber band that becomes the view."""

from __future__ import annotations

from uuid import UUID

from pathview.annotations import shapes
from pathview.annotations.store import AnnotationStore
from pathview.core.geometry import Box
from pathview.view.pointer import PointerEvent
from pathview.view.tools.drawing import SMALLEST, XY
from pathview.view.tools.tool import ToolStep


class Zoom:
    """Drag a frame round what is to fill the window; Escape takes it back."""

    name = "zoom"
    cursor = "cross"

    def __init__(self) -> None:
        self.class_name: str | None = None
        self.selection: frozenset[UUID] = frozenset()
        self._corner: XY | None = None

    def pointer(self, event: PointerEvent, store: AnnotationStore) -> ToolStep:
        """Start at a press, preview while dragging, look there at the release."""
        if event.kind == "press" and event.button == "left":
            self._corner = event.at
        if self._corner is None:
            return ToolStep()
        (x0, y0), (x1, y1) = self._corner, event.at
        box = Box(min(x0, x1), min(y0, y1), max(x0, x1), max(y0, y1))
        if event.kind != "release":
            return ToolStep(preview=shapes.rectangle(box))
        self._corner = None
        # A click is no frame.
        if max(box.width, box.height) < SMALLEST * event.downsample:
            return ToolStep(done=True)
        return ToolStep(done=True, look=box)

    def key(self, key: str, store: AnnotationStore) -> ToolStep:
        """Escape takes the frame back."""
        self._corner = None
        return ToolStep(done=True)
