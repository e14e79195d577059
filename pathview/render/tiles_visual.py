"""Raster layers: all tiles of a layer that share an atlas page in one draw call."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from vispy import gloo

from pathview.core.geometry import Box
from pathview.core.palette import COLORMAPS, DIFFERENCE_MAP, colormap_table
from pathview.core.pyramid import Pyramid, TileKey
from pathview.inference.views import MOST_UNCERTAIN
from pathview.render.atlas import Atlas
from pathview.render.programs import program
from pathview.view.adjust import Adjustment
from pathview.view.compose import RasterPass
from pathview.view.layers import FADED, Layer
from pathview.view.viewport import Viewport

TexelBox = tuple[int, int, int, int]
"""x, y, width, height inside an atlas page"""

_VERTEX = np.dtype(
    [
        ("a_position", np.float32, 2),
        ("a_depth", np.float32),
        ("a_texel", np.float32, 2),
        ("a_slot", np.float32, 4),
        ("a_share", np.float32),
    ]
)
# Two triangles of the corners (0, 0), (1, 0), (0, 1), (1, 1).
_CORNERS = np.array([(0, 0), (1, 0), (0, 1), (0, 1), (1, 0), (1, 1)])
# Tiles reach this many screen pixels over their edges. Rasterisers snap vertices to a grid, so tiles of
# different levels that meet at a T would let single background pixels through in turned views; the depth test
# keeps what overlaps from being drawn twice.
_OVERLAP = 1 / 32
_NO_FADES: Mapping[TileKey, float] = MappingProxyType({})
# Beyond this many screen pixels per texel the slide's own pixels are shown as squares.
_CRISP_FROM = 4.0


class Pose(NamedTuple):
    """How one layer lies on the canvas.

    Attributes
    ----------
    viewport
        Where one looks.
    corner
        Physical pixels from the lower left corner of the canvas to that of the view.
    order
        Number of the layer from below, 0 or more.
    pixel_scale
        Physical pixels per logical pixel.
    """

    viewport: Viewport
    corner: tuple[int, int]
    order: int
    pixel_scale: float


class TilesVisual:
    """Draws raster passes; each pixel of a layer is shaded once, by the finest tile there.

    Only below a tile that fades in is a pixel shaded twice: by what stands in for the tile, then by the tile.
    """

    def __init__(self) -> None:
        self._rgb = program("tiles", "rgb")
        # A shader of its own: without a graphics card a branch not taken costs as much as one that is.
        self._adjusted = program("tiles", "adjusted")
        self._adjustment: Adjustment | None = None
        # By what they can do, for the same reason.
        self._scalars: dict[tuple[str, ...], Any] = {}
        self._failed = program("tiles", "failed")
        self._vertices = gloo.VertexBuffer()
        self._colormaps: dict[str, Any] = {}

    def draw(
        self,
        raster: RasterPass,
        keys: Sequence[TileKey],
        atlas: Atlas,
        pose: Pose,
        shares: Mapping[TileKey, float] = _NO_FADES,
    ) -> None:
        """Draw one layer into the current framebuffer and GL viewport, depth test on.

        Parameters
        ----------
        raster
            The layer.
        keys
            Its tiles, finest first; those that are not in `atlas` are left out.
        atlas
            Where the tiles lie.
        pose
            Where it lies.
        shares
            Opacity of those that fade in; for an opaque layer only, or what is below would shine through.
        """
        shader = self._prepare(raster, atlas, pose)
        self._draw_tiles(shader, raster, [key for key in keys if key not in shares], atlas, pose)
        fading = [key for key in keys if key in shares]
        if fading:  # after what they are laid over
            self._draw_tiles(shader, raster, fading, atlas, pose, [shares[key] for key in fading])
        if raster.failed:
            self._draw_failed(raster, pose)

    def _draw_tiles(
        self,
        shader: Any,
        raster: RasterPass,
        keys: Sequence[TileKey],
        atlas: Atlas,
        pose: Pose,
        shares: Sequence[float] | None = None,
    ) -> None:
        found = zip(keys, shares or [1.0] * len(keys), strict=True)
        slots = [(key, slot, share) for key, share in found if (slot := atlas.slot(raster.source, key))]
        for number, page in enumerate(atlas.pages):
            here = [(key, slot.texels) for key, slot, _ in slots if slot.page == number]
            if not here:
                continue
            vertices = quads(raster.source.pyramid, here, pose.viewport, pose.order, raster.clip)
            vertices["a_share"] = np.repeat([share for _, slot, share in slots if slot.page == number], 6)
            shader["u_atlas"] = page
            self._draw_quads(shader, vertices)

    def _prepare(self, raster: RasterPass, atlas: Atlas, pose: Pose) -> Any:
        scalar = raster.source.kind == "scalar"
        shader = self._values(raster.layer) if scalar else self._colours(raster.layer.adjustment)
        _place(shader, pose.viewport, raster.layer.opacity)
        shader["u_atlas_size"] = (atlas.page_edge, atlas.page_edge)
        if scalar:
            shader["u_threshold"] = raster.layer.threshold
            if _minds_uncertainty(raster.layer):
                shader["u_hide_above"] = raster.layer.hide_above / MOST_UNCERTAIN
                shader["u_stipple"] = float(raster.layer.stipple)
            low, high = raster.layer.value_range
            shader["u_range"] = (low, 1 / (high - low))
            shader["u_fade"] = FADED if raster.layer.fade else 1.0
            shader["u_colormap"] = self._colormap(raster.layer.colormap)
            _hatch(shader, pose)
        else:
            shader["u_crisp"] = float(pose.viewport.downsample * _CRISP_FROM < 1)
        return shader

    def _values(self, layer: Layer) -> Any:
        """Return the shader that colours values, able to do what the layer needs and no more."""
        unsure, diverging = _minds_uncertainty(layer), layer.diverging
        able = (("SMOOTH", layer.smooth), ("UNSURE", unsure), ("DIVERGING", diverging))
        words = tuple(word for word, needed in able if needed)
        if words not in self._scalars:
            self._scalars[words] = program("tiles", "scalar", *words)
        return self._scalars[words]

    def _colours(self, adjustment: Adjustment) -> Any:
        """Return the shader that shows a slide's own pixels, or the one that adjusts them."""
        if adjustment.neutral:
            return self._rgb
        # The uniforms stay as they are from frame to frame.
        if adjustment != self._adjustment:
            self._adjustment = adjustment
            self._adjusted["u_gains"] = adjustment.gains
            self._adjusted["u_stained"] = float(adjustment.part != "all")
            # GLSL takes the numbers column by column: its matrix * vector is numpy's vector @ matrix.
            self._adjusted["u_stains"] = adjustment.stain_matrix.astype(np.float32)
            for name in ("saturation", "contrast", "brightness", "gamma"):
                self._adjusted[f"u_{name}"] = getattr(adjustment, name)
        return self._adjusted

    def _draw_failed(self, raster: RasterPass, pose: Pose) -> None:
        _place(self._failed, pose.viewport, raster.layer.opacity)
        _hatch(self._failed, pose)
        pyramid = raster.source.pyramid
        cells = [(key, (0, 0, *pyramid.pixels(key))) for key in raster.failed]
        # A little nearer than the finest tile of the layer: the lines go over the stand-in.
        vertices = quads(pyramid, cells, pose.viewport, pose.order, raster.clip)
        vertices["a_depth"] = _depth(pose.order, np.array([-1.0]))
        self._draw_quads(self._failed, vertices)

    def _draw_quads(self, shader: Any, vertices: NDArray[np.void]) -> None:
        self._vertices.set_data(vertices)
        shader.bind(self._vertices)
        shader.draw("triangles")

    def _colormap(self, name: str | None) -> Any:
        known = name if name in (*COLORMAPS, DIFFERENCE_MAP) else COLORMAPS[0]
        if known not in self._colormaps:
            table = colormap_table(known)[np.newaxis]
            self._colormaps[known] = gloo.Texture2D(table, interpolation="nearest")
        return self._colormaps[known]


