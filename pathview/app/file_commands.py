"""What the File menu does: slides in, annotations, pictures and tables out.

Dialogs and exports are imported when they are asked for: the window starts without.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtWidgets import QDialog, QFileDialog, QInputDialog
from shapely import union_all

from pathview.core.files import cache_folder
from pathview.core.geometry import Box
from pathview.core.place import place_of

if TYPE_CHECKING:
    from pathview.app.main_window import MainWindow

_FILTER = (
    "Slides (*.svs *.tif *.tiff *.ndpi *.mrxs *.scn *.bif *.vms *.vmu *.svslide *.dcm *.czi *.zarr.zip "
    "zarr.json .zattrs *.png *.jpg *.jpeg *.bmp *.webp);;All files (*)"
)


class FileCommands:
    """The callbacks of the File menu.

    Parameters
    ----------
    window
        Whose actions these are.
    """

    def __init__(self, window: MainWindow) -> None:
        self._window = window
        self._workspace = window.workspace

    def open(self) -> None:
        """Ask for a slide and open it."""
        recent = self._workspace.settings.recent
        local = next((path for text in recent if isinstance(path := place_of(text), Path)), None)
        folder = "" if local is None else str(local.parent)
        name, _ = QFileDialog.getOpenFileName(self._window, "Open slide", folder, self._filter())
        if name:
            self._workspace.open(Path(name))

    def _filter(self) -> str:
        endings = [e for reader in self._workspace.registry.readers.values() for e in reader.endings]
        return _FILTER.replace("*.svs", " ".join(["*.svs", *(f"*{ending}" for ending in endings)]), 1)

    def open_address(self) -> None:
        """Ask for the address of a slide and open it."""
        dialog = QInputDialog(self._window)
        dialog.setWindowTitle("Open address")
        dialog.setLabelText(
            "Address of a tiled TIFF (SVS, OME-TIFF) or an OME-Zarr:\nhttps://…, http://… or s3://bucket/…"
        )
        dialog.setOkButtonText("Open")
        dialog.resize(640, dialog.height())
        accepted = dialog.exec() == QDialog.DialogCode.Accepted
        text = dialog.textValue().strip()
        dialog.deleteLater()
        if accepted and text:
            self._workspace.open(place_of(text))

    def open_demo(self) -> None:
        """Make the demo slide if it is not there yet, and open it."""
        from pathview.slides.demo import make_demo_slide

        workspace = self._workspace

        def tell(share: float) -> None:
            if workspace.closed:
                raise InterruptedError("the window has been closed")
            workspace.inbox.post(lambda: workspace.busy.emit(f"Making the demo slide … {share:.0%}"))

        workspace.busy.emit("Making the demo slide …")
        workspace.background.run(
            lambda: make_demo_slide(cache_folder() / "demo", progress=tell),
            lambda demo: workspace.open(demo.slide),
            lambda error: self._failed("Cannot make the demo slide", error),
        )

    def export_annotations(self) -> None:
        """Write the annotations as GeoJSON."""
        from pathview.annotations.geojson import write_geojson

        session = self._workspace.session
        target = self.ask_target("Export annotations", ".geojson", "GeoJSON (*.geojson)")
        if session is not None and target is not None:
            annotations = list(session.annotations)
            self.write(target, lambda: write_geojson(annotations, target))

    def export_region(self) -> None:
        """Write the selection's box or the view as an image."""
        from pathview.app.dialogs.region_export import RegionExportDialog
        from pathview.export.region_image import export_region

        session = self._workspace.session
        if session is None:
            return
        dialog = RegionExportDialog(
            session.slide.info, self._boxes(), session.slide.display_colour, self._window
        )
        accepted = dialog.exec() == QDialog.DialogCode.Accepted
        choice = dialog.choice()
        dialog.deleteLater()
        if not accepted:
            return
        kind = "TIFF (*.tif)" if choice.suffix == ".tif" else "PNG (*.png)"
        target = self.ask_target("Export region", choice.suffix, kind)
        if target is not None:
            slide, look = session.slide, self._workspace.looks.look
            self.write(
                target,
                lambda: export_region(
                    slide,
                    choice.box,
                    target,
                    downsample=choice.downsample,
                    to_srgb=choice.to_srgb,
                    look=look,
                ),
            )

    def _boxes(self) -> dict[str, Box]:
        boxes: dict[str, Box] = {}
        selected = self._window.commands.selected()
        if selected:
            boxes["Selected annotations"] = Box(*union_all([a.geometry for a in selected]).bounds)
        boxes["What the window shows"] = self._workspace.view.state.viewport.box()
        if self._workspace.session is not None:
            boxes["Whole slide"] = self._workspace.session.slide.info.box
        return boxes

    def export_cells(self) -> None:
        """Write the topmost heatmap's cells as CSV."""
        from pathview.export.heatmap_table import write_heatmap_table

        heatmaps = self._workspace.runs.heatmaps
        names = [layer.name for layer in self._workspace.view.state.layers if layer.name in heatmaps]
        if not names:
            return
        target = self.ask_target("Export heatmap cells", ".csv", "CSV (*.csv)")
        if target is not None:
            table = heatmaps[names[-1]].copy()
            self.write(target, lambda: write_heatmap_table(table, target))

    def ask_target(self, title: str, suffix: str, kind: str) -> Path | None:
        """Return where the user wants to write, or None; a name without an ending gets `suffix`."""
        session = self._workspace.session
        stem = "export" if session is None else session.slide.info.path.stem
        dialog = QFileDialog(self._window, title, "", kind)
        dialog.setAcceptMode(QFileDialog.AcceptMode.AcceptSave)
        # Known to the dialog, so that it asks before it replaces the very file that will be written.
        dialog.setDefaultSuffix(suffix)
        dialog.selectFile(f"{stem}{suffix}")
        accepted = dialog.exec() == QDialog.DialogCode.Accepted
        chosen = dialog.selectedFiles()
        dialog.deleteLater()
        return Path(chosen[0]) if accepted and chosen else None

    def write(self, target: Path, work: Callable[[], None]) -> None:
        """Have `work` write `target` off-thread, and tell how that went."""
        workspace = self._workspace
        workspace.busy.emit(f"Writing {target.name} …")

        def done(_: None) -> None:
            workspace.busy.emit("")
            self._window.statusBar().showMessage(f"Wrote {target}", 8000)

        workspace.background.run(work, done, lambda error: self._failed("Cannot export", error), lasting=True)

    def _failed(self, title: str, error: Exception) -> None:
        if not self._workspace.closed:
            self._workspace.busy.emit("")
            self._workspace.problem.emit(title, str(error))
