"""compose(): what the screen should show, as a value."""

from __future__ import annotations

import math
from collections.abc import Container, Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Protocol
from uuid import UUID

from shapely.geometry.base import BaseGeometry

from pathview.annotations.annotation import Annotation
from pathview.annotations.detections import Detections
from pathview.annotations.store import AnnotationStore
from pathview.core.geometry import Box
from pathview.core.palette import class_color
from pathview.core.pyramid import TileKey
from pathview.tiles.loader import TileLoader
from pathview.tiles.plan import TilePlan, plan
from pathview.tiles.source import Rgb, TileSource
from pathview.view.adjust import NEUTRAL as UNADJUSTED
from pathview.view.layers import Layer
from pathview.view.state import ViewState
from pathview.view.viewport import Viewport

if TYPE_CHECKING:
    from pathview.view.picture import Picture

Color = tuple[int, int, int]
"""(r, g, b), 0-255"""

NEUTRAL: Color = (118, 121, 126)


@dataclass(frozen=True, slots=True)
class Scene:
    """What there is to show.

    Attributes
    ----------
    slide_tiles
        The slide, or None.
    heatmaps
        Tiles by the name of the layer that shows them; a layer without an entry shows nothing.
    contours
        Lines of heatmaps, level-0 pixels, by the name of the layer that shows them.
    annotations
        The annotations of the slide, or None.
    colors
        Class colours that differ from `pathview.core.palette.class_color`; treated as immutable.
    background
        Colour outside the slide.
    detections
        What models have found, by the name of the layer that shows it.
    """

    slide_tiles: TileSource | None = None
    heatmaps: Mapping[str, TileSource] = field(default_factory=dict)
    contours: Mapping[str, BaseGeometry] = field(default_factory=dict)
    annotations: AnnotationStore | None = None
    colors: Mapping[str, Color] = field(default_factory=dict)
    background: Color = NEUTRAL
    detections: Mapping[str, Detections] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class RasterPass:
    """One raster layer of a frame.

    Attributes
    ----------
    source, plan, layer
        What to draw, which of its tiles, and how.
    failed
        Cells in view that could not be read.
    clip
        Level-0 box outside which nothing is drawn: a heatmap's last cells reach past the slide.
    """

    source: TileSource
    plan: TilePlan
    layer: Layer
    failed: tuple[TileKey, ...] = ()
    clip: Box | None = None


@dataclass(frozen=True, slots=True)
class DetectionsPass:
    """One layer of detections of a frame: what to draw, how, and the colour of each class in order."""

    detections: Detections
    layer: Layer
    colors: tuple[Color, ...]


@dataclass(frozen=True, slots=True)
class Frame:
    """All that the screen should show.

    Attributes
    ----------
    viewport
        Where one looks, aligned to the pixels of the slide where that is sharper.
    rasters
        From the bottom to the top.
    contours
        Lines of heatmaps, drawn above the rasters and under the annotations.
    detections
        What models have found, drawn above the rasters and under contours and annotations.
    outlines
        Annotations in and near the view, drawn above those in this order.
    selection
        Which of them are selected.
    outline_layer
        How annotations are shown; None when their layer is hidden.
    preview
        What the tool is drawing right now, level-0 pixels.
    colors
        Class colours that differ from the palette's.
    background
        Colour outside the slide.
    """

    viewport: Viewport
    rasters: tuple[RasterPass, ...] = ()
    contours: tuple[BaseGeometry, ...] = ()
    detections: tuple[DetectionsPass, ...] = ()
    outlines: tuple[Annotation, ...] = ()
    selection: frozenset[UUID] = frozenset()
    outline_layer: Layer | None = None
    preview: BaseGeometry | None = None
    colors: Mapping[str, Color] = field(default_factory=dict)
    background: Color = NEUTRAL

    @property
    def wishes(self) -> list[tuple[TileSource, TilePlan]]:
        """What to hand to `TileLoader.wish` for this view."""
        return [(raster.source, raster.plan) for raster in self.rasters]


class Canvas(Protocol):
    """What `compose` and the window need of a canvas; `render.GlCanvas` is one, tests have another."""

    def resident(self, source: TileSource) -> Container[TileKey]:
        """Return the tiles of `source` that can be drawn at once."""
        ...

    def fading(self, source: TileSource) -> Container[TileKey]:
        """Return the tiles of `source` that are only fading in."""
        ...

    def show(
        self, picture: Picture, tiles: TileLoader, budget_s: float | None = None, *, same: bool = False
    ) -> bool:
        """Draw `picture` soon, taking pixels to upload from `tiles` for about `budget_s` seconds.

        With `same`, it differs from the one before by nothing but tiles: where none of those that are
        uploaded lies in view, nothing is drawn. Returns whether it will be drawn.
        """
        ...

    def snapshot(self) -> Rgb:
        """Return what is shown as (height, width, 3) uint8, physical pixels."""
        ...


