"""What floats over the panes of the canvas."""

from __future__ import annotations

from PySide6.QtCore import QObject, QRect, QSize

from pathview.app.canvas_widget import CanvasWidget
from pathview.app.open_slide import Pane
from pathview.app.overlays.pane_overlay import Compared, PaneOverlay
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
        workspace.panes.state_changed.connect(self._on_state)
        workspace.scale_changed.connect(self.follow)
        workspace.comparison.changed.connect(self._on_comparison)
        canvas.resized.connect(self.follow)

    @property
    def active(self) -> PaneOverlay:
        """The overlay of the active pane."""
        panes = self._workspace.panes
        return self._overlays[panes.shown.index(panes.active)]

    @property
    def active_part(self) -> QRect:
        """Where the active pane itself shows: all of its place, or what is to the left of a divider."""
        place, divider = self.active.geometry(), self.active.divider
        return place if divider is None else QRect(place.topLeft(), QSize(round(divider), place.height()))

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

    def _on_comparison(self) -> None:
        self._follow_pane(self._workspace.panes.active)

    def _on_view(self, old: object, new: object) -> None:
        self._follow_pane(self._workspace.panes.active)

    def _on_state(self, pane: Pane) -> None:
        # A view behind a tab gets heatmaps as well.
        if pane in self._workspace.panes.shown:
            self._follow_pane(pane)

    def _follow_pane(self, pane: Pane) -> None:
        panes = self._workspace.panes
        overlay = self._overlays[panes.shown.index(pane)]
        active, several = pane is panes.active, len(panes.shown) > 1
        overlay.follow(
            pane, active=active, several=several, compared=self._compared(pane) if active else None
        )

    def _compared(self, pane: Pane) -> Compared | None:
        comparison = self._workspace.comparison
        if not comparison.going:
            return None
        partner, other = comparison.partner, comparison.other
        if partner is None or other is None:
            return None
        if comparison.mode == "blink" and not comparison.other_alone:
            return Compared(pane.slide.name, pane, None) if pane.slide is not None else None
        area = self._workspace.panes.area(pane)
        at = None if comparison.other_alone else (comparison.divider(area) - area.x) / self._ratio
        return Compared(partner.name, other, at)

    @property
    def _ratio(self) -> float:
        return self._canvas.canvas.native.devicePixelRatioF()

    def _place(self, area: Area) -> QRect:
        ratio = self._ratio
        left, top = round(area.x / ratio), round(area.y / ratio)
        right, bottom = round((area.x + area.width) / ratio), round((area.y + area.height) / ratio)
        return QRect(left, top, right - left, bottom - top)
