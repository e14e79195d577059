"""What the mouse and the keys do on the canvas: move the view, or draw with a tool."""

from __future__ import annotations

import time
from dataclasses import replace
from typing import Literal, NamedTuple

from PySide6.QtCore import QEvent, QObject, QPointF, Qt, Signal
from PySide6.QtGui import QKeyEvent, QMouseEvent, QNativeGestureEvent, QWheelEvent
from PySide6.QtWidgets import QGestureEvent, QPinchGesture, QWidget
from shapely.geometry.base import BaseGeometry

from pathview.app.motions import Motions
from pathview.app.workspace import Workspace
from pathview.view.arrangement import Separator
from pathview.view.motion import HandSpeed
from pathview.view.pointer import PointerButton, PointerEvent, PointerKind
from pathview.view.state import ViewState
from pathview.view.tools import TOOLS, Tool, ToolStep
from pathview.view.viewport import Viewport

# One wheel notch is 120 units and three notches double the magnification: fine enough to stop where one
# wants, fast enough to cross a slide's range in a few turns.
_ZOOM_PER_UNIT = 2 ** (1 / 360)
_WHEEL_NOTCH = 120
_DEGREES_PER_NOTCH = 5.0
_BUTTONS: dict[Qt.MouseButton, PointerButton] = {
    Qt.MouseButton.LeftButton: "left",
    Qt.MouseButton.MiddleButton: "middle",
    Qt.MouseButton.RightButton: "right",
}
_BROWSE = {Qt.MouseButton.BackButton: "back", Qt.MouseButton.ForwardButton: "forward"}
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
_Grip = Separator | Literal["divider"]
_SPLIT: dict[_Grip, Qt.CursorShape] = {
    "divider": Qt.CursorShape.SplitHCursor,
    "upright": Qt.CursorShape.SplitHCursor,
    "level": Qt.CursorShape.SplitVCursor,
}
# Logical pixels from the middle of a separator, or of the divider of a comparison, at which it is felt.
_SEPARATOR_REACH = 5.0
_TOOL_KEYS = {
    Qt.Key.Key_Return: "Enter",
    Qt.Key.Key_Enter: "Enter",
    Qt.Key.Key_Escape: "Escape",
    Qt.Key.Key_Backspace: "Backspace",
    Qt.Key.Key_Delete: "Delete",
}


class _Drag(NamedTuple):
    button: Qt.MouseButton
    at: QPointF


