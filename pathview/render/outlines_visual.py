"""Annotations: translucent insides, lines of constant screen width, handles, the tool's preview; contours."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import numpy as np
import shapely
from shapely.geometry.base import BaseGeometry
from vispy import gloo

from pathview.annotations.annotation import Annotation
from pathview.core.palette import class_color
from pathview.render import outline_vertices
from pathview.render.outline_vertices import Shape
from pathview.render.programs import program
from pathview.view.compose import Color, Frame
from pathview.view.layers import Layer
from pathview.view.viewport import Viewport

# Sizes in logical pixels.
_HANDLE = 8.0
_HANDLE_SPACING = 14.0
_DASH = 6.0
_CASING = ((4.0, (0.08, 0.08, 0.10, 1.0)), (2.0, (1.0, 1.0, 1.0, 1.0)))
_PREVIEW = ((1.5, (1.0, 1.0, 1.0, 1.0), 0.0), (0.0, (0.05, 0.05, 0.08, 1.0), _DASH))
_PREVIEW_WIDTH = 1.5
# White on dark shows over tissue and over all colours of a heatmap, and no class looks like it.
_CONTOUR = ((2.0, (0.05, 0.05, 0.08, 1.0)), (0.0, (1.0, 1.0, 1.0, 1.0)))
_CONTOUR_WIDTH = 1.5
_SELECTED_FILL = 1.0
# So many shapes are kept.
_MOST_KNOWN = 40_000
_NO_TINT = (0.0, 0.0, 0.0, 0.0)


class OutlinesVisual:
    """Draws contours and annotations of a frame; uploads only when others come into view."""

    def __init__(self) -> None:
        self._lines = program("lines", "lines")
        self._fills = program("fills", "fills")
        self._handles = program("handles", "handles")
        self._known: dict[tuple[UUID, float], tuple[BaseGeometry, float, Shape]] = {}
        self._all = _Batch()
        self._selected = _Batch()
        self._preview = _Batch()
        self._contours: list[tuple[BaseGeometry, _Batch]] = []

    def draw(self, frame: Frame, pixel_scale: float) -> None:
        """Draw all the lines of `frame`; `pixel_scale` is physical per logical pixels."""
        self._draw_contours(frame, pixel_scale)
        layer = frame.outline_layer
        if layer is not None and frame.outlines:
            chosen: tuple[Annotation, ...] = ()
            if frame.selection:
                chosen = tuple(one for one in frame.outlines if one.id in frame.selection)
            tolerance = _tolerance(frame.viewport.downsample)
            self._update(self._all, _Content(frame.outlines, frame.colors, tolerance))
            self._update(self._selected, _Content(chosen, frame.colors, tolerance))
            self._draw_all(layer, frame.viewport, pixel_scale)
            if chosen:
                self._draw_selected(layer, frame.viewport, pixel_scale)
        if frame.preview is not None and not frame.preview.is_empty:
            self._draw_preview(frame.preview, frame.viewport, pixel_scale)

    def _draw_contours(self, frame: Frame, pixel_scale: float) -> None:
        known = [
            (lines, batch) for lines, batch in self._contours if any(lines is one for one in frame.contours)
        ]
        for lines in frame.contours:
            if not any(lines is one for one, _ in known):
                known.append((lines, _Batch()))
                known[-1][1].set_shape(outline_vertices.shapes([lines], [0.0])[0])
        self._contours = known
        for _, batch in known:
            for wider, tint in _CONTOUR:
                radius = (_CONTOUR_WIDTH + wider) * pixel_scale / 2
                self._draw_lines(batch, frame.viewport, radius, 1.0, tint)

    def _draw_all(self, layer: Layer, viewport: Viewport, pixel_scale: float) -> None:
        self._draw_fill(self._all, viewport, layer.fill * layer.opacity)
        radius = layer.outline_width * pixel_scale / 2
        self._draw_lines(self._all, viewport, radius, layer.opacity)

    def _draw_selected(self, layer: Layer, viewport: Viewport, pixel_scale: float) -> None:
        # A dark rim outside a white one shows on pink, on white and on any class colour.
        batch = self._selected
        self._draw_fill(batch, viewport, min(1.0, _SELECTED_FILL * layer.fill) * layer.opacity)
        for wider, tint in _CASING:
            radius = (layer.outline_width + wider) * pixel_scale / 2
            self._draw_lines(batch, viewport, radius, layer.opacity, tint)
        self._draw_lines(batch, viewport, layer.outline_width * pixel_scale / 2, layer.opacity)
        if batch.spacing > _HANDLE_SPACING * pixel_scale * viewport.downsample:
            self._draw_handles(batch, viewport, _HANDLE * pixel_scale, layer.opacity)

    def _draw_preview(self, preview: BaseGeometry, viewport: Viewport, pixel_scale: float) -> None:
        self._preview.set_shape(outline_vertices.shapes([preview], [0.0])[0])
        for wider, tint, dash in _PREVIEW:
            radius = (_PREVIEW_WIDTH + wider) * pixel_scale / 2
            self._draw_lines(self._preview, viewport, radius, 1.0, tint, dash * pixel_scale)

    def _update(self, batch: _Batch, content: _Content) -> None:
        # Tuples compare their items by identity first, so this is cheap while nothing changes.
        if content == batch.content:
            return
        batch.set_shape(outline_vertices.joined(self._shapes(content)))
        if batch is self._selected:
            batch.set_handles([annotation.geometry for annotation in content.annotations])
        batch.content = content

    def _shapes(self, content: _Content) -> list[Shape]:
        # Triangulating costs most by far, so what was seen before is kept.
        looks = [(one.geometry, _color(one.class_name, content.colors)) for one in content.annotations]
        keys = [(one.id, content.tolerance) for one in content.annotations]
        new = [n for n, key in enumerate(keys) if not self._knows(key, *looks[n])]
        if len(self._known) + len(new) > _MOST_KNOWN:
            self._known.clear()
            new = list(range(len(keys)))
        geometries: Sequence[BaseGeometry] = [looks[n][0] for n in new]
        if content.tolerance:
            geometries = outline_vertices.coarser(geometries, content.tolerance)
        made = outline_vertices.shapes(geometries, [looks[n][1] for n in new])
        self._known.update((keys[n], (*looks[n], shape)) for n, shape in zip(new, made, strict=True))
        return [self._known[key][2] for key in keys]

    def _knows(self, key: tuple[UUID, float], geometry: BaseGeometry, color: float) -> bool:
        known = self._known.get(key)
        return known is not None and known[0] is geometry and known[1] == color

    def _draw_fill(self, batch: _Batch, viewport: Viewport, opacity: float) -> None:
        if batch.fill_count and opacity > 0:
            _place(self._fills, viewport, opacity)
            self._fills.bind(batch.fills)
            self._fills.draw("triangles", batch.fill_indices)

    def _draw_lines(
        self,
        batch: _Batch,
        viewport: Viewport,
        radius: float,
        opacity: float,
        tint: tuple[float, float, float, float] = _NO_TINT,
        dash: float = 0.0,
    ) -> None:
        if not batch.line_count:
            return
        _place(self._lines, viewport, opacity)
        self._lines["u_radius"] = radius
        self._lines["u_tint"] = tint
        self._lines["u_dash"] = dash
        self._lines.bind(batch.lines)
        self._lines.draw("triangles", batch.line_indices)

    def _draw_handles(self, batch: _Batch, viewport: Viewport, edge: float, opacity: float) -> None:
        _place(self._handles, viewport, opacity)
        self._handles["u_edge"] = edge
        self._handles.bind(batch.handles)
        self._handles.draw("points")


@dataclass(frozen=True, slots=True)
class _Content:
    """What a batch shows: as long as it stays equal, nothing is uploaded."""

    annotations: tuple[Annotation, ...]
    colors: Mapping[str, Color]
    tolerance: float


class _Batch:
    """The GPU buffers of some geometries."""

    def __init__(self) -> None:
        self.lines = gloo.VertexBuffer()
        self.line_indices = gloo.IndexBuffer()
        self.fills = gloo.VertexBuffer()
        self.fill_indices = gloo.IndexBuffer()
        self.handles = gloo.VertexBuffer()
        self.line_count = 0
        self.fill_count = 0
        self.spacing = 0.0
        """Mean distance between neighbouring corners in level-0 pixels, 0 where there are none."""
        self.content = _Content((), {}, 0.0)

    def set_shape(self, shape: Shape) -> None:
        self.line_count, self.fill_count = len(shape.segments), len(shape.triangles)
        if self.line_count:
            vertices, indices = outline_vertices.quads(shape.segments)
            self.lines.set_data(vertices)
            self.line_indices.set_data(indices)
        if self.fill_count:
            self.fills.set_data(shape.corners)
            self.fill_indices.set_data(shape.triangles)

    def set_handles(self, geometries: Sequence[BaseGeometry]) -> None:
        handles = outline_vertices.handles(geometries)
        self.spacing = float(np.sum(shapely.length(geometries))) / max(1, len(handles))
        if len(handles):
            self.handles.set_data(handles)


def _traced(lines: BaseGeometry) -> _Batch:
    batch = _Batch()
    batch.set_shape(outline_vertices.shapes([lines], [0.0])[0])
    return batch


def _tolerance(downsample: float) -> float:
    # Corners that move a line by a fraction of a screen pixel are left out: they cost time, and soft edges of
    # crowded segments add up to a fat line. In coarse steps, since each makes all shapes anew.
    steps = math.floor(math.log2(downsample) / 2)
    return 0.3 * 4.0**steps if steps >= 0 else 0.0


def _color(class_name: str | None, colors: Mapping[str, Color]) -> float:
    own = None if class_name is None else colors.get(class_name)
    return outline_vertices.packed(*(class_color(class_name) if own is None else own))


def _place(shader: Any, viewport: Viewport, opacity: float) -> None:
    high, low = outline_vertices.split(np.array(viewport.center))
    shader["u_center_high"] = high
    shader["u_center_low"] = low
    shader["u_zoom"] = 1 / viewport.downsample
    shader["u_size"] = viewport.size
    shader["u_matrix"] = viewport.matrix
    shader["u_opacity"] = opacity
