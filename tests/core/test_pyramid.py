from __future__ import annotations

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pathview.core.geometry import Box
from pathview.core.pyramid import Pyramid, TileKey


@st.composite
def pyramids(draw: st.DrawFn) -> Pyramid:
    return Pyramid(
        size=(draw(st.integers(1, 200_000)), draw(st.integers(1, 200_000))),
        tile=draw(st.sampled_from((64, 256, 512, 768))),
        scale=draw(st.sampled_from((1.0, 32.0, 224.0))),
        origin=(draw(st.sampled_from((0.0, -100.0, 333.0))), draw(st.sampled_from((0.0, 4000.0)))),
    )


def extent(pyramid: Pyramid) -> Box:
    x, y = pyramid.origin
    return Box(x, y, x + pyramid.size[0] * pyramid.scale, y + pyramid.size[1] * pyramid.scale)


@given(pyramids())
def test_one_root_covers_everything(pyramid: Pyramid) -> None:
    assert pyramid.shape(pyramid.levels - 1) == (1, 1)
    assert pyramid.contains(pyramid.root)
    assert not pyramid.contains(pyramid.root.parent)
    if pyramid.levels > 1:
        assert pyramid.shape(pyramid.levels - 2) != (1, 1)
    whole, root = extent(pyramid), pyramid.box(pyramid.root)
    assert root.x0 == whole.x0
    assert root.x1 >= whole.x1
    assert root.y1 >= whole.y1


@given(pyramids(), st.data())
def test_children_and_parents_agree(pyramid: Pyramid, data: st.DataObject) -> None:
    level = data.draw(st.integers(0, pyramid.levels - 1))
    columns, rows = pyramid.shape(level)
    key = TileKey(level, data.draw(st.integers(0, columns - 1)), data.draw(st.integers(0, rows - 1)))
    assert pyramid.contains(key)
    assert key.ancestor(level) == key
    assert key.ancestor(pyramid.levels - 1) == pyramid.root
    for child in pyramid.children(key):
        assert child.parent == key
    if level + 1 < pyramid.levels:
        assert key in pyramid.children(key.parent)
    if level:
        assert pyramid.children(key)


@given(pyramids(), st.data())
def test_cover_finds_exactly_the_tiles_that_meet_the_box(pyramid: Pyramid, data: st.DataObject) -> None:
    level = data.draw(st.integers(max(0, pyramid.levels - 4), pyramid.levels - 1))
    whole = extent(pyramid)
    part = st.floats(-0.2, 1.2)
    x = sorted(whole.x0 + whole.width * data.draw(part) for _ in range(2))
    y = sorted(whole.y0 + whole.height * data.draw(part) for _ in range(2))
    box = Box(x[0], y[0], x[1], y[1])
    columns, rows = pyramid.shape(level)
    # Tiles are taken as full cells: the last ones reach past the source.
    span = pyramid.scale * (pyramid.tile << level)
    everything = [TileKey(level, c, r) for r in range(rows) for c in range(columns)]
    cells = {key: cell(pyramid, key, span) for key in everything}
    want = {key for key in everything if not cells[key].intersect(box).empty}
    got = list(pyramid.cover(box, level))
    assert len(got) == len(set(got))
    # A box edge on a cell border may count either way when it is off by one float.
    assert {key for key in want if area(cells[key].intersect(box)) > 1e-6} <= set(got)
    if not box.empty:
        assert set(got) <= want | {key for key in everything if touches(cells[key], box)}


def cell(pyramid: Pyramid, key: TileKey, span: float) -> Box:
    x, y = pyramid.origin[0] + key.col * span, pyramid.origin[1] + key.row * span
    return Box(x, y, x + span, y + span)


def area(box: Box) -> float:
    return max(box.width, 0) * max(box.height, 0)


def touches(a: Box, b: Box) -> bool:
    return a.x0 - 1e-6 <= b.x1 and b.x0 - 1e-6 <= a.x1 and a.y0 - 1e-6 <= b.y1 and b.y0 - 1e-6 <= a.y1


@given(pyramids(), st.floats(0.01, 1e5))
def test_the_level_is_the_coarsest_that_need_not_be_magnified(pyramid: Pyramid, downsample: float) -> None:
    level = pyramid.level_for(downsample)
    assert 0 <= level < pyramid.levels
    assert pyramid.scale * 2**level <= max(downsample, pyramid.scale) * 1.00001
    if level + 1 < pyramid.levels:
        assert pyramid.scale * 2 ** (level + 1) > downsample * 0.99999


@pytest.mark.parametrize("level", range(4))
def test_one_to_one_survives_a_float_round_trip(level: int) -> None:
    pyramid = Pyramid((10_000, 10_000), 512)
    assert pyramid.level_for(2.0**level * (1 - 1e-9)) == level


@pytest.mark.parametrize("size", [(1000, 700), (1024, 512), (1, 1), (513, 512)])
def test_tiles_tile(size: tuple[int, int]) -> None:
    pyramid = Pyramid(size, 256)
    for level in range(pyramid.levels):
        columns, rows = pyramid.shape(level)
        sizes = {(c, r): pyramid.pixels(TileKey(level, c, r)) for c in range(columns) for r in range(rows)}
        assert sum(sizes[c, 0][0] for c in range(columns)) == -(-size[0] // 2**level)
        assert sum(sizes[0, r][1] for r in range(rows)) == -(-size[1] // 2**level)
        for left, right in itertools.pairwise(range(columns)):
            assert pyramid.box(TileKey(level, left, 0)).x1 == pyramid.box(TileKey(level, right, 0)).x0
