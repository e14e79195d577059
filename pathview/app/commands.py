"""What the window's actions do. Dialogs are imported when they are asked for: the window starts without."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QDialog, QInputDialog, QWhatsThis
from shapely import union_all

from pathview.annotations.edit import Edit
from pathview.app.bookmarks import Bookmarks
from pathview.app.detection_commands import DetectionCommands
from pathview.app.file_commands import FileCommands
from pathview.app.heatmap_commands import HeatmapCommands
from pathview.app.image_commands import ImageCommands
from pathview.app.link_commands import LinkCommands
from pathview.app.model_folders import ModelFolders
from pathview.app.slide_commands import SlideCommands
from pathview.app.view_commands import ViewCommands
from pathview.inference.source import ModelSource
from pathview.view.tools import TOOLS

if TYPE_CHECKING:
    from shapely.geometry.base import BaseGeometry

    from pathview.annotations.annotation import Annotation
    from pathview.app.main_window import MainWindow
    from pathview.app.open_slide import OpenSlide

_FOR_A_MODEL = "The model needs to know how large the tissue is that it sees."
_TOOLS = tuple(TOOLS)
_THEMES = ("system", "light", "dark")
_OF_FILES = ("open", "open_address", "open_demo", "export_annotations", "export_region", "export_cells")
_OWN = (
    "delete", "select_all", "rename", "pixel_size", "run", "run_selection", "model_card", "about",
    "shortcuts", "palette",
)  # fmt: skip


class Commands:
    """The callbacks of the action table.

    Parameters
    ----------
    window
        Whose actions these are.
    """

    def __init__(self, window: MainWindow) -> None:
        self._window = window
        self._workspace = window.workspace
        self.files = FileCommands(window)
        self.views = ViewCommands(window)
        self.image = ImageCommands(window)
        self.bookmarks = Bookmarks(window)
        self.linking = LinkCommands(window)
        self.models = ModelFolders(window)
        self.slides = SlideCommands(window)
        self.heatmaps = HeatmapCommands(window)
        self.detections = DetectionCommands(window)

    def callbacks(self) -> dict[str, Callable[[], object]]:
        """Return what each action does, by its key."""
        calls: dict[str, Callable[[], object]] = {name: getattr(self.files, name) for name in _OF_FILES}
        calls |= {name: getattr(self, name) for name in _OWN}
        calls |= {f"tool_{name}": partial(self._use_tool, name) for name in _TOOLS}
        calls |= {f"theme_{name}": partial(self._window.set_theme, name) for name in _THEMES}
        calls |= self.views.callbacks() | self.image.callbacks()
        calls |= self.heatmaps.callbacks() | self.detections.callbacks()
        calls |= self.bookmarks.callbacks() | self.linking.callbacks() | self.slides.callbacks()
        return calls | {
            "close": self._workspace.close_slide,
            "quit": self._window.close,
            "undo": self._workspace.undo,
            "redo": self._workspace.redo,
            "add_model": self.models.ask,
            "model_parameters": self.models.set_parameters,
            "reload_models": self.models.reload,
            "tta": self._ask_in_views,
            "coarse_first": self.coarse_first,
            "queue_run": self.queue_run,
            "queue_all": self.queue_all,
            "runs": lambda: self._window.panels.show_or_hide("runs"),
            "pause": self._workspace.runs.pause_or_resume,
            "cancel": self._workspace.runs.cancel,
            "reset_panels": self._window.reset_panels,
            "whats_this": QWhatsThis.enterWhatsThisMode,
            "toggle_panels": lambda: self._window.panels.toggle(),
            "log": lambda: self._window.docks["log"].toggleViewAction().trigger(),
        }

    # annotations -----------------------------------------------------
    def selected(self) -> list[Annotation]:
        """Return the selected annotations in drawing order."""
        session = self._workspace.session
        chosen = self._workspace.view.state.selection
        return [] if session is None else [a for a in session.annotations if a.id in chosen]

    def delete(self) -> None:
        """Delete the selected annotations that are not locked."""
        doomed = [annotation for annotation in self.selected() if not annotation.locked]
        if doomed:
            self._workspace.edit(Edit.remove("Delete", *doomed))

    def select_all(self) -> None:
        """Select all annotations."""
        session = self._workspace.session
        if session is not None:
            everything = frozenset(annotation.id for annotation in session.annotations)
            self._workspace.view.set(replace(self._workspace.view.state, selection=everything))

    def rename(self) -> None:
        """Ask for a name and give it to the selected annotations that are not locked."""
        selected = [annotation for annotation in self.selected() if not annotation.locked]
        if not selected:
            return
        name, agreed = QInputDialog.getText(
            self._window, "Name", "Name of the annotation:", text=selected[0].name
        )
        changed = [annotation for annotation in selected if annotation.name != name.strip()]
        if agreed and changed:
            self._workspace.edit(
                Edit.replace("Name annotation", *((a, replace(a, name=name.strip())) for a in changed))
            )

    def reclassify(self, class_name: str | None) -> None:
        """Give the selected annotations a class."""
        changed = [a for a in self.selected() if a.class_name != class_name and not a.locked]
        if changed:
            self._workspace.edit(
                Edit.replace("Change class", *((a, replace(a, class_name=class_name)) for a in changed))
            )

    # scale -----------------------------------------------------------
    def pixel_size(self) -> None:
        """Ask for the pixel size of the slide and state it, or take it back."""
        self._ask_pixel_size()

    def _ask_pixel_size(self, purpose: str = "") -> bool:
        """Tell whether the user has stated one, or taken it back, and that is stored."""
        session = self._workspace.session
        if session is None:
            return False
        from pathview.app.dialogs.pixel_size import PixelSizeDialog

        dialog = PixelSizeDialog(session.slide.file_info, session.scale.stated, purpose, self._window)
        accepted, mpp = dialog.exec() == QDialog.DialogCode.Accepted, dialog.mpp
        dialog.deleteLater()
        # Another slide may have opened meanwhile.
        return accepted and self._workspace.session is session and self._workspace.state_mpp(mpp)

    def _use_tool(self, name: str) -> None:
        self._workspace.view.set(replace(self._workspace.view.state, tool=name))

    # models ----------------------------------------------------------
    def run(self) -> None:
        """Run the chosen model over the slide."""
        self._run(None)

    def run_selection(self) -> None:
        """Run the chosen model inside the selected annotations."""
        selected = self.selected()
        if selected:
            self._run(union_all([annotation.geometry for annotation in selected]))

    def queue_run(self) -> None:
        """Run the chosen model over the active slide after those before it."""
        slide = self._workspace.slide
        if slide is not None and self._knows_scale():
            self._enqueue([slide])

    def queue_all(self) -> None:
        """Run the chosen model over all open slides, in the order of their tabs."""
        self._enqueue(list(self._workspace.slides))

    def _enqueue(self, slides: list[OpenSlide]) -> None:
        model = self._window.panels.contents.models.model
        if model is None:
            return

        def begin(source: ModelSource) -> None:
            # Reading the weights takes its time, and some may have been closed meanwhile.
            self._workspace.runs.enqueue(source, [one for one in slides if one in self._workspace.slides])
            self._window.docks["runs"].show()
            self._window.docks["runs"].raise_()

        self.models.make_ready(model, begin)

    def _knows_scale(self) -> bool:
        session = self._workspace.session
        known = session is not None and session.slide.info.mpp is not None
        return known or self._ask_pixel_size(_FOR_A_MODEL)

    def coarse_first(self) -> None:
        """Let the next runs make a rough map first, or begin where the user looks."""
        settings = self._workspace.settings
        self._workspace.settings = replace(settings, coarse_first=not settings.coarse_first)
        self._workspace.settings_changed.emit()

    def _run(self, region: BaseGeometry | None) -> None:
        session, model = self._workspace.session, self._window.panels.contents.models.model
        if session is None or model is None:
            return
        if not self._knows_scale():
            return

        def begin(source: ModelSource) -> None:
            # Reading the weights takes its time, and another slide may have opened meanwhile.
            if self._workspace.session is session:
                self._workspace.runs.start(source, region)

        self.models.make_ready(model, begin)

    def _ask_in_views(self) -> None:
        self._workspace.runs.tta = self._window.actions_table["tta"].isChecked()

    def model_card(self) -> None:
        """Show the chosen model's card."""
        from pathview.app.dialogs.model_card import ModelCardDialog

        model = self._window.panels.contents.models.model
        if model is not None:
            _show(ModelCardDialog(self._workspace.registry.model(model), self._window))

    # help ------------------------------------------------------------
    def palette(self) -> None:
        """Open the command palette, or close it."""
        self._window.palette_list.toggle()

    def about(self) -> None:
        """Show version, licence and intended use."""
        from pathview.app.dialogs.about import AboutDialog

        _show(AboutDialog(self._window))

    def shortcuts(self) -> None:
        """List every action with its keys, to be changed; there is one such list."""
        from pathview.app.dialogs.shortcuts import ShortcutsDialog

        dialog = self._window.findChild(ShortcutsDialog)
        if dialog is None:
            dialog = ShortcutsDialog(
                self._workspace.settings.shortcuts, self._window.set_shortcuts, self._window
            )
        _show(dialog)
        dialog.raise_()
        dialog.activateWindow()


def _show(dialog: QDialog) -> None:
    dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
    dialog.show()
