from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pathview.view.adjust import NEUTRAL, RANGES
from pathview.view.slider_scale import in_words, place_of, value_at

NAMES = st.sampled_from(sorted(RANGES))


@given(NAMES, st.floats(-1, 1))
def test_there_and_back(name: str, place: float) -> None:
    assert place_of(name, value_at(name, place)) == pytest.approx(place, abs=1e-9)


@pytest.mark.parametrize("name", sorted(RANGES))
def test_neutral_lies_in_the_middle_and_the_ends_at_the_ends(name: str) -> None:
    assert value_at(name, 0.0) == getattr(NEUTRAL, name)
    assert (value_at(name, -1.0), value_at(name, 1.0)) == pytest.approx(RANGES[name])
    assert place_of(name, getattr(NEUTRAL, name)) == 0.0


@given(NAMES, st.floats(-1, 1), st.floats(-1, 1))
def test_further_right_is_more(name: str, one: float, other: float) -> None:
    if one < other:
        assert value_at(name, one) <= value_at(name, other)


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        ("brightness", 0.104, "+10 %"),
        ("brightness", -0.5, "-50 %"),
        ("brightness", 0.001, "0 %"),
        ("saturation", 1.2, "120 %"),
        ("gamma", 1.0, "1.00"),
        ("contrast", 1.256, "×1.26"),
        ("blue", 0.5, "×0.50"),
    ],
)
def test_numbers_are_worded(name: str, value: float, words: str) -> None:
    assert in_words(name, value) == words
