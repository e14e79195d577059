"""The command palette: type a few letters, press Enter."""

from __future__ import annotations

import shiboken6
from PySide6.QtCore import QEvent, QModelIndex, QObject, Qt
from PySide6.QtGui import QAction, QFocusEvent, QKeyEvent, QKeySequence
from PySide6.QtWidgets import QApplication, QFrame, QLabel, QLineEdit, QListView, QVBoxLayout, QWidget

from pathview.app.overlays.palette_rows import PaletteModel, PaletteRows
from pathview.app.palette_source import PaletteSource

_WIDTH = 680
_MARGIN = 24
_SHOWN = 11
_HINT = "↑ ↓ choose  ·  Enter runs  ·  Esc closes  ·  10x or 0.5 um goes to a magnification"
_NOTHING = "Nothing is called that. Try a word of a menu, a class, a recent slide, or a magnification: 10x."
_KEPT_OPEN = (Qt.FocusReason.ActiveWindowFocusReason, Qt.FocusReason.PopupFocusReason)


class Palette(QFrame):
    """A field and a list over the window; it is no dialog, and a click elsewhere closes it.

    Parameters
    ----------
    parent
        What it floats over.
    source
        What it lists.
    opener
        Its action: the key that opens it closes it as well.
    """

    def __init__(self, parent: QWidget, source: PaletteSource, opener: QAction) -> None:
        super().__init__(parent)
        self.setObjectName("palette")
        self._area = parent
        self._source = source
        self._opener = opener
        self._before: QWidget | None = None
        self.field = QLineEdit()
        self.field.setPlaceholderText("Find a command, a class or a recent slide")
        self.field.setAccessibleName("Command palette")
        self.field.installEventFilter(self)
        self.model = PaletteModel(self)
        self.rows = QListView()
        self.rows.setModel(self.model)
        self.rows.setItemDelegate(PaletteRows(self.rows))
        self.rows.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.rows.setMouseTracking(True)
        self.rows.setUniformItemSizes(True)
        self.rows.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.rows.setAccessibleName("Commands")
        self._nothing = QLabel(_NOTHING)
        self._nothing.setObjectName("muted")
        self._nothing.setWordWrap(True)
        hint = QLabel(_HINT)
        hint.setObjectName("muted")
        column = QVBoxLayout(self)
        column.setContentsMargins(10, 10, 10, 8)
        column.setSpacing(6)
        for widget in (self.field, self.rows, self._nothing, hint):
            column.addWidget(widget)
        self.field.textChanged.connect(self._fill)
        self.rows.entered.connect(self.rows.setCurrentIndex)
        self.rows.clicked.connect(self._run)
        self.rows.selectionModel().currentChanged.connect(self._tell)
        parent.installEventFilter(self)
        self.hide()

    def toggle(self) -> None:
        """Open it with an empty field, or close it."""
        if self.isVisible():
            self.dismiss()
            return
        self._before = QApplication.focusWidget()
        self.field.clear()
        self._fill("")
        self.show()
        self.raise_()
        self.field.setFocus(Qt.FocusReason.ShortcutFocusReason)

    def dismiss(self) -> None:
        """Close it and give the focus back to what had it."""
        if not self.isVisible():
            return
        self.hide()
        before = self._before
        if before is not None and shiboken6.isValid(before) and before.isVisible():
            before.setFocus(Qt.FocusReason.OtherFocusReason)

    # rows ------------------------------------------------------------
    def _fill(self, typed: str) -> None:
        self.model.show_hits(self._source.hits(typed))
        found = self.model.rowCount() > 0
        self.rows.setVisible(found)
        self._nothing.setVisible(not found)
        self._go(0)
        self.rows.scrollToTop()
        self._place()

    def _run(self, index: QModelIndex) -> None:
        entry = self.model.entry(index)
        if entry is not None and not entry.reason:
            self.dismiss()
            self._source.run(entry)

    def _tell(self, current: QModelIndex, before: QModelIndex) -> None:
        # The focus stays in the field: this is what a screen reader says when another row is chosen.
        self.field.setAccessibleDescription(str(current.data(Qt.ItemDataRole.AccessibleTextRole) or ""))

    def _step(self, rows: int) -> None:
        last = self.model.rowCount() - 1
        current = self.rows.currentIndex().row()
        if abs(rows) == 1:  # from either end round to the other
            target = (current + rows) % (last + 1) if last >= 0 else 0
        else:
            target = min(max(current + rows, 0), last)
        self._go(target)

    def _go(self, row: int) -> None:
        self.rows.setCurrentIndex(self.model.index(row))

    # Qt --------------------------------------------------------------
    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Take the list's keys from the field, close when the field loses the focus, and stay in place."""
        if watched is self._area:
            if event.type() == QEvent.Type.Resize and self.isVisible():
                self._place()
        elif isinstance(event, QKeyEvent):
            if event.type() == QEvent.Type.ShortcutOverride:
                return self._claim(event)
            return event.type() == QEvent.Type.KeyPress and self._pressed(event)
        elif isinstance(event, QFocusEvent) and event.lostFocus() and event.reason() not in _KEPT_OPEN:
            self.hide()
        return False

    def _claim(self, event: QKeyEvent) -> bool:
        # While one types here no key does anything to the slide; only the palette's own closes it again.
        if QKeySequence(event.keyCombination()) in self._opener.shortcuts():
            return False
        event.accept()
        return True

    def _pressed(self, event: QKeyEvent) -> bool:
        steps = {
            Qt.Key.Key_Up: -1, Qt.Key.Key_Down: 1, Qt.Key.Key_Backtab: -1, Qt.Key.Key_Tab: 1,
            Qt.Key.Key_PageUp: 1 - _SHOWN, Qt.Key.Key_PageDown: _SHOWN - 1,
        }  # fmt: skip
        key = Qt.Key(event.key())
        if key == Qt.Key.Key_Escape:
            self.dismiss()
        elif key in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self._run(self.rows.currentIndex())
        elif key in (Qt.Key.Key_Home, Qt.Key.Key_End):
            self._go(0 if key == Qt.Key.Key_Home else self.model.rowCount() - 1)
        elif key in steps:
            self._step(steps[key])
        else:
            return False
        return True

    def _place(self) -> None:
        area = self._area.rect()
        width = min(_WIDTH, area.width() - 2 * _MARGIN)
        shown = min(self.model.rowCount(), _SHOWN)
        self.rows.setFixedHeight(shown * self.rows.sizeHintForRow(0) + 4 if shown else 0)
        self.setFixedWidth(width)
        self.adjustSize()
        self.move(area.center().x() - width // 2, min(_MARGIN, area.height() // 8))
