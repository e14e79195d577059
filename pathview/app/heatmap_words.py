"""What a heatmap was made with, in words."""

from __future__ import annotations

import numpy as np
import shapely
from shapely import Polygon

from pathview.inference.difference import Difference
from pathview.inference.facts import HeatmapFacts
from pathview.inference.heatmap import Heatmap
from pathview.inference.views import UNCERTAINTY

_HASH = 12


UNLIKE = "unlike the training tissue"


def made_with(facts: HeatmapFacts) -> str:
    """Return model, version, weights and views on one line, as legends and notes of outlines have it."""
    weights = f"weights {facts.weights_sha256[:_HASH]}" if facts.weights_sha256 else "no weights"
    views = [f"{facts.views} views"] if facts.views > 1 else []
    return ", ".join([f"{facts.model} {facts.model_version}", weights, *views])


def legend(heatmap: Heatmap) -> str:
    """Return what made a heatmap, how much of it is done, and how much of that means little."""
    done, total, _, failed = heatmap.progress
    share = int(100 * done / total) if total else 100
    lost = f", {failed} failed" if failed else ""
    lines = [made_with(heatmap.facts), f"{share} % done: {done} of {total} cells{lost}"]
    if UNCERTAINTY in heatmap.extras:
        lines.append("Grey and dotted: the views differ")
    if heatmap.facts.ood_threshold is not None:
        lines.append(f"Pale and hatched: {strange(heatmap)}")
    return "\n".join(lines)


def compared(difference: Difference) -> str:
    """Return which two heatmaps are compared, and which colour stands for which."""
    pairs = (("A", difference.a, difference.a_index), ("B", difference.b, difference.b_index))
    said = [f"{letter}: {one.facts.classes[index]}, {made_with(one.facts)}" for letter, one, index in pairs]
    return "\n".join(["Blue: B higher · white: equal · orange: A higher", *said])


def strange(heatmap: Heatmap, area: Polygon | None = None) -> str:
    """Return how many cells, or of those with their middle in a level-0 area, mean little."""
    cells = np.argwhere(heatmap.unlike())
    if area is not None:
        middles = np.array(heatmap.grid.origin) + (cells[:, ::-1] + 0.5) * heatmap.grid.stride
        cells = cells[shapely.contains_xy(area, middles)]
    return f"{len(cells)} cell{'' if len(cells) == 1 else 's'} {UNLIKE}"
