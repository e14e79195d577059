"""The status bar: where the cursor is, what lies under it, how large it is shown, and how far a run is."""

from __future__ import annotations

from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QHBoxLayout, QLabel, QProgressBar, QStatusBar, QWidget

from pathview.app.elided_label import ElidedLabel
from pathview.app.run_progress import show_progress
from pathview.app.run_words import brief, describe
from pathview.app.slow_reads import SlowReads
from pathview.app.workspace import Workspace
from pathview.inference.heatmap import CellState
from pathview.inference.run import RunStatus
from pathview.slides.reader import SlideInfo

_STATE_WORDS = {
    CellState.NOT_RUN: "not run yet",
    CellState.SKIPPED: "no tissue",
    CellState.FAILED: "failed",
}

_RETRY_MS = 2000


class StatusLine:
    """Fills a status bar; every item keeps its place whatever it says.

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
        self.activity = ElidedLabel()
        self.meter = RunMeter()
        self.trouble = QLabel()
        self.waiting = QLabel()
        self.waiting.setToolTip(
            "The drive or the network does not answer; what was read before can be looked at"
        )
        self.value = ElidedLabel("Lymphocytes: not run yet")
        self.position = ElidedLabel("x 288888, y 288888 px   58888, 58888 µm")
        self.scale = ElidedLabel("88.8× · 0.888 µm/px", grows=True)
        bar.addWidget(self.activity, 1)
        bar.addPermanentWidget(self.meter)
        for label in (self.waiting, self.trouble, self.value, self.position, self.scale):
            label.setContentsMargins(8, 0, 8, 0)
            bar.addPermanentWidget(label)
        self.trouble.hide()
        self.waiting.hide()
        self._failed: set[object] = set()
        self._retry = QTimer(bar, interval=_RETRY_MS)
        self._retry.timeout.connect(self._try_again)
        workspace.loader.failed.connect(self._on_failed)
        workspace.slide_changed.connect(lambda _: self._clear())
        workspace.runs.changed.connect(self.meter.show_status)
        self._slow = SlowReads(workspace, bar)
        self._slow.waited.connect(self._show_waiting)

    def show_busy(self, text: str) -> None:
        """Say what is being done; "" when nothing is."""
        self.busy = text
        self.activity.setText(text)

    def show_view(self) -> None:
        """Show the magnification, and how the slide lies where it is not as scanned."""
        session = self._workspace.session
        viewport = self._workspace.view.state.viewport
        if session is None:
            self.scale.setText("")
            return
        words = [_scale_words(session.slide.info, viewport.downsample)]
        if viewport.flipped:
            words.append("mirrored")
        if viewport.turned:
            words.append(f"turned {viewport.turned:.4g}°")
        self.scale.setText(" · ".join(words))

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

    def _show_waiting(self, seconds: int) -> None:
        self.waiting.setVisible(seconds > 0)
        self.waiting.setText(f"Waiting for the file for {seconds} s")

    def _on_failed(self, address: object, error: Exception) -> None:
        self._failed.add(address)
        count = len(self._failed)
        text = "1 tile cannot be read" if count == 1 else f"{count} tiles cannot be read"
        session = self._workspace.session
        if session is not None and session.slide.trouble is not None:
            text = session.slide.trouble.partition(";")[0]
            text = text[:1].upper() + text[1:]
            if not self._retry.isActive():
                self._retry.start()
        self.trouble.setText(text)
        self.trouble.setToolTip(str(error))
        self.trouble.show()

    def _try_again(self) -> None:
        """Read given-up tiles again: a file that has gone or was replaced may be back."""
        session, tiles = self._workspace.session, self._workspace.scene.slide_tiles
        if session is None or tiles is None or session.slide.trouble is None:
            # Also once after the file is back, for the sake of what was given up just before.
            self._retry.stop()
            self._failed.clear()
            self.trouble.hide()
        if tiles is not None:
            self._workspace.loader.retry(tiles)
            self._workspace.stale.emit()

    def _clear(self) -> None:
        self._retry.stop()
        self._failed.clear()
        self.trouble.hide()
        self.show_cursor(None)


def _scale_words(info: SlideInfo, downsample: float) -> str:
    """Return um per screen pixel where the scale is known, else the downsample."""
    if info.mpp is None:
        return f"1:{downsample:.3g}, pixel size unknown"
    power = "" if info.objective_power is None else f"{info.objective_power / downsample:.3g}× · "
    return f"{power}{info.mpp[0] * downsample:.3g} µm/px"


class RunMeter(QWidget):
    """A small bar on the run that is going on; in sight while the model panel is closed."""

    def __init__(self) -> None:
        super().__init__()
        self._text = ElidedLabel("Model: 88 min left")
        self._bar = QProgressBar()
        self._bar.setFixedSize(120, 14)
        self._bar.setAccessibleName("Progress of the model run")
        row = QHBoxLayout(self)
        row.setContentsMargins(8, 0, 8, 0)
        row.addWidget(self._text)
        row.addWidget(self._bar)
        self.hide()

    @property
    def text(self) -> str:
        """What it says."""
        return self._text.text()

    def show_status(self, status: RunStatus | None) -> None:
        """Show how far a run is; hidden once it has ended."""
        self.setVisible(status is not None and not status.state.final)
        if status is None:
            return
        self._text.setText(brief(status))
        self.setToolTip(describe(status))
        show_progress(self._bar, status, "%p %")
