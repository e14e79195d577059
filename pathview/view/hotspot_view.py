"""How a suspicious region is looked at."""

from __future__ import annotations

from pathview.core.geometry import Box
from pathview.inference.hotspots import Hotspot
from pathview.view.viewport import Viewport

# A single cell alone says little: so many cells at least are in view.
_LEAST_CELLS = 4.0
_AROUND = 0.15


def viewport_of(spot: Hotspot, cell: float, viewport: Viewport) -> Viewport:
    """Return the view that shows all of a region with some tissue round it, turned as `viewport` is.

    Parameters
    ----------
    spot
        The region.
    cell
        Edge of a cell of its heatmap, level-0 pixels.
    viewport
        Whose size and turn it has.
    """
    (x, y), half = spot.box.center, _LEAST_CELLS * cell / 2
    return viewport.fitted(spot.box.union(Box(x - half, y - half, x + half, y + half)), margin=_AROUND)
