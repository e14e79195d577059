"""What a tool is: a state machine from pointer events and keys to edits."""

from __future__ import annotations

from typing import NamedTuple, Protocol
from uuid import UUID

from shapely.geometry.base import BaseGeometry

from pathview.annotations.edit import Edit
from pathview.annotations.store import AnnotationStore
from pathview.core.geometry import Box
from pathview.view.pointer import PointerEvent


class ToolStep(NamedTuple):
    """What follows from one event.

    Attributes
    ----------
    edit
        To be done now, or None.
    preview
        What to draw from now on as the tool's work in progress, level-0 pixels; None draws nothing.
    done
        Whether a gesture has ended, so that what follows starts afresh.
    selection
        What is selected from now on, once `edit` is done; None leaves the selection alone.
    look
        Level-0 box that is to fill the view, or None.
    landmark
        Level-0 (x, y) that was named as a landmark, or None.
    """

    edit: Edit | None = None
    preview: BaseGeometry | None = None
    done: bool = False
    selection: frozenset[UUID] | None = None
    look: Box | None = None
    landmark: tuple[float, float] | None = None


class Tool(Protocol):
    """A tool; knows neither Qt nor the screen, and changes nothing itself.

    Attributes
    ----------
    name
        Its key in `TOOLS`.
    cursor
        "hand", "arrow" or "cross".
    class_name
        The class of what it draws; set from outside.
    selection
        What is selected; set from outside before each event.
    """

    name: str
    cursor: str
    class_name: str | None
    selection: frozenset[UUID]

    def pointer(self, event: PointerEvent, store: AnnotationStore) -> ToolStep:
        """Take something that the mouse or pen did."""
        ...

    def key(self, key: str, store: AnnotationStore) -> ToolStep:
        """Take a key: "Enter", "Escape", "Backspace" or "Delete"."""
        ...
