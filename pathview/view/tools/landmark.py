"""The landmark tool: a click names a place; the window knows what it is for."""

from __future__ import annotations

from uuid import UUID

from pathview.annotations.store import AnnotationStore
from pathview.view.pointer import PointerEvent
from pathview.view.tools.tool import ToolStep


class Landmark:
    """Click the same structure on two slides; it makes no edits."""

    name = "landmark"
    cursor = "cross"

    def __init__(self) -> None:
        self.class_name: str | None = None
        self.selection: frozenset[UUID] = frozenset()

    def pointer(self, event: PointerEvent, store: AnnotationStore) -> ToolStep:
        """Take the place where the left button was pressed."""
        pressed = event.kind == "press" and event.button == "left"
        return ToolStep(done=True, landmark=event.at) if pressed else ToolStep()

    def key(self, key: str, store: AnnotationStore) -> ToolStep:
        """Do nothing: what was clicked is in the window's hands."""
        return ToolStep()
