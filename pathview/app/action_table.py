"""The QActions of the window, made from the action table."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from PySide6.QtGui import QAction, QActionGroup, QKeySequence
from PySide6.QtWidgets import QWidget

from pathview.app.actions import ACTIONS, NEEDS, default_keys
from pathview.app.theme import icon


class ActionTable:
    """The QActions made from `ACTIONS`, by key; without icons until `restyle`.

    Parameters
    ----------
    owner
        The window; shortcuts work while it is active.
    do
        Does what the action of a key does.
    """

    def __init__(self, owner: QWidget, do: Callable[[str], object]) -> None:
        self._by_key: dict[str, QAction] = {}
        self._needs = {info.key: info.needs for info in ACTIONS}
        self._icons = {info.key: info.icon for info in ACTIONS if info.icon}
        self._groups: dict[str, QActionGroup] = {}
        self._available: frozenset[str] = frozenset()
        for info in ACTIONS:
            action = QAction(info.text, owner)
            action.setStatusTip(info.tip)
            action.triggered.connect(lambda _=False, key=info.key: do(key))
            action.setAutoRepeat(not info.held)
            if info.switch:
                action.setCheckable(True)
                action.setChecked(info.on)
            if info.group:
                action.setCheckable(True)
                self._groups.setdefault(info.group, QActionGroup(owner)).addAction(action)
            owner.addAction(action)
            self._by_key[info.key] = action
        self.set_keys({info.key: default_keys(info) for info in ACTIONS})

    def __getitem__(self, key: str) -> QAction:
        return self._by_key[key]

    def restyle(self, *sizes: int) -> None:
        """Draw the icons again in the colours of the theme; with `sizes`, in these alone for now."""
        for key, name in self._icons.items():
            self._by_key[key].setIcon(icon(name, sizes) if sizes else icon(name))

    def set_keys(self, keys: Mapping[str, tuple[str, ...]]) -> None:
        """Give every action its keys, in Qt's portable words; tooltips name the first."""
        for info in ACTIONS:
            presses = [QKeySequence(press) for press in keys[info.key]]
            shown = f" ({presses[0].toString(QKeySequence.SequenceFormat.NativeText)})" if presses else ""
            self._by_key[info.key].setShortcuts(presses)
            self._by_key[info.key].setToolTip(info.tip + shown)
            self._by_key[info.key].setWhatsThis(info.tip + shown)

    def show_as(self, key: str, text: str, icon_name: str) -> None:
        """Word an action anew and give it another icon; its tip and keys stay."""
        if self._by_key[key].text() != text or self._icons.get(key) != icon_name:
            self._icons[key] = icon_name
            self._by_key[key].setText(text)
            self._by_key[key].setIcon(icon(icon_name))

    def enable(self, available: frozenset[str]) -> None:
        """Enable the actions whose need is met.

        Parameters
        ----------
        available
            Those of the words of `NEEDS` that are true.
        """
        self._available = available
        for key, needs in self._needs.items():
            self._by_key[key].setEnabled(available.issuperset(needs.split()))

    def reason(self, key: str) -> str:
        """Return why an action cannot be done now ("needs a slide"), or "" where it can."""
        missing = [NEEDS[word] for word in self._needs[key].split() if word not in self._available]
        return f"needs {' and '.join(missing)}" if missing else ""
