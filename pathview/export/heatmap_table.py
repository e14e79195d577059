"""The cells of a heatmap as CSV."""

from __future__ import annotations

import csv
import io
from pathlib import Path

import numpy as np

from pathview.core.files import write_text
from pathview.inference.heatmap import CellState, Heatmap


def write_heatmap_table(heatmap: Heatmap, target: Path) -> None:
    """Write one row a cell: ``row,col,x,y,width,height,state`` and a column per class.

    Positions are level-0 pixels of the cell's patch, top-left corner; a cell without a value has empty
    class columns, never 0.

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
    writer.writerow(["row", "col", "x", "y", "width", "height", "state", *heatmap.facts.classes])
    for (row, column), box in zip(cells, boxes, strict=True):
        x0, y0, x1, y1 = (float(edge) for edge in box)
        state = CellState(int(heatmap.state[row, column]))
        scores = (
            heatmap.scores[:, row, column] if state is CellState.DONE else [None] * len(heatmap.facts.classes)
        )
        numbers = ["" if score is None else f"{score:.6f}" for score in scores]
        place = [_number(value) for value in (x0, y0, x1 - x0, y1 - y0)]
        writer.writerow([int(row), int(column), *place, state.name.lower(), *numbers])
    write_text(target, text.getvalue())


def _number(value: float) -> str:
    # Whole pixels without a decimal point, so that tables of other programs join on them as text too.
    return f"{value:.3f}".rstrip("0").rstrip(".")
