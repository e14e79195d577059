from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pathview.core.errors import ImpossibleScaleError
from pathview.slides.made import MadeReader
from pathview.slides.scale import (
    judge_mpp,
    openslide_mpp,
    scale_warnings,
    stated_warnings,
    with_stated_mpp,
)

_ANY_FLOAT = st.one_of(st.floats(), st.floats(0.02, 100))


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("0", "cannot be true"),
        ("-0.25", "cannot be true"),
        ("inf", "cannot be true"),
        ("nan", "cannot be true"),
        ("1e308", "cannot be true"),
        ("0.0199", "cannot be true"),
        ("100.1", "cannot be true"),
        ("=cmd", "not a number"),
        ("352.78", "72-dpi default"),
        ("264.583", "96-dpi default"),
        ("169.33", "150-dpi default"),
        ("84.667", "300-dpi default"),
    ],
)
def test_nonsense_is_unknown_and_says_why(text: str, why: str) -> None:
    for x, y in ((text, "0.25"), ("0.25", text)):
        mpp, source = judge_mpp(x, y, "test")
        assert mpp is None
        assert source.startswith("unknown: ")
        assert why in source


@pytest.mark.parametrize("value", [0.02, 0.2517, 1.0, 100.0])
def test_what_can_be_true_is_believed(value: float) -> None:
    assert judge_mpp(value, value, "test") == ((value, value), "test")


def test_unequal_axes_are_kept_and_told() -> None:
    assert judge_mpp(0.25, 0.26, "test") == ((0.25, 0.26), "test")
    mpp, source = judge_mpp(0.25, 0.5, "test")
    assert mpp == (0.25, 0.5)
    assert "x and y differ" in source


@pytest.mark.parametrize(
    ("vendor", "source"),
    [
        ("aperio", "aperio.MPP"),
        ("generic-tiff", "TIFF resolution"),
        ("hamamatsu", "openslide.mpp-x"),
    ],
)
def test_the_source_is_named(vendor: str, source: str) -> None:
    properties = {"openslide.vendor": vendor, "openslide.mpp-x": "0.5", "openslide.mpp-y": "0.5"}
    assert openslide_mpp(properties) == ((0.5, 0.5), source)


def test_absence_has_its_reason() -> None:
    assert openslide_mpp({}) == (None, "unknown: the file does not state it")
    bare = {"tiff.XResolution": "1", "tiff.ResolutionUnit": "none"}
    assert openslide_mpp(bare) == (None, "unknown: TIFF resolution has no unit")


@pytest.mark.parametrize(
    ("mpp", "power", "words"),
    [
        ((0.25, 0.25), 40, ()),
        ((0.5, 0.5), 20, ()),
        ((0.23, 0.23), 40, ()),
        ((0.33, 0.33), 40, ()),
        ((0.25, 0.25), None, ()),
        ((0.25, 0.27), 40, ()),
        ((0.25, 0.25), 20, ("does not fit an objective of 20x, which gives about 0.5",)),
        ((0.5, 0.5), 40, ("does not fit an objective of 40x",)),
        ((2.5, 2.5), 40, ("2.5 um/px does not fit",)),
        ((0.25, 0.5), None, ("not square: 0.25 x 0.5",)),
        ((0.5, 1.0), 40, ("not square", "does not fit")),
    ],
)
def test_doubts_are_told(mpp: tuple[float, float], power: float | None, words: tuple[str, ...]) -> None:
    told = scale_warnings(replace(MadeReader().info, mpp=mpp, objective_power=power))
    assert len(told) == len(words)
    for text, part in zip(told, words, strict=True):
        assert part in text


def test_an_unknown_scale_says_why() -> None:
    (told,) = scale_warnings(MadeReader(mpp=None).info)
    assert "unknown (made without a scale)" in told


@given(x=_ANY_FLOAT, y=_ANY_FLOAT)
def test_a_stated_scale_is_taken_as_it_is_or_refused(x: float, y: float) -> None:
    own = MadeReader(mpp=None).info
    if 0.02 <= x <= 100 and 0.02 <= y <= 100:
        told = with_stated_mpp(own, (x, y), "stated")
        assert told.mpp == (x, y)
        assert told.mpp_source.startswith("stated")
        assert ("x and y differ" in told.mpp_source) == (max(x, y) > 1.1 * min(x, y))
        assert replace(told, mpp=None, mpp_source=own.mpp_source) == own
    else:
        with pytest.raises(ImpossibleScaleError, match=r"made-.*; state one between 0.02 and 100 um/px"):
            with_stated_mpp(own, (x, y), "stated")


def test_a_person_may_state_what_would_be_a_printer_s_default_in_a_file() -> None:
    assert with_stated_mpp(MadeReader().info, (84.667, 84.667), "stated").mpp == (84.667, 84.667)


def test_a_contradiction_to_the_file_is_told() -> None:
    own = MadeReader().info
    assert stated_warnings(own, own) == []
    assert stated_warnings(with_stated_mpp(own, (0.2501, 0.25), "stated"), own) == []
    bare = MadeReader(mpp=None).info
    assert stated_warnings(with_stated_mpp(bare, (0.5, 0.5), "stated"), bare) == []
    (told,) = stated_warnings(with_stated_mpp(own, (0.25, 0.5), "stated"), own)
    assert told == "0.25 x 0.5 was stated, but the file says 0.25 x 0.25 um/px (made)"
