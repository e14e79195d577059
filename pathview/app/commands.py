"""What the window's actions do."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QDialog, QInputDialog
from shapely import union_all

from pathview.annotations.edit import Edit
from pathview.app.dialogs.about import AboutDialog, ShortcutsDialog
from pathview.app.dialogs.model_card import ModelCardDialog
from pathview.app.dialogs.pixel_size import PixelSizeDialog
from pathview.app.file_commands import FileCommands

if TYPE_CHECKING:
    from shapely.geometry.base import BaseGeometry

    from pathview.annotations.annotation import Annotation
    from pathview.app.main_window import MainWindow
    from pathview.view.layers import Layer

_FOR_A_MODEL = "The model needs to know how large the tissue is that it sees."
_STEP = 0.2
_ZOOM = 2**0.5
_TOOLS = ("pan", "select", "polygon", "freehand", "rectangle")
_THEMES = ("system", "light", "dark")
_PANS = {"left": (1, 0), "right": (-1, 0), "up": (0, 1), "down": (0, -1)}
_OF_FILES = ("open", "open_address", "open_demo", "export_annotations", "export_region", "export_cells")
_OWN = (
    "delete", "select_all", "rename", "pixel_size", "zoom_fit", "zoom_full", "toggle_annotations",
    "toggle_heatmap", "colour_profile", "run", "run_selection", "model_card", "about", "shortcuts",
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

    def callbacks(self) -> dict[str, Callable[[], object]]:
        """Return what each action does, by its key."""
        calls: dict[str, Callable[[], object]] = {name: getattr(self.files, name) for name in _OF_FILES}
        calls |= {name: getattr(self, name) for name in _OWN}
        calls |= {f"tool_{name}": partial(self._use_tool, name) for name in _TOOLS}
        calls |= {f"theme_{name}": partial(self._window.set_theme, name) for name in _THEMES}
        calls |= {f"pan_{name}": partial(self._pan, *by) for name, by in _PANS.items()}
        return calls | {
            "close": self._workspace.close_slide,
            "quit": self._window.close,
            "undo": self._workspace.undo,
            "redo": self._workspace.redo,
            "zoom_in": partial(self._zoom, _ZOOM),
            "zoom_out": partial(self._zoom, 1 / _ZOOM),
            "plane_up": partial(self._workspace.looks.step_plane, 1),
            "plane_down": partial(self._workspace.looks.step_plane, -1),
            "auto_contrast": self._workspace.looks.auto_contrast,
            "pause": self._workspace.runs.pause_or_resume,
            "cancel": self._workspace.runs.cancel,
            "reset_panels": self._window.reset_panels,
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
        dialog = PixelSizeDialog(session.slide.file_info, session.scale.stated, purpose, self._window)
        accepted, mpp = dialog.exec() == QDialog.DialogCode.Accepted, dialog.mpp
        dialog.deleteLater()
        # Another slide may have opened meanwhile.
        return accepted and self._workspace.session is session and self._workspace.state_mpp(mpp)

    def _use_tool(self, name: str) -> None:
        self._workspace.view.set(replace(self._workspace.view.state, tool=name))

    # view ------------------------------------------------------------
    def _zoom(self, factor: float) -> None:
        width, height = self._workspace.view.state.viewport.size
        self._window.canvas_widget.motions.zoom(factor, (width / 2, height / 2))

    def _pan(self, dx: float, dy: float) -> None:
        width, height = self._workspace.view.state.viewport.size
        self._window.canvas_widget.motions.step(dx * width * _STEP, dy * height * _STEP)

    def zoom_fit(self) -> None:
        """Show the whole slide."""
        session = self._workspace.session
        if session is not None:
            self._workspace.look(self._workspace.view.state.viewport.fitted(session.slide.info.bounds))

    def zoom_full(self) -> None:
        """Show one slide pixel per physical screen pixel."""
        self._workspace.look(replace(self._workspace.view.state.viewport, downsample=1.0))

    def toggle_annotations(self) -> None:
        """Show or hide the annotations."""
        self._toggle(self._layers("annotations"))

    def toggle_heatmap(self) -> None:
        """Hide the heatmaps, or show those that have the slide's pixel size; the others if there are none."""
        layers = self._layers("heatmap")
        fitting = [layer for layer in layers if not self._workspace.runs.misfit(layer.name)]
        hide = any(layer.visible for layer in layers)
        self._toggle(layers if hide else fitting or layers)

    def colour_profile(self) -> None:
        """Switch the conversion of colours for the screen."""
        self._workspace.convert_colours(not self._workspace.settings.convert_colours)

    def _layers(self, kind: str) -> list[Layer]:
        return [layer for layer in self._workspace.view.state.layers if layer.kind == kind]

    def _toggle(self, layers: list[Layer]) -> None:
        shown = any(layer.visible for layer in layers)
        for layer in layers:
            self._workspace.set_layer(layer.name, visible=not shown)

    # models ----------------------------------------------------------
    def run(self) -> None:
        """Run the chosen model over the slide."""
        self._run(None)

    def run_selection(self) -> None:
        """Run the chosen model inside the selected annotations."""
        selected = self.selected()
        if selected:
            self._run(union_all([annotation.geometry for annotation in selected]))

    def _run(self, region: BaseGeometry | None) -> None:
        session, model = self._workspace.session, self._window.panels.models.model
        if session is None or model is None:
            return
        if session.slide.info.mpp is None and not self._ask_pixel_size(_FOR_A_MODEL):
            return
        self._workspace.runs.start(model, region)

    def model_card(self) -> None:
        """Show the chosen model's card."""
        model = self._window.panels.models.model
        if model is not None:
            _show(ModelCardDialog(self._workspace.registry.model(model), self._window))

    # help ------------------------------------------------------------
    def about(self) -> None:
        """Show version, licence and intended use."""
        _show(AboutDialog(self._window))

    def shortcuts(self) -> None:
        """List every action with its keys."""
        _show(ShortcutsDialog(self._window.actions_table, self._window))


def _show(dialog: QDialog) -> None:
    dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
    dialog.show()
