from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from pathview.core.stains import H_DAB, HE, Stains
from pathview.view.adjust import NEUTRAL, RANGES, Adjustment, apply, in_words

PIXELS = arrays(np.uint8, (4, 5, 3))
RAMP = np.repeat(np.arange(256, dtype=np.uint8)[:, None], 3, axis=1)


@st.composite
def adjustments(draw: st.DrawFn) -> Adjustment:
    numbers: Any = {name: draw(st.floats(*ends)) for name, ends in RANGES.items()}
    own = Stains("Estimated", ("One", "Two"), (0.5, 0.7, 0.2), (0.1, 0.8, 0.4))
    return Adjustment(
        **numbers,
        stains=draw(st.sampled_from([HE, H_DAB, own])),
        part=draw(st.sampled_from(["all", "first", "second", "residual"])),
        grey=draw(st.booleans()),
    )


@given(PIXELS)
def test_neutral_changes_no_byte(pixels: Any) -> None:
    shown = apply(pixels, NEUTRAL)
    assert np.array_equal(shown, pixels)
    assert shown is not pixels


@given(PIXELS)
def test_the_steps_are_neutral_where_their_numbers_are(pixels: Any) -> None:
    nearly = replace(NEUTRAL, gamma=1.0 + 1e-12)
    assert not nearly.neutral
    assert np.array_equal(apply(pixels, nearly), pixels)


def test_stains_that_are_not_shown_apart_leave_it_neutral() -> None:
    assert replace(NEUTRAL, stains=H_DAB, grey=True).neutral
    assert not replace(NEUTRAL, part="first").neutral


def test_each_number_does_what_it_says() -> None:
    assert np.all(apply(RAMP, replace(NEUTRAL, brightness=0.2))[:204] == RAMP[:204] + 51)
    steep = apply(RAMP, replace(NEUTRAL, contrast=2.0)).astype(int)
    assert (steep[63, 0], steep[128, 0], steep[192, 0]) == (0, 129, 255)
    lighter = apply(RAMP, replace(NEUTRAL, gamma=2.0))
    assert (lighter[0, 0], lighter[64, 0], lighter[255, 0]) == (0, 128, 255)
    pink = np.array([[230, 120, 180]], np.uint8)
    grey = apply(pink, replace(NEUTRAL, saturation=0.0))[0]
    assert len(set(grey.tolist())) == 1
    assert grey[0] == round(0.2126 * 230 + 0.7152 * 120 + 0.0722 * 180)
    assert apply(pink, replace(NEUTRAL, red=0.5, blue=2.0)).tolist() == [[115, 120, 255]]


def test_a_stain_is_judged_after_the_white_balance() -> None:
    yellowish = np.array([[250, 240, 200]], np.uint8)
    view = replace(NEUTRAL, part="first", red=255 / 250, green=255 / 240, blue=255 / 200)
    assert apply(yellowish, view).tolist() == [[255, 255, 255]]


@given(adjustments())
def test_text_and_back(adjustment: Adjustment) -> None:
    assert Adjustment.from_json(adjustment.to_json()) == adjustment


@pytest.mark.parametrize(
    "change",
    [
        {"gamma": 0.0},
        {"gamma": float("nan")},
        {"contrast": "much"},
        {"red": None},
        {"part": "third"},
        {"grey": 1},
        {"extra": 1},
        {"stains": None},
        {"stains": {"title": "x", "names": ["a"], "first": [1, 0, 0], "second": [0, 1, 0]}},
        {"stains": {"title": "x", "names": ["a", "b"], "first": [1, 0], "second": [0, 1, 0]}},
        {"stains": {"title": "x", "names": ["a", "b"], "first": [0, 0, 0], "second": [0, 1, 0]}},
    ],
    ids=str,
)
def test_text_that_is_no_adjustment_is_refused(change: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=r"."):
        Adjustment.from_json(json.dumps(json.loads(NEUTRAL.to_json()) | change))


@pytest.mark.parametrize("text", ["", "[]", "{}", "null", "[" * 100_000])
def test_other_text_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        Adjustment.from_json(text)


def test_numbers_are_kept_within_their_ranges() -> None:
    assert NEUTRAL.limited(red=9.0, gamma=-1.0) == replace(NEUTRAL, red=2.0, gamma=0.4)
    with pytest.raises(ValueError, match=r"contrast must be between 0\.25 and 4"):
        Adjustment(contrast=5.0)


def test_words_say_what_is_adjusted() -> None:
    assert in_words(NEUTRAL) == ""
    assert in_words(replace(NEUTRAL, brightness=0.1, blue=1.2)) == "brightness, white"
    assert in_words(replace(NEUTRAL, part="second", stains=H_DAB)) == "DAB only"
    assert in_words(replace(NEUTRAL, part="first", gamma=1.2)) == "haematoxylin only; gamma"
    assert in_words(replace(NEUTRAL, part="residual")) == "residual of the stains only"
