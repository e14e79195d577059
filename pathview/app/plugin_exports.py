"""The exporters of plugins in the File menu."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtWidgets import QDialog, QMenu

from pathview.app.dialogs.model_parameters import ParametersDialog
from pathview.export.gather import gather
from pathview.export.plugin_exporter import ExporterSource
from pathview.inference.heatmap import Heatmap
from pathview.inference.parameter import Value

if TYPE_CHECKING:
    from pathview.app.main_window import MainWindow


class PluginExports:
    """Keeps the submenu true, and writes what is chosen there.

    Parameters
    ----------
    window
        Whose menu it is.
    menu
        The submenu.
    """

    def __init__(self, window: MainWindow, menu: QMenu) -> None:
        self.menu = menu
        self._window = window
        self._workspace = window.workspace
        self._values: dict[str, dict[str, Value]] = {}
        menu.setToolTipsVisible(True)
        self._workspace.models_changed.connect(self.refresh)
        self._workspace.slide_changed.connect(self._enable)
        self.refresh()

    def refresh(self) -> None:
        """List what plugins offer now."""
        self._values.clear()
        self.menu.clear()
        for source in self._workspace.registry.exporters.values():
            action = self.menu.addAction(f"{(source.title or source.name).replace('&', '&&')} …")
            action.setToolTip(source.description)
            action.setObjectName(source.name)
            action.triggered.connect(lambda _=False, chosen=source: self.export(chosen))
        self._enable()

    def export(self, source: ExporterSource) -> None:
        """Ask for what it needs, and write the file; what is wrong is told on a card."""
        session = self._workspace.session
        if session is None:
            return
        heatmaps = self._shown()
        annotations = list(session.annotations)
        if lack := source.lacks(annotations=bool(annotations), heatmap=bool(heatmaps)):
            self._workspace.problem.emit("Cannot export", f"{source.title or source.name}: {lack}")
            return
        files, settings = self._window.commands.files, self._ask(source)
        title = source.title or source.name
        target = None if settings is None else files.ask_target(f"Export: {title}", source.suffix, title)
        if target is not None:
            values = gather(session.slide.info, annotations, heatmaps)
            files.write(target, lambda: source.export(values, target, settings))

    def _shown(self) -> dict[str, Heatmap]:
        heatmaps = self._workspace.runs.heatmaps
        layers = [layer.name for layer in self._workspace.view.state.layers]
        return {name: heatmaps[name] for name in layers if name in heatmaps}

    def _ask(self, source: ExporterSource) -> dict[str, Value] | None:
        if not source.parameters:
            return {}
        known = self._values.get(source.name, {})
        dialog = ParametersDialog(source.title or source.name, source.parameters, known, self._window)
        accepted = dialog.exec() == QDialog.DialogCode.Accepted
        values = dialog.values
        dialog.deleteLater()
        if not accepted:
            return None
        self._values[source.name] = values
        return values

    def _enable(self, _session: object = None) -> None:
        self.menu.setEnabled(bool(self.menu.actions()) and self._workspace.session is not None)
