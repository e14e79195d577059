from __future__ import annotations

import math
import time
from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st
from shapely.geometry.base import BaseGeometry

from pathview.view.coverage import REST_S, TICK_S, Coverage, Gaze
from pathview.view.viewport import Viewport

SLIDE = (100_000, 80_000)


def area(coverage: Coverage, downsample: float) -> float:
    return float(coverage.seen(downsample).sum()) * coverage.cell**2


def shape(view: Viewport) -> BaseGeometry:
    width, height = view.size
    corners = [view.to_slide(*at) for at in ((0, 0), (width, 0), (width, height), (0, height))]
    return shapely.Polygon(corners).intersection(shapely.box(0, 0, *SLIDE))


def follow(coverage: Coverage, path: Callable[[float], Viewport], seconds: float) -> None:
    """Look along a path as the program does."""
    gaze = Gaze()
    for tick in range(round(seconds / TICK_S) + 1):
        views = gaze.look(path(tick * TICK_S), tick * TICK_S)
        if views:
            coverage.mark(views)


views = st.builds(
    Viewport,
    center=st.tuples(st.floats(0, 1e5), st.floats(0, 8e4)),
    downsample=st.floats(2, 64),
    size=st.tuples(st.integers(600, 2000), st.integers(500, 1500)),
    rotation=st.floats(0, 360),
    flipped=st.booleans(),
)


@given(views)
def test_a_rest_covers_what_is_on_the_screen_however_it_lies(view: Viewport) -> None:
    coverage = Coverage(SLIDE)
    coverage.mark([view])
    true = shape(view)
    # Half a cell along the edge at the most.
    assert (
        abs(area(coverage, view.downsample) - true.area)
        <= 0.75 * coverage.cell * true.length + coverage.cell**2
    )


