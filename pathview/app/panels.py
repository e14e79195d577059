"""The panels round the canvas and their places; what is in them comes later."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from PySide6.QtCore import QByteArray, Qt
from PySide6.QtWidgets import QDockWidget, QMainWindow, QMenu, QTabWidget, QWidget

from pathview.app.workspace import Workspace
from pathview.study.session import Session

if TYPE_CHECKING:
    from pathview.app.docks.contents import Contents

_RIGHT, _BOTTOM = Qt.DockWidgetArea.RightDockWidgetArea, Qt.DockWidgetArea.BottomDockWidgetArea
# Not less than what is in them asks for, or the canvas would become narrower when they are filled.
_WIDTH = 312
_ON_REQUEST = ("log", "performance")
_HIDDEN = (*_ON_REQUEST, "hotspots", "links", "runs")
_TITLES = {
    "overview": "Overview", "models": "Model", "channels": "Channels", "layers": "Layers", "image": "Image",
    "slide-facts": "Slide", "annotations": "Annotations", "bookmarks": "Bookmarks", "hotspots": "Hot-spots",
    "links": "Links", "runs": "Runs", "performance": "Performance", "log": "Log",
}  # fmt: skip
_ABOUT = {
    "overview": "The whole slide with a frame round what is in view; a click or a drag goes there.",
    "models": "Choose a model, run it over the slide or the selection, and follow, pause or stop the run.",
    "runs": "All model runs in their order, to move, pause, cancel and remove.",
    "channels": "Colour and contrast of each channel, and the focal plane.",
    "image": "How bright and how coloured the slide is shown; only the screen changes, models see the file.",
    "layers": "What lies over the slide: if and how strongly it shows, and a heatmap's colours and limit.",
    "slide-facts": "What the file says of the slide, its pixel size, and the label and macro images.",
    "annotations": "All annotations: a row selects, a double click goes there, and a name can be written in.",
    "bookmarks": "Views to come back to: Enter or a double click goes there, F2 writes a name or a note.",
    "hotspots": "Regions over the model's threshold, ranked: Enter or a double click goes there.",
    "links": "How slides in view are linked: landmark pairs, how far each is off, and what the fit may do.",
    "performance": "What drawing and reading of tiles take, in numbers.",
    "log": "The program's last messages, for reports.",
}
_HEIGHTS = {"overview": 140, "models": 190, "layers": 232, "annotations": 150}


class Panels:
    """Makes the panels, and puts them where they belong until the user says otherwise.

    At first they are frames with a title: the canvas has its size, and what is in them is not needed to show
    a slide.

    Parameters
    ----------
    window
        Gets them as docks.
    workspace
        What they show.
    menu
        Gets an entry a panel, to open and close it.
    furnish
        Fills them; called at the latest when something is asked of what is in them.

    Attributes
    ----------
    docks
        By object name.
    """

    def __init__(
        self, window: QMainWindow, workspace: Workspace, menu: QMenu, furnish: Callable[[], object]
    ) -> None:
        self._window = window
        self._furnish = furnish
        self._contents: Contents | None = None
        self.docks: dict[str, QDockWidget] = {}
        window.setTabPosition(Qt.DockWidgetArea.AllDockWidgetAreas, QTabWidget.TabPosition.North)
        for name, title in _TITLES.items():
            dock = QDockWidget(title)
            dock.setObjectName(f"dock-{name}")
            dock.setWhatsThis(_ABOUT[name])
            dock.setMinimumWidth(_WIDTH - 20)
            self.docks[name] = dock
            menu.addAction(dock.toggleViewAction())
        self._has_channels = False
        self._before: QByteArray | None = None
        self.arrange()
        workspace.slide_changed.connect(self._on_slide)

    def fill(self, contents: Contents) -> None:
        """Put into the panels what belongs there; once."""
        self._contents = contents
        for name, widget in contents.by_name.items():
            self.docks[name].setWidget(widget)

    @property
    def contents(self) -> Contents:
        """What is in the panels."""
        if self._contents is None:
            self._furnish()
        assert self._contents is not None, "furnishing fills the panels"
        return self._contents

    def _on_slide(self, session: Session | None) -> None:
        """Bring the channels to the front for a slide that has any, and take them away for one without."""
        self._has_channels = session is not None and session.slide.first_look is not None
        dock = self.docks["channels"]
        dock.setVisible(self._has_channels)
        if self._has_channels:
            dock.raise_()

    def bring_forward(self, focused: QWidget) -> None:
        """Raise the panel that has the focus: Tab goes through panels behind a tab as well."""
        for dock in self.docks.values():
            if dock.isAncestorOf(focused) and dock.visibleRegion().isEmpty():
                dock.raise_()

    def show_or_hide(self, name: str) -> None:
        """Bring a panel to the front with the focus in it, or hide it where it is in front already."""
        dock = self.docks[name]
        if not dock.isHidden() and not dock.visibleRegion().isEmpty():
            dock.hide()
            return
        dock.show()
        dock.raise_()
        self.contents.by_name[name].setFocus()

    def toggle(self) -> None:
        """Hide all panels, or bring those back that were hidden so."""
        if any(not dock.isHidden() for dock in self.docks.values()):
            self._before = self._window.saveState()
            for dock in self.docks.values():
                dock.hide()
        elif self._before is None or not self._window.restoreState(self._before):
            self.arrange()

    def arrange(self) -> None:
        """Put every panel where it is at a first start."""
        for name, dock in self.docks.items():
            dock.setFloating(False)
            self._window.addDockWidget(_BOTTOM if name in _ON_REQUEST else _RIGHT, dock)
            dock.setVisible(self._has_channels if name == "channels" else name not in _HIDDEN)
        self._window.tabifyDockWidget(self.docks["layers"], self.docks["channels"])
        self._window.tabifyDockWidget(self.docks["layers"], self.docks["image"])
        self._window.tabifyDockWidget(self.docks["layers"], self.docks["slide-facts"])
        self._window.tabifyDockWidget(self.docks["annotations"], self.docks["bookmarks"])
        self._window.tabifyDockWidget(self.docks["annotations"], self.docks["hotspots"])
        self._window.tabifyDockWidget(self.docks["annotations"], self.docks["links"])
        self._window.tabifyDockWidget(self.docks["annotations"], self.docks["runs"])
        self.docks["layers"].raise_()
        self.docks["annotations"].raise_()
        column = [self.docks[name] for name in _HEIGHTS]
        self._window.resizeDocks(column, list(_HEIGHTS.values()), Qt.Orientation.Vertical)
        self._window.resizeDocks(column, [_WIDTH] * len(column), Qt.Orientation.Horizontal)
