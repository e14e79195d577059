"""Stains to colours and back."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from pathview.slides.demo.stains import LIGHT, rgb_to_stains, stains_to_rgb

amount = st.floats(0, 1.4)


@given(amount, amount)
def test_round_trip(haematoxylin: float, eosin: float) -> None:
    stains = np.array([haematoxylin, eosin], np.float32).reshape(2, 1, 1)
    back = rgb_to_stains(stains_to_rgb(stains))
    # Half a grey level of rounding is 0.05 of density where a stain leaves 10 of 255.
    assert np.allclose(back, stains, atol=0.06)


@given(amount, amount, st.floats(0.05, 1.0))
def test_more_stain_is_darker_in_every_colour(haematoxylin: float, eosin: float, more: float) -> None:
    thin = np.array([haematoxylin, eosin], np.float32).reshape(2, 1, 1)
    for stain in range(2):
        thick = thin.copy()
        thick[stain] += more
        assert (stains_to_rgb(thick) <= stains_to_rgb(thin)).all()


def test_no_stain_is_the_light_itself() -> None:
    assert np.array_equal(stains_to_rgb(np.zeros((2, 1, 1), np.float32))[0, 0], LIGHT.astype(np.uint8))


def test_stains_look_like_haematoxylin_and_eosin() -> None:
    blue = stains_to_rgb(np.array([1.35, 0.35], np.float32).reshape(2, 1, 1))[0, 0].astype(int)
    pink = stains_to_rgb(np.array([0.0, 0.6], np.float32).reshape(2, 1, 1))[0, 0].astype(int)
    assert np.abs(blue - (90, 70, 140)).max() < 25
    assert np.abs(pink - (225, 150, 180)).max() < 15
