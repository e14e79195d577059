from dataclasses import replace

import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from pathview.core.errors import UnknownScaleError
from pathview.core.geometry import Box
from pathview.core.region import Region
from pathview.inference.card import ModelCard, Task
from pathview.inference.grid import PatchGrid, make_grid
from pathview.inference.order import CellOrder
from pathview.inference.read_ahead import read_block
from pathview.inference.tissue import TissueMask
from pathview.slides.made import MadeReader
from pathview.slides.slide import Slide


def make_card(mpp: float, patch: int, stride: int) -> ModelCard:
    return ModelCard("m", "1", Task.CLASSIFY, mpp, patch, stride, ("a", "b"), "b")


def test_cells_cover_the_slide(slide: Slide, grid: PatchGrid) -> None:
    assert grid.stride == grid.patch == 64.0
    assert grid.shape == (18, 24)
    assert grid.downsample == 2.0
    np.testing.assert_array_equal(grid.boxes(np.array([[1, 2]])), [[128, 64, 192, 128]])
    assert grid.cell_at(130, 70) == (1, 2)
    assert grid.cell_at(-1, 70) is None


def test_a_nearly_whole_factor_is_taken_as_whole() -> None:
    info = MadeReader((9600, 9600), mpp=0.2431).info
    grid = make_grid(info, make_card(0.972, 96, 96))
    assert (grid.patch, grid.downsample) == (384.0, 4.0)


def test_a_broken_factor_stays() -> None:
    grid = make_grid(MadeReader((1000, 1000), mpp=0.3).info, make_card(1.0, 30, 15))
    assert grid.patch == pytest.approx(100)
    assert grid.shape == (20, 20)
    # The patch lies about the middle of its cell.
    np.testing.assert_allclose(grid.boxes(np.array([[0, 0]])), [[-25, -25, 75, 75]])
    np.testing.assert_allclose(grid.cell_boxes(np.array([[0, 0]])), [[0, 0, 50, 50]])


def test_no_scale_no_grid(card: ModelCard) -> None:
    with pytest.raises(UnknownScaleError):
        make_grid(MadeReader(mpp=None).info, card)


def test_cells_of_a_region_are_cells_of_the_slide(slide: Slide, card: ModelCard, grid: PatchGrid) -> None:
    triangle = shapely.Polygon([(300, 300), (700, 310), (300, 690)])
    part = make_grid(slide.info, card, region=triangle)
    assert part.origin == (256.0, 256.0)
    assert part.shape == (7, 7)
    every = np.argwhere(np.ones(part.shape, bool))
    np.testing.assert_array_equal(part.boxes(every), grid.boxes(every + 4))
    squares = shapely.box(*part.cell_boxes(every).T)
    overlap = shapely.area(shapely.intersection(squares, triangle)) > 0
    np.testing.assert_array_equal(part.selected.ravel(), overlap)


def test_a_region_beside_the_slide_has_no_cells(slide: Slide, card: ModelCard) -> None:
    for box in ((-500, 0, -100, 50), (5000, 5000, 6000, 6000)):
        assert make_grid(slide.info, card, region=shapely.box(*box)).selected.sum() == 0


def test_tissue_selects(slide: Slide, card: ModelCard) -> None:
    mask = np.zeros((11, 15), bool)
    mask[2:4, 3:6] = True
    grid = make_grid(slide.info, card, TissueMask(mask, 100.0), min_tissue=0.5)
    share = TissueMask(mask, 100.0).fraction(grid.cell_boxes(np.argwhere(grid.inside)))
    np.testing.assert_array_equal(grid.selected.ravel(), share >= 0.5)
    assert grid.selected.sum() * 64**2 == pytest.approx(60_000, rel=0.3)


def test_tissue_fractions_are_exact() -> None:
    mask = TissueMask(np.array([[True, False], [False, False]]), 10.0)
    boxes = np.array([[0, 0, 10, 10], [5, 5, 15, 15], [0, 0, 20, 20], [-10, -10, 10, 10], [30, 30, 40, 40]])
    np.testing.assert_allclose(mask.fraction(boxes), [1, 0.25, 0.25, 0.25, 0])


@settings(max_examples=40, deadline=None)
@given(
    size=st.tuples(st.integers(60, 700), st.integers(60, 700)),
    factor=st.sampled_from([1, 2, 3, 4, 5]),
    downsamples=st.sampled_from([(1,), (1, 2), (1, 4), (1, 4, 16), (1, 3)]),
    edge=st.integers(8, 40),
)
def test_a_block_read_equals_single_reads(
    size: tuple[int, int], factor: int, downsamples: tuple[int, ...], edge: int
) -> None:
    slide = Slide(MadeReader(size, downsamples=downsamples, mpp=0.25))
    grid = make_grid(slide.info, make_card(0.25 * factor, edge, edge))
    order = CellOrder(grid, np.argwhere(grid.selected))
    seen = []
    while len(order):
        loaded = read_block(slide, grid, order.take())
        for cell, patch in zip(loaded.cells, loaded.patches, strict=True):
            single = slide.read(Region(Box(*grid.boxes(cell[None])[0]), grid.downsample))
            np.testing.assert_array_equal(patch, single)
            seen.append(tuple(cell))
    assert sorted(seen) == sorted(map(tuple, np.argwhere(grid.selected)))


def test_order_is_by_distance_and_complete(grid: PatchGrid) -> None:
    order = CellOrder(replace(grid, pixels=1024), np.argwhere(grid.selected))
    order.focus(Box(700, 500, 700, 500))
    first = [order.take() for _ in range(5)]
    order.focus(Box(0, 0, 0, 0))
    rest = []
    while len(order):
        rest.append(order.take())
    # 1024-px patches make blocks of one cell.
    middles = np.concatenate(rest) * 64.0 + 32
    distances = np.hypot(middles[:, 1], middles[:, 0])
    assert (np.diff(distances) >= 0).all()
    assert len({tuple(cell) for cell in np.concatenate(first + rest)}) == grid.selected.size
