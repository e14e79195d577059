"""The lens over a view: it shows the slide magnified, sharp, and nothing of what lies under it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import shapely

from pathview.annotations.annotation import Annotation
from pathview.annotations.store import AnnotationStore
from pathview.core.inbox import Inbox
from pathview.render.canvas import GlCanvas
from pathview.slides.slide import Slide
from pathview.tiles.loader import TileLoader
from pathview.tiles.source import Rgb, SlideTiles
from pathview.view.arrangement import Area
from pathview.view.compose import Scene, compose
from pathview.view.layers import Layer
from pathview.view.magnifier import lens
from pathview.view.picture import Picture, Placed
from pathview.view.state import ViewState
from pathview.view.viewport import Viewport

SIZE = (331, 247)
EDGE = 120


def test_a_lens_shows_the_slide_magnified_and_leaves_the_rest_alone(
    canvas: GlCanvas,
    loader: TileLoader,
    inbox: Inbox,
    made_slide: Slide,
    shoot: Callable[..., Rgb],
) -> None:
    # The annotation's outline crosses the lens; below it lies a fully opaque one that must not shine through.
    marks = AnnotationStore([Annotation(shapely.box(600, 400, 780, 560), "Tumor")])
    scene = Scene(SlideTiles(made_slide), annotations=marks)
    viewport = Viewport((700.0, 500.0), 4.0, SIZE, 30.0)
    state = ViewState(viewport, (Layer("slide", "slide"), Layer("marks", "annotations", fill=1.0)))
    glass = lens(viewport, (20.0, 150.0), EDGE, "4x")
    magnified = ViewState(glass.viewport, state.layers)
    area = Area(glass.left, glass.top, EDGE, EDGE)
    clip = area.common(Area(0, 0, *SIZE))
    for _ in range(50):
        frames = [compose(each, scene, loader, canvas) for each in (state, magnified)]
        picture = Picture(
            SIZE, (Placed(frames[0], Area(0, 0, *SIZE)), Placed(frames[1], area, clip, over=True))
        )
        loader.wish("test", picture.wishes)
        while loader.work():
            pass
        inbox.drain()
        canvas.show(picture, loader)
        pixels = canvas.snapshot().astype(int)
        if not any(raster.plan.upload or raster.plan.want for frame in frames for raster in frame.rasters):
            break
    inside = np.zeros(SIZE[::-1], bool)
    inside[clip.y : clip.y + clip.height, clip.x : clip.x + clip.width] = True
    behind, alone = shoot(state, scene).astype(int), shoot(magnified, scene).astype(int)
    cut = alone[clip.y - area.y :, clip.x - area.x :][: clip.height, : clip.width]
    shown = pixels[clip.y : clip.y + clip.height, clip.x : clip.x + clip.width]
    assert (np.abs(shown - cut).max(axis=-1) > 2).mean() < 0.002
    assert (np.abs(pixels - behind).max(axis=-1) > 2)[~inside].mean() < 0.001
    assert (np.abs(pixels - behind).max(axis=-1) > 20)[inside].mean() > 0.3, "it shows something else"


def test_where_the_lens_looks_beside_the_slide_it_is_empty(
    canvas: GlCanvas, loader: TileLoader, inbox: Inbox, made_slide: Slide
) -> None:
    """What lies under it would shine through, if its place were not cleared."""
    scene = Scene(SlideTiles(made_slide))
    state = ViewState(Viewport((700.0, 500.0), 2.0, SIZE), (Layer("slide", "slide"),))
    beside = ViewState(replace(state.viewport, center=(-9000.0, -9000.0), size=(60, 60)), state.layers)
    for _ in range(20):
        frames = [compose(each, scene, loader, canvas) for each in (state, beside)]
        placed = (Placed(frames[0], Area(0, 0, *SIZE)), Placed(frames[1], Area(100, 100, 60, 60), over=True))
        picture = Picture(SIZE, placed, scene.background)
        loader.wish("test", picture.wishes)
        while loader.work():
            pass
        inbox.drain()
        canvas.show(picture, loader)
        pixels = canvas.snapshot()
    assert np.all(pixels[100:160, 100:160] == scene.background)
    assert not np.all(pixels[90:100, 90:170] == scene.background)
