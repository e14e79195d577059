"""The main window: canvas in the middle, docks round it, actions wired to the workspace."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from PySide6.QtCore import Qt
from PySide6.QtGui import QCloseEvent, QDragEnterEvent, QDropEvent, QPixmap
from PySide6.QtWidgets import (
    QApplication,
    QDockWidget,
    QMainWindow,
    QMessageBox,
    QStackedWidget,
    QToolBar,
    QWidget,
)

from pathview.app.actions import ActionTable
from pathview.app.canvas_widget import CanvasWidget, WindowCanvas
from pathview.app.class_box import ClassBox
from pathview.app.commands import Commands
from pathview.app.docks.annotations import AnnotationsDock
from pathview.app.docks.layers import LayersDock
from pathview.app.docks.log import LogDock
from pathview.app.docks.models import ModelsDock
from pathview.app.docks.overview import OverviewDock
from pathview.app.docks.slide_facts import SlideFactsDock
from pathview.app.key_guard import KeyGuard
from pathview.app.menus import fill_menus, fill_toolbar
from pathview.app.overlays.notice import Notice
from pathview.app.overlays.scale_bar import ScaleBarOverlay
from pathview.app.overlays.welcome import Welcome
from pathview.app.recent import RecentSlides
from pathview.app.status_line import StatusLine
from pathview.app.theme import apply_theme, canvas_color
from pathview.app.window_state import restore_window, save_window
from pathview.app.workspace import Workspace
from pathview.core.errors import PathViewError
from pathview.startup.settings import save_settings
from pathview.study.session import Session
from pathview.view.scale_bar import scale_bar

_MARGIN = 16
_WELCOME, _CANVAS = 0, 1


class MainWindow(QMainWindow):
    """The one window.

    Parameters
    ----------
    workspace
        The slide and everything on it; closed with the window.
    canvas
        What draws it.
    """

    def __init__(self, workspace: Workspace, canvas: WindowCanvas) -> None:
        super().__init__()
        self.workspace = workspace
        self.setWindowTitle("PathView")
        self.setAcceptDrops(True)
        self.resize(1440, 900)
        self.canvas_widget = CanvasWidget(workspace, canvas)
        self.notice = Notice(self.canvas_widget)
        self.scale_bar = ScaleBarOverlay(self.canvas_widget)
        self.welcome = Welcome()
        self._pages = QStackedWidget()
        self._pages.addWidget(self.welcome)
        self._pages.addWidget(self.canvas_widget)
        self.setCentralWidget(self._pages)
        self.class_box = ClassBox(workspace)
        self.commands = Commands(self)
        self.actions_table = ActionTable(self, self.commands.callbacks())
        self.models = ModelsDock(workspace, self.actions_table)
        self._menus = fill_menus(
            self.menuBar(), self.actions_table, {"recent": "Open &recent", "panels": "&Panels"}
        )
        bar = QToolBar("Toolbar")
        bar.setObjectName("toolbar")
        bar.setMovable(False)
        fill_toolbar(bar, self.actions_table, {"class": self.class_box})
        self.addToolBar(bar)
        self._add_docks()
        self.status_line = StatusLine(self.statusBar(), workspace)
        self.recent = RecentSlides(workspace, self._menus["recent"], self.welcome)
        self._guard = KeyGuard(self)
        self._wire()
        self.set_theme(workspace.settings.theme, keep=False)
        self._on_slide(None)
        restore_window(self)

    def _add_docks(self) -> None:
        workspace, right = self.workspace, Qt.DockWidgetArea.RightDockWidgetArea
        self.docks: dict[str, QDockWidget] = {}
        self.annotations = AnnotationsDock(workspace)
        panels: list[QWidget] = [
            OverviewDock(workspace), self.models, LayersDock(workspace), SlideFactsDock(workspace),
            self.annotations, LogDock(),
        ]  # fmt: skip
        for panel in panels:
            title = str(getattr(panel, "title", ""))
            dock = QDockWidget(title)
            dock.setObjectName(f"dock-{panel.objectName()}")
            dock.setWidget(panel)
            dock.setMinimumWidth(290)
            self.docks[panel.objectName()] = dock
            self.addDockWidget(right, dock)
            self._menus["panels"].addAction(dock.toggleViewAction())
        self.tabifyDockWidget(self.docks["layers"], self.docks["slide-facts"])
        self.docks["layers"].raise_()
        self.addDockWidget(Qt.DockWidgetArea.BottomDockWidgetArea, self.docks["log"])
        self.docks["log"].hide()
        column = [self.docks[name] for name in ("overview", "models", "layers", "annotations")]
        self.resizeDocks(column, [200, 270, 230, 180], Qt.Orientation.Vertical)

    def _wire(self) -> None:
        workspace = self.workspace
        workspace.slide_changed.connect(self._on_slide)
        workspace.view.changed.connect(self._on_view)
        workspace.problem.connect(self.show_problem)
        workspace.busy.connect(self._on_busy)
        workspace.layers_changed.connect(self.update_actions)
        workspace.runs.changed.connect(self._on_run)
        self.canvas_widget.input.cursor_moved.connect(self.status_line.show_cursor)
        self.class_box.class_chosen.connect(self.canvas_widget.input.set_class)
        self.class_box.class_chosen.connect(self.commands.reclassify)
        self.canvas_widget.input.set_class(self.class_box.class_name)
        self.welcome.open_asked.connect(self.commands.open)
        self.welcome.demo_asked.connect(self.commands.open_demo)
        workspace.settings_changed.connect(self._save_settings)
        self.canvas_widget.resized.connect(self._place_overlays)

    # state -> window -------------------------------------------------
    def _on_slide(self, session: Session | None) -> None:
        self._pages.setCurrentIndex(_WELCOME if session is None else _CANVAS)
        self.setWindowTitle("PathView" if session is None else f"{session.slide.info.path.name} — PathView")
        self.recent.refresh()
        if session is not None:
            # Once only: a slide that is opened again may still have the same history.
            session.history.changed.connect(self.update_actions, unique=True)
            session.annotations.changed.connect(self._on_edit, unique=True)
            self.canvas_widget.setFocus()
            self._save_settings()
        self._say(session)
        self._on_view(None, None)
        self.update_actions()

    def _say(self, session: Session | None) -> None:
        text = ""
        if session is not None:
            description = session.slide.info.properties.get("tiff.ImageDescription", "")
            if "synthetic" in description.lower():
                text = "Synthetic demo slide — made by a program, not real tissue"
            elif session.read_only:
                text = "Read only: another PathView has the annotations open"
        self.notice.say(text)
        self._place_overlays()

    def _on_view(self, old: object, new: object) -> None:
        state = self.workspace.view.state
        session = self.workspace.session
        longest = ScaleBarOverlay.longest * self.canvas_widget.devicePixelRatioF()
        mpp = None if session is None else session.slide.info.mpp
        self.scale_bar.show_bar(scale_bar(state.viewport.downsample, mpp, longest))
        action = self.actions_table[f"tool_{state.tool}"]
        if not action.isChecked():
            action.setChecked(True)
        self.status_line.show_view()
        if getattr(old, "selection", None) != getattr(new, "selection", None):
            self.update_actions()

    def _on_edit(self, edit: object) -> None:
        self.update_actions()

    def _on_busy(self, text: str) -> None:
        self.status_line.show_busy(text)

    def _on_run(self, status: object) -> None:
        self.update_actions()

    def update_actions(self) -> None:
        """Enable what can be done now and word Undo and Redo after the step."""
        workspace, session = self.workspace, self.workspace.session
        available = set()
        if session is not None:
            available.add("slide")
            if self.models.model is not None:
                available.add("model")
            if len(session.annotations):
                available.add("annotations")
        if workspace.view.state.selection:
            available.add("selection")
        if workspace.runs.heatmaps:
            available.add("heatmap")
        if workspace.runs.going:
            available.add("run")
        self.actions_table.enable(frozenset(available))
        undo, redo = self.actions_table["undo"], self.actions_table["redo"]
        history = None if session is None else session.history
        undo.setEnabled(history is not None and history.can_undo)
        redo.setEnabled(history is not None and history.can_redo)
        undo.setText(f"&Undo {history.undo_label.lower()}" if history and history.undo_label else "&Undo")
        redo.setText(f"&Redo {history.redo_label.lower()}" if history and history.redo_label else "&Redo")

    def show_problem(self, title: str, text: str) -> None:
        """Say what went wrong in a dialog that does not block the window and whose text can be copied."""
        box = QMessageBox(QMessageBox.Icon.Warning, title, text, QMessageBox.StandardButton.Close, self)
        box.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        box.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        box.setModal(False)
        box.setObjectName("problem")
        box.show()

    # theme -----------------------------------------------------------
    def set_theme(self, theme: str, *, keep: bool = True) -> None:
        """Paint the window "light", "dark" or as the "system" says; `keep` remembers the choice."""
        application = QApplication.instance()
        assert isinstance(application, QApplication)
        dark = apply_theme(application, theme)
        red, green, blue = (round(255 * part) for part in canvas_color(dark))
        self.workspace.set_background((red, green, blue))
        self.actions_table.restyle()
        self.actions_table[f"theme_{theme}"].setChecked(True)
        if keep:
            self.workspace.settings = replace(self.workspace.settings, theme=theme)
            self._save_settings()

    def _save_settings(self) -> None:
        try:
            save_settings(self.workspace.settings)
        except (OSError, PathViewError) as error:
            self.statusBar().showMessage(f"Settings could not be saved: {error}", 10_000)

    # Qt --------------------------------------------------------------
    @property
    def settled(self) -> bool:
        """Whether nothing is loading, running or waiting to be drawn."""
        if self.status_line.busy or not self.workspace.background.idle:
            return False
        return self.workspace.session is None or (
            self.canvas_widget.settled and not self.workspace.runs.going
        )

    def grab_picture(self) -> QPixmap:
        """Return a picture of the window; the GL canvas is in it."""
        return self.grab()

    def _place_overlays(self) -> None:
        area = self.canvas_widget
        self.scale_bar.move(_MARGIN, area.height() - self.scale_bar.height() - _MARGIN)
        self.notice.move(max(_MARGIN, (area.width() - self.notice.width()) // 2), _MARGIN)

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        """Take local files."""
        if any(url.isLocalFile() for url in event.mimeData().urls()):
            event.acceptProposedAction()

    def dropEvent(self, event: QDropEvent) -> None:
        """Open the first file that was dropped."""
        paths = [Path(url.toLocalFile()) for url in event.mimeData().urls() if url.isLocalFile()]
        if paths:
            event.acceptProposedAction()
            self.workspace.open(paths[0])

    def closeEvent(self, event: QCloseEvent) -> None:
        """Shut everything down in order; there is nothing to save."""
        self._save_settings()
        save_window(self)
        self.workspace.close()
        super().closeEvent(event)
