"""In which order cells come: near the focus first, or a coarse map first."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from pathview.core.geometry import Box
from pathview.inference.grid import PatchGrid
from pathview.inference.order import CellOrder, coarse_count, coarse_stages

Cells = NDArray[np.intp]


def grid_of(rows: int, cols: int) -> PatchGrid:
    everything = np.ones((rows, cols), bool)
    return PatchGrid((0.0, 0.0), 100.0, 100.0, 32, (rows, cols), everything, everything)


@st.composite
def some_cells(draw: st.DrawFn) -> Cells:
    rows, cols = draw(st.integers(1, 30)), draw(st.integers(1, 30))
    seed, share = draw(st.integers(0, 99)), draw(st.floats(0, 1))
    return np.argwhere(np.random.default_rng(seed).random((rows, cols)) < share)


def blocks(cells: Cells, edge: int) -> set[tuple[int, int]]:
    return {(int(row), int(col)) for row, col in cells // edge}


@given(some_cells())
def test_each_stage_leaves_no_block_of_its_edge_without_a_cell_and_takes_no_more(cells: Cells) -> None:
    stages = coarse_stages(cells, 8)
    assert len(stages) == len(cells)
    for stage, edge in enumerate((8, 4, 2)):
        come = cells[stages <= stage]
        assert blocks(come, edge) == blocks(cells, edge)
        new = cells[stages == stage]
        assert len(blocks(new, edge)) == len(new), "two new ones in a block"
        before = blocks(cells[stages < stage], edge)
        assert blocks(new, edge).isdisjoint(before), "a block that has one already"
    assert (stages == 0).sum() == coarse_count(cells, 8)


def test_the_middle_of_a_block_stands_for_it() -> None:
    cells = np.argwhere(np.ones((16, 16), bool))
    first = cells[coarse_stages(cells, 8) == 0]
    assert first.tolist() == [[3, 3], [3, 11], [11, 3], [11, 11]]
    assert coarse_stages(cells, 1).tolist() == [0] * 256


@given(some_cells(), st.sampled_from([1, 8]))
def test_every_cell_is_handed_out_once(cells: Cells, coarse: int) -> None:
    order = CellOrder(grid_of(30, 30), cells, coarse=coarse)
    taken = [order.take() for _ in range(len(order))]
    out = np.concatenate([*taken, np.empty((0, 2), np.intp)])
    assert sorted(map(tuple, out.tolist())) == sorted(map(tuple, cells.tolist()))
    with pytest.raises(IndexError):
        order.take()


def test_a_coarse_map_comes_first_wherever_one_looks_and_within_it_what_is_near() -> None:
    cells = np.argwhere(np.ones((40, 40), bool))
    order = CellOrder(grid_of(40, 40), cells, coarse=8)
    order.focus(Box(3950.0, 3950.0, 3950.0, 3950.0))
    taken = [order.take() for _ in range(len(order))]
    out = np.concatenate(taken)
    first = out[:25]
    assert blocks(first, 8) == blocks(cells, 8)
    assert tuple(first[0] // 8) == (4, 4)
    distances = [math.dist(cell + 0.5, (39.5, 39.5)) for cell in first]
    assert distances == sorted(distances)
    assert blocks(out[:100], 4) == blocks(cells, 4)
    assert blocks(out[:400], 2) == blocks(cells, 2)


def test_a_new_focus_moves_only_what_is_left_of_the_same_stage() -> None:
    cells = np.argwhere(np.ones((40, 40), bool))
    order = CellOrder(grid_of(40, 40), cells, coarse=8)
    order.focus(Box(50.0, 50.0, 50.0, 50.0))
    assert tuple(order.take()[0] // 8) == (0, 0)
    order.focus(Box(3950.0, 50.0, 3950.0, 50.0))
    assert tuple(order.take()[0] // 8) == (0, 4)


views = st.builds(
    lambda x, y, w, h: Box(x, y, x + w, y + h),
    *(st.integers(-200, 3000), st.integers(-200, 3000), st.integers(1, 1500), st.integers(1, 1500)),
)


def in_view(cells: Cells, view: Box) -> NDArray[np.bool_]:
    top, left = 100.0 * cells.T
    seen = (left + 100 > view.x0) & (left < view.x1) & (top + 100 > view.y0) & (top < view.y1)
    return np.asarray(seen, bool)


@given(some_cells(), views, views, st.integers(0, 5))
def test_all_in_view_comes_before_the_rest_also_after_a_jump(
    cells: Cells, first: Box, second: Box, taken: int
) -> None:
    order = CellOrder(grid_of(30, 30), cells)
    order.focus(first)
    before = [order.take() for _ in range(min(taken, len(order)))]
    order.focus(second)
    rest = []
    while len(order):
        expected = order.in_view
        rest.append(order.take())
        assert in_view(rest[-1], second).any() == expected
    come = np.concatenate([*rest, np.empty((0, 2), np.intp)])
    seen = in_view(come, second)
    assert not (np.diff(seen.astype(int)) > 0).any(), "one in view came after one that is not"
    assert sorted(map(tuple, np.concatenate([come, *before]))) == sorted(map(tuple, cells))


@given(some_cells(), views, st.sampled_from([1, 8]))
def test_what_is_given_back_comes_again_in_its_turn(cells: Cells, view: Box, coarse: int) -> None:
    order = CellOrder(grid_of(30, 30), cells, coarse=coarse)
    undisturbed = CellOrder(grid_of(30, 30), cells, coarse=coarse)
    out = [order.take() for _ in range(min(3, len(order)))]
    for each in (order, undisturbed):
        each.focus(view)
    order.give_back([np.concatenate(out)] if out else [])

    def stages_of(handed: CellOrder) -> list[int]:
        stage = dict(zip(map(tuple, cells), coarse_stages(cells, coarse), strict=True))
        return [stage[tuple(cell)] for _ in iter(lambda: len(handed), 0) for cell in handed.take()]

    assert stages_of(order) == sorted(stages_of(undisturbed))
