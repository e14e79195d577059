"""A badge over the canvas while the picture is not the slide's own."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QRect, Qt
from PySide6.QtWidgets import QWidget

from pathview.app.overlays.notice import Notice
from pathview.app.workspace import Workspace
from pathview.view.adjust import in_words
from pathview.view.layers import WHOLE_RANGE
from pathview.view.state import ViewState

_MARGIN = 16
_LEAST_ROOM = 120
# Width and height of the scale bar's place in the other corner, with its distance.
_SCALE_BAR = (220, 48)


class AdjustedBadge(Notice):
    """Says in words what is adjusted, so that nobody takes the picture for the slide.

    Parameters
    ----------
    parent
        The canvas.
    workspace
        Whose picture it is.
    area
        Asked where on the canvas the active pane shows, in whose lower right corner it lies.
    """

    def __init__(self, parent: QWidget, workspace: Workspace, area: Callable[[], QRect]) -> None:
        super().__init__(parent)
        self.setObjectName("adjusted-badge")
        self.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        self._area = area
        self._workspace = workspace
        workspace.adjustments.changed.connect(self.follow)
        workspace.panes.changed.connect(self.follow)
        workspace.comparison.changed.connect(self._on_comparison)
        workspace.view.changed.connect(self._on_view)
        workspace.layers_changed.connect(self.follow)

    def _on_view(self, old: ViewState, new: ViewState) -> None:
        if old.layers != new.layers:
            self.follow()

    def follow(self) -> None:
        """Say what is adjusted now, and which colours are spread, or nothing."""
        adjustments = self._workspace.adjustments
        words, spread = in_words(adjustments.current), _spread(self._workspace)
        if self._workspace.comparison.other_alone:
            words = ""
        elif words and adjustments.comparing:
            words = "As scanned, without the adjustment"
        elif words:
            words = f"Adjusted picture: {words}"
        if self.say("\n".join(line for line in (words, spread) if line)):
            self.place()

    def _on_comparison(self) -> None:
        self.follow()
        self.place()

    def place(self) -> None:
        """Move to the corner; the canvas or the text has another size."""
        area = self._area()
        room = max(area.width() - 2 * _MARGIN, _LEAST_ROOM)
        self.setWordWrap(False)
        self.setMaximumWidth(room)
        self.setWordWrap(self.sizeHint().width() > room)
        self.adjustSize()
        # Where both do not fit side by side, above the scale bar.
        lift = _SCALE_BAR[1] if self.width() + _SCALE_BAR[0] > room else 0
        top = area.height() - self.height() - _MARGIN - lift
        left = max(area.width() - self.width() - _MARGIN, _MARGIN)
        self.move(area.x() + left, area.y() + max(top, 0))


def _spread(workspace: Workspace) -> str:
    """Return from where to where the colours of a heatmap in sight go, or "" where all go from 0 to 1."""
    for layer in reversed(workspace.view.state.layers):
        if layer.kind == "heatmap" and layer.shown and layer.value_range != WHOLE_RANGE:
            low, high = layer.value_range
            return f"Heatmap colours spread: {low:.2f} to {high:.2f}, not 0 to 1"
    return ""
