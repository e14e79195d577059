"""The cells of a heatmap as CSV."""

from __future__ import annotations

import csv
import io
from pathlib import Path

import numpy as np

from pathview.core.files import write_text
from pathview.inference.heatmap import CellState, Heatmap

_UNLIKE = ["unlike_training"]


def write_heatmap_table(heatmap: Heatmap, target: Path) -> None:
    """Write one row a cell: ``row,col,x,y,width,height,state``, a column per class, and what else is known.

    Where the model knows its limits, a column ``unlike_training`` says yes or no.

    An extra with one layer a class has columns such as ``Tumor uncertainty``, any other ``name``, or
    ``name 1``, ``name 2``. Positions are level-0 pixels of the cell's patch, top-left corner; a cell without
    a value has empty columns there, never 0.

    Raises
    ------
    OSError
        If the file cannot be written; an older one is intact.
    """
    rows, columns = heatmap.state.shape
    cells = np.stack(np.meshgrid(np.arange(rows), np.arange(columns), indexing="ij"), axis=-1).reshape(-1, 2)
    boxes = heatmap.grid.boxes(cells.astype(np.intp))
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    layers = np.concatenate([heatmap.scores, *heatmap.extras.values()])
    names = [*heatmap.facts.classes, *_names_of_extras(heatmap)]
    limited = heatmap.facts.ood_threshold is not None
    unlike = heatmap.unlike()
    writer.writerow(["row", "col", "x", "y", "width", "height", "state", *names, *_UNLIKE * limited])
    for (row, column), box in zip(cells, boxes, strict=True):
        x0, y0, x1, y1 = (float(edge) for edge in box)
        state = CellState(int(heatmap.state[row, column]))
        known = layers[:, row, column] if state is CellState.DONE else np.full(len(layers), np.nan)
        numbers = ["" if np.isnan(value) else f"{value:.6f}" for value in known]
        place = [_number(value) for value in (x0, y0, x1 - x0, y1 - y0)]
        word = ("yes" if unlike[row, column] else "no") if state is CellState.DONE else ""
        writer.writerow([int(row), int(column), *place, state.name.lower(), *numbers, *[word] * limited])
    write_text(target, text.getvalue())


def _names_of_extras(heatmap: Heatmap) -> list[str]:
    classes = heatmap.facts.classes
    names: list[str] = []
    for name, layers in heatmap.extras.items():
        if len(layers) == len(classes) > 1:
            names += [f"{label} {name}" for label in classes]
        else:
            names += [name] if len(layers) == 1 else [f"{name} {n + 1}" for n in range(len(layers))]
    return names


def _number(value: float) -> str:
    # Whole pixels without a decimal point, so that tables of other programs join on them as text too.
    return f"{value:.3f}".rstrip("0").rstrip(".")
