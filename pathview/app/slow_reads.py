"""Notice that a slide's file does not answer: say so, and have other slides read by other threads."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, QTimer, Signal

if TYPE_CHECKING:
    from pathview.app.workspace import Workspace

_LOOK_MS = 1000
_SAY_FROM_S = 3.0


class SlowReads(QObject):
    """Looks after the tile readers while tiles are due.

    Parameters
    ----------
    workspace
        Whose loader and slides they are.
    parent
        Owner.
    """

    waited = Signal(int)
    """For how many seconds the file of a slide in view has not answered; 0 when all do."""

    def __init__(self, workspace: Workspace, parent: QObject) -> None:
        super().__init__(parent)
        self._workspace = workspace
        self._said = 0
        self._timer = QTimer(self, interval=_LOOK_MS)
        self._timer.timeout.connect(self._look)
        workspace.view.changed.connect(self._on_wish)
        workspace.stale.connect(self._begin)
        workspace.slides_changed.connect(self._on_slides)
        workspace.slide_changed.connect(self._on_slide)

    def _on_wish(self, old: object, new: object) -> None:
        self._begin()

    def _begin(self) -> None:
        if not self._timer.isActive() and self._workspace.slides:
            self._timer.start()

    def _on_slide(self, session: object) -> None:
        self._say(0)

    def _on_slides(self) -> None:
        if not self._workspace.slides:
            self._timer.stop()

    def _look(self) -> None:
        loader = self._workspace.loader
        counters = loader.counters()
        if not counters.waiting and not counters.reading:
            self._timer.stop()
        loader.make_up()
        slides = (pane.slide for pane in self._workspace.panes.shown if pane.slide is not None)
        seconds = max((loader.waited_s(slide.tiles) for slide in slides), default=0.0)
        self._say(int(seconds) if seconds >= _SAY_FROM_S else 0)

    def _say(self, seconds: int) -> None:
        if seconds != self._said:
            self._said = seconds
            self.waited.emit(seconds)
