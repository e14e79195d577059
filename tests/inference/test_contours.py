import numpy as np
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from pathview.inference.contours import isolines, outlines
from pathview.inference.facts import HeatmapFacts
from pathview.inference.grid import PatchGrid

NAN = np.nan


def lattice(values: np.ndarray, stride: float = 100.0, origin: tuple[float, float] = (0.0, 0.0)) -> PatchGrid:
    every = np.ones(values.shape, bool)
    return PatchGrid(origin, stride, stride, 32, (values.shape[0], values.shape[1]), every, every)


def found(values: np.ndarray, level: float = 0.5, least: float = 0.0) -> list[shapely.Polygon]:
    rows, cols = values.shape
    return outlines(values, lattice(values), level, size=(100 * cols, 100 * rows), least=least)


def disc(edge: int, radius: float) -> np.ndarray:
    """Return 1 in the middle of a square of cells, falling to 0 linearly, one half at `radius` cells."""
    y, x = np.indices((edge, edge)) - (edge - 1) / 2
    return np.asarray(np.clip(0.5 + (radius - np.hypot(x, y)) / 4, 0, 1), np.float32)


def test_a_disc_has_the_area_and_the_place_of_a_disc() -> None:
    (polygon,) = found(disc(41, 12))
    assert polygon.area == pytest.approx(np.pi * 1200**2, rel=2e-3)
    assert polygon.centroid.coords[0] == pytest.approx((2050, 2050), abs=1e-6)
    (line,) = isolines(disc(41, 12), lattice(disc(41, 12)), 0.5).geoms
    assert line.is_closed
    assert line.hausdorff_distance(polygon.exterior) < 1e-6


def test_a_hole_is_a_hole_and_small_ones_can_be_filled() -> None:
    ring = disc(41, 15) - disc(41, 6)
    (polygon,) = found(ring)
    (hole,) = polygon.interiors
    assert shapely.Polygon(hole).area == pytest.approx(np.pi * 600**2, rel=1e-2)
    (whole,) = found(ring, least=2e6)
    assert not whole.interiors
    assert found(ring, least=1e8) == []


def test_an_island_in_a_hole_is_an_area_of_its_own() -> None:
    values = disc(61, 25) - disc(61, 15) + disc(61, 6)
    outer, island = found(values)
    assert len(outer.interiors) == 1
    assert not island.interiors
    assert island.within(shapely.Polygon(outer.interiors[0]))


def test_one_cell_alone_has_an_outline_inside_the_neighbours_middles() -> None:
    values = np.full((3, 3), NAN, np.float32)
    values[1, 1] = 1.0
    (polygon,) = found(values)
    assert polygon.bounds == pytest.approx((100, 100, 200, 200))


def test_cells_without_a_value_count_as_nothing_and_the_edge_closes() -> None:
    values = np.full((4, 4), 1.0, np.float32)
    values[:, 2:] = NAN
    (polygon,) = found(values)
    assert polygon.bounds == pytest.approx((0, 0, 200, 400), abs=1e-6)
    assert all(line.is_closed for line in isolines(values, lattice(values), 0.5).geoms)


def test_what_reaches_past_the_slide_is_cut_off() -> None:
    values = np.full((3, 3), 1.0, np.float32)
    (polygon,) = outlines(values, lattice(values), 0.5, size=(250, 270))
    assert polygon.bounds[2:] == (250, 270)


@pytest.mark.parametrize("level", [0.0, 1.0])
def test_the_ends_of_the_scale_are_levels_too(level: float) -> None:
    values = np.array([[0, 0, 0, 0], [0, 1, 1, 0], [0, 0, 0, 0]], np.float32)
    (polygon,) = found(values, level)
    assert polygon.covers(shapely.Point(200, 150))
    assert polygon.is_valid


def test_the_place_of_a_regions_grid_counts() -> None:
    values = disc(11, 3)
    grid = lattice(values, 64.0, (640.0, 1280.0))
    (polygon,) = outlines(values, grid, 0.5, size=(10_000, 10_000))
    assert polygon.centroid.coords[0] == pytest.approx((640 + 5.5 * 64, 1280 + 5.5 * 64))


def test_a_grid_without_cells_has_none() -> None:
    values = np.empty((0, 0), np.float32)
    assert isolines(values, lattice(values), 0.5).is_empty
    assert outlines(values, lattice(values), 0.5, size=(1, 1)) == []


@given(
    arrays(np.float32, (7, 9), elements=st.sampled_from([0.0, 0.25, 0.5, 0.75, 1.0, NAN])),
    st.floats(0.05, 0.95),
)
def test_areas_are_valid_apart_and_hold_what_is_clearly_over_the_level(
    values: np.ndarray, level: float
) -> None:
    areas = found(values, level)
    assert all(area.is_valid and not area.is_empty for area in areas)
    together = shapely.union_all(areas)
    assert together.area == pytest.approx(sum(area.area for area in areas))
    rows, cols = np.nonzero(np.nan_to_num(values) > level + 1e-3)
    over = shapely.points(100 * cols + 50, 100 * rows + 50)
    assert shapely.intersects(together.buffer(1e-3), over).all()
    rows, cols = np.nonzero(np.nan_to_num(values) < level - 1e-3)
    under = shapely.points(100 * cols + 50, 100 * rows + 50)
    assert not shapely.intersects(together.buffer(-1e-3), under).any()
    assert [area.area for area in areas] == sorted((area.area for area in areas), reverse=True)


def test_the_level_of_a_class_is_the_authors_for_the_positive_one_only() -> None:
    facts = HeatmapFacts("m", "1", "", 1.0, ("Normal", "Tumor"), "Tumor", 0.55, "f", (10, 10), None, "0")
    assert (facts.level_of(1), facts.level_of(0)) == (0.55, 0.5)
