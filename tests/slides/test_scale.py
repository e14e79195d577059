from __future__ import annotations

from dataclasses import replace

import pytest

from pathview.slides.made import MadeReader
from pathview.slides.scale import judge_mpp, openslide_mpp, scale_warnings


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