@given(views)
def test_no_cell_outside_counts(view: Viewport) -> None:
    coverage = Coverage(SLIDE)
    coverage.mark([view])
    rows, columns = np.nonzero(coverage.seen(view.downsample))
    chosen = slice(None, None, max(1, len(rows) // 100))
    for row, column in zip(rows[chosen], columns[chosen], strict=True):
        sx, sy = view.to_screen((column + 0.5) * coverage.cell, (row + 0.5) * coverage.cell)
        assert -1e-6 <= sx <= view.size[0] + 1e-6
        assert -1e-6 <= sy <= view.size[1] + 1e-6


@pytest.mark.parametrize("turn", [0.0, 90.0, 33.0])
@pytest.mark.parametrize("mirrored", [False, True])
def test_a_slow_move_covers_its_path_to_a_hundredth(turn: float, mirrored: bool) -> None:
    size, speed, seconds, downsample = (1400, 900), 500.0, 8.0, 4.0
    start = Viewport((30_000.0, 30_000.0), downsample, size, turn, mirrored)

    def path(at: float) -> Viewport:
        return start.panned(-speed * at, 0.0)

    coverage = Coverage(SLIDE)
    follow(coverage, path, seconds)
    # What stays on the screen for REST_S: the strip without what came too late and what went too soon.
    wide = size[0] + speed * seconds - 2 * speed * REST_S
    true = wide * size[1] * downsample**2
    assert area(coverage, downsample) == pytest.approx(true, rel=0.01)


def test_a_spiral_of_rests_covers_its_union_to_a_hundredth() -> None:
    spots = [
        Viewport((50_000 + 900 * k * math.cos(k), 40_000 + 700 * k * math.sin(k)), 3.0, (1400, 900), 25.0 * k)
        for k in range(30)
    ]
    coverage = Coverage(SLIDE)
    follow(coverage, lambda at: spots[min(int(at / 0.5), 29)], 15.0)
    true = shapely.union_all([shape(view) for view in spots]).area
    assert area(coverage, 3.0) == pytest.approx(true, rel=0.01)


def test_what_flies_past_does_not_count() -> None:
    start = Viewport((20_000.0, 40_000.0), 4.0, (1400, 900))
    coverage = Coverage(SLIDE)
    follow(coverage, lambda at: start.panned(-5000.0 * at, 0.0), 3.0)
    assert coverage.empty


def test_a_short_look_does_not_count_and_a_long_one_does() -> None:
    view = Viewport((20_000.0, 40_000.0), 4.0, (1400, 900))
    coverage = Coverage(SLIDE)
    follow(coverage, lambda _: view, REST_S - TICK_S)
    assert coverage.empty
    follow(coverage, lambda _: view, REST_S)
    assert area(coverage, 4.0) > 0


def test_the_closest_look_counts() -> None:
    far, near = Viewport((5e4, 4e4), 16.0, (1000, 800)), Viewport((5e4, 4e4), 2.0, (1000, 800))
    coverage = Coverage(SLIDE)
    assert coverage.mark([near])
    assert coverage.mark([far])
    assert not coverage.mark([far])
    assert area(coverage, 4.0) == pytest.approx(2000 * 1600, rel=0.06)
    assert area(coverage, 16.0) == pytest.approx(16_000 * 12_800, rel=0.02)
    assert area(coverage, 1.9) == 0


def test_zooming_in_counts_only_as_closely_as_it_was_throughout() -> None:
    far, near = Viewport((5e4, 4e4), 8.0, (1000, 800)), Viewport((5e4, 4e4), 4.0, (1000, 800))
    coverage = Coverage(SLIDE)
    coverage.mark([far, near])
    assert area(coverage, 4.0) == 0
    assert area(coverage, 8.0) == pytest.approx(4000 * 3200, rel=0.03)


def test_a_rest_is_told_and_so_is_a_break() -> None:
    gaze, view = Gaze(), Viewport((5e4, 4e4), 8.0, (1000, 800))
    assert gaze.look(view, 10.0) == []
    assert not gaze.resting()
    assert gaze.look(view, 10.4) == [view]
    assert gaze.resting()
    moved = replace(view, downsample=4.0)
    assert gaze.look(moved, 20.0) == [view, moved]  # what both show was there until now
    assert not gaze.resting()
    gaze.lose()
    assert gaze.look(moved, 20.1) == []


def test_the_limit_itself_counts() -> None:
    coverage = Coverage(SLIDE)
    coverage.mark([Viewport((5e4, 4e4), 1 / 0.2499, (1000, 800))])
    assert coverage.seen(1 / 0.2499).any()
    assert not coverage.seen(0.95 / 0.2499).any()


def test_it_is_kept_as_bytes() -> None:
    coverage, again = Coverage(SLIDE), Coverage(SLIDE)
    coverage.mark([Viewport((5e4, 4e4), 8.0, (1000, 800), 30.0)])
    kept = coverage.to_bytes()
    assert len(kept) < 20_000
    again.restore(kept)
    assert (again.seen(8.0) == coverage.seen(8.0)).all()
    assert again.mark([Viewport((5e4, 4e4), 2.0, (1000, 800))])  # it can be written on
    again.reset()
    assert again.empty


def test_bytes_that_are_none_change_nothing() -> None:
    coverage = Coverage(SLIDE)
    coverage.mark([Viewport((5e4, 4e4), 8.0, (1000, 800))])
    before = coverage.seen(8.0)
    other = Coverage((1000, 2000)).to_bytes()
    bomb = Coverage((500_000, 500_000)).to_bytes()
    for kept in (b"", b"nonsense", b"PVC1damaged", other, bomb):
        with pytest.raises(ValueError, match=r"begin|damaged|another size"):
            coverage.restore(kept)
    assert (coverage.seen(8.0) == before).all()


def test_a_slide_smaller_than_the_grid_has_a_cell_a_pixel() -> None:
    coverage = Coverage((300, 200))
    assert (coverage.cell, coverage.shape) == (1.0, (200, 300))
    coverage.mark([Viewport((150.0, 100.0), 1.0, (1000, 1000))])
    assert coverage.seen(1.0).all()


def test_it_takes_less_than_a_hundredth_of_a_processor() -> None:
    start = Viewport((30_000.0, 30_000.0), 4.0, (1400, 900), 33.0)
    coverage, gaze, seconds = Coverage(SLIDE), Gaze(), 20.0
    began = time.process_time()
    for tick in range(round(seconds / TICK_S)):
        views = gaze.look(start.panned(-500.0 * tick * TICK_S, 0.0), tick * TICK_S)
        if views:
            coverage.mark(views)
    assert time.process_time() - began < 0.01 * seconds
