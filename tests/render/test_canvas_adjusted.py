from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from itertools import product
from typing import Any

import numpy as np
import pytest

from pathview.core.stains import H_DAB, HE, Stains
from pathview.tiles.source import Rgb
from pathview.view.adjust import NEUTRAL, Adjustment, apply
from pathview.view.compose import Scene
from pathview.view.layers import Layer
from pathview.view.state import ViewState
from pathview.view.viewport import Viewport

WIDTH, HEIGHT = 320, 240
OWN = Stains("Estimated", ("One", "Two"), (0.55, 0.75, 0.35), (0.15, 0.85, 0.5))
NUMBERS = [
    {"brightness": brightness, "contrast": contrast, "gamma": gamma, "saturation": saturation, **white}
    for (brightness, contrast), gamma, saturation, white in product(
        [(0.0, 1.0), (-0.3, 1.7), (0.25, 0.4), (0.5, 4.0)],
        [0.4, 1.0, 2.5],
        [0.0, 1.0, 2.2],
        [{}, {"red": 0.713, "green": 1.117, "blue": 1.907}],
    )
]
STAINED = [
    {"stains": stains, "part": part, "grey": grey, **more}
    for stains, part, grey, more in product(
        [HE, H_DAB, OWN],
        ["first", "second", "residual"],
        [False, True],
        [{}, {"gamma": 1.8, "contrast": 1.3, "red": 1.053, "blue": 1.207}],
    )
]


def looking(adjustment: Adjustment, *, comparing: bool = False) -> ViewState:
    layer = Layer("slide", "slide", adjustment=adjustment)
    viewport = Viewport((WIDTH / 2, HEIGHT / 2), 1.0, (WIDTH, HEIGHT))
    return ViewState(viewport, (layer,), comparing=comparing)


@pytest.fixture(scope="module")
def pixels() -> Rgb:
    """Return random pixels, every grey, and colours next to white and black."""
    chance = np.random.default_rng(20)
    made = chance.integers(0, 256, (HEIGHT, WIDTH, 3), dtype=np.uint8)
    made[0, :256] = np.arange(256)[:, None]
    made[1:20] = chance.integers(236, 256, (19, WIDTH, 3))
    made[20:40] = chance.integers(0, 12, (20, WIDTH, 3))
    return made


@pytest.fixture
def shown(
    shoot: Callable[..., Rgb], array_tiles: Callable[..., Any], pixels: Rgb
) -> Callable[[ViewState], Rgb]:
    scene = Scene(array_tiles(pixels))
    return lambda state: shoot(state, scene)


@pytest.mark.parametrize("numbers", [NUMBERS, STAINED], ids=["numbers", "stains"])
def test_the_shader_does_what_the_reference_does(
    shown: Callable[[ViewState], Rgb], pixels: Rgb, numbers: list[dict[str, Any]]
) -> None:
    for settings in numbers:
        adjustment = Adjustment(**settings)
        far = np.abs(shown(looking(adjustment)).astype(int) - apply(pixels, adjustment))
        assert far.max() <= 1, f"{settings}: off by {far.max()} at {np.argwhere(far > 1)[:3]}"
        assert np.mean(far > 0) < 0.02, f"{settings}: {np.mean(far > 0):.1%} of the values differ"


def test_neutral_changes_no_byte_also_after_an_adjustment(
    shown: Callable[[ViewState], Rgb], pixels: Rgb
) -> None:
    assert np.array_equal(shown(looking(NEUTRAL)), pixels)
    assert not np.array_equal(shown(looking(replace(NEUTRAL, gamma=2.0))), pixels)
    assert np.array_equal(shown(looking(replace(NEUTRAL, stains=H_DAB, grey=True))), pixels)


def test_comparing_shows_the_slides_own_bytes(shown: Callable[[ViewState], Rgb], pixels: Rgb) -> None:
    adjusted = replace(NEUTRAL, part="first", contrast=2.0)
    assert not np.array_equal(shown(looking(adjusted)), pixels)
    assert np.array_equal(shown(looking(adjusted, comparing=True)), pixels)


def test_what_lies_beside_the_slide_is_not_adjusted(
    shoot: Callable[..., Rgb], array_tiles: Callable[..., Any]
) -> None:
    scene = Scene(array_tiles(np.full((100, 100, 3), 100, np.uint8)), background=(10, 20, 30))
    picture = shoot(looking(replace(NEUTRAL, brightness=0.2)), scene)
    assert tuple(picture[150, 200]) == (10, 20, 30)
    assert tuple(picture[50, 50]) == (151, 151, 151)
