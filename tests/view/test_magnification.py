"""Magnifications as downsamples."""

from __future__ import annotations

from dataclasses import replace

import pytest

from pathview.slides.slide import Slide
from pathview.view.magnification import downsample_at


def test_the_objective_s_own_power_is_one_to_one(made_slide: Slide) -> None:
    info = replace(made_slide.info, objective_power=40.0, mpp=(0.2425, 0.2425))
    assert downsample_at(40, info) == 1.0
    assert downsample_at(10, info) == 4.0


def test_without_an_objective_the_pixel_size_tells(made_slide: Slide) -> None:
    info = replace(made_slide.info, objective_power=None, mpp=(0.25, 0.25))
    assert downsample_at(20, info) == pytest.approx(2.0)


def test_without_a_scale_there_is_no_magnification(made_slide: Slide) -> None:
    assert downsample_at(20, replace(made_slide.info, objective_power=None, mpp=None)) is None
