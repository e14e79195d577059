"""What the window has beside the slide. Nobody needs it to see one, so it is made when one is seen."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtWidgets import QApplication

from pathview.app.commands import Commands
from pathview.app.docks.contents import Contents
from pathview.app.key_guard import KeyGuard
from pathview.app.overlays.landmark_marks import LandmarkMarks
from pathview.app.overlays.palette import Palette
from pathview.app.overlays.problems import ProblemCards
from pathview.app.palette_source import PaletteSource
from pathview.app.plugin_exports import PluginExports
from pathview.app.theme import application_icon
from pathview.core.place import place_of

if TYPE_CHECKING:
    from pathview.app.main_window import MainWindow


class Furnishing:
    """Fills the window's panels and makes what its actions do.

    Parameters
    ----------
    window
        Shown or not, with a slide or without.

    Attributes
    ----------
    commands
        What the actions do.
    contents
        What is in the panels.
    landmarks
        The marks of linked places.
    problems
        Cards that say what went wrong.
    plugin_exports
        The exporters of plugins in the File menu.
    palette
        The list of all actions.
    """

    def __init__(self, window: MainWindow) -> None:
        workspace, canvas, actions = window.workspace, window.canvas_widget, window.actions_table
        self._window = window
        # Before the panels: a button without its icon is as wide as its text, and so would be its panel.
        actions.restyle()
        self.commands = Commands(window)
        self.calls = self.commands.callbacks()
        self.contents = Contents(
            workspace, canvas, actions, self.commands.bookmarks, window.reading, self.commands.heatmaps.go
        )
        window.panels.fill(self.contents)
        self.landmarks = LandmarkMarks(canvas, workspace, workspace.links, self._landmarks_wanted)
        self.problems = ProblemCards(window.pages, self._slide_names)
        self.plugin_exports = PluginExports(window, window.export_menu)
        self.palette = Palette(window.pages, PaletteSource(window), actions["palette"])
        self._guard = KeyGuard(window)
        QApplication.setWindowIcon(application_icon())
        self._wire()

    def _wire(self) -> None:
        window, commands = self._window, self.commands
        window.panels.docks["links"].visibilityChanged.connect(lambda _: self.landmarks.follow())
        window.canvas_widget.resized.connect(self.landmarks.follow)
        window.class_box.class_chosen.connect(commands.reclassify)
        window.welcome.open_asked.connect(commands.files.open)
        window.welcome.demo_asked.connect(commands.files.open_demo)
        self.contents.models.model_chosen.connect(window.update_actions)

    def _landmarks_wanted(self) -> bool:
        return self._window.workspace.links.setting or self.contents.by_name["links"].isVisible()

    def _slide_names(self) -> list[str]:
        return [place_of(text).name for text in self._window.workspace.settings.recent]
