"""Which keys do what: those of the action table, as changed by the user."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Mapping
from functools import cache

from PySide6.QtGui import QKeySequence

from pathview.app.action_info import ActionInfo
from pathview.app.actions import ACTIONS, default_keys

_log = logging.getLogger(__name__)
_TEXT = QKeySequence.SequenceFormat.PortableText

Keys = tuple[str, ...]
"""Key presses in Qt's portable words: "Ctrl+Shift+E"."""

FIXED: dict[str, str] = {
    "Space": "moves the slide while it is held",
    "Return": "closes a shape",
    "Enter": "closes a shape",
    "Esc": "drops a shape, a selection or a message",
    "Backspace": "takes the last corner back or deletes",
    "Tab": "goes on to the next field",
    "Backtab": "goes back to the field before",
    "Shift+Tab": "goes back to the field before",
} | {str(number): "chooses a class" for number in range(1, 10)}
"""What cannot be given to another action, and what it does."""


@cache
def defaults() -> dict[str, Keys]:
    """Return the keys of every action on this desktop; needs the application, which knows the desktop."""
    return {info.key: default_keys(info) for info in ACTIONS}


def readable(text: str) -> str:
    """Return one key press in Qt's own words, or "" where `text` is none."""
    keys = QKeySequence.fromString(text, _TEXT)
    return keys.toString(_TEXT) if keys.count() == 1 else ""


def shown(keys: Iterable[str]) -> str:
    """Return keys as this desktop writes them, for people."""
    native = QKeySequence.SequenceFormat.NativeText
    return ", ".join(QKeySequence(key).toString(native) for key in keys)


def resolved(changed: Mapping[str, Keys]) -> dict[str, Keys]:
    """Return the keys of every action.

    What the user has given comes first; a default that is thereby taken is left out. Unknown actions, keys
    that cannot be read, fixed ones and those given twice are ignored with a line in the log.

    Parameters
    ----------
    changed
        Keys by action, as in the settings; only those that differ from the action table.
    """
    for unknown in changed.keys() - defaults().keys():
        _log.warning("settings: there is no action %r, its keys are ignored", unknown)
    taken: set[str] = set()
    given: dict[str, Keys] = {}
    for key in defaults():
        if key in changed:
            given[key] = _usable(key, changed[key], taken)
            taken.update(given[key])
    return {
        key: given.get(key, tuple(press for press in presses if press not in taken))
        for key, presses in defaults().items()
    }


def _usable(key: str, texts: Keys, taken: set[str]) -> Keys:
    good: list[str] = []
    for text in texts:
        press = readable(text)
        if not press or press in FIXED or press in taken or press in good:
            _log.warning("settings: %r cannot be a key of %r, it is ignored", text, key)
        else:
            good.append(press)
    return tuple(good)


def given(changed: Mapping[str, Keys], key: str, presses: Keys) -> dict[str, Keys]:
    """Return the changes after the action `key` got `presses`: others lose them.

    Only differences are kept, so that an action whose key was taken has it back once it is free again.

    Raises
    ------
    ValueError
        If one of them is fixed or cannot be read.
    """
    if any(not readable(press) or press in FIXED for press in presses):
        raise ValueError(f"not to be given away: {presses}")
    after = {
        name: tuple(press for press in keys if readable(press) not in presses)
        for name, keys in changed.items()
    }
    after[key] = presses
    for name in after.keys() & defaults().keys():
        rest = {other: keys for other, keys in after.items() if other != name}
        if resolved(rest)[name] == after[name]:
            after = rest
    return after


def owner(changed: Mapping[str, Keys], press: str) -> ActionInfo | None:
    """Return the action that has a key now."""
    keys = resolved(changed)
    return next((info for info in ACTIONS if press in keys[info.key]), None)
