from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from numpy.typing import NDArray

from pathview.core.errors import EstimateError
from pathview.core.stains import H_DAB, HE, mixed
from pathview.tiles.source import Rgb
from pathview.view.adjust import NEUTRAL, apply
from pathview.view.judge import automatic, own_stains, white_from_glass

TINT = np.array([240.0, 236.0, 222.0])


def as_pixels(values: NDArray[np.float64]) -> Rgb:
    return np.asarray(np.clip(values + 0.5, 0, 255), np.uint8)


@pytest.fixture(scope="module")
def picture() -> Rgb:
    """Return tinted glass with a piece of pale tissue."""
    chance = np.random.default_rng(5)
    amount = np.zeros((300, 300, 3))
    amount[100:200, 100:200, :2] = chance.uniform(0.1, 0.5, (100, 100, 2))
    noise = chance.normal(0, 0.6, amount.shape)
    return as_pixels(mixed(amount, HE) * TINT + noise)


@pytest.fixture(scope="module")
def tissue() -> Rgb:
    """Return tissue alone: a picture without glass, mostly of one stain or the other."""
    chance = np.random.default_rng(6)
    share, strength = chance.beta(0.3, 0.3, (200, 96)), chance.uniform(0.6, 1.5, (200, 96))
    amount = np.stack([share * strength, (1 - share) * strength, 0 * share], axis=2)
    return as_pixels(mixed(amount, H_DAB) * TINT)


def test_glass_becomes_white_and_the_rest_stays(picture: Rgb) -> None:
    found = white_from_glass(picture, replace(NEUTRAL, gamma=1.3, part="first"))
    assert TINT * found.gains == pytest.approx(255, abs=1.5)
    assert (found.gamma, found.part) == (1.3, "first")


def test_without_glass_white_is_refused(tissue: Rgb) -> None:
    with pytest.raises(EstimateError, match="no bare glass"):
        white_from_glass(tissue, NEUTRAL)


def test_auto_spreads_the_picture_and_loses_nothing_dark(picture: Rgb) -> None:
    found = automatic(picture, replace(NEUTRAL, gamma=2.0, saturation=0.2, stains=H_DAB))
    assert (found.gamma, found.saturation, found.stains) == (1.0, 1.0, H_DAB)
    shown = apply(picture, found)
    assert np.median(shown[:50]) == 255
    assert shown.min() < picture.min()
    assert np.mean(shown[100:200, 100:200] == 0) < 0.01


def test_auto_keeps_the_colours_where_there_is_no_glass(tissue: Rgb) -> None:
    found = automatic(tissue, NEUTRAL)
    assert found.gains == NEUTRAL.gains
    assert found.contrast >= 1.0


def test_stains_are_measured_against_the_glass(picture: Rgb, tissue: Rgb) -> None:
    found = own_stains(picture, tissue, NEUTRAL)
    assert TINT * found.gains == pytest.approx(255, abs=1.5)
    assert np.dot(found.stains.first, H_DAB.first) > 0.997
    assert np.dot(found.stains.second, H_DAB.second) > 0.997


def test_a_white_that_was_set_by_hand_is_kept(picture: Rgb, tissue: Rgb) -> None:
    by_hand = replace(NEUTRAL, red=1.02)
    assert own_stains(picture, tissue, by_hand).gains == by_hand.gains


def test_no_tissue_has_no_stains(picture: Rgb) -> None:
    with pytest.raises(EstimateError, match="there is no tissue"):
        own_stains(picture, None, NEUTRAL)
