"""The main window: canvas in the middle, panels round it, actions wired to the workspace."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QMimeData, Qt, QUrl, Signal
from PySide6.QtGui import QCloseEvent, QDragEnterEvent, QDropEvent, QKeySequence, QPixmap, QShowEvent
from PySide6.QtWidgets import (
    QApplication,
    QDockWidget,
    QMainWindow,
    QStackedWidget,
    QToolBar,
    QVBoxLayout,
    QWidget,
)

from pathview.app.action_states import show_states
from pathview.app.action_table import ActionTable
from pathview.app.after_picture import AfterPicture
from pathview.app.canvas_widget import CanvasWidget, WindowCanvas
from pathview.app.class_box import ClassBox
from pathview.app.keymap import Keys, resolved
from pathview.app.menus import fill_menus, fill_toolbar
from pathview.app.overlays.adjusted_badge import AdjustedBadge
from pathview.app.overlays.guides import GuidesOverlay
from pathview.app.overlays.lens_frame import LensFrame
from pathview.app.overlays.notice import Notice
from pathview.app.overlays.pane_overlays import PaneOverlays
from pathview.app.overlays.scale_bar import ScaleBarOverlay
from pathview.app.overlays.welcome import Welcome
from pathview.app.panels import Panels
from pathview.app.reading import Reading
from pathview.app.recent import RecentSlides
from pathview.app.slide_tabs import SlideTabs
from pathview.app.status_line import StatusLine
from pathview.app.theme import TOOLBAR_SIZE, apply_theme, canvas_color
from pathview.app.window_state import restore_window, save_window
from pathview.app.workspace import Workspace
from pathview.core.errors import PathViewError
from pathview.core.place import SCHEMES, Address, Place, place_of
from pathview.startup.settings import save_settings
from pathview.study.session import Session

if TYPE_CHECKING:
    from pathview.app.commands import Commands
    from pathview.app.docks.annotations import AnnotationsDock
    from pathview.app.furnishing import Furnishing
    from pathview.app.overlays.landmark_marks import LandmarkMarks
    from pathview.app.overlays.palette import Palette
    from pathview.app.overlays.problems import ProblemCards

_MARGIN = 16
_BELOW_NAME = 24
_WELCOME, _CANVAS = 0, 1
_SMALLEST_CANVAS = (400, 240)


class MainWindow(QMainWindow):
    """The one window.

    Parameters
    ----------
    workspace
        The slide and everything on it; closed with the window.
    canvas
        What draws it.
    """

    furnished = Signal()
    """All of the window is there."""

    def __init__(self, workspace: Workspace, canvas: WindowCanvas) -> None:
        super().__init__()
        self.workspace = workspace
        self._furnishing: Furnishing | None = None
        # Before there are widgets: to each of them that is there already, a style sheet is applied anew.
        self._dark = apply_theme(self._application(), workspace.settings.theme)
        self.setAcceptDrops(True)
        self.resize(1440, 900)
        self.canvas_widget = CanvasWidget(workspace, canvas)
        self.overlays = PaneOverlays(self.canvas_widget, workspace)
        self.notice = Notice(self.canvas_widget)
        self.lens_frame = LensFrame(self.canvas_widget, workspace, self.canvas_widget.magnifier)
        self.badge = AdjustedBadge(self.canvas_widget, workspace, lambda: self.overlays.active_part)
        self.welcome = Welcome()
        self.pages = QStackedWidget()
        self.pages.addWidget(self.welcome)
        self.pages.addWidget(self.canvas_widget)
        # The panels say for themselves how small they can be; the window is never smaller than all of them.
        self.pages.setMinimumSize(*_SMALLEST_CANVAS)
        self.tabs = SlideTabs(workspace)
        self.setCentralWidget(_column(self.tabs, self.pages))
        self.reading = Reading(workspace, self.canvas_widget, self)
        self.class_box = ClassBox(workspace)
        self.actions_table = ActionTable(self, self._do)
        # A button without its icon is as wide as its text; all sizes take long, and one is seen at first.
        self.actions_table.restyle(round(TOOLBAR_SIZE * self.devicePixelRatioF()))
        self.actions_table.set_keys(resolved(workspace.settings.shortcuts))
        menus = fill_menus(self.menuBar(), self.actions_table)
        self._add_toolbar()
        self.panels = Panels(self, workspace, menus["panels"], self.furnish)
        self.status_line = StatusLine(self.statusBar(), workspace)
        self.export_menu = menus["export_as"]
        self.export_menu.setEnabled(False)
        self.recent = RecentSlides(workspace, menus["recent"], self.welcome)
        self._furnish_later = AfterPicture(workspace, self.canvas_widget, self.furnish, self)
        self._framed = self.saveState()
        self._wire()
        self.actions_table["colour_profile"].setChecked(workspace.settings.convert_colours)
        self.actions_table["magnifier_2x"].setChecked(True)
        self.actions_table["toggle_coverage"].setChecked(workspace.settings.show_coverage)
        self._follow_theme(workspace.settings.theme)
        self._on_slide(None)
        restore_window(self)

    def furnish(self) -> Furnishing:
        """Make what is not needed to show a slide, unless it is there already, and return it."""
        if self._furnishing is None:
            # The one place that imports it: whoever asks for something of it before its time gets all.
            from pathview.app.furnishing import Furnishing

            self._furnish_later.stop()
            self._furnishing = Furnishing(self)
            self.update_actions()
            self.furnished.emit()
        return self._furnishing

    def _do(self, key: str) -> None:
        self.furnish().calls[key]()

    @property
    def commands(self) -> Commands:
        """What the actions do."""
        return self.furnish().commands

    @property
    def landmarks(self) -> LandmarkMarks:
        """The marks of linked places."""
        return self.furnish().landmarks

    @property
    def problems(self) -> ProblemCards:
        """The cards that say what went wrong."""
        return self.furnish().problems

    @property
    def palette_list(self) -> Palette:
        """The list of all actions."""
        return self.furnish().palette

    @property
    def docks(self) -> dict[str, QDockWidget]:
        """The panels by name, with all that is in them."""
        self.furnish()
        return self.panels.docks

    @property
    def guides(self) -> GuidesOverlay:
        """Grid and crosshair over the active pane."""
        return self.overlays.active.guides

    @property
    def scale_bar(self) -> ScaleBarOverlay:
        """The scale bar of the active pane."""
        return self.overlays.active.scale_bar

    @property
    def annotations(self) -> AnnotationsDock:
        """The list of annotations."""
        return self.panels.contents.annotations

    def _add_toolbar(self) -> None:
        bar = QToolBar("Toolbar")
        bar.setObjectName("toolbar")
        bar.setMovable(False)
        # Without its own menu entry, a toolbar that is closed by accident would never come back.
        bar.toggleViewAction().setEnabled(False)
        bar.setContextMenuPolicy(Qt.ContextMenuPolicy.PreventContextMenu)
        fill_toolbar(bar, self.actions_table, {"class": self.class_box})
        self.addToolBar(bar)

    def _wire(self) -> None:
        workspace = self.workspace
        workspace.slide_changed.connect(self._on_slide)
        workspace.slides_changed.connect(self._on_slides)
        workspace.panes.changed.connect(self._on_panes)
        workspace.view.changed.connect(self._on_view)
        workspace.scale_changed.connect(self._describe_view)
        workspace.problem.connect(self.show_problem)
        workspace.busy.connect(self.status_line.show_busy)
        workspace.layers_changed.connect(self.update_actions)
        workspace.settings_changed.connect(self._save_settings)
        workspace.runs.changed.connect(self._on_run)
        workspace.adjustments.changed.connect(self._on_adjustment)
        self.canvas_widget.resized.connect(self._place_overlays)
        hands = self.canvas_widget.input
        hands.cursor_moved.connect(self.status_line.show_cursor)
        hands.refused.connect(lambda why: self.statusBar().showMessage(why, 5_000))
        hands.set_class(self.class_box.class_name)
        self.class_box.class_chosen.connect(hands.set_class)
        self._application().focusChanged.connect(self._on_focus)
        self._application().styleHints().colorSchemeChanged.connect(self._on_desktop_theme)

    # state -> window -------------------------------------------------
    def _on_slide(self, session: Session | None) -> None:
        self.setWindowTitle("PathView" if session is None else f"{session.slide.info.path.name} — PathView")
        if session is not None:
            # Once only: a slide that is opened again may still have the same history.
            session.history.changed.connect(self.update_actions, unique=True)
            session.annotations.changed.connect(self._on_edit, unique=True)
            self.canvas_widget.setFocus()
        self._on_view(None, None)
        self.update_actions()

    def _on_slides(self) -> None:
        # Before a slide is shown, so that the canvas has its size by then.
        self.pages.setCurrentIndex(_CANVAS if self.workspace.slides else _WELCOME)
        self.recent.refresh()
        self.update_actions()

    def _on_panes(self) -> None:
        self._describe_view()
        self._place_overlays()
        self.update_actions()

    def _on_view(self, old: object, new: object) -> None:
        action = self.actions_table[f"tool_{self.workspace.view.state.tool}"]
        if not action.isChecked():
            action.setChecked(True)
        self._describe_view()
        if getattr(old, "selection", None) != getattr(new, "selection", None):
            self.update_actions()

    def _describe_view(self) -> None:
        self.status_line.show_view()
        if self.notice.say(_notice(self.workspace)):
            self._place_overlays()

    def _on_focus(self, old: QWidget | None, new: QWidget | None) -> None:
        if new is not None:
            self.panels.bring_forward(new)

    def _on_edit(self, edit: object) -> None:
        self.update_actions()

    def _on_adjustment(self) -> None:
        self.update_actions()
        self.badge.place()

    def _on_run(self, status: object) -> None:
        self.update_actions()

    def update_actions(self) -> None:
        """Enable what can be done now and word Undo and Redo after the step."""
        models = None if self._furnishing is None else self._furnishing.contents.models
        show_states(
            self.actions_table,
            self.workspace,
            has_model=models is not None and models.model is not None,
            has_parameters=models is not None and models.has_parameters,
        )

    def show_problem(self, title: str, text: str, details: str = "") -> None:
        """Say what went wrong on a card that neither blocks the window nor takes the focus.

        Parameters
        ----------
        title
            What failed.
        text
            Why, and what can be done.
        details
            More than most people want to read; "Copy details" has it.
        """
        self.problems.say(title, text, details)

    def set_full_screen(self, wanted: bool) -> None:
        """Give the slide the whole screen, or put everything back where it was."""
        if wanted == self.isFullScreen():
            return
        if wanted:
            self._framed = self.saveState()
            for widget in (*self.panels.docks.values(), *self.findChildren(QToolBar), self.menuBar()):
                widget.hide()
            self.showFullScreen()
            keys = (
                self.actions_table["full_screen"].shortcut().toString(QKeySequence.SequenceFormat.NativeText)
            )
            self.statusBar().showMessage(f"{keys} leaves the full screen", 5_000)
        else:
            self.showNormal()
            self.menuBar().show()
            self.restoreState(self._framed)

    def set_shortcuts(self, changed: Mapping[str, Keys]) -> None:
        """Give the actions the keys that the user has chosen, and remember them."""
        self.actions_table.set_keys(resolved(changed))
        self.workspace.settings = replace(self.workspace.settings, shortcuts=changed)
        self._save_settings()

    def reset_panels(self) -> None:
        """Put the panels where they are at a first start."""
        self.panels.arrange()

    # theme -----------------------------------------------------------
    def set_theme(self, theme: str, *, keep: bool = True) -> None:
        """Paint the window "light", "dark" or as the "system" says; `keep` remembers the choice."""
        self._dark = apply_theme(self._application(), theme)
        self.actions_table.restyle()
        self._follow_theme(theme)
        if keep:
            self.workspace.settings = replace(self.workspace.settings, theme=theme)
            self._save_settings()

    def _follow_theme(self, theme: str) -> None:
        self._theme = theme
        red, green, blue = (round(255 * part) for part in canvas_color(self._dark))
        self.workspace.set_background((red, green, blue))
        self.actions_table[f"theme_{theme}"].setChecked(True)
        self._place_overlays()

    def _on_desktop_theme(self, scheme: Qt.ColorScheme) -> None:
        if self._theme == "system":
            self.set_theme("system", keep=False)

    def _application(self) -> QApplication:
        application = QApplication.instance()
        assert isinstance(application, QApplication)
        return application

    def _save_settings(self) -> None:
        try:
            save_settings(self.workspace.settings)
        except (OSError, PathViewError) as error:
            self.statusBar().showMessage(f"Settings could not be saved: {error}", 10_000)

    # Qt --------------------------------------------------------------
    @property
    def settled(self) -> bool:
        """Whether nothing is loading, running or waiting to be drawn."""
        if self._furnishing is None or self.status_line.busy or not self.workspace.background.idle:
            return False
        return not self.workspace.slides or (self.canvas_widget.settled and not self.workspace.runs.under_way)

    def grab_picture(self) -> QPixmap:
        """Return a picture of the window; the GL canvas is in it."""
        return self.grab()

    def _place_overlays(self) -> None:
        place = self.overlays.active.geometry()
        self.badge.place()
        self.notice.adjustSize()
        # Where there are several panes, their names are above.
        top = _MARGIN if len(self.overlays.shown) == 1 else _MARGIN + _BELOW_NAME
        self.notice.move(
            place.x() + max(_MARGIN, (place.width() - self.notice.width()) // 2), place.y() + top
        )

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        """Take local files, and links to slides."""
        if dropped_places(event.mimeData()):
            event.acceptProposedAction()

    def dropEvent(self, event: QDropEvent) -> None:
        """Open the files and links that were dropped."""
        places = dropped_places(event.mimeData())
        if places:
            event.acceptProposedAction()
            self.workspace.open(*places)

    def showEvent(self, event: QShowEvent) -> None:
        """Show the slide first, and then make the rest."""
        super().showEvent(event)
        if self._furnishing is None:
            self._furnish_later.start()

    def closeEvent(self, event: QCloseEvent) -> None:
        """Shut everything down in order; there is nothing to save but where the window was."""
        self._furnish_later.stop()
        self._save_settings()
        self.set_full_screen(False)
        save_window(self)
        # At once, also where a share or a run takes seconds to let go.
        self.hide()
        self.workspace.close()
        super().closeEvent(event)


def dropped_places(data: QMimeData) -> list[Place]:
    """Return the files and links, or else the address written as text, that are dragged."""
    places = [place for url in data.urls() if (place := _place_of(url)) is not None]
    if places:
        return places
    place = place_of(data.text().strip())
    return [place] if isinstance(place, Address) and place.scheme in SCHEMES else []


def _place_of(url: QUrl) -> Place | None:
    if url.isLocalFile():
        return Path(url.toLocalFile())
    place = place_of(url.toString(QUrl.ComponentFormattingOption.FullyEncoded))
    return place if isinstance(place, Address) and place.scheme in SCHEMES else None


def _column(*widgets: QWidget) -> QWidget:
    """Return a widget with others one above the other."""
    body = QWidget()
    column = QVBoxLayout(body)
    column.setContentsMargins(0, 0, 0, 0)
    column.setSpacing(0)
    for widget in widgets:
        column.addWidget(widget)
    return body


def _notice(workspace: Workspace) -> str:
    session = workspace.session
    if session is None:
        return ""
    if workspace.runs.misfit_shows:
        return "A heatmap of another pixel size is shown; its layer says which"
    description = session.slide.info.properties.get("tiff.ImageDescription", "")
    if "synthetic" in description.lower():
        return "Synthetic demo slide — made by a program, not real tissue"
    return "Read only: another PathView has the annotations open" if session.read_only else ""
