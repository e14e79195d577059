"""An open slide with everything on it, and one view of it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from pathview.tiles.source import SlideTiles, TileSource
from pathview.view.compose import Color, Scene
from pathview.view.heading import Heading
from pathview.view.state import ViewState
from pathview.view.view_history import ViewHistory

if TYPE_CHECKING:
    from pathview.annotations.detections import Detections
    from pathview.app.contours import Traced
    from pathview.app.slide_run import SlideRun
    from pathview.inference.difference import Difference
    from pathview.inference.heatmap import Heatmap
    from pathview.study.session import Session

_LEDGER = "{}: best score"
DIFFERENCE_LAYER = "A − B"
"""Name of the layer that shows `OpenSlide.difference`."""


def ledger_of(name: str) -> str:
    """Return the name of the heatmap that tells where a detector has looked, by that of its detections."""
    return _LEDGER.format(name)


@dataclass(eq=False, slots=True, weakref_slot=True)
class OpenSlide:
    """One slide of those that are open, in sight or behind a tab; main thread only.

    Attributes
    ----------
    session
        The slide and its annotations.
    tiles
        Its pixels as they are shown.
    asked
        Its number among all that were asked for.
    heatmaps
        What models said of it, by layer name.
    detections
        What models have found on it, by layer name.
    fitting
        Which of them the slide's pixel size suited when that was last looked at.
    difference
        What one of them says more than another, where that was asked for.
    contours
        Where those of them cross their level, as last worked out, by layer name and class.
    run
        The newest model run on it, or None.
    resting
        How it was looked at last, while it is in no place of the canvas.
    """

    session: Session
    tiles: SlideTiles
    asked: int
    heatmaps: dict[str, Heatmap] = field(default_factory=dict)
    detections: dict[str, Detections] = field(default_factory=dict)
    fitting: dict[str, bool] = field(default_factory=dict)
    difference: Difference | None = None
    contours: dict[tuple[str, int], Traced] = field(default_factory=dict)
    run: SlideRun | None = None
    resting: Pane | None = None

    @property
    def name(self) -> str:
        """What its tab says."""
        return self.session.slide.info.path.name


@dataclass(eq=False, slots=True, weakref_slot=True)
class Pane:
    """One view: of an open slide, or of none; main thread only.

    Attributes
    ----------
    slide
        What it shows, or None in an empty place.
    state
        Where one looks and how; of the active pane, `Workspace.view` is the owner and this follows.
    history
        The views to go back to.
    heading
        Where it is moving.
    stored
        The adjustment of its picture as the study holds it, None for none.
    """

    slide: OpenSlide | None
    state: ViewState
    history: ViewHistory = field(default_factory=ViewHistory)
    heading: Heading = field(default_factory=Heading)
    stored: str | None = None

    def scene(self, background: Color) -> Scene:
        """Return what there is to show in it."""
        if self.slide is None:
            return Scene(background=background)
        return Scene(
            self.slide.tiles,
            self.heatmap_tiles(),
            {
                layer.name: traced.lines
                for layer in self.state.layers
                if layer.contours and (traced := self.slide.contours.get((layer.name, layer.channel)))
            },
            self.slide.session.annotations,
            background=background,
            detections=self.slide.detections,
        )

    def heatmap_tiles(self) -> dict[str, TileSource]:
        """Return the tiles of its heatmap layers, of the class that each shows."""
        if self.slide is None:
            return {}
        heatmaps, difference = self.slide.heatmaps, self.slide.difference
        tiles: dict[str, TileSource] = {
            layer.name: heatmaps[layer.name].channel(layer.channel)
            for layer in self.state.layers
            if layer.name in heatmaps
        }
        return tiles if difference is None else tiles | {DIFFERENCE_LAYER: difference}

    def fitted(self, size: tuple[int, int]) -> ViewState:
        """Return its state on a screen of another size; a slide that fitted goes on to fit."""
        viewport = self.state.viewport.resized(size)
        if self.slide is not None:
            bounds = self.slide.session.slide.info.bounds
            if self.state.viewport == self.state.viewport.fitted(bounds):
                viewport = viewport.fitted(bounds)
        return self.state.shown_at(viewport)
