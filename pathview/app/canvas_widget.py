"""The canvas in the window: Qt events in, frames out."""

from __future__ import annotations

from dataclasses import replace
from typing import Protocol

from PySide6.QtCore import QEvent, QObject, QPointF, Qt, QTimer, Signal
from PySide6.QtGui import QKeyEvent, QMouseEvent, QWheelEvent
from PySide6.QtWidgets import QVBoxLayout, QWidget
from shapely.geometry.base import BaseGeometry

from pathview.app.workspace import Workspace
from pathview.tiles.loader import TileLoader
from pathview.tiles.source import TileSource
from pathview.view.compose import Canvas, Frame, compose
from pathview.view.pointer import PointerButton, PointerEvent, PointerKind
from pathview.view.tools import TOOLS, Tool, ToolStep

# One wheel notch is 120 units and three notches double the magnification: fine enough to stop where one
# wants, fast enough to cross a slide's range in a few turns.
_ZOOM_PER_UNIT = 2 ** (1 / 360)
# Input events get their turn between two frames of uploads.
_UPLOAD_PAUSE_MS = 4
_BUTTONS: dict[Qt.MouseButton, PointerButton] = {
    Qt.MouseButton.LeftButton: "left",
    Qt.MouseButton.MiddleButton: "middle",
    Qt.MouseButton.RightButton: "right",
}
_MODIFIERS = {
    Qt.KeyboardModifier.ShiftModifier: "shift",
    Qt.KeyboardModifier.ControlModifier: "control",
    Qt.KeyboardModifier.AltModifier: "alt",
}
_CURSORS = {
    "hand": Qt.CursorShape.OpenHandCursor,
    "arrow": Qt.CursorShape.ArrowCursor,
    "cross": Qt.CursorShape.CrossCursor,
}
_TOOL_KEYS = {
    Qt.Key.Key_Return: "Enter",
    Qt.Key.Key_Enter: "Enter",
    Qt.Key.Key_Escape: "Escape",
    Qt.Key.Key_Backspace: "Backspace",
    Qt.Key.Key_Delete: "Delete",
}


class WindowCanvas(Canvas, Protocol):
    """A canvas that lives in a window."""

    @property
    def native(self) -> QWidget:
        """The Qt widget that it draws in."""
        ...

    @property
    def pending_uploads(self) -> bool:
        """Whether tiles in memory still wait for the next frame's upload budget."""
        ...

    def forget(self, source: TileSource) -> None:
        """Drop the tiles of `source` from the GPU."""
        ...


