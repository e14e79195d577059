"""The parts that the slide is put together from."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pathview.slides.demo.fields import GRID_UM, spline_weights
from pathview.slides.demo.layout import make_layout
from pathview.slides.demo.nuclei import Kind, make_library
from pathview.slides.demo.paint import REACH_UM
from pathview.slides.demo.recipe import FULL_SIZE, MPP, Recipe
from pathview.slides.demo.texture import Grain, doubled, smooth_noise
from pathview.slides.demo.write import halved, level_sizes


def test_a_recipe_too_small_to_hold_tissue_is_refused() -> None:
    with pytest.raises(ValueError, match="512"):
        Recipe((400, 4000))


def test_full_size_has_levels_down_to_an_overview() -> None:
    assert level_sizes(Recipe(FULL_SIZE))[-1] == (750, 562)


@pytest.mark.parametrize("seed", range(4))
def test_every_seed_lays_out_a_node_with_islands(seed: int) -> None:
    layout = make_layout(Recipe(FULL_SIZE, seed))
    assert 4 <= len(layout.islands) <= 7
    assert len(layout.follicles) >= 6
    assert all(layout.node.contains(island) and island.is_valid for island in layout.islands)
    assert not layout.strip.intersects(layout.node)


def test_no_stamp_reaches_farther_than_blocks_look_for_cells() -> None:
    library = make_library(7)
    assert set(library) == set(Kind)
    for stamps in library.values():
        for stamp in stamps:
            assert stamp.keep.shape[0] // 2 * MPP <= REACH_UM
            assert 0 <= stamp.keep.min() <= stamp.keep.max() <= 1.001
            assert stamp.add.min() >= 0
            rim = np.concatenate([stamp.keep[0], stamp.keep[-1], stamp.keep[:, 0], stamp.keep[:, -1]])
            assert rim.min() > 0.93, "cut off at the edge of the stamp"


GRAIN = Grain.of(5.0, np.random.default_rng(0))


@given(st.integers(0, 5000), st.integers(0, 5000))
def test_windows_of_grain_fit_together(left: int, top: int) -> None:
    grain = GRAIN
    whole = grain.window(left, top, 12)
    assert np.array_equal(whole[4:, 4:], grain.window(left + 4, top + 4, 8))


def test_noise_is_standard_and_seamless() -> None:
    noise = smooth_noise((128, 96), 3.0, np.random.default_rng(1))
    assert noise.std() == pytest.approx(1, abs=1e-3)
    assert np.abs(noise[0] - noise[-1]).mean() < 3 * np.abs(np.diff(noise, axis=0)).mean()


@given(st.floats(-3, 3), st.floats(-3, 3))
def test_spline_keeps_a_slope(offset: float, slope: float) -> None:
    weights = spline_weights(3 * GRID_UM, 0.5, 40, 14)
    places = 3 + 0.5 / GRID_UM * np.arange(40)
    assert np.allclose(weights @ (offset + slope * np.arange(14)), offset + slope * places, atol=1e-4)


def test_doubling_then_halving_keeps_a_ramp() -> None:
    ramp = np.broadcast_to(np.arange(10, dtype=np.float32) * 8, (1, 10, 10)).copy()
    fine = doubled(ramp)
    assert fine.shape == (1, 16, 16)
    coarse = halved(np.repeat(fine[0][..., None], 3, axis=-1).astype(np.uint8))
    assert np.array_equal(coarse[:, :, 0], ramp[0, 1:-1, 1:-1])
