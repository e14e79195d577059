from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from pathview.core.geometry import Box
from pathview.inference.grid import PatchGrid
from pathview.inference.hotspots import Hotspot, hotspots, stepped

NAN = np.nan


def lattice(values: np.ndarray) -> PatchGrid:
    every = np.ones(values.shape, bool)
    return PatchGrid((300.0, 100.0), 10.0, 10.0, 10, (values.shape[0], values.shape[1]), every, every)


def found(rows: list[list[float]], **how: Any) -> tuple[Hotspot, ...]:
    values = np.array(rows, np.float32)
    return hotspots(values, lattice(values), 0.5, **how)


def test_regions_have_box_peak_score_mean_and_area() -> None:
    spot: Any
    (spot,) = found([[0, 0, 0, 0], [0, 0.6, 0.9, 0], [0, 0, NAN, 0]])
    assert spot.box == Box(310, 110, 330, 120)
    assert spot.peak == (325, 115)
    assert spot.score == pytest.approx(0.9)
    assert spot.mean == pytest.approx(0.75)
    assert spot.area == 200


def test_cells_that_touch_at_a_corner_are_one_region_and_the_level_belongs_to_it() -> None:
    assert len(found([[0.5, 0, 0], [0, 0.5, 0], [0, 0, 0]])) == 1
    assert len(found([[0.5, 0, 0.5]])) == 2
    assert found([[0.49, NAN]]) == ()
    assert found([[]]) == ()


def test_the_highest_score_is_first_and_the_larger_one_among_equals() -> None:
    rows = [[0.991, 0, 0.994, 0.994, 0, 0.7, 0.7, 0.7, 0, 0.995]]
    assert [(round(s.score, 3), s.area) for s in found(rows)] == [
        (0.995, 100), (0.994, 200), (0.991, 100), (0.7, 300),
    ]  # fmt: skip
    assert [s.area for s in found(rows, order="area")] == [300, 200, 100, 100]
    assert found(rows, order="area")[2].score > found(rows, order="area")[3].score


@given(arrays(np.float32, (6, 7), elements=st.sampled_from([0.0, 0.3, 0.5, 0.75, 1.0, NAN])))
def test_every_cell_over_the_level_is_in_one_region(values: np.ndarray) -> None:
    spots = hotspots(values, lattice(values), 0.5)
    over = np.argwhere(np.nan_to_num(values) >= 0.5)
    assert sum(spot.area for spot in spots) == 100 * len(over)
    assert len({spot.peak for spot in spots}) == len(spots)
    for row, col in over:
        assert any(spot.box.contains(300 + 10 * col + 5, 100 + 10 * row + 5) for spot in spots)
    if len(over):
        assert spots[0].score == pytest.approx(np.nanmax(values))
        assert sum(spot.mean * spot.area for spot in spots) == pytest.approx(
            100 * np.nansum(values[tuple(over.T)]), rel=1e-5
        )


def test_stepping_goes_round() -> None:
    spots = found([[1.0, 0, 0.9, 0, 0.8]])
    assert stepped(spots, None, 1) == spots[0]
    assert stepped(spots, None, -1) == spots[2]
    assert stepped(spots, spots[2].peak, 1) == spots[0]
    assert stepped(spots, spots[0].peak, -1) == spots[2]
    assert stepped(spots, (0.0, 0.0), 1) == spots[0], "a region that is gone is nowhere"
    assert stepped((), None, 1) is None
