"""What every exporter must do, tried one thing after the other: the tests behind `pathview plugins check`."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path

import numpy as np
import shapely

from pathview.annotations.annotation import Annotation
from pathview.core.errors import PathViewError
from pathview.core.palette import class_color
from pathview.export.plugin_exporter import ExporterSource
from pathview.export.values import ExportValues, HeatmapValues
from pathview.inference.parameter import Kind, Parameter, Value
from pathview.slides.made import MadeReader

_HOLE = shapely.Polygon(
    [(100, 100), (900, 120), (880, 700), (120, 680)], [[(300, 300), (400, 300), (400, 420)]]
)
_ODD = 'Tümor <&> "1"'


def try_exporter(source: ExporterSource) -> Iterator[tuple[str, str, tuple[str, ...]]]:
    """Try an exporter on made values, one demand after the other.

    Yields
    ------
    demand, fault, notes
        What was tried in words; what is wrong, "" for nothing; what is worth knowing.
    """
    whole = made_values()
    unknown = replace(whole, slide=replace(whole.slide, mpp=None, mpp_source="the file does not say"))
    yield "it writes shapes of all kinds and a heatmap", _fault(source, whole), ()
    yield "it writes a slide of unknown pixel size", _fault(source, unknown), ()
    if not source.needs:
        yield "it writes a slide with nothing on it", _fault(source, ExportValues(whole.slide)), ()
    for parameter in source.parameters:
        for value in _extremes(parameter):
            demand = f"it takes {parameter.name} = {value}"
            yield demand, _fault(source, whole, {parameter.name: value}), ()
    if not _fault(source, whole):
        same = _written(source, whole) == _written(source, whole)
        note = () if same else ("what it writes of the same differs from one time to the next",)
        yield "it writes again", "", note


def made_values() -> ExportValues:
    """Return an area with a hole, several areas, a line, points, odd names, and a heatmap with gaps."""
    annotations = (
        Annotation(_HOLE, "Tumor", name="one", note="with a hole"),
        Annotation(shapely.MultiPolygon([shapely.box(0, 0, 9, 9), shapely.box(20, 0, 29.5, 9.25)]), _ODD),
        Annotation(shapely.LineString([(0, 0), (50, 80), (90, 20)]), None, name=_ODD),
        Annotation(shapely.MultiPoint([(5, 6), (7, 8)]), "Nuclei"),
        Annotation(shapely.Point(4000, 3000), "Nuclei"),
    )
    scores = np.linspace(0, 1, 40, dtype=np.float32).reshape(2, 4, 5)
    scores[:, 1, 2] = np.nan
    heatmap = HeatmapValues(
        "Made", "made-model", "1.0.0", "0" * 64, 0.5, ("Normal", "Tumor"), "Tumor", 0.5,
        (0.0, 0.0), 512.0, 512.0, scores,
    )  # fmt: skip
    colors = {one.class_name: class_color(one.class_name) for one in annotations}
    return ExportValues(MadeReader().info, annotations, colors, (heatmap,))


def _fault(source: ExporterSource, values: ExportValues, settings: Mapping[str, Value] | None = None) -> str:
    try:
        _written(source, values, settings)
    except PathViewError as error:
        return str(getattr(error, "reason", error))
    return ""


def _written(
    source: ExporterSource, values: ExportValues, settings: Mapping[str, Value] | None = None
) -> bytes:
    with tempfile.TemporaryDirectory() as folder:
        target = Path(folder, f"made{source.suffix}")
        source.export(values, target, settings)
        return target.read_bytes()


_EXTREMES: dict[Kind, Callable[[Parameter], tuple[Value | None, ...]]] = {
    Kind.NUMBER: lambda one: (one.least, one.most),
    Kind.INTEGER: lambda one: (one.least, one.most),
    Kind.SWITCH: lambda one: (True, False),
    Kind.CHOICE: lambda one: one.choices,
    Kind.TEXT: lambda one: ("",),
    Kind.FILE: lambda one: (),
}


def _extremes(parameter: Parameter) -> list[Value]:
    values = [value for value in _EXTREMES[parameter.kind](parameter) if value is not None]
    return [parameter.checked(int(v) if parameter.kind is Kind.INTEGER else v) for v in values]
