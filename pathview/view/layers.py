"""Layers: what is stacked on the screen, as display state only."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from pathview.inference.views import MOST_UNCERTAIN
from pathview.view.adjust import NEUTRAL, Adjustment

LayerKind = Literal["slide", "heatmap", "difference", "detections", "annotations"]

WHOLE_RANGE = (0.0, 1.0)

FADED = 0.2
"""Share of its opacity at which a fading layer shows a value of 0, so that the cell is seen to be done."""


@dataclass(frozen=True, slots=True)
class Layer:
    """How one layer is shown; changing any of it reads and uploads nothing.

    Attributes
    ----------
    name
        Unique in a `ViewState`; a heatmap layer finds its tiles under this name.
    kind
        What the layer shows.
    visible, opacity
        Whether and how strongly it is drawn, 0 to 1.
    colormap
        A name of `pathview.core.palette.COLORMAPS`; None is the first of them. Heatmaps only.
    threshold
        Heatmap values and detections with a score under it are transparent, 0 to 1.
    hide_above
        Heatmap cells with a larger uncertainty are transparent, 0 to `MOST_UNCERTAIN`.
    stipple
        Whether uncertainty shows: greyer colours under dots that grow with it.
    value_range
        Values that have the first and the last colour of the map; anything but (0, 1) is to be said.
    smooth
        Whether values are interpolated between the middles of cells, on the screen only.
    fade
        Whether low values are more transparent than high ones, so that the tissue under them stays readable.
        Heatmaps only.
    channel
        Which class of the heatmap is shown.
    contours
        Whether lines show where a heatmap crosses its level; they stay where the opacity is 0.
    outline_width
        Line width of annotations and detections in logical pixels.
    fill
        Opacity of the inside of annotations, 0 to 1.
    adjustment
        How the picture differs from the slide; slides only.
    """

    name: str
    kind: LayerKind
    visible: bool = True
    opacity: float = 1.0
    colormap: str | None = None
    threshold: float = 0.0
    hide_above: float = MOST_UNCERTAIN
    stipple: bool = False
    value_range: tuple[float, float] = WHOLE_RANGE
    smooth: bool = False
    channel: int = 0
    fade: bool = False
    contours: bool = False
    outline_width: float = 2.0
    fill: float = 0.12
    adjustment: Adjustment = NEUTRAL

    @property
    def diverging(self) -> bool:
        """Whether 0.5 stands for nothing: `threshold` and `fade` go by the distance to it."""
        return self.kind == "difference"

    @property
    def shown(self) -> bool:
        """Whether the layer changes any pixel."""
        return self.visible and self.opacity > 0
