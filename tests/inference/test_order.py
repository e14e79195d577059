"""In which order cells come: near the focus first, or a coarse map first."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

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
    order.focus(3950.0, 3950.0)
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
    order.focus(50.0, 50.0)
    assert tuple(order.take()[0] // 8) == (0, 0)
    order.focus(3950.0, 50.0)
    assert tuple(order.take()[0] // 8) == (0, 4)