def compose(
    state: ViewState,
    scene: Scene,
    tiles: TileLoader,
    canvas: Canvas,
    preview: BaseGeometry | None = None,
    heading: tuple[float, float] = (0.0, 0.0),
) -> Frame:
    """Work out what the screen should show.

    Reads its arguments and changes nothing; main thread only, because caches are looked into.

    Parameters
    ----------
    state
        Where one looks and how.
    scene
        What there is to show.
    tiles
        Which pixels are in memory, stale or unreadable.
    canvas
        Which tiles are on the GPU.
    preview
        What the tool is drawing right now.
    heading
        How far the view will have moved in a moment, level-0 pixels; see `pathview.view.heading`.
    """
    outline_layer = next((la for la in state.layers if la.kind == "annotations" and la.shown), None)
    layers = (_as_shown(layer, state) for layer in state.layers if layer.shown)
    sources = ((_source(layer, scene), layer) for layer in layers)
    viewport = state.viewport.snapped()
    return Frame(
        viewport,
        tuple(
            _raster(src, layer, viewport, tiles, canvas, _extent(scene), heading)
            for src, layer in sources
            if src is not None
        ),
        _contours(state, scene),
        _detections(state, scene),
        _outlines(scene.annotations, viewport) if outline_layer else (),
        state.selection,
        outline_layer,
        preview,
        scene.colors,
        scene.background,
    )


def _as_shown(layer: Layer, state: ViewState) -> Layer:
    return replace(layer, adjustment=UNADJUSTED) if state.comparing else layer


def _source(layer: Layer, scene: Scene) -> TileSource | None:
    if layer.kind == "slide":
        return scene.slide_tiles
    return scene.heatmaps.get(layer.name) if layer.kind in ("heatmap", "difference") else None


def _contours(state: ViewState, scene: Scene) -> tuple[BaseGeometry, ...]:
    named = (layer.name for layer in state.layers if layer.contours and layer.visible)
    return tuple(scene.contours[name] for name in named if name in scene.contours)


def _detections(state: ViewState, scene: Scene) -> tuple[DetectionsPass, ...]:
    layers = (layer for layer in state.layers if layer.shown and layer.name in scene.detections)
    return tuple(_detections_pass(layer, scene) for layer in layers)


def _detections_pass(layer: Layer, scene: Scene) -> DetectionsPass:
    found = scene.detections[layer.name]
    colors = tuple(scene.colors.get(name) or class_color(name) for name in found.classes)
    return DetectionsPass(found, layer, colors)


def _extent(scene: Scene) -> Box | None:
    return None if scene.slide_tiles is None else Box(0, 0, *scene.slide_tiles.pyramid.size)


def _raster(
    source: TileSource,
    layer: Layer,
    viewport: Viewport,
    tiles: TileLoader,
    canvas: Canvas,
    clip: Box | None,
    heading: tuple[float, float],
) -> RasterPass:
    box, downsample = viewport.box(), viewport.downsample
    resident, cached = canvas.resident(source), tiles.cached(source)
    wanted = plan(
        source.pyramid,
        box,
        downsample,
        resident,
        cached,
        tiles.stale(source),
        fading=canvas.fading(source),
        heading=heading,
    )
    return RasterPass(source, wanted, layer, _failed(source, box, downsample, tiles), clip)


def _failed(source: TileSource, box: Box, downsample: float, tiles: TileLoader) -> tuple[TileKey, ...]:
    failures = tiles.failures(source)
    level = source.pyramid.level_for(downsample)
    return tuple(key for key in source.pyramid.cover(box, level) if key in failures)


def _outlines(store: AnnotationStore | None, viewport: Viewport) -> tuple[Annotation, ...]:
    if store is None:
        return ()
    return tuple(store.within(_cells(viewport.box())))


def _cells(box: Box) -> Box:
    # Snapped outward to a coarse grid: while one pans inside a cell the same annotations come back, and the
    # canvas can keep what it has already uploaded for them.
    step = 2.0 ** math.ceil(math.log2(max(box.width, box.height, 1.0)) - 2)
    return Box(
        math.floor(box.x0 / step) * step,
        math.floor(box.y0 / step) * step,
        math.ceil(box.x1 / step) * step,
        math.ceil(box.y1 / step) * step,
    )
