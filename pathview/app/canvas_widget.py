"""The canvas in the window: composes the frames of all panes and hands them to what draws."""

from __future__ import annotations

import time
from typing import Protocol

from PySide6.QtCore import QEvent, QObject, QTimer, Signal
from PySide6.QtWidgets import QVBoxLayout, QWidget

from pathview.app.canvas_input import CanvasInput
from pathview.app.magnifier import Magnifier
from pathview.app.motions import Motions
from pathview.app.open_slide import Pane
from pathview.app.visited_views import VisitedViews
from pathview.app.workspace import Workspace
from pathview.tiles.source import TileSource
from pathview.view.compose import Canvas, Frame, compose
from pathview.view.picture import Picture, Placed
from pathview.view.viewport import Viewport

# Input events get their turn between two frames of uploads.
_UPLOAD_PAUSE_MS = 4
# Where drawing is slow, a tile that arrives waits as long as some frames take, so that not every one of a
# dozen is drawn by itself while the readers want the processor; and a frame takes more tiles to the GPU.
_WAIT_FRAMES, _LONGEST_WAIT_MS = 3.0, 120
_UPLOAD_SHARE, _UPLOAD_S = 0.3, (0.004, 0.008)
# While a view stands still nobody is held up by uploads, and each frame that they spare is time won.
_STILL_UPLOAD_S = 0.016
# After a jump the old picture stays so long at most: most slides have their tiles by then, and one sharp
# picture is better than a coarse one first, which on a slow screen takes the time that the readers want.
_LONGEST_JUMP_MS = 40
# Logical pixels between two panes.
_GAP = 4


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

    @property
    def fades_go_on(self) -> bool:
        """Whether tiles are still fading in."""
        ...

    def forget(self, source: TileSource) -> None:
        """Drop the tiles of `source` from the GPU."""
        ...


