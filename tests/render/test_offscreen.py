from __future__ import annotations

import numpy as np
import pytest

from pathview.core.inbox import Inbox
from pathview.render.canvas import GlCanvas
from pathview.render.offscreen import Offscreen, in_software
from pathview.render.vispy_surface import VispySurface
from pathview.slides.slide import Slide
from pathview.tiles.loader import TileLoader
from pathview.tiles.source import SlideTiles
from pathview.view.compose import Scene, compose
from pathview.view.layers import Layer
from pathview.view.picture import Picture
from pathview.view.state import ViewState
from pathview.view.viewport import Viewport


@pytest.mark.parametrize(
    ("renderer", "software"),
    [
        ("llvmpipe (LLVM 15.0.6, 256 bits)", True),
        ("Gallium 0.4 on softpipe", True),
        ("Google SwiftShader", True),
        ("Microsoft Basic Render Driver", True),
        ("GDI Generic", True),
        ("Apple Software Renderer", True),
        ("NVIDIA GeForce RTX 4070/PCIe/SSE2", False),
        ("Mesa Intel(R) UHD Graphics 620 (KBL GT2)", False),
        ("AMD Radeon RX 6600 (radeonsi, navi23, LLVM 15.0.7, DRM 3.54)", False),
        ("Apple M2", False),
    ],
)
def test_rasterisers_without_a_card_are_known_by_name(renderer: str, software: bool) -> None:
    assert in_software(renderer) is software


def test_a_picture_drawn_aside_is_the_one_that_a_window_would_show(
    canvas: GlCanvas, surface: VispySurface, loader: TileLoader, inbox: Inbox, made_slide: Slide
) -> None:
    state = ViewState(Viewport((1000.0, 700.0), 1.3, (201, 117)), (Layer("slide", "slide"),))
    scene = Scene(SlideTiles(made_slide))
    loader.wish("test", compose(state, scene, loader, canvas).wishes)
    while loader.work():
        pass
    inbox.drain()
    canvas.show(Picture.of(compose(state, scene, loader, canvas)), loader)
    expected = canvas.snapshot()
    assert expected.std() > 10
    aside = Offscreen(surface.context)
    for _ in range(2):  # the second one into what is there already
        aside.begin((201, 117), lambda: canvas._complete().draw(canvas._picture, 1.0))
        pixels = aside.take()
        assert aside.ready
        colours = np.stack([pixels >> shift & 255 for shift in (16, 8, 0)], axis=-1)
        assert np.array_equal(colours, expected)
        assert (pixels >> 24 == 255).all()


def test_a_picture_of_another_size_gets_memory_of_its_size(surface: VispySurface) -> None:
    surface.set_current()
    aside = Offscreen(surface.context)

    def red() -> None:
        surface.context.clear(color=(1.0, 0.0, 0.0, 1.0), depth=True)

    for width, height in ((40, 30), (70, 20), (40, 30)):
        aside.begin((width, height), red)
        pixels = aside.take()
        assert pixels.shape == (height, width)
        assert (pixels == 0xFFFF0000).all()
