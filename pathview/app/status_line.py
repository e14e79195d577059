"""The status bar: where the cursor is, what lies under it, and how large it is shown."""

from __future__ import annotations

from PySide6.QtWidgets import QLabel, QStatusBar

from pathview.app.workspace import Workspace
from pathview.inference.heatmap import CellState

_STATE_WORDS = {
    CellState.NOT_RUN: "not run yet",
    CellState.SKIPPED: "no tissue",
    CellState.FAILED: "failed",
}


class StatusLine:
    """Fills a status bar.

    Parameters
    ----------
    bar
        The window's.
    workspace
        What is looked at.
    """

    def __init__(self, bar: QStatusBar, workspace: Workspace) -> None:
        self._workspace = workspace
        self.busy = ""
        self._activity = QLabel()
        self.position = QLabel()
        self.value = QLabel()
        self.scale = QLabel()
        self._trouble = QLabel()
        bar.addWidget(self._activity)
        for label in (self._trouble, self.value, self.position, self.scale):
            label.setContentsMargins(10, 0, 10, 0)
            bar.addPermanentWidget(label)
        self._failed: set[object] = set()
        workspace.loader.failed.connect(self._on_failed)
        workspace.slide_changed.connect(lambda _: self._clear())

    def show_busy(self, text: str) -> None:
        """Say what is being done; "" when nothing is."""
        self.busy = text
        self._activity.setText(text)

    def show_view(self) -> None:
        """Show the magnification: um per screen pixel where the scale is known, else the downsample."""
        session = self._workspace.session
        if session is None:
            self.scale.setText("")
            return
        downsample, info = self._workspace.view.state.viewport.downsample, session.slide.info
        if info.mpp is None:
            self.scale.setText(f"1:{downsample:.3g}, pixel size unknown")
            return
        mpp = info.mpp[0] * downsample
        power = "" if info.objective_power is None else f"{info.objective_power / downsample:.3g}× · "
        self.scale.setText(f"{power}{mpp:.3g} µm/px")

    def show_cursor(self, at: tuple[float, float] | None) -> None:
        """Show the position under the cursor in level-0 px and um, and the heatmap's value there."""
        session = self._workspace.session
        if at is None or session is None:
            self.position.setText("")
            self.value.setText("")
            return
        x, y = at
        text = f"x {int(x // 1)}, y {int(y // 1)} px"
        mpp = session.slide.info.mpp
        if mpp is not None:
            text += f"   {x * mpp[0]:.0f}, {y * mpp[1]:.0f} µm"
        self.position.setText(text)
        self.value.setText(self._value_text(x, y))

    def _value_text(self, x: float, y: float) -> str:
        found = self._workspace.runs.value_at(x, y)
        if found is None:
            return ""
        name, value = found
        if value.scores is None:
            reason = f" ({value.reason})" if value.reason else ""
            return f"{name}: {_STATE_WORDS[value.state]}{reason}"
        return f"{name} {value.scores[name]:.3f}"

    def _on_failed(self, address: object, error: Exception) -> None:
        self._failed.add(address)
        self._trouble.setText(f"{len(self._failed)} tiles cannot be read")
        self._trouble.setToolTip(str(error))

    def _clear(self) -> None:
        self._failed.clear()
        self._trouble.setText("")
