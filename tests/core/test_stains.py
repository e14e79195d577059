from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pathview.core.errors import EstimateError
from pathview.core.stains import (
    DARKEST,
    H_DAB,
    HE,
    Part,
    Stains,
    amounts,
    density,
    estimated,
    mixed,
)

PAIRS = st.sampled_from([HE, H_DAB])
AMOUNT = st.floats(0.0, 1.5)


def degrees(one: object, other: object) -> float:
    a, b = np.asarray(one, float), np.asarray(other, float)
    return math.degrees(math.acos(min(1.0, float(a @ b / np.linalg.norm(a) / np.linalg.norm(b)))))


@given(PAIRS, AMOUNT, AMOUNT)
def test_known_amounts_are_recovered(stains: Stains, first: float, second: float) -> None:
    found = amounts(mixed(np.array([[first, second, 0.0]]), stains), stains)
    assert found == pytest.approx(np.array([[first, second, 0.0]]), abs=1e-9)


@given(PAIRS, st.tuples(*[st.integers(1, 255)] * 3))
def test_amounts_mix_back_to_the_colour(stains: Stains, colour: tuple[int, int, int]) -> None:
    light = np.array([colour]) / 255
    assert mixed(amounts(light, stains), stains) * 255 == pytest.approx(np.array([colour]), abs=1e-6)


@given(PAIRS, AMOUNT, AMOUNT)
def test_eight_bits_cost_little(stains: Stains, first: float, second: float) -> None:
    light = np.round(mixed(np.array([[first, second, 0.0]]), stains) * 255) / 255
    assert amounts(light, stains) == pytest.approx(np.array([[first, second, 0.0]]), abs=0.08)


def test_glass_holds_no_stain_and_black_a_finite_amount() -> None:
    assert np.all(amounts(np.ones((2, 3)), HE) == 0)
    assert density(np.zeros(3)) == pytest.approx(-math.log(DARKEST))


@pytest.mark.parametrize(("part", "kept"), [("first", 0), ("second", 1)])
@given(pair=PAIRS, first=AMOUNT, second=AMOUNT)
def test_a_single_stain_is_shown_as_if_it_were_alone(
    pair: Stains, first: float, second: float, part: Part, kept: int
) -> None:
    amount = np.array([first, second, 0.0])
    alone = np.where(np.arange(3) == kept, amount, 0.0)
    shown = density(mixed(amount, pair)) @ pair.shown(part, grey=False)
    assert shown == pytest.approx(alone @ pair.vectors, abs=1e-9)
    grey = density(mixed(amount, pair)) @ pair.shown(part, grey=True)
    assert grey == pytest.approx(np.full(3, amount[kept]), abs=1e-9)


def test_the_residual_is_what_neither_explains() -> None:
    amount = np.array([0.4, 0.3, 0.2])
    assert density(mixed(amount, H_DAB)) @ H_DAB.shown("residual", grey=True) == pytest.approx(0.2)
    explained = mixed(np.array([0.4, 0.3, 0.0]), H_DAB)
    assert density(explained) @ H_DAB.shown("residual", grey=False) == pytest.approx(0.0, abs=1e-9)
    for vector in HE.vectors[:2]:
        assert HE.vectors[2] @ vector == pytest.approx(0)


def test_all_stains_is_the_picture() -> None:
    assert np.array_equal(HE.shown("all", grey=True), np.eye(3))


@pytest.mark.parametrize(
    ("first", "second", "words"),
    [
        ((0.0, 0.0, 0.0), (0.1, 0.9, 0.1), "no optical density"),
        ((math.nan, 0.5, 0.5), (0.1, 0.9, 0.1), "no optical density"),
        ((0.1, 0.9, 0.1), (0.2, 1.8, 0.21), "same colour"),
    ],
)
def test_vectors_that_cannot_be_told_apart_are_refused(
    first: tuple[float, float, float], second: tuple[float, float, float], words: str
) -> None:
    with pytest.raises(ValueError, match=words):
        Stains("x", ("a", "b"), first, second)


@pytest.mark.parametrize(
    "truth",
    [HE, H_DAB, Stains("scanner", ("h", "e"), (0.6, 0.7, 0.4), (0.17, 0.85, 0.5))],
    ids=lambda stains: str(stains.title),
)
def test_the_stains_of_a_mixture_are_found(truth: Stains) -> None:
    chance = np.random.default_rng(7)
    share = chance.beta(0.3, 0.3, 20_000)  # many pixels with hardly anything but one stain
    strength = chance.uniform(0.5, 1.8, 20_000)
    amount = np.stack([share * strength, (1 - share) * strength, np.zeros(20_000)], axis=1)
    light = np.round(mixed(amount, truth) * 255 + chance.normal(0, 1, (20_000, 3))) / 255
    found = estimated(light)
    assert degrees(found.first, truth.first) < 4
    assert degrees(found.second, truth.second) < 4
    assert found.title == "Estimated from this slide"


def test_glass_has_no_stains_to_be_found() -> None:
    with pytest.raises(EstimateError, match="too little stained tissue"):
        estimated(np.full((5000, 3), 0.95))


def test_one_colour_is_not_two_stains() -> None:
    one = mixed(np.linspace(0.5, 1.5, 2000)[:, None] * np.array([1.0, 0, 0]), HE)
    with pytest.raises(EstimateError, match="one colour only"):
        estimated(one)