def _minds_uncertainty(layer: Layer) -> bool:
    return layer.stipple or layer.hide_above < MOST_UNCERTAIN


def quads(
    pyramid: Pyramid,
    tiles: Sequence[tuple[TileKey, TexelBox]],
    viewport: Viewport,
    order: int,
    clip: Box | None = None,
) -> NDArray[np.void]:
    """Return six vertices a tile, screen pixels from the middle of the view before it is turned.

    Computed in float64 from whole numbers of level pixels, so that neighbours share their edges to the bit.
    What lies outside `clip` (level-0 pixels) is cut off.
    """
    keys = np.array([key for key, _ in tiles])
    slots = np.array([slot for _, slot in tiles], float)
    level, first = keys[:, 0], keys[:, 1:] * pyramid.tile
    pixel = pyramid.scale * np.exp2(level)
    ends = np.stack([first, first + slots[:, 2:]], axis=1)
    on_slide = np.array(pyramid.origin) + ends * pixel[:, None, None]
    texels = np.stack([np.zeros_like(slots[:, 2:]), slots[:, 2:]], axis=1)
    if clip is not None:
        inside = np.clip(on_slide, (clip.x0, clip.y0), (clip.x1, clip.y1))
        texels = texels + (inside - on_slide) / pixel[:, None, None]
        on_slide = inside
    on_screen = (on_slide - np.array(viewport.center)) / viewport.downsample
    outward = np.array([[-1.0], [1.0]]) * _OVERLAP
    texels = texels + outward * (viewport.downsample / pixel)[:, None, None]
    vertices = np.empty((len(tiles), 6), _VERTEX)
    for axis in (0, 1):
        vertices["a_position"][..., axis] = (on_screen + outward)[:, _CORNERS[:, axis], axis]
        vertices["a_texel"][..., axis] = texels[:, _CORNERS[:, axis], axis]
    vertices["a_depth"] = _depth(order, level)[:, None]
    vertices["a_slot"] = slots[:, None]
    vertices["a_share"] = 1.0
    return vertices.reshape(-1)


def _depth(order: int, level: NDArray[Any]) -> NDArray[np.float64]:
    # Later layers are nearer, and inside a layer finer tiles are; 40 layers of 40 levels fit into 16 bits.
    return np.asarray(0.9 - 0.045 * min(order, 39) + 0.001 * level)


def _place(shader: Any, viewport: Viewport, opacity: float) -> None:
    shader["u_size"] = viewport.size
    shader["u_matrix"] = viewport.matrix
    shader["u_opacity"] = opacity


def _hatch(shader: Any, pose: Pose) -> None:
    # Only the remainder matters, and only it survives float32 when the slide's corner is far away.
    period = 36 * pose.pixel_scale
    x, y = pose.viewport.to_screen(0.0, 0.0)
    left, bottom = pose.corner
    # gl_FragCoord counts from the corner of the canvas, not of the view.
    shader["u_anchor"] = ((left + x) % period, (bottom + pose.viewport.size[1] - y) % period)
    shader["u_pixel_scale"] = pose.pixel_scale
