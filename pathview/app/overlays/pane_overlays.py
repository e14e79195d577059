"""What floats over the panes of the canvas."""

from __future__ import annotations

from PySide6.QtCore import QObject, QRect

from pathview.app.canvas_widget import CanvasWidget
from pathview.app.open_slide import Pane
from pathview.app.overlays.pane_overlay import PaneOverlay
from pathview.app.workspace import Workspace
from pathview.view.arrangement import VIEWS, Area


class PaneOverlays(QObject):
    """Keeps one overlay over each pane and lets it follow.

    Parameters
    ----------
    canvas
        What the panes lie on.
    workspace
        Whose panes they are.
    """

    def __init__(self, canvas: CanvasWidget, workspace: Workspace) -> None:
        super().__init__(canvas)
        self._canvas = canvas
        self._workspace = workspace
        self._overlays = [PaneOverlay(canvas) for _ in range(max(VIEWS.values()))]
        for overlay in self._overlays[1:]:
            overlay.hide()
        workspace.view.changed.connect(self._on_view)
        workspace.panes.changed.connect(self.follow)
        workspace.panes.state_changed.connect(self._follow_pane)
        workspace.scale_changed.connect(self.follow)
        canvas.resized.connect(self.follow)

    @property
    def active(self) -> PaneOverlay:
        """The overlay of the active pane."""
        panes = self._workspace.panes
        return self._overlays[panes.shown.index(panes.active)]

    @property
    def shown(self) -> list[PaneOverlay]:
        """The overlays in the order of the panes."""
        return self._overlays[: len(self._workspace.panes.shown)]

    def switch_guides(self, *, grid: bool | None = None, crosshair: bool | None = None) -> None:
        """Switch what is named over all panes; the rest stays."""
        for overlay in self._overlays:
            overlay.guides.switch(grid=grid, crosshair=crosshair)

    def follow(self) -> None:
        """Lie where the panes lie and say what they show."""
        panes = self._workspace.panes
        for overlay in self._overlays[len(panes.shown) :]:
            overlay.hide()
        for pane, area, overlay in zip(panes.shown, panes.areas, self._overlays, strict=False):
            place = self._place(area)
            if overlay.geometry() != place:
                overlay.setGeometry(place)
            self._follow_pane(pane)
            overlay.lay_out()
            overlay.show()

    def _on_view(self, old: object, new: object) -> None:
        self._follow_pane(self._workspace.panes.active)

    def _follow_pane(self, pane: Pane) -> None:
        panes = self._workspace.panes
        overlay = self._overlays[panes.shown.index(pane)]
        overlay.follow(pane, active=pane is panes.active, several=len(panes.shown) > 1)

    def _place(self, area: Area) -> QRect:
        ratio = self._canvas.canvas.native.devicePixelRatioF()
        left, top = round(area.x / ratio), round(area.y / ratio)
        right, bottom = round((area.x + area.width) / ratio), round((area.y + area.height) / ratio)
        return QRect(left, top, right - left, bottom - top)
