"""What can be done with detections: show, hide, write to a file."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from pathview.annotations.detections import Detections, Found
from pathview.annotations.objects import Objects

if TYPE_CHECKING:
    from pathview.app.main_window import MainWindow
    from pathview.app.open_slide import Pane
    from pathview.view.layers import Layer

_KINDS = {".geojson": "GeoJSON (*.geojson)", ".csv": "CSV (*.csv)"}
# How near to its centre an object without outline is under the cursor, screen pixels.
_NEAR = 6.0


class DetectionCommands:
    """The callbacks for detections.

    Parameters
    ----------
    window
        Whose actions these are.
    """

    def __init__(self, window: MainWindow) -> None:
        self._window = window
        self._workspace = window.workspace

    def callbacks(self) -> dict[str, Callable[[], object]]:
        """Return what each action does, by its key."""
        return {"toggle_detections": self.toggle, "export_detections": self.export}

    def toggle(self) -> None:
        """Hide the detections, or show them."""
        layers = [la for la in self._workspace.view.state.layers if la.kind == "detections"]
        shown = any(layer.visible for layer in layers)
        for layer in layers:
            self._workspace.set_layer(layer.name, visible=not shown)

    def export(self) -> None:
        """Write the topmost detections, without those that the layer's lowest score hides."""
        from pathview.export.detections_file import write_detections_geojson, write_detections_table

        topmost = topmost_detections(self._workspace.panes.active, hidden_too=True)
        session = self._workspace.session
        if topmost is None or session is None:
            return
        target = self._window.commands.files.ask_target(
            "Export detections", ".geojson", ";;".join(_KINDS.values())
        )
        if target is None:
            return
        layer, detections = topmost
        parts, classes, mpp = detections.all_parts(), detections.classes, session.slide.info.mpp
        write = write_detections_table if target.suffix == ".csv" else write_detections_geojson

        def work() -> None:
            write(Objects.joined(parts).reaching(layer.threshold), classes, mpp, target)

        self._window.commands.files.write(target, work)


def topmost_detections(pane: Pane, *, hidden_too: bool = False) -> tuple[Layer, Detections] | None:
    """Return a pane's topmost detections with their layer, of those that show unless told otherwise."""
    known = {} if pane.slide is None else pane.slide.detections
    layers = [layer for layer in reversed(pane.state.layers) if layer.name in known]
    shown = [layer for layer in layers if layer.shown] or (layers if hidden_too else [])
    return (shown[0], known[shown[0].name]) if shown else None


def found_at(pane: Pane, x: float, y: float) -> Found | None:
    """Return the object that a pane shows at a level-0 point, or None."""
    topmost = topmost_detections(pane)
    if topmost is None:
        return None
    layer, detections = topmost
    return detections.at(x, y, _NEAR * pane.state.viewport.downsample, layer.threshold)
