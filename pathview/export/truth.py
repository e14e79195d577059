"""How well a heatmap agrees with outlines that are known to be right."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import shapely
from numpy.typing import NDArray

from pathview.annotations.geojson import read_geojson
from pathview.inference.heatmap import CellState, Heatmap

_INSIDE = 0.5


@dataclass(frozen=True, slots=True)
class Agreement:
    """A heatmap against the truth.

    Attributes
    ----------
    auc
        Area under the ROC curve over the done cells, NaN when only one kind of cell is there.
    positive, cells
        How many of the done cells lie at least half inside the outlines, and how many there are.
    """

    auc: float
    positive: int
    cells: int


def score_against(heatmap: Heatmap, truth: Path) -> Agreement:
    """Compare the heatmap's positive class with outlines of the same class name.

    Parameters
    ----------
    heatmap
        Of a model whose positive class is a class in `truth`.
    truth
        GeoJSON in level-0 pixels.

    Raises
    ------
    AnnotationFormatError
        If the file cannot be read.
    """
    name = heatmap.facts.positive
    outlines = [a.geometry for a in read_geojson(truth) if a.class_name == name]
    region = shapely.union_all(outlines)
    shapely.prepare(region)
    cells = np.argwhere(heatmap.state == CellState.DONE)
    squares = shapely.box(*heatmap.grid.cell_boxes(cells).T)
    share = shapely.area(shapely.intersection(squares, region)) / shapely.area(squares)
    positive = np.asarray(share >= _INSIDE, bool)
    scores = heatmap.scores[heatmap.facts.classes.index(name)][tuple(cells.T)]
    return Agreement(auc(scores, positive), int(positive.sum()), len(cells))


def auc(scores: NDArray[np.float32], positive: NDArray[np.bool_]) -> float:
    """Return the area under the ROC curve, NaN when all or none of the cells are positive.

    It is the Mann-Whitney statistic: the chance that a positive scores higher than a negative, ties counting
    half (Hanley and McNeil, Radiology 1982).

    Parameters
    ----------
    scores
        (n,) values.
    positive
        (n,) truth.
    """
    count = int(positive.sum())
    others = len(positive) - count
    if not count or not others:
        return float("nan")
    # scipy takes most of a second to import, which everything else in this floor is spared.
    from scipy.stats import rankdata

    ranks = rankdata(scores)
    return float((ranks[positive].sum() - count * (count + 1) / 2) / (count * others))
