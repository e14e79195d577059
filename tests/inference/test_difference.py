from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from pathview.core.pyramid import TileKey
from pathview.inference.card import ModelCard, Task
from pathview.inference.difference import Difference
from pathview.inference.grid import make_grid
from pathview.inference.heatmap import Heatmap
from pathview.slides.slide import Slide
from pathview.tiles.source import FAILED, NOT_RUN, SKIPPED

TOP = TileKey(0, 0, 0)
COARSE = ModelCard("coarse", "1", Task.CLASSIFY, 1.0, 100, 100, ("n", "t"), "t")
FINE = replace(COARSE, name="fine", patch=50, stride=50)


def heatmap(slide: Slide, card: ModelCard, value: float) -> Heatmap:
    made = Heatmap.create(None, make_grid(slide.info, card), card, slide.info)
    cells = np.argwhere(np.ones(made.grid.shape, bool))
    made.write(cells, np.tile(np.array([[1 - value, value]], np.float32), (len(cells), 1)))
    return made


def put(heatmap: Heatmap, row: int, col: int, value: float) -> None:
    heatmap.write(np.array([[row, col]]), np.array([[1 - value, value]], np.float32))


def test_the_sign_is_a_minus_b_whichever_is_finer(slide: Slide) -> None:
    coarse, fine = heatmap(slide, COARSE, 0.25), heatmap(slide, FINE, 0.75)
    for a, b, expected in ((coarse, fine, -0.5), (fine, coarse, 0.5)):
        difference = Difference(a, 1, b, 1)
        assert difference.pyramid.size == fine.pyramid.size
        tile = difference.read_tile(TOP)
        np.testing.assert_allclose(tile, (expected + 1) / 2, atol=1e-6)
        assert difference.value_at(700, 500) == pytest.approx(expected)
    assert Difference(coarse, 0, fine, 1).value_at(1, 1) == pytest.approx(0.0)


def test_each_fine_cell_is_compared_with_the_coarse_cell_about_its_middle(slide: Slide) -> None:
    coarse, fine = heatmap(slide, COARSE, 0.5), heatmap(slide, FINE, 0.5)
    put(coarse, 1, 2, 1.0)
    tile = Difference(coarse, 1, fine, 1).read_tile(TOP)
    assert {(int(r), int(c)) for r, c in np.argwhere(tile > 0.6)} == {(2, 4), (2, 5), (3, 4), (3, 5)}


def test_where_one_has_no_value_there_is_no_difference(slide: Slide) -> None:
    a = Heatmap.create(None, make_grid(slide.info, COARSE), COARSE, slide.info)
    b = heatmap(slide, COARSE, 0.5)
    put(a, 0, 0, 1.0)
    a.fail(np.array([[0, 1]]), "lost")
    a.mark_skipped(np.array([[0, 2]]))
    b.fail(np.array([[0, 2], [0, 3]]), "lost")
    difference = Difference(a, 1, b, 1)
    assert list(difference.read_tile(TOP)[0, :5]) == [0.75, FAILED, SKIPPED, FAILED, NOT_RUN]
    assert difference.value_at(10, 10) == 0.5
    assert difference.value_at(210, 10) is None
    assert difference.value_at(-10, 10) is None


def test_a_region_is_compared_where_it_lies(slide: Slide) -> None:
    import shapely

    whole = heatmap(slide, COARSE, 0.0)
    grid: Any = make_grid(slide.info, COARSE, region=shapely.box(400, 200, 800, 600))
    part = Heatmap.create(None, grid, COARSE, slide.info)
    cells = np.argwhere(np.ones(grid.shape, bool))
    part.write(cells, np.tile(np.array([[0.0, 1.0]], np.float32), (len(cells), 1)))
    tile = Difference(part, 1, whole, 1).read_tile(TOP)
    assert tile.shape == grid.shape
    np.testing.assert_array_equal(tile, 1.0)
    around = Difference(whole, 1, part, 1)
    around._base = whole
    tile = around.read_tile(TOP)
    assert tile[0, 0] == SKIPPED
    row, col = whole.grid.cell_at(500, 300) or (0, 0)
    assert tile[row, col] == 0.0


def test_tiles_are_stale_after_a_write_to_either_and_coarse_ones_have_the_mean(slide: Slide) -> None:
    every = np.ones((6, 600), bool)
    grid = replace(make_grid(slide.info, COARSE), shape=every.shape, inside=every, selected=every)
    a, b = (Heatmap.create(None, grid, COARSE, slide.info) for _ in range(2))
    difference = Difference(a, 1, b, 1)
    before = difference.revision(TOP)
    for value, col in ((1.0, 0), (0.5, 1)):
        put(a, 0, col, value)
        put(b, 0, col, 0.0)
    assert difference.revision(TOP) > before
    assert difference.pyramid.levels > 1
    assert difference.read_tile(TileKey(1, 0, 0))[0, 0] == pytest.approx((0.75 + 1) / 2)
