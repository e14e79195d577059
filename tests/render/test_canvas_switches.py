"""From slide to slide as fast as it goes: never a pixel of the slide before."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import numpy as np

from pathview.core.inbox import Inbox
from pathview.render.canvas import GlCanvas
from pathview.tiles.loader import TileLoader
from pathview.view.compose import Scene, compose
from pathview.view.layers import Layer
from pathview.view.picture import Picture
from pathview.view.state import ViewState
from pathview.view.viewport import Viewport

SWITCHES = 1000
SIZE = (96, 64)
BACKGROUND = (1, 2, 3)


def test_a_thousand_switches_show_no_foreign_pixel(
    canvas: GlCanvas, inbox: Inbox, array_tiles: Callable[..., Any]
) -> None:
    layers = (Layer("slide", "slide"),)
    loader = TileLoader(inbox, cache_bytes=1 << 22, threads=2)
    previous = None
    seen = 0
    try:
        for number in range(SWITCHES):
            colour = (40 + number % 200, 250 - number % 97, 100 + number % 53)
            pixels = np.empty((256, 256, 3), np.uint8)
            pixels[:] = colour
            source = array_tiles(pixels)
            if previous is not None:
                loader.forget(previous)
                canvas.forget(previous)
            previous = source
            scene = Scene(source, background=BACKGROUND)
            state = ViewState(Viewport((128.0, 128.0), 1.0 + number % 3, SIZE), layers)
            # The reader threads are in the middle of the slide before when this one comes.
            for _ in range(1 + number % 3):
                frame = compose(state, scene, loader, canvas)
                loader.wish("main", frame.wishes)
                time.sleep(0.0005 * (number % 5))
                inbox.drain()
                canvas.show(Picture.of(frame), loader)
            found = {tuple(int(part) for part in pixel) for pixel in canvas.snapshot().reshape(-1, 3)[::7]}
            assert found <= {colour, BACKGROUND}, (number, found)
            seen += colour in found
    finally:
        loader.close()
    assert seen > SWITCHES // 20, "a test that never sees a slide shows nothing"
