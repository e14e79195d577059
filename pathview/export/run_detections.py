"""What a detector leaves in a run's folder: the objects for other programs, and how many there are."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from pathview.annotations.objects import Objects
from pathview.export.detections_file import write_detections_geojson, write_detections_table
from pathview.inference.detection_sink import read_objects
from pathview.inference.facts import HeatmapFacts
from pathview.inference.heatmap import CellState, Heatmap


def objects_of(path: Path, facts: HeatmapFacts) -> Objects:
    """Return the objects in the folder of a heatmap; none where its model is no detector.

    Raises
    ------
    HeatmapMismatchError
        If they belong to another model or slide.
    """
    found = read_objects(path, facts)
    return Objects.none() if found is None else found[1]


def publish_detections(objects: Objects, facts: HeatmapFacts, folder: Path) -> tuple[Path, Path]:
    """Write the objects as GeoJSON and CSV, and return the files.

    Raises
    ------
    ExportError
        If a file cannot be written; an older one is intact.
    """
    geojson, table = folder / "detections.geojson", folder / "detections.csv"
    write_detections_geojson(objects, facts.classes, facts.slide_mpp, geojson)
    write_detections_table(objects, facts.classes, facts.slide_mpp, table)
    return geojson, table


def counted(objects: Objects, heatmap: Heatmap) -> dict[str, Any]:
    """Return counts by class as JSON values, with densities where the area is known and not nothing."""
    classes, mm2 = heatmap.facts.classes, looked_at_mm2(heatmap)
    counts = np.bincount(objects.classes, minlength=len(classes))
    numbers = {name: int(count) for name, count in zip(classes, counts, strict=True)}
    return {
        "by_class": numbers,
        "looked_at_mm2": None if mm2 is None else round(mm2, 6),
        "per_mm2": {name: round(count / mm2, 2) for name, count in numbers.items()} if mm2 else None,
    }


def looked_at_mm2(heatmap: Heatmap) -> float | None:
    """Return the area on the slide of the cells that are done; None where the pixel size is unknown."""
    mpp, (width, height) = heatmap.facts.slide_mpp, heatmap.facts.slide_size
    if mpp is None:
        return None
    boxes = heatmap.grid.cell_boxes(np.argwhere(heatmap.state == CellState.DONE))
    across = np.minimum(boxes[:, 2], width) - np.maximum(boxes[:, 0], 0)
    down = np.minimum(boxes[:, 3], height) - np.maximum(boxes[:, 1], 0)
    return float((across * down).sum()) * mpp[0] * mpp[1] / 1e6
