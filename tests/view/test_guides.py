"""The grid: nice spacing, on the slide, where the lines belong."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pathview.view.guides import grid
from pathview.view.viewport import Viewport

SLIDE = (40_000, 30_000)


@given(
    st.floats(1 / 16, 200),
    st.floats(-180, 180),
    st.booleans(),
    st.sampled_from([None, (0.25, 0.25), (0.5, 0.4)]),
)
def test_lines_lie_on_multiples_of_a_nice_spacing(
    downsample: float, rotation: float, flipped: bool, mpp: tuple[float, float] | None
) -> None:
    view = Viewport((20_000.0, 15_000.0), downsample, (1200, 800), rotation, flipped)
    found = grid(view, SLIDE, mpp)
    lead = found.spacing / 10 ** math.floor(math.log10(found.spacing) + 1e-9)
    assert min(abs(lead - nice) for nice in (1, 2, 5, 10)) < 1e-6
    assert found.in_um == (mpp is not None)
    unit = mpp or (1.0, 1.0)
    pixels = found.spacing / math.sqrt(unit[0] * unit[1]) / downsample
    assert 69 <= pixels <= 180
    for a, b in found.lines:
        (ax, ay), (bx, by) = view.to_slide(*a), view.to_slide(*b)
        upright = abs(ax - bx) < 1e-3
        multiple = (ax * unit[0] if upright else ay * unit[1]) / found.spacing
        assert abs(multiple - round(multiple)) < 1e-4
        for x, y in ((ax, ay), (bx, by)):
            assert -1e-3 <= x <= SLIDE[0] + 1e-3
            assert -1e-3 <= y <= SLIDE[1] + 1e-3


def test_no_lines_beside_the_slide() -> None:
    view = Viewport((-5000.0, 15_000.0), 1.0, (1200, 800))
    assert grid(view, SLIDE, None).lines == ()
    assert grid(Viewport((20_000.0, 15_000.0), 1.0, (1200, 800)), SLIDE, (0.25, 0.25)).spacing == 20.0


@pytest.mark.parametrize("downsample", [1 / 16, 1.0, 64.0])
def test_the_number_of_lines_stays_small(downsample: float) -> None:
    view = Viewport((20_000.0, 15_000.0), downsample, (3840, 2160), 33.0)
    assert len(grid(view, SLIDE, (0.25, 0.25)).lines) < 160
