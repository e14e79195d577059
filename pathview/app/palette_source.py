"""Gathers what the command palette lists from the window."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtGui import QAction, QKeySequence

from pathview.app.actions import ACTIONS, plain
from pathview.app.menus import menu_paths
from pathview.app.palette_ranking import Hit, PaletteEntry, ranked
from pathview.core.place import place_of
from pathview.view.typed_scale import downsample_for, parse_scale

if TYPE_CHECKING:
    from pathview.app.main_window import MainWindow

_RECENT_LIMIT = 15


class PaletteSource:
    """Every action, panel, class and recent slide, and the magnification that is typed.

    Parameters
    ----------
    window
        Whose they are.
    """

    def __init__(self, window: MainWindow) -> None:
        self._window = window
        self._workspace = window.workspace

    def hits(self, typed: str) -> list[Hit]:
        """Return what fits `typed` as things stand now, the likeliest first."""
        entries = [*self._actions(), *self._panels(), *self._classes(), *self._slides(), *self._exports()]
        found = ranked(typed, entries, self._workspace.settings.recent_commands)
        goal = self._magnification(typed)
        return found if goal is None else [Hit(goal, (), ()), *found]

    def run(self, entry: PaletteEntry) -> None:
        """Do it and remember that; classes, slides and magnifications are not remembered."""
        if entry.key.startswith("action "):
            settings = self._workspace.settings
            others = (key for key in settings.recent_commands if key != entry.key)
            self._workspace.settings = replace(settings, recent_commands=(entry.key, *others)[:_RECENT_LIMIT])
            self._workspace.settings_changed.emit()
        entry.run()

    def _actions(self) -> Iterator[PaletteEntry]:
        paths, table = menu_paths(), self._window.actions_table
        for info in ACTIONS:
            path, action = paths.get(info.key, ""), table[info.key]
            yield _entry(f"action {info.key}", plain(action.text()), path, action, table.reason(info.key))

    def _panels(self) -> Iterator[PaletteEntry]:
        for name, dock in self._window.docks.items():
            yield _entry(
                f"panel {name}", f"Panel: {dock.windowTitle()}", "View › Panels", dock.toggleViewAction()
            )

    def _classes(self) -> Iterator[PaletteEntry]:
        box = self._window.class_box
        for index, (name, keys) in enumerate(box.choices()):
            run, ticked = partial(box.choose, index), index == box.currentIndex()
            yield PaletteEntry(f"class {name}", f"Class: {name}", "Annotate", run, keys, ticked=ticked)

    def _slides(self) -> Iterator[PaletteEntry]:
        for path, action in self._window.recent.actions.items():
            place, reason = place_of(path), "" if action.isEnabled() else "is not there now"
            yield _entry(f"slide {path}", f"Open: {place.name}", f"in {place.parent}", action, reason)

    def _exports(self) -> Iterator[PaletteEntry]:
        menu = self._window.export_menu
        for action in menu.actions():
            reason = "" if menu.isEnabled() else "needs a slide"
            title = action.text().removesuffix(" …").replace("&&", "&")
            yield _entry(
                f"export {action.objectName()}", f"Export as: {title}", "File › Export as", action, reason
            )

    def _magnification(self, typed: str) -> PaletteEntry | None:
        meant = parse_scale(typed)
        if meant is None:
            return None
        number, unit = meant
        text = f"Go to {number:g}× magnification" if unit == "x" else f"Go to {number:g} µm per screen pixel"
        session = self._workspace.session
        downsample = None if session is None else downsample_for(number, unit, session.slide.info)
        if downsample is None:
            reason = "needs a slide" if session is None else "needs a slide whose pixel size is known"
            return PaletteEntry("magnification", text, "", lambda: None, reason=reason)
        return PaletteEntry("magnification", text, "", partial(self._go, downsample))

    def _go(self, downsample: float) -> None:
        self._workspace.look(replace(self._workspace.view.state.viewport, downsample=downsample))


def _entry(key: str, text: str, path: str, action: QAction, reason: str = "") -> PaletteEntry:
    keys = action.shortcut().toString(QKeySequence.SequenceFormat.NativeText)
    return PaletteEntry(key, text, path, action.trigger, keys, reason, action.isChecked())