class CanvasWidget(QWidget):
    """Shows the workspace's panes.

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
    magnifier
        The lens that follows the cursor.
    picture
        What the newest frame shows, or None before the first.
    frames
        How many pictures have been drawn.
    frame_s
        How long the last one took from its upload to the screen, seconds; 0 before the first, or unknown.
    """

    resized = Signal()
    """The canvas has another size: what floats over it must move."""

    def __init__(self, workspace: Workspace, canvas: WindowCanvas, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.workspace = workspace
        self.canvas = canvas
        self.picture: Picture | None = None
        native = canvas.native
        self.motions = Motions(workspace, self)
        self.visited = VisitedViews(workspace, self)
        self.input = CanvasInput(workspace, native, self.motions, self)
        self.magnifier = Magnifier(workspace, self.input)
        self.setFocusProxy(native)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(native)
        self._soon = QTimer(self, singleShot=True, interval=0)
        self._soon.timeout.connect(self._refresh)
        self._arrived = QTimer(self, singleShot=True)
        self._arrived.timeout.connect(self._soon.start)
        self._jump = QTimer(self, singleShot=True, interval=_LONGEST_JUMP_MS)
        self._jump.timeout.connect(self._soon.start)
        self._asked: float | None = None
        self._changed = True
        self._shown: Picture | None = None
        self._jumped_from: Picture | None = None
        self._postponed = False
        self.frames = 0
        self.frame_s = 0.0
        self._later = QTimer(self, singleShot=True, interval=_UPLOAD_PAUSE_MS)
        self._later.timeout.connect(self._refresh)
        self.input.preview_changed.connect(self.refresh_soon)
        self.magnifier.changed.connect(self.refresh_soon)
        self.input.browsed.connect(lambda way: getattr(self.visited, way)())
        native.installEventFilter(self)
        workspace.view.changed.connect(self._on_view)
        workspace.panes.changed.connect(self.refresh_soon)
        workspace.comparison.changed.connect(self.refresh_soon)
        workspace.stale.connect(self.refresh_soon)
        workspace.loader.loaded.connect(self._on_loaded)
        swapped = getattr(native, "frameSwapped", None)
        if swapped is not None:
            swapped.connect(self._on_swapped)
        workspace.dropped.connect(canvas.forget)

    def refresh_soon(self) -> None:
        """Draw a new frame once the events that are waiting have been handled."""
        self._changed = True
        if not self._soon.isActive():
            self._soon.start()

    @property
    def frame(self) -> Frame | None:
        """The newest frame of the active pane, or None before the first."""
        if self.picture is None:
            return None
        area = self.workspace.panes.area(self.workspace.panes.active)
        return next((placed.frame for placed in self.picture.placed if placed.area == area), None)

    @property
    def settled(self) -> bool:
        """Whether everything that is in view is drawn sharply."""
        return (
            self.picture is not None
            and not self.canvas.pending_uploads
            and not self.canvas.drawing
            and not self._postponed
            and not self.motions.going
            and not self._soon.isActive()
            and not self._arrived.isActive()
            and not self._jump.isActive()
            and not self.canvas.fades_go_on
            and all(self._sharp(placed.frame) for placed in self.picture.placed)
        )

    def _refresh(self) -> None:
        if self.canvas.drawing:
            self._postponed = True
            return
        workspace = self.workspace
        loader, panes = workspace.loader, workspace.panes
        now = time.monotonic()
        # That of the active pane first: what it lacks is read and uploaded before the rest.
        placed = sorted(
            (
                Placed(self._composed(seen, now), area, clip)
                for pane, area in zip(panes.shown, panes.areas, strict=True)
                for seen, clip in workspace.comparison.laid(pane, area)
            ),
            key=lambda one: one.area != panes.area(panes.active),
        )
        picture = Picture(panes.size, (*placed, *self._magnified()), workspace.backdrop)
        loader.wish("canvas", picture.wishes)
        upload_s = self._upload_s(picture)
        self.picture = picture
        if not self._worth_waiting(picture):
            self._show(picture, upload_s)
        self.input.tell_cursor()

    def _show(self, picture: Picture, upload_s: float) -> None:
        asked = time.monotonic()
        if self.canvas.show(picture, self.workspace.loader, upload_s, same=not self._changed):
            self._asked, self._shown = asked, picture
            self._changed = self.canvas.fades_go_on
            self.frames += 1
        if self.canvas.pending_uploads or self.canvas.fades_go_on:
            self._later.start()

    def _worth_waiting(self, picture: Picture) -> bool:
        """Tell whether the view has jumped a moment ago to where tiles are still being read."""
        shown = self._shown
        if shown is None or not picture.jumps_from(shown) or not picture.waits_for(self.workspace.loader):
            self._jump.stop()
            return False
        if self._jumped_from is not shown:
            self._jumped_from = shown
            self._jump.start()
        return self._jump.isActive()

    def _upload_s(self, picture: Picture) -> float:
        """Return how long uploading may take: long where another frame for the rest would take longer."""
        least, most = _UPLOAD_S
        if self.picture is not None and self.picture.viewports == picture.viewports:
            return min(max(self.frame_s, least), _STILL_UPLOAD_S)
        return min(max(_UPLOAD_SHARE * self.frame_s, least), most)

    def _composed(self, pane: Pane, now: float) -> Frame:
        workspace = self.workspace
        preview = self.input.preview if pane is workspace.panes.active else None
        heading = pane.heading.follow(pane.state.viewport, now)
        scene = pane.scene(workspace.backdrop)
        return compose(pane.state, scene, workspace.loader, self.canvas, preview, heading)

    def _magnified(self) -> list[Placed]:
        glass, workspace = self.magnifier.glass(), self.workspace
        if glass is None:
            return []
        scene, state = glass.pane.scene(workspace.backdrop), glass.pane.state.shown_at(glass.viewport)
        preview = self.input.preview if glass.pane is workspace.panes.active else None
        frame = compose(state, scene, workspace.loader, self.canvas, preview)
        return [Placed(frame, glass.area, glass.clip, over=True)]

    def _sharp(self, frame: Frame) -> bool:
        return all(self._sharp_tiles(raster.source, frame.viewport) for raster in frame.rasters)

    def _sharp_tiles(self, source: TileSource, viewport: Viewport) -> bool:
        visible = source.pyramid.cover(viewport.box(), source.pyramid.level_for(viewport.downsample))
        resident, failed = self.canvas.resident(source), self.workspace.loader.failures(source)
        return all(key in resident or key in failed for key in visible)

    def _on_view(self, old: object, new: object) -> None:
        self.refresh_soon()

    def _on_loaded(self, keys: object) -> None:
        """Take tiles that came: at once if the screen waits for no others, else with those that come soon."""
        if self.picture is None or not self.picture.waits_for(self.workspace.loader):
            self._arrived.stop()
            self._soon.start()
        elif not self._arrived.isActive():
            self._arrived.start(min(round(1000 * _WAIT_FRAMES * self.frame_s), _LONGEST_WAIT_MS))

    def _on_swapped(self) -> None:
        """Note how long the frame took, and draw the next if somebody has asked for one meanwhile."""
        if self._asked is not None:
            self.frame_s, self._asked = time.monotonic() - self._asked, None
        if self._postponed:
            self._postponed = False
            self._soon.start()

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
        self.workspace.panes.resize(size, round(_GAP * ratio))
        self.refresh_soon()
        self.resized.emit()
