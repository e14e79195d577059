"""A field that takes a key press instead of text."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QKeyCombination, Qt, Signal
from PySide6.QtGui import QKeyEvent, QKeySequence
from PySide6.QtWidgets import QLineEdit, QWidget

_MODIFIERS = (Qt.Key.Key_Shift, Qt.Key.Key_Control, Qt.Key.Key_Alt, Qt.Key.Key_Meta, Qt.Key.Key_AltGr)
_LEAVING = (Qt.Key.Key_Tab, Qt.Key.Key_Backtab, Qt.Key.Key_Escape)


class KeyField(QLineEdit):
    """Shows the last key that was pressed in it; Tab and Esc keep their meaning, nobody is caught in it."""

    pressed = Signal(str)
    """A key press in Qt's portable words."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setPlaceholderText("Press the new keys here")
        self.setAccessibleName("New keys")
        self.setReadOnly(True)
        self.setContextMenuPolicy(Qt.ContextMenuPolicy.NoContextMenu)

    def event(self, event: QEvent) -> bool:
        """Claim every key before any shortcut gets it."""
        if isinstance(event, QKeyEvent) and event.type() == QEvent.Type.ShortcutOverride:
            event.accept()
            return True
        return super().event(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Take the press."""
        key = Qt.Key(event.key())
        if key in _LEAVING and not event.modifiers() & ~Qt.KeyboardModifier.ShiftModifier:
            super().keyPressEvent(event)
        elif key not in _MODIFIERS and key != Qt.Key.Key_unknown:
            sequence = QKeySequence(QKeyCombination(_held(event), key))
            self.setText(sequence.toString(QKeySequence.SequenceFormat.NativeText))
            self.pressed.emit(sequence.toString())


def _held(event: QKeyEvent) -> Qt.KeyboardModifier:
    held = event.modifiers() & ~Qt.KeyboardModifier.KeypadModifier
    text = event.text()
    # Shift is part of how "?" or "+" is typed, on one keyboard or another: the sign alone tells.
    if text and text.isprintable() and not text.isalnum() and not text.isspace():
        held &= ~Qt.KeyboardModifier.ShiftModifier
    return held
