"""The canvas in the window: composes frames and hands them to what draws."""

from __future__ import annotations

import time
from dataclasses import replace
from typing import Protocol

from PySide6.QtCore import QEvent, QObject, QTimer, Signal
from PySide6.QtWidgets import QVBoxLayout, QWidget

from pathview.app.canvas_input import CanvasInput
from pathview.app.motions import Motions
from pathview.app.visited_views import VisitedViews
from pathview.app.workspace import Workspace
from pathview.tiles.source import TileSource
from pathview.view.compose import Canvas, Frame, compose
from pathview.view.heading import Heading

# Input events get their turn between two frames of uploads.
_UPLOAD_PAUSE_MS = 4
# Where drawing is slow, a tile that arrives waits as long as some frames take, so that not every one of a
# dozen is drawn by itself while the readers want the processor; and a frame takes more tiles to the GPU.
_WAIT_FRAMES, _LONGEST_WAIT_MS = 3.0, 120
_UPLOAD_SHARE, _UPLOAD_S = 0.3, (0.004, 0.008)


class WindowCanvas(Canvas, Protocol):
    """A canvas that lives in a window."""

    @property
    def native(self) -> QWidget:
        """The Qt widget that it draws in."""
        ...

    @property
    def drawing(self) -> bool:
        """Whether the last frame is still being drawn; another one would have to wait for it."""
        ...

    @property
    def pending_uploads(self) -> bool:
        """Whether tiles in memory still wait for the next frame's upload budget."""
        ...

    def forget(self, source: TileSource) -> None:
        """Drop the tiles of `source` from the GPU."""
        ...


class CanvasWidget(QWidget):
    """Shows the workspace's view.

    Parameters
    ----------
    workspace
        What is shown.
    canvas
        What draws it.

    Attributes
    ----------
    motions
        What moves the view smoothly.
    visited
        The views to go back to.
    input
        What the mouse and the keys do here.
    frame
        The newest frame, or None before the first.
    frames
        How many have been composed.
    frame_s
        How long the last one took from its upload to the screen, seconds; 0 before the first, or unknown.
    """

    resized = Signal()
    """The canvas has another size: what floats over it must move."""

    def __init__(self, workspace: Workspace, canvas: WindowCanvas, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.workspace = workspace
        self.canvas = canvas
        self.frame: Frame | None = None
        self._heading = Heading()
        native = canvas.native
        self.motions = Motions(workspace, self)
        self.visited = VisitedViews(workspace, self)
        self.input = CanvasInput(workspace, native, self.motions, self)
        self.setFocusProxy(native)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(native)
        self._soon = QTimer(self, singleShot=True, interval=0)
        self._soon.timeout.connect(self._refresh)
        self._arrived = QTimer(self, singleShot=True)
        self._arrived.timeout.connect(self.refresh_soon)
        self._asked: float | None = None
        self._postponed = False
        self.frames = 0
        self.frame_s = 0.0
        self._later = QTimer(self, singleShot=True, interval=_UPLOAD_PAUSE_MS)
        self._later.timeout.connect(self._refresh)
        self.input.preview_changed.connect(self.refresh_soon)
        self.input.browsed.connect(lambda way: getattr(self.visited, way)())
        native.installEventFilter(self)
        workspace.view.changed.connect(self._on_view)
        workspace.stale.connect(self.refresh_soon)
        workspace.loader.loaded.connect(self._on_loaded)
        swapped = getattr(native, "frameSwapped", None)
        if swapped is not None:
            swapped.connect(self._on_swapped)
        workspace.dropped.connect(canvas.forget)

    def refresh_soon(self) -> None:
        """Draw a new frame once the events that are waiting have been handled."""
        if not self._soon.isActive():
            self._soon.start()

    @property
    def settled(self) -> bool:
        """Whether everything that is in view is drawn sharply."""
        return (
            self.frame is not None
            and not self.canvas.pending_uploads
            and not self.canvas.drawing
            and not self._postponed
            and not self.motions.going
            and not self._soon.isActive()
            and not self._arrived.isActive()
            and all(self._sharp(frame_pass.source) for frame_pass in self.frame.rasters)
        )

    def _refresh(self) -> None:
        if self.canvas.drawing:
            self._postponed = True
            return
        workspace = self.workspace
        loader = workspace.loader
        state = workspace.view.state
        heading = self._heading.follow(state.viewport, time.monotonic())
        frame = compose(state, workspace.scene, loader, self.canvas, self.input.preview, heading)
        loader.wish("main", frame.wishes)
        least, most = _UPLOAD_S
        self._asked = time.monotonic()
        self.canvas.show(frame, loader, min(max(_UPLOAD_SHARE * self.frame_s, least), most))
        self.frame = frame
        self.frames += 1
        self.input.tell_cursor()
        if self.canvas.pending_uploads:
            self._later.start()

    def _sharp(self, source: TileSource) -> bool:
        viewport = self.workspace.view.state.viewport
        visible = source.pyramid.cover(viewport.box(), source.pyramid.level_for(viewport.downsample))
        resident, failed = self.canvas.resident(source), self.workspace.loader.failures(source)
        return all(key in resident or key in failed for key in visible)

    def _on_view(self, old: object, new: object) -> None:
        self.refresh_soon()

    def _on_loaded(self, keys: object) -> None:
        """Draw tiles that came: at once if the screen waits for no others, else with those that come soon."""
        frame, loader = self.frame, self.workspace.loader
        if frame is None or all(
            key in loader.cached(raster.source) for raster in frame.rasters for key in raster.plan.wanted_now
        ):
            self._arrived.stop()
            self.refresh_soon()
        elif not self._arrived.isActive():
            self._arrived.start(min(round(1000 * _WAIT_FRAMES * self.frame_s), _LONGEST_WAIT_MS))

    def _on_swapped(self) -> None:
        """Note how long the frame took, and draw the next if somebody has asked for one meanwhile."""
        if self._asked is not None:
            self.frame_s, self._asked = time.monotonic() - self._asked, None
        if self._postponed:
            self._postponed = False
            self.refresh_soon()

    # sizes -----------------------------------------------------------
    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Follow the GL widget's size and the density of its screen."""
        if event.type() in (QEvent.Type.Resize, QEvent.Type.DevicePixelRatioChange):
            self._on_size()
        return False

    def _on_size(self) -> None:
        native = self.canvas.native
        ratio = native.devicePixelRatioF()
        size = (max(1, round(native.width() * ratio)), max(1, round(native.height() * ratio)))
        state, session = self.workspace.view.state, self.workspace.session
        viewport = state.viewport.resized(size)
        # A slide that fits the window goes on to fit it; any other view stays where it is.
        if session is not None and state.viewport == state.viewport.fitted(session.slide.info.bounds):
            viewport = viewport.fitted(session.slide.info.bounds)
        self.workspace.view.set(replace(state, viewport=viewport))
        self.refresh_soon()
        self.resized.emit()
