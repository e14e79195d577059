"""The values that an exporter gets, gathered from what is open."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from pathview.annotations.annotation import Annotation
from pathview.core.palette import class_color
from pathview.export.values import ExportValues, HeatmapValues
from pathview.inference.heatmap import Heatmap
from pathview.slides.reader import SlideInfo


def gather(
    slide: SlideInfo, annotations: Iterable[Annotation], heatmaps: Mapping[str, Heatmap] | None = None
) -> ExportValues:
    """Return what is there now, copied: what comes later does not change it.

    Parameters
    ----------
    slide, annotations
        What is known of the slide, and what lies on it.
    heatmaps
        By the name that people know, the topmost last.
    """
    kept = tuple(annotations)
    return ExportValues(
        slide,
        kept,
        {one.class_name: class_color(one.class_name) for one in kept},
        tuple(_values(name, heatmap) for name, heatmap in (heatmaps or {}).items()),
    )


def _values(name: str, heatmap: Heatmap) -> HeatmapValues:
    facts, grid = heatmap.facts, heatmap.grid
    return HeatmapValues(
        name,
        facts.model,
        facts.model_version,
        facts.weights_sha256,
        facts.model_mpp,
        facts.classes,
        facts.positive,
        facts.threshold,
        grid.origin,
        grid.stride,
        grid.patch,
        heatmap.scores.copy(),
    )
