"""The slides opened last, in the File menu and on the welcome page."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path

from PySide6.QtGui import QAction
from PySide6.QtWidgets import QMenu

from pathview.app.overlays.welcome import Welcome
from pathview.app.workspace import Workspace
from pathview.core.place import place_of


class RecentSlides:
    """Keeps both lists true; a slide that is not there now stays listed, greyed.

    Parameters
    ----------
    workspace
        Whose settings hold the list, and which opens what is chosen.
    menu
        Its submenu.
    welcome
        Its page.
    """

    def __init__(self, workspace: Workspace, menu: QMenu, welcome: Welcome) -> None:
        self.menu = menu
        self._workspace = workspace
        self._welcome = welcome
        self._actions: dict[str, QAction] = {}
        self._looking = False
        menu.setToolTipsVisible(True)
        welcome.recent_asked.connect(self._open)
        self.refresh()

    @property
    def actions(self) -> dict[str, QAction]:
        """What opens each slide, by its path, newest first; disabled where it is not there now."""
        return dict(self._actions)

    def refresh(self) -> None:
        """List what the settings hold now."""
        paths = self._workspace.settings.recent
        self.menu.clear()
        self.menu.setEnabled(bool(paths))
        self._actions = {path: self._add(path) for path in paths}
        if paths:
            self.menu.addSeparator()
            self.menu.addAction("&Clear this list", self._clear)
        self._welcome.show_recent(paths)
        # Off this thread, and one look at a time: a network share that is away takes seconds to say so.
        if not self._looking:
            self._looking = True
            self._workspace.background.run(
                lambda: frozenset(path for path in paths if _is_away(path)), self._grey, lambda _: None
            )

    def _add(self, path: str) -> QAction:
        action = self.menu.addAction(_plain(place_of(path).name))
        action.setToolTip(path)
        action.triggered.connect(lambda _=False: self._open(path))
        return action

    def _open(self, path: str) -> None:
        self._workspace.open(self._workspace.place_of(path))

    def _grey(self, missing: frozenset[str]) -> None:
        self._looking = False
        for path in missing & self._actions.keys():
            self._actions[path].setEnabled(False)
            self._actions[path].setText(f"{_plain(place_of(path).name)} (not there now)")
        self._welcome.grey(missing)

    def _clear(self) -> None:
        self._workspace.settings = replace(self._workspace.settings, recent=())
        self._workspace.settings_changed.emit()
        self.refresh()


def _is_away(path: str) -> bool:
    # A server is asked only when its slide is opened: whether it is there now says little about then.
    return isinstance(place_of(path), Path) and not os.path.exists(path)


def _plain(name: str) -> str:
    # Menus take "&" for the mark of a mnemonic.
    return name.replace("&", "&&")
