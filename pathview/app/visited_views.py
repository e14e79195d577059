"""Back and forward through what one has looked at."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, QTimer

from pathview.view.state import ViewState
from pathview.view.viewport import Viewport

if TYPE_CHECKING:
    from pathview.app.workspace import Workspace

# A view that stays this long was looked at.
_REST_MS = 700


class VisitedViews(QObject):
    """Remembers in each pane the views at which the user rests.

    Parameters
    ----------
    workspace
        Whose view it is.
    parent
        Owner.
    """

    def __init__(self, workspace: Workspace, parent: QObject) -> None:
        super().__init__(parent)
        self._workspace = workspace
        self._rest = QTimer(self, singleShot=True, interval=_REST_MS)
        self._rest.timeout.connect(self.note)
        workspace.view.changed.connect(self._on_view)
        workspace.panes.leaving.connect(self._on_leaving)
        workspace.panes.changed.connect(self._on_panes)

    def note(self) -> None:
        """Remember the present view."""
        if self._workspace.session is not None:
            self._workspace.panes.active.history.rested(self._workspace.view.state.viewport)

    def back(self) -> None:
        """Show the view before."""
        self.note()
        self._go(self._workspace.panes.active.history.back())

    def forward(self) -> None:
        """Show the view after."""
        self._go(self._workspace.panes.active.history.forward())

    def _go(self, viewport: Viewport | None) -> None:
        if viewport is not None:
            # The window may have another size now.
            present = self._workspace.view.state.viewport
            self._workspace.look(replace(viewport, size=present.size))

    def _on_view(self, old: ViewState, new: ViewState) -> None:
        if old.viewport != new.viewport and self._workspace.session is not None:
            self._rest.start()

    def _on_leaving(self) -> None:
        self._rest.stop()

    def _on_panes(self) -> None:
        if self._workspace.session is not None:
            self._rest.start()
