"""Writes docs/user-guide/shortcuts.md from the program: run it after a change of the action table.

usage: .venv/bin/python docs/make_shortcuts.py [--print]
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from pathlib import Path

# Keys such as those of Open and Undo are the desktop's: listed are those of one without habits of its own.
os.environ["QT_QPA_PLATFORM"] = "offscreen"

from PySide6.QtGui import QGuiApplication

from pathview.app.actions import ACTIONS, plain
from pathview.app.keymap import FIXED, defaults
from pathview.app.menus import MENUS, SEPARATOR

PAGE = Path(__file__).parent / "user-guide" / "shortcuts.md"
_HEAD = """# Shortcuts

<!-- Made by docs/make_shortcuts.py from the program; changes go there. -->

Every action with its keys, by menu; on macOS Ctrl is Command. A desktop may have other keys for Open, Quit,
Undo and Redo, which then hold here too. Every key can be changed with Help > Keyboard shortcuts, and every
action is found by name with Ctrl+L: see [commands without menus](commands.md).
"""
_QUPATH_HEAD = """## For those who know QuPath

Keys of QuPath, and what they do here; "–" where PathView has no such action yet.

| key | in QuPath | in PathView |
|---|---|---|"""
# Extra keys that some keyboards have, with these words on them.
_MEDIA = {"Open", "Undo", "Redo", "Zoom In", "Zoom Out"}
# What each key does in QuPath, and the action of PathView that comes nearest; "" where there is none.
_QUPATH: tuple[tuple[str, str, str], ...] = (
    ("M", "move tool", "tool_pan"),
    ("R", "rectangle", "tool_rectangle"),
    ("O", "ellipse", ""),
    ("L", "line", ""),
    ("P", "polygon", "tool_polygon"),
    ("V", "polyline", ""),
    ("B", "brush", ""),
    ("W", "wand", ""),
    (".", "points", ""),
    ("Shift+S", "selection mode", "tool_select"),
    ("A", "show annotations", "toggle_annotations"),
    ("Shift+F", "fill annotations", ""),
    ("N", "show names", ""),
    ("D", "show detections", ""),
    ("F", "fill detections", ""),
    ("H", "hide all results", ""),
    ("C", "show pixel classification", "toggle_heatmap"),
    ("G", "show TMA grid", ""),
    ("Shift+G", "counting grid", "toggle_grid"),
    ("Shift+C", "brightness and contrast", "auto_contrast"),
    ("Shift+A", "analysis panel", "toggle_panels"),
    ("Ctrl+L", "command list", "palette"),
    ("Ctrl+Shift+L", "log", "log"),
    ("Ctrl+Alt+A", "select all annotations", "select_all"),
    ("Ctrl+K", "lock", ""),
    ("Shift+D", "duplicate", ""),
    ("Shift+E", "transfer the last annotation", ""),
    ("Ctrl+Shift+M", "measurement maps", ""),
    ("Enter", "properties of an annotation", "rename"),
)


def page() -> str:
    """Return the page; needs a Qt application."""
    return "\n".join([_HEAD, *_menus(), *_fixed(), _QUPATH_HEAD, *_qupath()]) + "\n"


def _menus() -> Iterator[str]:
    infos = {info.key: info for info in ACTIONS}
    for title, keys in MENUS.items():
        yield f"## {plain(title)}\n\n| action | keys | what it does |\n|---|---|---|"
        for info in (infos[key] for key in keys if key != SEPARATOR and key in infos):
            yield f"| {plain(info.text)} | {_code(*defaults()[info.key])} | {info.tip} |"
        yield ""


def _fixed() -> Iterator[str]:
    yield "## On the slide\n\nThese belong to drawing and to fields and cannot be changed.\n"
    yield "| key | what it does |\n|---|---|"
    for words in dict.fromkeys(FIXED.values()):
        yield f"| {_code(*(key for key, said in FIXED.items() if said == words))} | {words} |"
    yield ""


def _qupath() -> Iterator[str]:
    infos = {info.key: info for info in ACTIONS}
    owners = {key: name for name, keys in defaults().items() for key in keys}
    for key, there, name in _QUPATH:
        ours = plain(infos[name].text) if name else "–"
        if name and key not in defaults()[name]:
            ours += f": {_code(*defaults()[name])}"
        other = owners.get(key)
        if other is not None and other != name:
            ours += f" ({_code(key)} is “{plain(infos[other].text)}”)"
        yield f"| {_code(key)} | {there} | {ours} |"


def _code(*keys: str) -> str:
    return ", ".join(f"`{key}`" for key in keys if key not in _MEDIA)


if __name__ == "__main__":
    application = QGuiApplication([])
    if "--print" in sys.argv:
        sys.stdout.write(page())
    else:
        PAGE.write_text(page(), encoding="utf-8")
