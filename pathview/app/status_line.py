"""The status bar: where the cursor is, what lies under it, how large it is shown, and how far a run is."""

from __future__ import annotations

from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QHBoxLayout, QLabel, QProgressBar, QStatusBar, QWidget

from pathview.app.detection_commands import found_at, topmost_detections
from pathview.app.elided_label import ElidedLabel
from pathview.app.heatmap_words import UNLIKE
from pathview.app.model_runs import shown_heatmap, value_at
from pathview.app.open_slide import DIFFERENCE_LAYER, OpenSlide, Pane, ledger_of
from pathview.app.run_progress import show_progress
from pathview.app.run_words import brief, describe
from pathview.app.scale_words import view_words
from pathview.app.slow_reads import SlowReads
from pathview.app.workspace import Workspace
from pathview.core.pyramid import TileKey
from pathview.inference.heatmap import CellState
from pathview.inference.run_status import RunStatus
from pathview.inference.views import UNCERTAINTY
from pathview.tiles.source import TileSource

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
        self._failed: dict[TileSource, dict[TileKey, Exception]] = {}
        self._retry = QTimer(bar, interval=_RETRY_MS)
        self._retry.timeout.connect(self._try_again)
        workspace.loader.failed.connect(self._on_failed)
        workspace.dropped.connect(self._on_dropped)
        workspace.runs.changed.connect(self._on_run)
        self._slow = SlowReads(workspace, bar)
        self._slow.waited.connect(self._show_waiting)

    def show_busy(self, text: str) -> None:
        """Say what is being done; "" when nothing is."""
        self.busy = text
        self.activity.setText(text)

    def _on_run(self, status: RunStatus | None) -> None:
        """Follow the run on the active slide, or else one that goes on behind another tab."""
        elsewhere = [run for run in self._workspace.runs.under_way if run.slide is not self._workspace.slide]
        if elsewhere and not self._workspace.runs.going:
            self.meter.show_status(elsewhere[0].status, elsewhere[0].slide.name)
        else:
            self.meter.show_status(status)

    def show_view(self) -> None:
        """Show the magnification, and how the slide lies where it is not as scanned."""
        session = self._workspace.session
        if session is None:
            self.scale.setText("")
            return
        self.scale.setText(view_words(session.slide.info, self._workspace.view.state.viewport))

    def show_cursor(self, at: tuple[float, float] | None, pane: Pane | None) -> None:
        """Show the position under the cursor in level-0 px and um, and the heatmap's value there.

        Parameters
        ----------
        at
            Level-0 position, or None where there is none.
        pane
            In which pane.
        """
        if at is None or pane is None or pane.slide is None:
            self.position.setText("")
            self.value.setText("")
            return
        x, y = at
        text = f"x {int(x // 1)}, y {int(y // 1)} px"
        mpp = pane.slide.session.slide.info.mpp
        if mpp is not None:
            text += f"   {x * mpp[0]:.0f}, {y * mpp[1]:.0f} µm"
        self.position.setText(text)
        self.value.setText(_value_text(pane, x, y))

    def _on_failed(self, address: tuple[TileSource, TileKey], error: Exception) -> None:
        self._failed.setdefault(address[0], {})[address[1]] = error
        if self._troubled() and not self._retry.isActive():
            self._retry.start()
        self._tell_trouble()

    def _show_waiting(self, seconds: int) -> None:
        self.waiting.setVisible(seconds > 0)
        self.waiting.setText(f"Waiting for the file for {seconds} s")

    def _troubled(self) -> list[OpenSlide]:
        """Return the open slides whose files are not what they were."""
        return [slide for slide in self._workspace.slides if slide.session.slide.trouble is not None]

    def _tell_trouble(self) -> None:
        tiles: dict[TileSource, OpenSlide] = {slide.tiles: slide for slide in self._workspace.slides}
        errors = [error for failed in self._failed.values() for error in failed.values()]
        self.trouble.setVisible(bool(errors))
        if not errors:
            return
        text = "1 tile cannot be read" if len(errors) == 1 else f"{len(errors)} tiles cannot be read"
        for source in self._failed:
            slide = tiles.get(source)
            if slide is not None and slide.session.slide.trouble is not None:
                text = slide.session.slide.trouble.partition(";")[0]
                text = text[:1].upper() + text[1:]
                text = text if len(tiles) == 1 else f"{slide.name}: {text}"
        self.trouble.setText(text)
        self.trouble.setToolTip(str(errors[-1]))

    def _try_again(self) -> None:
        """Read given-up tiles again: a file that has gone or was replaced may be back."""
        if not self._troubled():
            # Also once after the file is back, for the sake of what was given up just before.
            self._retry.stop()
            self._failed.clear()
            self._tell_trouble()
        for slide in self._workspace.slides:
            self._workspace.loader.retry(slide.tiles)
        self._workspace.stale.emit()

    def _on_dropped(self, source: TileSource) -> None:
        self._failed.pop(source, None)
        if not self._troubled():
            self._retry.stop()
        self._tell_trouble()


def _value_text(pane: Pane, x: float, y: float) -> str:
    if pane.slide is not None and pane.slide.difference is not None and _differs(pane):
        more = pane.slide.difference.value_at(x, y)
        return "" if more is None else f"{DIFFERENCE_LAYER} = {more:+.3f}"
    object_there = found_at(pane, x, y)
    if object_there is not None:
        return f"{object_there.class_name} {object_there.score:.2f}"
    found = value_at(pane, x, y)
    if found is None:
        return ""
    name, value = found
    if value.scores is not None and _is_ledger(pane):
        return ""  # looked at, and nothing there
    if value.scores is None:
        reason = f" ({value.reason})" if value.reason else ""
        return f"{name}: {_STATE_WORDS[value.state]}{reason}"
    unlike = f" ({UNLIKE})" if value.unlike else ""
    spread = value.extras.get(UNCERTAINTY)
    unsure = f" ± {spread[list(value.scores).index(name)]:.3f}" if spread else ""
    return f"{name} {value.scores[name]:.3f}{unsure}{unlike}"


def _is_ledger(pane: Pane) -> bool:
    topmost, shown = topmost_detections(pane), shown_heatmap(pane)
    return topmost is not None and shown is not None and shown[0].name == ledger_of(topmost[0].name)


def _differs(pane: Pane) -> bool:
    return any(layer.kind == "difference" and layer.shown for layer in pane.state.layers)


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

    def show_status(self, status: RunStatus | None, slide: str = "") -> None:
        """Show how far a run is, and on which slide where that is not the active one; hidden at its end."""
        self.setVisible(status is not None and not status.state.final)
        if status is None:
            return
        where = f"{slide}: " if slide else ""
        self._text.setText(where + brief(status))
        self.setToolTip(where + describe(status))
        show_progress(self._bar, status, "%p %")
