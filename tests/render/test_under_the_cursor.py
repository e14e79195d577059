"""What is painted in a pixel of the screen is what lies at its place on the slide, however one looks."""

from __future__ import annotations

import random
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from pathview.slides.open import open_slide
from pathview.tiles.source import Rgb, SlideTiles
from pathview.view.arrangement import Area
from pathview.view.compose import Scene
from pathview.view.layers import Layer
from pathview.view.state import ViewState
from pathview.view.viewport import Viewport

EDGE = 63
STATES = 200
# A colour is four steps a pixel: it tells a place to an eighth of one.
STEPS = 4
ROUNDING = 0.5 / STEPS


def ramp(path: Path) -> Path:
    """Write a picture whose red is its column and whose green is its row."""
    pixels = np.zeros((EDGE, EDGE, 3), np.uint8)
    pixels[..., 0] = STEPS * np.arange(EDGE)
    pixels[..., 1] = STEPS * np.arange(EDGE)[:, None]
    Image.fromarray(pixels).save(path)
    return path


@pytest.mark.parametrize("alone", [True, False], ids=["one view", "a view beside others"])
def test_the_pixel_under_the_cursor(shoot_several: Callable[..., Rgb], tmp_path: Path, alone: bool) -> None:
    chance = random.Random(11)
    worst = 0.0
    tried = 0
    with open_slide(ramp(tmp_path / "ramp.png")) as slide:
        scene = Scene(SlideTiles(slide))
        for _ in range(STATES):
            size = (chance.randrange(150, 420), chance.randrange(120, 330))
            downsample = chance.choice([1.0, 2.0, 0.5, chance.uniform(1 / 16, 0.9), chance.uniform(1.0, 1.9)])
            rotation = chance.choice([0.0, 90.0, 180.0, chance.uniform(-180, 180)])
            middle = (chance.uniform(20, 43), chance.uniform(20, 43))
            view = Viewport(middle, downsample, size, rotation, chance.random() < 0.5)
            left, top = (0, 0) if alone else (chance.randrange(1, 200), chance.randrange(1, 160))
            area, layers = Area(left, top, *size), (Layer("slide", "slide"),)
            views = [(ViewState(view, layers), scene, area, None)]
            if not alone:  # a narrow one to the left of it, of the same slide and elsewhere on it
                beside = Viewport((30.0, 31.0), 0.7, (left, top + size[1]), 33.0)
                views.append((ViewState(beside, layers), scene, Area(0, 0, *beside.size), None))
            canvas = shoot_several((left + size[0] + 3, top + size[1] + 5), views)
            picture = canvas[top : top + size[1], left : left + size[0]]
            for _ in range(20):
                column, row = chance.randrange(size[0]), chance.randrange(size[1])
                x, y = view.snapped().to_slide(column + 0.5, row + 0.5)
                if not (3 < x < EDGE - 3 and 3 < y < EDGE - 3):
                    continue
                red, green = (float(part) for part in picture[row, column, :2])
                # The colour is that of a pixel's middle.
                worst = max(worst, abs(red / STEPS + 0.5 - x), abs(green / STEPS + 0.5 - y))
                tried += 1
    assert tried > STATES
    assert worst <= 0.5 + ROUNDING, worst
