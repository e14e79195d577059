"""The performance panel: what the tile engine does, in numbers, for whoever wonders why something is slow."""

from __future__ import annotations

import time

from PySide6.QtCore import QTimer
from PySide6.QtGui import QShowEvent
from PySide6.QtWidgets import QFormLayout, QLabel, QWidget

from pathview.app.canvas_widget import CanvasWidget
from pathview.app.workspace import Workspace

_EVERY_MS = 500
_ROWS = (
    "Frames",
    "Last frame",
    "Tiles in view",
    "Waiting",
    "Being read",
    "Read",
    "Cannot be read",
    "In memory",
)


class PerformanceDock(QWidget):
    """Counters of drawing and reading; refreshed while it is visible.

    Parameters
    ----------
    workspace
        Whose tiles are read.
    canvas
        What draws them.
    """

    def __init__(self, workspace: Workspace, canvas: CanvasWidget) -> None:
        super().__init__()
        self.setObjectName("performance")
        self._workspace = workspace
        self._canvas = canvas
        self._last = (time.monotonic(), canvas.frames)
        self.values = {name: QLabel() for name in _ROWS}
        form = QFormLayout(self)
        for name, label in self.values.items():
            label.setObjectName(f"performance-{name}")
            form.addRow(f"{name}:", label)
        self._timer = QTimer(self, interval=_EVERY_MS)
        self._timer.timeout.connect(self._refresh)

    def showEvent(self, event: QShowEvent) -> None:
        """Begin to follow."""
        self._refresh()
        self._timer.start()
        super().showEvent(event)

    def _refresh(self) -> None:
        if not self.isVisible():
            self._timer.stop()
        for name, text in self._texts().items():
            self.values[name].setText(text)

    def _texts(self) -> dict[str, str]:
        counters, canvas = self._workspace.loader.counters(), self._canvas
        now, frames = time.monotonic(), canvas.frames
        (then, before), self._last = self._last, (now, frames)
        rate = (frames - before) / max(now - then, 1e-3)
        each = f", {1000 * counters.read_s / counters.read:.1f} ms each" if counters.read else ""
        frame = canvas.frame
        shown = sum(len(raster.plan.draw) for raster in frame.rasters) if frame is not None else 0
        return {
            "Frames": f"{rate:.0f} a second, {frames} in all",
            "Last frame": f"{1000 * canvas.frame_s:.1f} ms until it is on the screen"
            if canvas.frame_s
            else "–",
            "Tiles in view": f"{shown}, {'all sharp' if canvas.settled else 'not all sharp yet'}",
            "Waiting": str(counters.waiting),
            "Being read": str(counters.reading),
            "Read": f"{counters.read}{each}",
            "Cannot be read": str(counters.failed),
            "In memory": f"{counters.tiles} tiles, {counters.bytes / (1 << 20):.0f} MiB",
        }