class CanvasWidget(QWidget):
    """Shows the workspace's view and turns mouse and keys into moves, tools and edits.

    Parameters
    ----------
    workspace
        What is shown.
    canvas
        What draws it.
    """

    cursor_moved = Signal(object)
    """The level-0 (x, y) under the cursor, or None when it left."""

    def __init__(self, workspace: Workspace, canvas: WindowCanvas, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.workspace = workspace
        self.canvas = canvas
        self.frame: Frame | None = None
        self._tool: Tool = TOOLS["pan"]()
        self._preview: BaseGeometry | None = None
        self._drag_from: QPointF | None = None
        self._space_held = False
        self._class_name: str | None = None
        native = canvas.native
        native.setMouseTracking(True)
        native.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        native.installEventFilter(self)
        self.setFocusProxy(native)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(native)
        self._soon = QTimer(self, singleShot=True, interval=0)
        self._soon.timeout.connect(self._refresh)
        self._later = QTimer(self, singleShot=True, interval=_UPLOAD_PAUSE_MS)
        self._later.timeout.connect(self._refresh)
        workspace.view.changed.connect(self._on_view_changed)
        workspace.stale.connect(self.refresh_soon)
        self._show_cursor()

    # drawing ---------------------------------------------------------
    def refresh_soon(self) -> None:
        """Draw a new frame once the events that are waiting have been handled."""
        if not self._soon.isActive():
            self._soon.start()

    def _refresh(self) -> None:
        workspace = self.workspace
        loader: TileLoader = workspace.loader
        frame = compose(workspace.view.state, workspace.scene, loader, self.canvas, self._preview)
        loader.wish("main", frame.wishes)
        self.canvas.show(frame, loader)
        self.frame = frame
        if self.canvas.pending_uploads:
            self._later.start()

    @property
    def settled(self) -> bool:
        """Whether everything that is in view is drawn sharply."""
        return (
            self.frame is not None
            and not self.canvas.pending_uploads
            and not self._soon.isActive()
            and all(self._sharp(frame_pass.source) for frame_pass in self.frame.rasters)
        )

    def _sharp(self, source: TileSource) -> bool:
        viewport = self.workspace.view.state.viewport
        visible = source.pyramid.cover(viewport.box(), source.pyramid.level_for(viewport.downsample))
        resident, failed = self.canvas.resident(source), self.workspace.loader.failures(source)
        return all(key in resident or key in failed for key in visible)

    def _on_view_changed(self, old: object, new: object) -> None:
        state = self.workspace.view.state
        if state.tool != self._tool.name:
            self._tool = TOOLS[state.tool]()
            self._tool.class_name = self._class_name
            self._preview = None
            self._show_cursor()
        self.refresh_soon()

    # sizes -----------------------------------------------------------
    def _ratio(self) -> float:
        return self.canvas.native.devicePixelRatioF()

    def _resized(self) -> None:
        native, ratio = self.canvas.native, self._ratio()
        size = (max(1, round(native.width() * ratio)), max(1, round(native.height() * ratio)))
        state = self.workspace.view.state
        viewport = state.viewport.resized(size)
        if self.workspace.session is not None and state.viewport.size == (1, 1):
            viewport = viewport.fitted(self.workspace.session.slide.info.bounds)
        self.workspace.view.set(replace(state, viewport=viewport))
        self.refresh_soon()

    def _screen(self, at: QPointF) -> tuple[float, float]:
        ratio = self._ratio()
        return at.x() * ratio, at.y() * ratio

    # events ----------------------------------------------------------
    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Take the events of the GL widget that mean something here; the rest goes on."""
        match event.type():
            case QEvent.Type.MouseButtonPress | QEvent.Type.MouseButtonDblClick:
                assert isinstance(event, QMouseEvent)
                self._pressed(event)
            case QEvent.Type.MouseMove:
                assert isinstance(event, QMouseEvent)
                self._moved(event)
            case QEvent.Type.MouseButtonRelease:
                assert isinstance(event, QMouseEvent)
                self._released(event)
            case QEvent.Type.Wheel:
                assert isinstance(event, QWheelEvent)
                self._wheel(event)
            case QEvent.Type.KeyPress | QEvent.Type.KeyRelease:
                assert isinstance(event, QKeyEvent)
                return self._key(event)
            case QEvent.Type.Leave:
                self.cursor_moved.emit(None)
                return False
            case QEvent.Type.Resize | QEvent.Type.DevicePixelRatioChange:
                self._resized()
                return False
            case QEvent.Type.ShortcutOverride:
                assert isinstance(event, QKeyEvent)
                # A shape being drawn owns Enter, Escape and Backspace before any shortcut does.
                if event.key() in _TOOL_KEYS and self._preview is not None:
                    event.accept()
                return False
            case _:
                return False
        return True

    def _pressed(self, event: QMouseEvent) -> None:
        if self.workspace.session is None:
            return
        self.canvas.native.setFocus()
        if self._pans(event.button()):
            self._drag_from = event.position()
            self._show_cursor()
        elif event.type() == QEvent.Type.MouseButtonDblClick:
            self._to_tool("double", event, event.button())
        else:
            self._to_tool("press", event, event.button())

    def _moved(self, event: QMouseEvent) -> None:
        if self.workspace.session is None:
            return
        if self._drag_from is not None:
            delta = event.position() - self._drag_from
            self._drag_from = event.position()
            ratio = self._ratio()
            viewport = self.workspace.view.state.viewport
            self.workspace.look(viewport.panned(delta.x() * ratio, delta.y() * ratio))
        else:
            held = next((b for b in _BUTTONS if event.buttons() & b), Qt.MouseButton.NoButton)
            self._to_tool("move", event, held)
        self.cursor_moved.emit(self.workspace.view.state.viewport.to_slide(*self._screen(event.position())))

    def _released(self, event: QMouseEvent) -> None:
        if self.workspace.session is None:
            return
        if self._drag_from is not None:
            self._drag_from = None
            self._show_cursor()
        else:
            self._to_tool("release", event, event.button())

    def _pans(self, button: Qt.MouseButton) -> bool:
        left = button == Qt.MouseButton.LeftButton
        return button == Qt.MouseButton.MiddleButton or (
            left and (self._space_held or self._tool.name == "pan")
        )

    def _wheel(self, event: QWheelEvent) -> None:
        if self.workspace.session is None:
            return
        factor = _ZOOM_PER_UNIT ** event.angleDelta().y()
        viewport = self.workspace.view.state.viewport
        self.workspace.look(viewport.zoomed(factor, self._screen(event.position())))
        self.cursor_moved.emit(self.workspace.view.state.viewport.to_slide(*self._screen(event.position())))

    def _key(self, event: QKeyEvent) -> bool:
        pressed = event.type() == QEvent.Type.KeyPress
        if event.key() == Qt.Key.Key_Space:
            if not event.isAutoRepeat():
                self._space_held = pressed
                self._show_cursor()
            return True
        if pressed and event.key() in _TOOL_KEYS and self.workspace.session is not None:
            self._take(self._tool.key(_TOOL_KEYS[Qt.Key(event.key())], self.workspace.session.annotations))
            return True
        return False

    # tools -----------------------------------------------------------
    def set_class(self, name: str | None) -> None:
        """Give new annotations the class `name`."""
        self._class_name = name
        self._tool.class_name = name

    def _to_tool(self, kind: PointerKind, event: QMouseEvent, button: Qt.MouseButton) -> None:
        session = self.workspace.session
        if session is None:
            return
        viewport = self.workspace.view.state.viewport
        x, y = viewport.to_slide(*self._screen(event.position()))
        held = frozenset(name for flag, name in _MODIFIERS.items() if event.modifiers() & flag)
        pointer = PointerEvent(
            kind, x, y, viewport.downsample * self._ratio(), _BUTTONS.get(button, ""), held
        )
        self._tool.selection = self.workspace.view.state.selection
        self._take(self._tool.pointer(pointer, session.annotations))

    def _take(self, step: ToolStep) -> None:
        if step.edit is not None and not self.workspace.edit(step.edit):
            # The edit was not stored: what the hand drew is gone from the screen, and the dialog says why.
            self._preview = None
            self.refresh_soon()
            return
        if step.selection is not None:
            self.workspace.view.set(replace(self.workspace.view.state, selection=step.selection))
        if step.preview is not self._preview or step.done:
            self._preview = step.preview
            self.refresh_soon()

    def _show_cursor(self) -> None:
        if self._drag_from is not None:
            shape = Qt.CursorShape.ClosedHandCursor
        else:
            shape = _CURSORS["hand" if self._space_held else self._tool.cursor]
        self.canvas.native.setCursor(shape)
