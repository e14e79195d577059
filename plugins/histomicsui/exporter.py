"""Annotations and a heatmap as large_image's JSON, which HistomicsUI shows.

Each point has exactly three numbers, shapes have no keys but the known ones, and what is our own lies under
"user".
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from pathview.export import Annotation, ExportValues, HeatmapValues

Element = dict[str, Any]
_RAMP = ["rgba(0,0,255,0)", "rgba(255,255,0,0.5)", "rgba(255,0,0,0.7)"]


def write(values: ExportValues, target: Path, fill: float, heatmap: bool) -> None:
    """Write one annotation document; what `function` in plugin.toml names."""
    elements = [
        element
        for one in values.annotations
        for element in _elements(one, values.colors[one.class_name], fill)
    ]
    if heatmap and values.heatmaps:
        elements.append(_heatmap(values.heatmaps[-1]))
    document = {
        "name": values.slide.path.name,
        "description": "Written by PathView. For research use only.",
        "elements": elements,
    }
    target.write_text(json.dumps(document, ensure_ascii=False, allow_nan=False), encoding="utf-8")


def _elements(one: Annotation, color: tuple[int, int, int], fill: float) -> Iterator[Element]:
    red, green, blue = color
    label = one.class_name or "Unclassified"
    shared: Element = {
        "group": label,
        "label": {"value": one.name or label},
        "lineColor": f"rgb({red},{green},{blue})",
        "user": {"name": one.name, "note": one.note, "id": str(one.id)},
    }
    for part in getattr(one.geometry, "geoms", (one.geometry,)):
        shape = _shape(part)
        if shape["type"] == "point" or shape["closed"]:
            shape["fillColor"] = f"rgba({red},{green},{blue},{fill:g})"
        yield shared | {"lineWidth": 2} | shape


def _shape(part: Any) -> Element:
    if part.geom_type == "Point":
        return {"type": "point", "center": _points(part)[0]}
    if part.geom_type == "LineString":
        return {"type": "polyline", "closed": False, "points": _points(part)}
    rings = [_points(ring)[:-1] for ring in (part.exterior, *part.interiors)]
    shape: Element = {"type": "polyline", "closed": True, "points": rings[0]}
    return shape | ({"holes": rings[1:]} if len(rings) > 1 else {})


def _points(part: Any) -> list[list[float]]:
    return [[float(x), float(y), 0.0] for x, y, *_ in part.coords]


def _heatmap(heatmap: HeatmapValues) -> Element:
    scores = heatmap.scores[heatmap.classes.index(heatmap.positive)]
    points = []
    for row, column in np.argwhere(np.isfinite(scores)):
        x0, y0, x1, y1 = heatmap.cell_box(int(row), int(column))
        points.append([(x0 + x1) / 2, (y0 + y1) / 2, 0.0, round(float(scores[row, column]), 6)])
    return {
        "type": "heatmap",
        "group": heatmap.positive,
        "label": {"value": f"{heatmap.name}: {heatmap.positive}"},
        "points": points,
        "radius": heatmap.stride,
        "colorRange": _RAMP,
        "rangeValues": [0.0, heatmap.threshold, 1.0],
        "normalizeRange": False,
        "scaleWithZoom": True,
        "user": {"model": heatmap.model, "version": heatmap.model_version, "mpp": heatmap.mpp},
    }
