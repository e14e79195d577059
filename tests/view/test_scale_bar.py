from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pathview.view.scale_bar import scale_bar


@given(st.floats(1 / 16, 4096), st.floats(0.02, 100), st.floats(20, 1000))
def test_the_bar_is_round_long_and_fits(downsample: float, mpp: float, longest: float) -> None:
    bar = scale_bar(downsample, (mpp, mpp), longest)
    assert bar is not None
    assert longest * 0.399 <= bar.pixels <= longest * (1 + 1e-6)
    assert f"{bar.length_um:.0e}"[0] in "125"
    assert bar.length_um == pytest.approx(bar.pixels * mpp * downsample)


def test_words() -> None:
    bar = scale_bar(1.0, (0.5, 0.5), 220)
    assert bar is not None
    assert bar.text == "100 µm"
    bar = scale_bar(64.0, (0.5, 0.5), 220)
    assert bar is not None
    assert bar.text == "5 mm"


def test_an_unknown_scale_has_no_bar() -> None:
    assert scale_bar(1.0, None, 200) is None
