"""The painter: everything on the GPU for one context, and how a picture is drawn from it."""

from __future__ import annotations

import time
from collections.abc import Container, Iterator
from itertools import zip_longest
from typing import Any, NamedTuple

from vispy import gloo

from pathview.core.pyramid import TileKey
from pathview.render.atlas import Atlas
from pathview.render.detections_visual import DetectionsVisual
from pathview.render.fades import Fades
from pathview.render.offscreen import in_software
from pathview.render.outlines_visual import OutlinesVisual
from pathview.render.tiles_visual import Pose, TilesVisual
from pathview.tiles.loader import TileLoader
from pathview.tiles.plan import stood_in_by_coarser
from pathview.tiles.source import TileSource
from pathview.view.arrangement import Area
from pathview.view.compose import RasterPass
from pathview.view.picture import Picture, Placed
from pathview.view.viewport import Viewport

# Edge of an atlas page in texels; all pages of colour are 200 MB. Larger ones would spare a few draw calls,
# but a software rasteriser takes 50 ms to make one of 4096, and few tiles would take as much memory as many.
_PAGE_EDGE = {"rgb": 2048, "scalar": 1024}
_PAGES = 16
# Without a graphics card textures lie in the program's own memory, beside the cache of tiles: there must be
# room for the tiles of a large screen and those about to come, not for what was seen long ago.
_PAGES_IN_MEMORY = 4
COPIES_BYTES = _PAGES_IN_MEMORY * _PAGE_EDGE["rgb"] ** 2 * 4
"""Memory for copies of a slide's tiles where there is no graphics card to hold them."""
# Frames for which a tile that was read ahead keeps its slot against others of its sort.
_PATIENCE = 120


class Uploaded(NamedTuple):
    """What an upload has done.

    Attributes
    ----------
    seen
        Whether some of it lies in view.
    left
        Whether some is left for the next frame.
    """

    seen: bool
    left: bool


