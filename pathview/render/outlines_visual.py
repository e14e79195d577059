"""Annotations: translucent insides, lines of constant screen width, handles, the tool's preview."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

import numpy as np
import shapely
from numpy.typing import NDArray
from shapely.geometry.base import BaseGeometry
from vispy import gloo

from pathview.annotations.annotation import Annotation
from pathview.core.palette import class_color
from pathview.render import outline_vertices
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
_SELECTED_FILL = 2.0
_NO_TINT = (0.0, 0.0, 0.0, 0.0)


class OutlinesVisual:
    """Draws the annotations of a frame; uploads only when other annotations come into view."""

    def __init__(self) -> None:
        self._lines = program("lines", "lines")
        self._fills = program("fills", "fills")
        self._handles = program("handles", "handles")
        self._areas: dict[UUID, tuple[BaseGeometry, NDArray[np.float64]]] = {}
        self._all = _Batch()
        self._selected = _Batch()
        self._preview = _Batch()

    def draw(self, frame: Frame, pixel_scale: float) -> None:
        """Draw the annotations and the preview of `frame`; `pixel_scale` is physical per logical pixels."""
        layer = frame.outline_layer
        if layer is not None and frame.outlines:
            chosen = tuple(one for one in frame.outlines if one.id in frame.selection)
            self._update(self._all, frame.outlines, frame.colors)
            self._update(self._selected, chosen, frame.colors)
            self._draw_all(layer, frame.viewport, pixel_scale)
            if chosen:
                self._draw_selected(layer, frame.viewport, pixel_scale)
        if frame.preview is not None and not frame.preview.is_empty:
            self._draw_preview(frame.preview, frame.viewport, pixel_scale)

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
        self._preview.set_lines((preview,), np.ones((1, 3), np.float32))
        for wider, tint, dash in _PREVIEW:
            radius = (_PREVIEW_WIDTH + wider) * pixel_scale / 2
            self._draw_lines(self._preview, viewport, radius, 1.0, tint, dash * pixel_scale)

    def _update(
        self, batch: _Batch, annotations: tuple[Annotation, ...], class_colors: Mapping[str, Color]
    ) -> None:
        if batch.holds(annotations, class_colors):
            return
        geometries = [annotation.geometry for annotation in annotations]
        palette = [_color(one.class_name, class_colors) for one in annotations]
        colors = np.array(palette, np.float32).reshape(-1, 3) / np.float32(255)
        batch.set_lines(geometries, colors)
        batch.set_fills([self._area(annotation) for annotation in annotations], colors)
        if batch is self._selected:
            batch.set_handles(geometries)
        batch.remember(annotations, class_colors)

    def _area(self, annotation: Annotation) -> NDArray[np.float64]:
        known = self._areas.get(annotation.id)
        if known is not None and known[0] is annotation.geometry:
            return known[1]
        if len(self._areas) > 20_000:
            self._areas.clear()
        area = outline_vertices.triangles(annotation.geometry)
        self._areas[annotation.id] = annotation.geometry, area
        return area

    def _draw_fill(self, batch: _Batch, viewport: Viewport, opacity: float) -> None:
        if batch.fill_count and opacity > 0:
            _place(self._fills, viewport, opacity)
            self._fills.bind(batch.fills)
            self._fills.draw("triangles")

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
        self._lines.draw("triangles", batch.indices)

    def _draw_handles(self, batch: _Batch, viewport: Viewport, edge: float, opacity: float) -> None:
        _place(self._handles, viewport, opacity)
        self._handles["u_edge"] = edge
        self._handles.bind(batch.handles)
        self._handles.draw("points")


class _Batch:
    """The GPU buffers of some geometries."""

    def __init__(self) -> None:
        self.lines = gloo.VertexBuffer()
        self.indices = gloo.IndexBuffer()
        self.fills = gloo.VertexBuffer()
        self.handles = gloo.VertexBuffer()
        self.line_count = 0
        self.fill_count = 0
        self.spacing = 0.0
        """Mean distance between neighbouring corners in level-0 pixels, 0 where there are none."""
        self._annotations: tuple[Annotation, ...] = ()
        self._colors: Mapping[str, Color] = {}

    def holds(self, annotations: tuple[Annotation, ...], colors: Mapping[str, Color]) -> bool:
        """Tell whether nothing needs uploading; tuples compare items by identity first, which is cheap."""
        return annotations == self._annotations and colors == self._colors

    def remember(self, annotations: tuple[Annotation, ...], colors: Mapping[str, Color]) -> None:
        self._annotations, self._colors = annotations, colors

    def set_lines(self, geometries: Sequence[BaseGeometry], colors: NDArray[np.float32]) -> None:
        lines = outline_vertices.lines(geometries, colors)
        self.line_count = len(lines)
        if self.line_count:
            self.lines.set_data(lines)
            self.indices.set_data(outline_vertices.quad_indices(len(lines)))

    def set_fills(self, areas: Sequence[NDArray[np.float64]], colors: NDArray[np.float32]) -> None:
        fills = outline_vertices.fills(areas, colors)
        self.fill_count = len(fills)
        if self.fill_count:
            self.fills.set_data(fills)

    def set_handles(self, geometries: Sequence[BaseGeometry]) -> None:
        handles = outline_vertices.handles(geometries)
        self.spacing = float(np.sum(shapely.length(geometries))) / max(1, len(handles))
        if len(handles):
            self.handles.set_data(handles)


def _color(class_name: str | None, colors: Mapping[str, Color]) -> Color:
    own = None if class_name is None else colors.get(class_name)
    return class_color(class_name) if own is None else own


def _place(shader: Any, viewport: Viewport, opacity: float) -> None:
    high, low = outline_vertices.split(np.array(viewport.center))
    shader["u_center_high"] = high
    shader["u_center_low"] = low
    shader["u_zoom"] = 1 / viewport.downsample
    shader["u_size"] = viewport.size
    shader["u_turn"] = viewport.turn
    shader["u_opacity"] = opacity
