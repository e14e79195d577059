"""A badge over the canvas while the picture is not the slide's own."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QWidget

from pathview.app.overlays.notice import Notice
from pathview.app.workspace import Workspace
from pathview.view.adjust import in_words

_MARGIN = 16


class AdjustedBadge(Notice):
    """Says in words what is adjusted, so that nobody takes the picture for the slide.

    Parameters
    ----------
    parent
        The canvas, in whose lower right corner it lies.
    workspace
        Whose picture it is.
    """

    def __init__(self, parent: QWidget, workspace: Workspace) -> None:
        super().__init__(parent)
        self.setObjectName("adjusted-badge")
        self.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        self._area = parent
        self._workspace = workspace
        workspace.adjustments.changed.connect(self.follow)
        workspace.slide_changed.connect(lambda _: self.follow())

    def follow(self) -> None:
        """Say what is adjusted now, or nothing."""
        adjustments = self._workspace.adjustments
        words = in_words(adjustments.current)
        if words and adjustments.comparing:
            words = "As scanned, without the adjustment"
        elif words:
            words = f"Adjusted picture: {words}"
        if self.say(words):
            self.place()

    def place(self) -> None:
        """Move to the corner; the canvas or the text has another size."""
        self.adjustSize()
        left, top = self._area.width() - self.width(), self._area.height() - self.height()
        self.move(max(left - _MARGIN, 0), max(top - _MARGIN, 0))
