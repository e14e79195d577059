"""What the Heatmap menu does."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtWidgets import QDialog

from pathview.annotations.annotation import Annotation
from pathview.annotations.edit import Edit
from pathview.app.heatmap_words import made_with, strange
from pathview.app.model_runs import shown_heatmap
from pathview.app.scale_words import area_words
from pathview.app.workspace import SLIDE_LAYER
from pathview.core.palette import EXCLUDE, INCLUDE
from pathview.inference.contours import outlines
from pathview.inference.heatmap import Heatmap
from pathview.view.hotspot_view import viewport_of

if TYPE_CHECKING:
    from shapely.geometry import Polygon

    from pathview.app.dialogs.outlines import Wanted
    from pathview.app.main_window import MainWindow
    from pathview.inference.hotspots import Hotspot
    from pathview.study.session import Session
    from pathview.view.layers import Layer

_DRAWING = ("polygon", "freehand", "rectangle")
_SAID_MS = 8_000
_TITLE = "Cannot outline the heatmap"


class HeatmapCommands:
    """The callbacks of the Heatmap menu: all are about the topmost heatmap that shows.

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
        return {
            "toggle_contours": self.toggle_contours,
            "outline_heatmap": self.outline,
            "next_hotspot": partial(self._step, 1),
            "previous_hotspot": partial(self._step, -1),
            "difference": self.compare,
            "toggle_tissue": self.toggle_tissue,
            "exclude_tissue": partial(self._mark, EXCLUDE),
            "include_tissue": partial(self._mark, INCLUDE),
            "hotspots": lambda: self._window.panels.show_or_hide("hotspots"),
        }

    def _shown(self) -> tuple[Layer, Heatmap] | None:
        shown = shown_heatmap(self._workspace.panes.active)
        if shown is None:
            self._say("No heatmap shows: tick one in the Layers panel, or press C")
        return shown

    def _say(self, words: str) -> None:
        self._window.statusBar().showMessage(words, _SAID_MS)

    def toggle_contours(self) -> None:
        """Show the contours of the heatmap, or hide them."""
        shown = self._shown()
        if shown is not None:
            layer, heatmap = shown
            self._workspace.set_layer(layer.name, contours=not layer.contours)
            level = heatmap.facts.level_of(layer.channel)
            what = f"{heatmap.facts.classes[layer.channel]} {level:g}"
            self._say("Contours are hidden" if layer.contours else f"Contours at {what}")

    # where runs look -------------------------------------------------
    def toggle_tissue(self) -> None:
        """Show the edges of what runs take for tissue, or hide them."""
        layer = self._workspace.view.state.layer(SLIDE_LAYER)
        self._workspace.set_layer(SLIDE_LAYER, contours=not layer.contours)
        if not layer.contours:
            self._say("Runs look inside the white lines")

    def _mark(self, class_name: str) -> None:
        """Give the selected areas a class that runs go by, or have it given to those that are drawn next."""
        window = self._window
        if self._workspace.view.state.selection:
            window.commands.reclassify(class_name)
        else:
            window.class_box.setCurrentText(class_name)
            if self._workspace.view.state.tool not in _DRAWING:
                window.actions_table["tool_freehand"].trigger()
            what = "all of what you draw" if class_name == INCLUDE else "nothing of what you draw"
            self._say(f"Draw: the next run looks at {what}; the class list ends it")

    def compare(self) -> None:
        """Ask which heatmap to subtract from which, and show the difference."""
        slide = self._workspace.slide
        if slide is None:
            return
        from pathview.app.dialogs.difference import DifferenceDialog

        shown = shown_heatmap(self._workspace.panes.active)
        dialog = DifferenceDialog(slide.heatmaps, None if shown is None else shown[0].name, self._window)
        accepted, difference = dialog.exec() == QDialog.DialogCode.Accepted, dialog.difference()
        dialog.deleteLater()
        if accepted and self._workspace.slide is slide:
            self._workspace.show_difference(slide, difference)
            self._say("A − B is shown in place of the heatmaps; the Layers panel says which is which")

    # hot-spots -------------------------------------------------------
    def _step(self, by: int) -> None:
        if self._shown() is not None:
            self._workspace.hotspots.step(by, self._look_at)

    def _look_at(self, spot: Hotspot | None) -> None:
        if spot is None:
            self._say("Nothing is over the model's threshold")
        else:
            self.go(spot)

    def go(self, spot: Hotspot) -> None:
        """Show one of the suspicious regions."""
        spots, workspace = self._workspace.hotspots, self._workspace
        if spots.found is None or workspace.session is None:
            return
        facts, cell = spots.found.heatmap.facts, spots.found.heatmap.grid.stride
        self._window.canvas_widget.motions.stop()
        self._window.canvas_widget.visited.note()
        workspace.look(viewport_of(spot, cell, workspace.view.state.viewport))
        area = area_words(spot.area, workspace.session.slide.info.mpp)
        place = f"Hot-spot {spots.place(spot)} of {len(spots.spots)}"
        self._say(f"{place}: {facts.classes[spots.found.channel]} {spot.score:.2f}, {area}")

    # outlines --------------------------------------------------------
    def outline(self) -> None:
        """Ask from which probability on, and make annotations of the areas."""
        shown, session = self._shown(), self._workspace.session
        if shown is None or session is None:
            return
        from pathview.app.dialogs.outlines import OutlinesDialog

        layer, heatmap = shown
        classes = self._workspace.study.classes()
        dialog = OutlinesDialog(heatmap, layer.channel, classes, session.slide.info.mpp, self._window)
        accepted, wanted = dialog.exec() == QDialog.DialogCode.Accepted, dialog.wanted()
        dialog.deleteLater()
        if accepted:
            self._outline(session, heatmap, wanted)

    def _outline(self, session: Session, heatmap: Heatmap, wanted: Wanted) -> None:
        field, size = heatmap.field(wanted.channel), session.slide.info.size
        self._workspace.busy.emit("Outlining the heatmap …")
        self._workspace.background.run(
            lambda: outlines(*field(), wanted.level, size=size, least=wanted.least),
            lambda areas: self._add(session, heatmap, wanted, areas),
            lambda error: self._failed(str(error)),
        )

    def _add(self, session: Session, heatmap: Heatmap, wanted: Wanted, areas: list[Polygon]) -> None:
        if self._workspace.session is not session:
            self._failed("another slide has come to the front; show the slide and outline it again")
            return
        self._workspace.busy.emit("")
        facts = heatmap.facts
        note = f"{facts.classes[wanted.channel]} at {wanted.level:g} and above; {made_with(facts)}"
        limited = facts.ood_threshold is not None
        notes = [f"{note}; {strange(heatmap, area)}" if limited else note for area in areas]
        made = [
            Annotation(area, wanted.class_name, note=text) for area, text in zip(areas, notes, strict=True)
        ]
        if not made:
            self._say(f"No area: nothing is over {wanted.level:g} and large enough")
        elif self._workspace.edit(Edit.add("Outline heatmap", *made), _TITLE):
            self._say("1 outline added" if len(made) == 1 else f"{len(made)} outlines added")

    def _failed(self, why: str) -> None:
        if not self._workspace.closed:
            self._workspace.busy.emit("")
            self._workspace.problem.emit(_TITLE, why)
