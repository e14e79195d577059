"""Work that can wait until the slide that the program starts with is seen."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QObject, QTimer

from pathview.app.canvas_widget import CanvasWidget
from pathview.app.workspace import Workspace

_LOOK_EVERY_MS = 10
# A slide on a slow drive does not keep the rest of the window waiting.
_LONGEST_MS = 1_500


class AfterPicture(QObject):
    """Calls a function once: as soon as a slide is seen sharply, at once where none is being opened.

    Parameters
    ----------
    workspace
        Where slides are opened.
    canvas
        What shows them.
    call
        The function.
    parent
        Owner; with it the call is gone.
    """

    def __init__(
        self, workspace: Workspace, canvas: CanvasWidget, call: Callable[[], object], parent: QObject
    ) -> None:
        super().__init__(parent)
        self._workspace = workspace
        self._canvas = canvas
        self._call = call
        self._waited = 0
        self._timer = QTimer(self, interval=_LOOK_EVERY_MS)
        self._timer.timeout.connect(self._look)

    def start(self) -> None:
        """Begin to wait."""
        self._timer.start()

    def stop(self) -> None:
        """Do not call."""
        self._timer.stop()

    def _look(self) -> None:
        self._waited += _LOOK_EVERY_MS
        if not self._expected or self._waited >= _LONGEST_MS:
            self._timer.stop()
            self._call()

    @property
    def _expected(self) -> bool:
        """Whether a slide is to be seen that is not seen yet."""
        if self._workspace.opening:
            return True
        return bool(self._workspace.slides) and not self._canvas.settled
