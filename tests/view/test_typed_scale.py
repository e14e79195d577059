"""Magnifications as people type them."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pathview.slides.slide import Slide
from pathview.view.typed_scale import downsample_for, parse_scale


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("10x", (10.0, "x")),
        (" 2.5 X ", (2.5, "x")),
        ("40×", (40.0, "x")),
        ("0.5 um", (0.5, "um")),
        ("0,25µm/px", (0.25, "um")),
        (".5μm / pixel", (0.5, "um")),
        ("1 mpp", (1.0, "um")),
    ],
)
def test_what_people_type(text: str, meant: tuple[float, str]) -> None:
    assert parse_scale(text) == meant


@pytest.mark.parametrize(
    "text", ["", "x", "10", "0x", "0.0 um", "-3x", "10xx", "10 x 20", "1e3x", "nanx", "export"]
)
def test_what_is_no_magnification(text: str) -> None:
    assert parse_scale(text) is None


@given(st.text(max_size=12))
def test_any_text_is_a_positive_number_or_nothing(text: str) -> None:
    meant = parse_scale(text)
    assert meant is None or (meant[0] > 0 and meant[1] in ("x", "um"))


def test_a_power_goes_by_the_slides_objective(made_slide: Slide) -> None:
    info = replace(made_slide.info, objective_power=40.0, mpp=(0.2425, 0.2425))
    assert downsample_for(40, "x", info) == 1.0
    assert downsample_for(10, "x", info) == 4.0
    assert downsample_for(0.485, "um", info) == pytest.approx(2.0)


def test_without_an_objective_the_pixel_size_tells(made_slide: Slide) -> None:
    info = replace(made_slide.info, objective_power=None, mpp=(0.25, 0.25))
    assert downsample_for(20, "x", info) == pytest.approx(2.0)


def test_without_a_scale_there_is_no_magnification(made_slide: Slide) -> None:
    info = replace(made_slide.info, objective_power=None, mpp=None)
    assert downsample_for(20, "x", info) is None
    assert downsample_for(1, "um", replace(info, objective_power=20.0)) is None
