"""The keys of every action, to look up and to change."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from PySide6.QtCore import Qt
from PySide6.QtGui import QFont
from PySide6.QtWidgets import (
    QAbstractItemView,
    QDialog,
    QDialogButtonBox,
    QGroupBox,
    QHBoxLayout,
    QHeaderView,
    QLabel,
    QLineEdit,
    QPushButton,
    QTableWidget,
    QTableWidgetItem,
    QVBoxLayout,
    QWidget,
)

from pathview.app.action_info import ActionInfo
from pathview.app.actions import ACTIONS, plain
from pathview.app.dialogs.key_field import KeyField
from pathview.app.keymap import FIXED, Keys, defaults, given, owner, readable, resolved, shown
from pathview.app.menus import menu_paths

_MOUSE = (
    "On the slide: the wheel zooms at the cursor; a drag with the Pan tool, the middle button or while Space "
    "is held moves; Enter or a double click closes a polygon, Backspace takes its last corner back, Esc "
    "drops it; 1 to 9 choose a class."
)
_COLUMNS = ("Action", "Keys", "Menu")


class ShortcutsDialog(QDialog):
    """A list with a search field, and below it the chosen action's keys.

    Parameters
    ----------
    changed
        What the user has changed so far, as in the settings.
    keep
        Called with the changes after each step; they count at once.
    parent
        The window.
    """

    def __init__(
        self, changed: Mapping[str, Keys], keep: Callable[[Mapping[str, Keys]], None], parent: QWidget
    ) -> None:
        super().__init__(parent)
        self.setWindowTitle("Keyboard shortcuts")
        self.resize(680, 640)
        self._changed = dict(changed)
        self._keep = keep
        self._past: list[dict[str, Keys]] = []
        self._presses: Keys = ()
        self.search = QLineEdit()
        self.search.setPlaceholderText("Search an action, a menu or a key")
        self.search.setAccessibleName("Search")
        self.table = _table()
        self.field = KeyField()
        self.said = QLabel()
        self.said.setWordWrap(True)
        self.said.setMinimumHeight(2 * self.fontMetrics().lineSpacing())
        self.said.setAlignment(Qt.AlignmentFlag.AlignTop)
        self.said.setAccessibleName("What these keys do now")
        self._tip = QLabel()
        self._tip.setObjectName("muted")
        self.use = QPushButton("&Use these keys")
        self.add = QPushButton("Use them &as well")
        self.clear = QPushButton("&No keys")
        self.reset = QPushButton("&Default")
        self.reset_all = QPushButton("&Reset all")
        self.undo = QPushButton("Take &back")
        self._edited = QGroupBox()
        self._arrange()
        self._wire()
        self._show_keys()
        self.table.selectRow(0)
        self.search.setFocus()

    def _arrange(self) -> None:
        column = QVBoxLayout(self)
        column.addWidget(self.search)
        column.addWidget(self.table, 1)
        editing = QVBoxLayout(self._edited)
        editing.addWidget(self._tip)
        row = QHBoxLayout()
        row.addWidget(self.field, 1)
        for button in (self.use, self.add, self.clear, self.reset):
            button.setAutoDefault(False)
            row.addWidget(button)
        editing.addLayout(row)
        editing.addWidget(self.said)
        column.addWidget(self._edited)
        mouse = QLabel(_MOUSE)
        mouse.setWordWrap(True)
        mouse.setObjectName("muted")
        column.addWidget(mouse)
        buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Close)
        for button in (self.reset_all, self.undo):
            button.setAutoDefault(False)
            buttons.addButton(button, QDialogButtonBox.ButtonRole.ActionRole)
        buttons.rejected.connect(self.reject)
        buttons.button(QDialogButtonBox.StandardButton.Close).setAutoDefault(False)
        column.addWidget(buttons)

    def _wire(self) -> None:
        self.search.textChanged.connect(self._filter)
        self.table.currentCellChanged.connect(lambda *_: self._show_action())
        self.table.cellDoubleClicked.connect(lambda *_: self.field.setFocus())
        self.field.pressed.connect(self._pressed)
        self.use.clicked.connect(lambda: self._give(self._presses))
        self.add.clicked.connect(lambda: self._give((*self._keys, *self._presses)))
        self.clear.clicked.connect(lambda: self._give(()))
        self.reset.clicked.connect(self._put_back)
        self.reset_all.clicked.connect(lambda: self._step({}, "All actions have their default keys."))
        self.undo.clicked.connect(self._take_back)

    # the action that is edited ---------------------------------------
    @property
    def _action(self) -> ActionInfo:
        return ACTIONS[max(self.table.currentRow(), 0)]

    @property
    def _keys(self) -> Keys:
        return resolved(self._changed)[self._action.key]

    def _show_action(self) -> None:
        self._edited.setTitle(plain(self._action.text))
        self._tip.setText(self._action.tip)
        self._forget_press()
        self.said.clear()

    def _forget_press(self) -> None:
        self._presses = ()
        self.field.clear()
        self._enable()

    def _enable(self) -> None:
        self.use.setEnabled(bool(self._presses))
        self.add.setEnabled(bool(self._presses) and bool(self._keys))
        self.clear.setEnabled(bool(self._keys))
        self.reset.setEnabled(self._keys != defaults()[self._action.key])
        self.reset_all.setEnabled(bool(self._changed))
        self.undo.setEnabled(bool(self._past))

    def _pressed(self, press: str) -> None:
        usable, words = self._judge(readable(press) or press)
        self._presses = (press,) if usable else ()
        self.said.setText(words)
        self._enable()

    def _judge(self, press: str) -> tuple[bool, str]:
        keys = shown((press,)) or press
        if press in FIXED or not readable(press):
            why = FIXED.get(press, "is no key that a program gets")
            return False, f"{keys} {why} and cannot be used. Press other keys."
        now = owner(self._changed, press)
        if now is None:
            return True, f"{keys} is free."
        if now.key == self._action.key:
            return False, f"{keys} does this already."
        return True, f"{keys} is “{plain(now.text)}” now, which loses it if you go on."

    def _give(self, presses: Keys) -> None:
        name, losers = plain(self._action.text), self._losers(presses)
        words = f"“{name}” has {shown(presses) or 'no keys'} now."
        words += f" “{'”, “'.join(losers)}” has lost it." if losers else ""
        self._step(given(self._changed, self._action.key, presses), words)

    def _put_back(self) -> None:
        presses = defaults()[self._action.key]
        losers = self._losers(presses)
        if not losers:
            self._give(presses)
            return
        self._presses = presses
        self.field.setText(shown(presses))
        self.said.setText(f"{shown(presses)}: “{'”, “'.join(losers)}” loses it if you go on.")
        self._enable()

    def _losers(self, presses: Keys) -> list[str]:
        held = (owner(self._changed, press) for press in presses)
        return list(
            dict.fromkeys(plain(info.text) for info in held if info is not None and info != self._action)
        )

    # steps -----------------------------------------------------------
    def _step(self, changed: dict[str, Keys], words: str) -> None:
        self._past.append(self._changed)
        self._take(changed, words)

    def _take_back(self) -> None:
        self._take(self._past.pop(), "Taken back.")

    def _take(self, changed: dict[str, Keys], words: str) -> None:
        self._changed = changed
        self._keep(changed)
        self._show_keys()
        self._forget_press()
        self.said.setText(words)

    # the list --------------------------------------------------------
    def _show_keys(self) -> None:
        keys, paths = resolved(self._changed), menu_paths()
        for row, info in enumerate(ACTIONS):
            default, now = defaults()[info.key], keys[info.key]
            text = (
                shown(now) if now == default else f"{shown(now) or 'none'}  (was {shown(default) or 'none'})"
            )
            for column, words in enumerate((plain(info.text), text, paths.get(info.key, ""))):
                item = QTableWidgetItem(words)
                item.setToolTip(info.tip)
                font = QFont(self.font())
                font.setBold(now != default)
                item.setFont(font)
                self.table.setItem(row, column, item)
        self._filter(self.search.text())

    def _filter(self, wanted: str) -> None:
        words = wanted.casefold().split()
        for row in range(self.table.rowCount()):
            texts = (self.table.item(row, column) for column in range(len(_COLUMNS)))
            line = " ".join(item.text() for item in texts if item is not None).casefold()
            self.table.setRowHidden(row, not all(word in line for word in words))
        if self.table.isRowHidden(self.table.currentRow()):
            rows = (row for row in range(self.table.rowCount()) if not self.table.isRowHidden(row))
            self.table.selectRow(next(rows, 0))


def _table() -> QTableWidget:
    table = QTableWidget(len(ACTIONS), len(_COLUMNS))
    table.setHorizontalHeaderLabels(list(_COLUMNS))
    table.setAccessibleName("Actions and their keys")
    table.verticalHeader().hide()
    table.verticalHeader().setDefaultSectionSize(table.fontMetrics().height() + 9)
    table.setShowGrid(False)
    table.setTabKeyNavigation(False)
    table.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
    table.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
    table.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
    header = table.horizontalHeader()
    header.setHighlightSections(False)
    header.setDefaultAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
    header.setSectionResizeMode(QHeaderView.ResizeMode.Stretch)
    header.setSectionResizeMode(2, QHeaderView.ResizeMode.ResizeToContents)
    return table
