from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pathview.core.geometry import Box
from pathview.core.region import Region, downsample_for


@given(st.integers(1, 5000), st.integers(1, 5000), st.floats(0.1, 500), st.floats(-1e5, 1e5))
def test_the_shape_survives_the_rounding_of_floats(
    width: int, height: int, downsample: float, x: float
) -> None:
    region = Region(Box(x, x, x + width * downsample, x + height * downsample), downsample)
    assert region.shape == (height, width)


def test_a_region_has_at_least_one_pixel() -> None:
    assert Region(Box(0, 0, 1, 1), 64.0).shape == (1, 1)


@pytest.mark.parametrize(
    ("mpp", "slide", "downsample"),
    [(0.5, (0.25, 0.25), 2.0), (0.25, (0.25, 0.25), 1.0), (0.25, (0.5, 0.5), 0.5), (1.0, (0.2, 0.8), 2.5)],
)
def test_downsample_is_the_ratio_of_scales(mpp: float, slide: tuple[float, float], downsample: float) -> None:
    got = downsample_for(mpp, slide)
    assert got is not None
    assert math.isclose(got, downsample)


def test_an_unknown_scale_is_not_guessed() -> None:
    assert downsample_for(0.5, None) is None
