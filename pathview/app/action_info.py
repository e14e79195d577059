"""What a command of the window is, as data."""

from __future__ import annotations

from dataclasses import dataclass

from PySide6.QtGui import QKeySequence

Standard = QKeySequence.StandardKey


@dataclass(frozen=True, slots=True)
class ActionInfo:
    """One command.

    Attributes
    ----------
    key
        Its name in menus, toolbars and tests.
    text
        What menus show; "&" marks the mnemonic.
    tip
        One sentence for the status bar and the tooltip.
    shortcuts
        Keys; the first is shown.
    icon
        A file of resources/icons without its ending, or "".
    group
        Actions of one group exclude each other; "" for none.
    needs
        Words of `pathview.app.actions.NEEDS` that must all be true; "" for always.
    switch
        Whether it is ticked while it is on.
    on
        Whether a switch is on at the start.
    held
        Whether it lasts while its key is held, so that the key must not repeat.
    """

    key: str
    text: str
    tip: str
    shortcuts: tuple[str | Standard, ...] = ()
    icon: str = ""
    group: str = ""
    needs: str = ""
    switch: bool = False
    on: bool = True
    held: bool = False
