"""What the window's actions do."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtWidgets import QDialog, QFileDialog, QInputDialog
from shapely import union_all

from pathview.annotations.edit import Edit
from pathview.annotations.geojson import write_geojson
from pathview.app.dialogs.about import AboutDialog, ShortcutsDialog
from pathview.app.dialogs.pixel_size import PixelSizeDialog
from pathview.app.dialogs.region_export import RegionExportDialog
from pathview.core.files import cache_folder
from pathview.core.geometry import Box
from pathview.export.heatmap_table import write_heatmap_table
from pathview.export.region_image import export_region
from pathview.slides.demo import make_demo_slide

if TYPE_CHECKING:
    from shapely.geometry.base import BaseGeometry

    from pathview.annotations.annotation import Annotation
    from pathview.app.main_window import MainWindow

_FILTER = (
    "Slides (*.svs *.tif *.tiff *.ndpi *.mrxs *.scn *.bif *.vms *.vmu *.svslide *.dcm *.czi);;All files (*)"
)
_STEP = 0.2
_ZOOM = 2**0.5


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

    def callbacks(self) -> dict[str, Callable[[], None]]:
        """Return what each action does, by its key."""
        calls: dict[str, Callable[[], None]] = {
            name: getattr(self, name)
            for name in (
                "open", "open_demo", "export_annotations", "export_region", "export_cells", "delete",
                "select_all", "rename", "zoom_fit", "zoom_full", "toggle_annotations", "toggle_heatmap",
                "run", "run_selection", "about", "shortcuts",
            )
        }  # fmt: skip
        calls |= {f"tool_{name}": lambda name=name: self._use_tool(name) for name in _TOOLS}  # type: ignore[misc]
        calls |= {f"theme_{name}": lambda name=name: self._window.set_theme(name) for name in _THEMES}  # type: ignore[misc]
        calls |= {f"pan_{name}": lambda by=by: self._pan(*by) for name, by in _PANS.items()}  # type: ignore[misc]
        return calls | {
            "close": self._workspace.close_slide,
            "quit": lambda: (self._window.close(), None)[1],
            "undo": self._workspace.undo,
            "redo": self._workspace.redo,
            "zoom_in": lambda: self._zoom(_ZOOM),
            "zoom_out": lambda: self._zoom(1 / _ZOOM),
            "pause": self._workspace.runs.pause_or_resume,
            "cancel": self._workspace.runs.cancel,
        }

    # slides ----------------------------------------------------------
    def open(self) -> None:
        """Ask for a slide and open it."""
        recent = self._workspace.settings.recent
        folder = str(Path(recent[0]).parent) if recent else ""
        name, _ = QFileDialog.getOpenFileName(self._window, "Open slide", folder, _FILTER)
        if name:
            self._workspace.open(Path(name))

    def open_demo(self) -> None:
        """Make the demo slide if it is not there yet, and open it."""
        workspace = self._workspace

        def tell(share: float) -> None:
            workspace.inbox.post(lambda: workspace.busy.emit(f"Making the demo slide … {share:.0%}"))

        workspace.busy.emit("Making the demo slide …")
        workspace.background.run(
            lambda: make_demo_slide(cache_folder() / "demo", progress=tell),
            lambda demo: workspace.open(demo.slide),
            lambda error: self._failed("Cannot make the demo slide", error),
        )

    # files out -------------------------------------------------------
    def export_annotations(self) -> None:
        """Write the annotations as GeoJSON."""
        session = self._workspace.session
        target = self._ask_target("Export annotations", ".geojson", "GeoJSON (*.geojson)")
        if session is not None and target is not None:
            annotations = list(session.annotations)
            self._write(target, lambda: write_geojson(annotations, target))

    def export_region(self) -> None:
        """Write the selection's box or the view as an image."""
        session = self._workspace.session
        if session is None:
            return
        dialog = RegionExportDialog(session.slide.info, self._boxes(), self._window)
        if dialog.exec() != QDialog.DialogCode.Accepted:
            return
        choice = dialog.choice()
        kind = "TIFF (*.tif)" if choice.suffix == ".tif" else "PNG (*.png)"
        target = self._ask_target("Export region", choice.suffix, kind)
        if target is not None:
            slide = session.slide
            self._write(
                target,
                lambda: export_region(slide, choice.box, target, downsample=choice.downsample),
            )

    def _boxes(self) -> dict[str, Box]:
        boxes: dict[str, Box] = {}
        selected = self._selected()
        if selected:
            boxes["Selected annotations"] = Box(*union_all([a.geometry for a in selected]).bounds)
        boxes["What the window shows"] = self._workspace.view.state.viewport.box()
        if self._workspace.session is not None:
            boxes["Whole slide"] = self._workspace.session.slide.info.box
        return boxes

    def export_cells(self) -> None:
        """Write the topmost heatmap's cells as CSV."""
        heatmaps = self._workspace.runs.heatmaps
        names = [layer.name for layer in self._workspace.view.state.layers if layer.name in heatmaps]
        if not names:
            return
        heatmap = heatmaps[names[-1]]
        target = self._ask_target("Export heatmap cells", ".csv", "CSV (*.csv)")
        if target is not None:
            # On the main thread: the heatmap changes there, and a table must be of one moment.
            self._write(target, lambda: write_heatmap_table(heatmap, target))

    def _ask_target(self, title: str, suffix: str, kind: str) -> Path | None:
        session = self._workspace.session
        stem = "export" if session is None else session.slide.info.path.stem
        name, _ = QFileDialog.getSaveFileName(self._window, title, f"{stem}{suffix}", kind)
        if not name:
            return None
        path = Path(name)
        return path if path.suffix else path.with_suffix(suffix)

    def _write(self, target: Path, work: Callable[[], None]) -> None:
        workspace = self._workspace
        workspace.busy.emit(f"Writing {target.name} …")

        def done(_: None) -> None:
            workspace.busy.emit("")
            self._window.statusBar().showMessage(f"Wrote {target}", 8000)

        workspace.background.run(work, done, lambda error: self._failed("Cannot export", error))

    def _failed(self, title: str, error: Exception) -> None:
        self._workspace.busy.emit("")
        self._workspace.problem.emit(title, str(error))

    # annotations -----------------------------------------------------
    def _selected(self) -> list[Annotation]:
        session = self._workspace.session
        chosen = self._workspace.view.state.selection
        return [] if session is None else [a for a in session.annotations if a.id in chosen]

    def delete(self) -> None:
        """Delete the selected annotations that are not locked."""
        doomed = [annotation for annotation in self._selected() if not annotation.locked]
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
        selected = [annotation for annotation in self._selected() if not annotation.locked]
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
        changed = [a for a in self._selected() if a.class_name != class_name and not a.locked]
        if changed:
            self._workspace.edit(
                Edit.replace("Change class", *((a, replace(a, class_name=class_name)) for a in changed))
            )

    def _use_tool(self, name: str) -> None:
        self._workspace.view.set(replace(self._workspace.view.state, tool=name))

    # view ------------------------------------------------------------
    def _zoom(self, factor: float) -> None:
        width, height = self._workspace.view.state.viewport.size
        self._workspace.zoom(factor, (width / 2, height / 2))

    def _pan(self, dx: float, dy: float) -> None:
        viewport = self._workspace.view.state.viewport
        width, height = viewport.size
        self._workspace.look(viewport.panned(dx * width * _STEP, dy * height * _STEP))

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
        self._toggle("annotations")

    def toggle_heatmap(self) -> None:
        """Show or hide the heatmaps."""
        self._toggle("heatmap")

    def _toggle(self, kind: str) -> None:
        layers = [layer for layer in self._workspace.view.state.layers if layer.kind == kind]
        shown = any(layer.visible for layer in layers)
        for layer in layers:
            self._workspace.set_layer(layer.name, visible=not shown)

    # models ----------------------------------------------------------
    def run(self) -> None:
        """Run the chosen model over the slide."""
        self._run(None)

    def run_selection(self) -> None:
        """Run the chosen model inside the selected annotations."""
        selected = self._selected()
        if selected:
            self._run(union_all([annotation.geometry for annotation in selected]))

    def _run(self, region: BaseGeometry | None) -> None:
        session, model = self._workspace.session, self._window.models.model
        if session is None or model is None:
            return
        info, stated = session.slide.info, self._workspace.runs.stated_mpp
        if info.mpp is None and info.fingerprint not in stated:
            dialog = PixelSizeDialog(info, self._window)
            if dialog.exec() != QDialog.DialogCode.Accepted:
                return
            stated[info.fingerprint] = dialog.mpp
        self._workspace.runs.start(model, region)

    # help ------------------------------------------------------------
    def about(self) -> None:
        """Show version, licence and intended use."""
        AboutDialog(self._window).show()

    def shortcuts(self) -> None:
        """List every action with its keys."""
        ShortcutsDialog(self._window.actions_table, self._window).show()


_TOOLS = ("pan", "select", "polygon", "freehand", "rectangle")
_THEMES = ("system", "light", "dark")
_PANS = {"left": (1, 0), "right": (-1, 0), "up": (0, 1), "down": (0, -1)}