class Painter:
    """Owns the GL objects of one context; each method needs that context to be current.

    Parameters
    ----------
    context
        The vispy `GLContext`.
    fades
        Which tiles fade in.
    """

    def __init__(self, context: Any, fades: Fades) -> None:
        self._context = context
        self._fades = fades
        self._atlases: dict[tuple[str, int], Atlas] = {}
        self._tiles = TilesVisual()
        self._detections = DetectionsVisual()
        self._outlines = [OutlinesVisual()]

    def resident(self, source: TileSource) -> Container[TileKey]:
        """Return the tiles of `source` that are on the GPU."""
        atlas = self._atlases.get(_shelf(source))
        return frozenset() if atlas is None else atlas.resident(source)

    def forget(self, source: TileSource) -> None:
        """Free what `source` occupies; needs no context, since textures are kept."""
        self._fades.forget(source)
        atlas = self._atlases.get(_shelf(source))
        if atlas is not None:
            atlas.forget(source)

    def upload(self, picture: Picture, tiles: TileLoader, budget_s: float) -> Uploaded:
        """Bring tiles and detections of `picture` to the GPU for about `budget_s` seconds.

        The best come first; of each sort at least one comes.
        """
        passes = [
            (raster, placed.frame.viewport) for placed in picture.placed for raster in placed.frame.rasters
        ]
        # Once for all frames together: what one of them draws is not to be evicted for another.
        for shelf in {_shelf(raster.source): raster.source for raster, _ in passes}.values():
            self._atlas(shelf).begin()
        for raster, _ in passes:
            # The root is drawn only where all else is missing, and is to be there then.
            keys = (raster.source.pyramid.root, *raster.plan.draw)
            self._atlas(raster.source).touch(raster.source, keys)
        deadline = time.perf_counter() + budget_s
        count, seen, left = 0, False, True
        for raster, viewport, key in self._due(passes, tiles):
            if count and time.perf_counter() >= deadline:
                break
            if self._upload(raster, key, tiles, viewport):
                count += 1
                seen = seen or key in raster.plan.draw or key in raster.plan.due_now
        else:
            left = False
        frames = [placed.frame for placed in picture.placed]
        came, more = self._detections.upload(frames, deadline)
        return Uploaded(seen or came, left or more)

    def close(self) -> None:
        """Let go of what the context does not hold."""
        self._detections.close()

    def draw(self, picture: Picture, pixel_scale: float, *, faded: bool = False) -> None:
        """Draw `picture` into the current framebuffer, which is `picture.size` physical pixels large.

        With `faded`, as if everything that fades in had done so.
        """
        self._context.set_viewport(0, 0, *picture.size)
        self._context.set_clear_color((*(part / 255 for part in picture.background), 1.0))
        self._context.set_depth_mask(True)
        self._context.clear(color=True, depth=True)
        # The alpha of the framebuffer stays 1, or desktops would shine through translucent layers.
        self._context.set_blend_func("src_alpha", "one_minus_src_alpha", "one", "one_minus_src_alpha")
        self._context.set_depth_func("less")
        whole = Area(0, 0, *picture.size)
        for number, placed in enumerate(picture.placed):
            self._context.set_viewport(*_upward(placed.area, picture.size))
            self._context.set_state(scissor_test=placed.visible != whole)
            self._context.set_scissor(*_upward(placed.visible, picture.size))
            if placed.over:
                self._context.clear(color=True, depth=True)
            self._draw_placed(placed, number, picture.size, pixel_scale, faded)
        self._context.set_state(scissor_test=False)
        self._context.set_viewport(0, 0, *picture.size)

    def _draw_placed(
        self, placed: Placed, number: int, size: tuple[int, int], pixel_scale: float, faded: bool
    ) -> None:
        self._context.set_state(depth_test=True, blend=True, cull_face=False)
        left, bottom, _, _ = _upward(placed.area, size)
        for order, raster in enumerate(placed.frame.rasters):
            atlas = self._atlas(raster.source)
            keys = self._drawable(raster, atlas)
            pose = Pose(placed.frame.viewport, (left, bottom), order, pixel_scale)
            shares = {} if faded else self._fades.shares(raster.source)
            self._tiles.draw(raster, keys, atlas, pose, shares if _fades(raster) else {})
        self._context.set_state(depth_test=False)
        self._detections.draw(placed.frame, pixel_scale)
        self._outlines_of(number).draw(placed.frame, pixel_scale)

    def _outlines_of(self, number: int) -> OutlinesVisual:
        # Buffers of its own for each place: two views of different annotations would fill them anew in turns.
        while len(self._outlines) <= number:
            self._outlines.append(OutlinesVisual())
        return self._outlines[number]

    def _drawable(self, raster: RasterPass, atlas: Atlas) -> list[TileKey]:
        # What was uploaded since the frame was composed is drawn at once; sorted, since finest must be first.
        resident = atlas.resident(raster.source)
        fresh = (key for key in raster.plan.upload if key in resident)
        return sorted({*raster.plan.draw, *fresh})

    def _due(
        self, passes: list[tuple[RasterPass, Viewport]], tiles: TileLoader
    ) -> Iterator[tuple[RasterPass, Viewport, TileKey]]:
        # What is on the screen and changed first; then by rank, so that no layer waits for all of another.
        for raster, view in passes:
            yield from (
                (raster, view, key) for key in raster.plan.draw if self._outdated(raster.source, key, tiles)
            )
        ranks = ([(raster, view, key) for key in raster.plan.upload] for raster, view in passes)
        for rank in zip_longest(*ranks):
            yield from (due for due in rank if due is not None)

    def _outdated(self, source: TileSource, key: TileKey, tiles: TileLoader) -> bool:
        slot = self._atlas(source).slot(source, key)
        if slot is None:
            return True  # the GPU lost it since the frame was composed
        pixels = tiles.tile(source, key)
        return pixels is not None and slot.pixels() is not pixels

    def _upload(self, raster: RasterPass, key: TileKey, tiles: TileLoader, viewport: Viewport) -> bool:
        pixels = tiles.tile(raster.source, key)
        if pixels is None:
            return False
        atlas = self._atlas(raster.source)
        held = atlas.slot(raster.source, key)
        if held is not None and held.pixels() is pixels:
            return False  # another view of the same slide has brought it
        if not atlas.put(raster.source, key, pixels, 0 if _on_screen(raster, key, viewport) else _PATIENCE):
            return False
        if held is None and key in raster.plan.due_now and _fades(raster):
            self._fade_in(raster, key)
        # Flushed one by one, so that the budget is measured and not guessed.
        slot = atlas.slot(raster.source, key)
        assert slot is not None
        self._context.glir.associate(atlas.pages[slot.page].glir)
        self._context.flush_commands()
        return True

    def _fade_in(self, raster: RasterPass, key: TileKey) -> None:
        if stood_in_by_coarser(key, raster.plan.draw, raster.source.pyramid.root):
            self._fades.start(raster.source, key)

    def _atlas(self, source: TileSource) -> Atlas:
        shelf = _shelf(source)
        if shelf not in self._atlases:
            kind, edge = shelf
            largest = gloo.gl.glGetParameter(gloo.gl.GL_MAX_TEXTURE_SIZE)
            side = max(1, min(_PAGE_EDGE[kind], largest) // edge)
            pages = min(_PAGES, _PAGES_IN_MEMORY) if in_software() else _PAGES
            self._atlases[shelf] = Atlas(source.kind, edge, side, pages)
        return self._atlases[shelf]


def _shelf(source: TileSource) -> tuple[str, int]:
    return source.kind, source.pyramid.tile


def _fades(raster: RasterPass) -> bool:
    # A translucent tile over its translucent stand-in would be too dense, and a value half faded in would
    # have the colour of another.
    return raster.source.kind == "rgb" and raster.layer.opacity == 1.0


def _on_screen(raster: RasterPass, key: TileKey, viewport: Viewport) -> bool:
    # Roots are the last resort of every cell.
    pyramid = raster.source.pyramid
    if key == pyramid.root:
        return True
    same_level = key.level == pyramid.level_for(viewport.downsample)
    return same_level and not pyramid.box(key).intersect(viewport.box()).empty


def _upward(area: Area, size: tuple[int, int]) -> tuple[int, int, int, int]:
    """Return an area as GL counts it: left, bottom, width, height, from the lower left corner."""
    return area.x, size[1] - area.y - area.height, area.width, area.height