class CanvasInput(QObject):
    """Turns the events of a widget into moves of the view, steps of the tool in hand, and edits.

    The pane under the mouse becomes active when a button is pressed or the wheel turned there.

    Parameters
    ----------
    workspace
        What is looked at and drawn on.
    native
        The widget that gets the events.
    motions
        What moves the view smoothly.
    parent
        Owner.
    """

    cursor_moved = Signal(object, object)
    """The level-0 (x, y) under the cursor and the pane that it is in; None and None where there is none."""
    browsed = Signal(str)
    """ "back" or "forward": a button at the side of the mouse."""
    preview_changed = Signal()
    """What the tool is drawing right now looks different."""
    landmark_set = Signal(object)
    """The level-0 (x, y) of the active slide that was clicked with the landmark tool."""
    refused = Signal(str)
    """A sentence: why what the hand wanted is not done."""

    def __init__(self, workspace: Workspace, native: QWidget, motions: Motions, parent: QObject) -> None:
        super().__init__(parent)
        self._workspace = workspace
        self._native = native
        self._motions = motions
        self._hand = HandSpeed()
        self._tool: Tool = TOOLS[workspace.view.state.tool]()
        self._preview: BaseGeometry | None = None
        self._drag: _Drag | None = None
        self._drawing: Qt.MouseButton | None = None
        self._separator: _Grip | None = None
        self._cursor: QPointF | None = None
        self._space_held = False
        self._pinching = False
        self._class_name: str | None = None
        native.setMouseTracking(True)
        native.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        native.grabGesture(Qt.GestureType.PinchGesture)
        native.installEventFilter(self)
        workspace.view.changed.connect(self._on_view)
        workspace.panes.leaving.connect(self._on_leaving)
        self._show_cursor()

    @property
    def preview(self) -> BaseGeometry | None:
        """What the tool is drawing right now, level-0 pixels."""
        return self._preview

    @property
    def cursor(self) -> tuple[float, float] | None:
        """Where the cursor is on the canvas, physical pixels; None where it is elsewhere."""
        return None if self._cursor is None else self._scaled(self._cursor)

    @property
    def ratio(self) -> float:
        """Physical pixels per logical pixel of the canvas."""
        return self._native.devicePixelRatioF()

    def set_class(self, name: str | None) -> None:
        """Give new annotations the class `name`."""
        self._class_name = name
        self._tool.class_name = name

    def tell_cursor(self) -> None:
        """Tell again what lies under the cursor: it may rest while the slide or a heatmap moves."""
        if self._cursor is None:
            return
        panes, (x, y) = self._workspace.panes, self._scaled(self._cursor)
        # A hand that moves or draws goes on to do so where it leaves the pane.
        held = self._drag is not None or self._drawing is not None
        pane = panes.active if held else panes.at(x, y)
        if pane is None or pane.slide is None:
            self.cursor_moved.emit(None, None)
            return
        area = panes.area(pane)
        seen = pane if held else self._workspace.comparison.seen_at(pane, area, x)
        self.cursor_moved.emit(seen.state.viewport.snapped().to_slide(x - area.x, y - area.y), seen)

    @property
    def _shown(self) -> Viewport:
        """The view as `compose` draws it: what lies under the cursor is what is seen there."""
        return self._workspace.view.state.viewport.snapped()

    # events ----------------------------------------------------------
    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Take the events that mean something here; the rest goes on."""
        if isinstance(event, QKeyEvent):
            return self._keyed(event)
        if event.type() == QEvent.Type.FocusOut:
            self._hold_space(False)
        elif event.type() == QEvent.Type.Leave:
            self._cursor = None
            self.cursor_moved.emit(None, None)
        elif isinstance(event, QWheelEvent):
            self._wheel(event)
            return True
        elif isinstance(event, QNativeGestureEvent):
            return self._gesture(event)
        elif isinstance(event, QGestureEvent):
            pinch = event.gesture(Qt.GestureType.PinchGesture)
            if isinstance(pinch, QPinchGesture):
                self._pinched(pinch)
            return True
        elif isinstance(event, QMouseEvent):
            return self._mouse(event)
        return False

    def _mouse(self, event: QMouseEvent) -> bool:
        handler = {
            QEvent.Type.MouseButtonPress: self._pressed,
            QEvent.Type.MouseButtonDblClick: self._pressed,
            QEvent.Type.MouseMove: self._moved,
            QEvent.Type.MouseButtonRelease: self._released,
        }.get(event.type())
        if handler is None:
            return False
        if self._pinching:
            return True  # Qt makes a mouse of the first of the two fingers
        if event.type() != QEvent.Type.MouseMove and not self._activated(event):
            return True
        if self._workspace.session is not None or event.type() == QEvent.Type.MouseMove:
            handler(event)
        return True

    # panes -----------------------------------------------------------
    def _activated(self, event: QMouseEvent) -> bool:
        """Make the pane under the mouse active and tell whether it is, or take hold of a separator."""
        if event.type() == QEvent.Type.MouseButtonRelease:
            held, self._separator = self._separator, None
            return held is None
        if self._drag is not None or self._drawing is not None:
            return True
        self._separator = self._separator_at(event.position())
        return self._separator is None and self._activate(event.position())

    def _activate(self, at: QPointF) -> bool:
        pane = self._workspace.panes.at(*self._scaled(at))
        if pane is None or pane is self._workspace.panes.active:
            return pane is not None
        if self._preview is not None:
            self.refused.emit("Finish the shape first with Enter, or drop it with Esc")
            return False
        self._workspace.panes.activate(pane)
        return True

    def _separator_at(self, at: QPointF) -> _Grip | None:
        panes, (x, y) = self._workspace.panes, self._scaled(at)
        reach = _SEPARATOR_REACH * self._native.devicePixelRatioF()
        comparison, area = self._workspace.comparison, panes.area(panes.active)
        divided = comparison.mode == "swipe" and not comparison.held
        if divided and area.holds(x, y) and abs(x - comparison.divider(area)) <= reach:
            return "divider"
        return panes.arrangement.separator_at(x, y, panes.size, reach)

    def _drag_separator(self, separator: _Grip, at: QPointF) -> None:
        panes = self._workspace.panes
        if separator == "divider":
            area = panes.area(panes.active)
            self._workspace.comparison.divide((self._scaled(at)[0] - area.x) / area.width)
        else:
            panes.drag(panes.arrangement.dragged(separator, self._scaled(at), panes.size))

    def _on_other(self, at: QPointF) -> bool:
        """Tell whether another view is seen there than the active one, on which one draws."""
        panes = self._workspace.panes
        seen = self._workspace.comparison.seen_at(panes.active, panes.area(panes.active), self._scaled(at)[0])
        return seen is not panes.active

    # the mouse -------------------------------------------------------

    def _pressed(self, event: QMouseEvent) -> None:
        if event.button() in _BROWSE:
            self.browsed.emit(_BROWSE[event.button()])
            return
        self._native.setFocus()
        self._motions.stop()
        if self._drag is not None:
            return  # a hand that moves the slide does not draw as well
        if self._pans(event.button()) or self._on_other(event.position()):
            self._drag = _Drag(event.button(), event.position())
            self._hand.moved(self._screen(event.position()), time.monotonic())
            self._show_cursor()
            return
        self._drawing = event.button()
        double = event.type() == QEvent.Type.MouseButtonDblClick
        self._to_tool("double" if double else "press", event, event.button())

    def _moved(self, event: QMouseEvent) -> None:
        self._cursor = event.position()
        if self._separator is not None:
            self._drag_separator(self._separator, event.position())
        elif self._drag is not None:
            delta = event.position() - self._drag.at
            self._drag = self._drag._replace(at=event.position())
            self._hand.moved(self._screen(event.position()), time.monotonic())
            viewport = self._workspace.view.state.viewport
            self._workspace.look(viewport.panned(*self._scaled(delta)))
        elif self._workspace.session is not None:
            held = next((b for b in _BUTTONS if event.buttons() & b), Qt.MouseButton.NoButton)
            self._to_tool("move", event, held)
        self._show_cursor()
        self.tell_cursor()

    def _released(self, event: QMouseEvent) -> None:
        if self._drag is not None and event.button() == self._drag.button:
            self._drag = None
            self._motions.throw(self._hand.let_go(time.monotonic()))
            self._show_cursor()
        elif event.button() == self._drawing:
            self._drawing = None
            self._to_tool("release", event, event.button())

    def _pans(self, button: Qt.MouseButton) -> bool:
        left = button == Qt.MouseButton.LeftButton
        return button == Qt.MouseButton.MiddleButton or (
            left and (self._space_held or self._tool.name == "pan")
        )

    def _wheel(self, event: QWheelEvent) -> None:
        self._cursor = event.position()
        if not self._activate(event.position()):
            return
        turned = event.angleDelta()
        if event.modifiers() & Qt.KeyboardModifier.AltModifier:
            # With Alt some desktops send a turn of the wheel as one to the side.
            self._turn((turned.y() or turned.x()) / _WHEEL_NOTCH * _DEGREES_PER_NOTCH)
        else:
            self._motions.zoom(_ZOOM_PER_UNIT ** turned.y(), self._screen(event.position()))
        self.tell_cursor()

    def _turn(self, degrees: float) -> None:
        if self._workspace.session is not None:
            self._workspace.look(self._workspace.view.state.viewport.rotated(degrees))

    def _gesture(self, event: QNativeGestureEvent) -> bool:
        """Follow two fingers on a touch pad: they zoom and turn by small amounts, one event after another."""
        if not self._activate(event.position()) or self._workspace.session is None:
            return False
        viewport = self._workspace.view.state.viewport
        if event.gestureType() == Qt.NativeGestureType.ZoomNativeGesture:
            factor = max(1 + event.value(), 0.1)
            self._workspace.look(viewport.zoomed(factor, self._screen(event.position())))
            return True
        if event.gestureType() == Qt.NativeGestureType.RotateNativeGesture:
            self._turn(event.value())
            return True
        return False

    def _pinched(self, pinch: QPinchGesture) -> None:
        """Follow two fingers on a touch screen."""
        self._pinching = pinch.state() in (Qt.GestureState.GestureStarted, Qt.GestureState.GestureUpdated)
        if pinch.state() == Qt.GestureState.GestureStarted:
            self._take_first_finger_back()
        middle = self._native.mapFromGlobal(pinch.centerPoint())
        # The last event says again what the one before it has said.
        if not self._pinching or not self._activate(middle) or self._workspace.session is None:
            return
        before = self._native.mapFromGlobal(pinch.lastCenterPoint())
        viewport = self._workspace.view.state.viewport.panned(*self._scaled(middle - before))
        viewport = viewport.zoomed(max(pinch.scaleFactor(), 0.1), self._screen(middle))
        self._workspace.look(viewport.rotated(pinch.rotationAngle() - pinch.lastRotationAngle()))

    def _take_first_finger_back(self) -> None:
        """Undo what the first of two fingers began to do as a mouse; what was drawn before stays."""
        self._drag = None
        session = self._workspace.session
        if self._drawing is not None and session is not None:
            self._drawing = None
            key = "Backspace" if self._tool.name == "polygon" else "Escape"
            self._take(self._tool.key(key, session.annotations))
        self._show_cursor()

    def _scaled(self, at: QPointF) -> tuple[float, float]:
        """Return a point of the widget, or a way on it, in physical pixels."""
        ratio = self._native.devicePixelRatioF()
        return at.x() * ratio, at.y() * ratio

    def _screen(self, at: QPointF) -> tuple[float, float]:
        """Return a point of the widget as the viewport of the active pane counts it."""
        area = self._workspace.panes.area(self._workspace.panes.active)
        x, y = self._scaled(at)
        return x - area.x, y - area.y

    # keys ------------------------------------------------------------
    def _keyed(self, event: QKeyEvent) -> bool:
        if event.type() == QEvent.Type.ShortcutOverride:
            # A shape being drawn owns Enter, Escape and Backspace before any shortcut does.
            if event.key() in _TOOL_KEYS and self._preview is not None:
                event.accept()
            return False
        pressed = event.type() == QEvent.Type.KeyPress
        if event.key() == Qt.Key.Key_Space:
            if not event.isAutoRepeat():
                self._hold_space(pressed)
            return True
        session = self._workspace.session
        if pressed and event.key() in _TOOL_KEYS and session is not None:
            self._take(self._tool.key(_TOOL_KEYS[Qt.Key(event.key())], session.annotations))
            return True
        return False

    def _hold_space(self, held: bool) -> None:
        if held != self._space_held:
            self._space_held = held
            self._show_cursor()

    # tools -----------------------------------------------------------
    def _on_view(self, old: ViewState, new: ViewState) -> None:
        if new.tool != self._tool.name:
            self._fresh_tool()

    def _on_leaving(self) -> None:
        # What was half drawn belongs to the slide that was there.
        self._drag = None
        self._fresh_tool()

    def _fresh_tool(self) -> None:
        self._tool = TOOLS[self._workspace.view.state.tool]()
        self._tool.class_name = self._class_name
        self._drawing = None
        self._set_preview(None)
        self._show_cursor()

    def _to_tool(self, kind: PointerKind, event: QMouseEvent, button: Qt.MouseButton) -> None:
        session = self._workspace.session
        assert session is not None, "events reach tools only while a slide is open"
        viewport = self._shown
        x, y = viewport.to_slide(*self._screen(event.position()))
        modifiers = frozenset(name for flag, name in _MODIFIERS.items() if event.modifiers() & flag)
        downsample = viewport.downsample * self._native.devicePixelRatioF()
        self._tool.selection = self._workspace.view.state.selection
        pointer = PointerEvent(kind, x, y, downsample, _BUTTONS.get(button, ""), modifiers)
        self._take(self._tool.pointer(pointer, session.annotations))

    def _take(self, step: ToolStep) -> None:
        if step.edit is not None and not self._workspace.edit(step.edit):
            # The edit was not stored: what the hand drew is gone from the screen, and a card says why.
            self._set_preview(None)
            return
        if step.look is not None:
            self._workspace.look(self._workspace.view.state.viewport.fitted(step.look, margin=0.0))
        if step.landmark is not None:
            self.landmark_set.emit(step.landmark)
        if step.selection is not None:
            self._workspace.view.set(replace(self._workspace.view.state, selection=step.selection))
        self._set_preview(step.preview)

    def _set_preview(self, preview: BaseGeometry | None) -> None:
        if preview is not self._preview:
            self._preview = preview
            self.preview_changed.emit()

    def _show_cursor(self) -> None:
        near = None if self._cursor is None else self._separator_at(self._cursor)
        separator = self._separator or near
        if self._drag is not None:
            shape = Qt.CursorShape.ClosedHandCursor
        elif separator is not None and self._drawing is None:
            shape = _SPLIT[separator]
        else:
            shape = _CURSORS["hand" if self._space_held else self._tool.cursor]
        if self._native.cursor().shape() != shape:
            self._native.setCursor(shape)
