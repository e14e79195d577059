"""The pan tool: makes no edits; the window moves the view."""

from __future__ import annotations

from uuid import UUID

from pathview.annotations.store import AnnotationStore
from pathview.view.pointer import PointerEvent
from pathview.view.tools.tool import ToolStep


class Pan:
    """Leaves every event to the window."""

    name = "pan"
    cursor = "hand"

    def __init__(self) -> None:
        self.class_name: str | None = None
        self.selection: frozenset[UUID] = frozenset()

    def pointer(self, event: PointerEvent, store: AnnotationStore) -> ToolStep:
        """Do nothing."""
        return ToolStep()

    def key(self, key: str, store: AnnotationStore) -> ToolStep:
        """Clear the selection on Escape."""
        return ToolStep(selection=frozenset()) if key == "Escape" else ToolStep()
