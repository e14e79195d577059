"""The invariants of a plan, over random views and random states of the caches."""

from __future__ import annotations

import random
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pathview.core.geometry import Box
from pathview.core.pyramid import Pyramid, TileKey
from pathview.tiles.plan import TilePlan, plan, stood_in_by_coarser

PYRAMIDS = (
    Pyramid((100_000, 61_234), 512),
    Pyramid((300, 200), 512),
    Pyramid((5000, 4000), 256),
    Pyramid((120, 90), 64, scale=224.0, origin=(1000.0, 500.0)),
)


def all_keys(pyramid: Pyramid) -> list[TileKey]:
    whole = Box(-1e7, -1e7, 1e7, 1e7)
    first = max(0, pyramid.levels - 5)
    return [key for level in range(first, pyramid.levels) for key in pyramid.cover(whole, level)]


@st.composite
def views(draw: st.DrawFn) -> tuple[Pyramid, Box, float]:
    pyramid = draw(st.sampled_from(PYRAMIDS))
    downsample = pyramid.scale * draw(st.floats(0.2, 400))
    width, height = draw(st.integers(50, 1500)), draw(st.integers(50, 1000))
    x = pyramid.origin[0] + pyramid.scale * draw(st.floats(-0.2, 1.1)) * pyramid.size[0]
    y = pyramid.origin[1] + pyramid.scale * draw(st.floats(-0.2, 1.1)) * pyramid.size[1]
    # Only the last five levels have their keys listed; finer views would be covered by the root alone.
    downsample = max(downsample, pyramid.scale * 2 ** max(0, pyramid.levels - 5))
    return pyramid, Box(x, y, x + width * downsample, y + height * downsample), downsample


@st.composite
def cases(
    draw: st.DrawFn,
) -> tuple[Pyramid, Box, float, set[TileKey], set[TileKey], set[TileKey]]:
    pyramid, box, downsample = draw(views())
    chance = random.Random(draw(st.integers(0, 1 << 30)))
    keys = all_keys(pyramid)
    share = draw(st.tuples(*[st.sampled_from((0.0, 0.1, 0.5, 1.0))] * 3))
    resident, cached, stale = ({key for key in keys if chance.random() < part} for part in share)
    return pyramid, box, downsample, resident, cached, stale - cached


def covers(drawn: set[TileKey], cell: TileKey, pyramid: Pyramid) -> bool:
    return any(cell.ancestor(level) in drawn for level in range(cell.level, pyramid.levels))


@given(cases())
def test_no_hole_while_the_root_is_resident(
    case: tuple[Pyramid, Box, float, set[TileKey], set[TileKey], set[TileKey]],
) -> None:
    pyramid, box, downsample, resident, cached, stale = case
    resident = resident | {pyramid.root}
    result = plan(pyramid, box, downsample, resident, cached, stale)
    for cell in pyramid.cover(box, pyramid.level_for(downsample)):
        assert covers(set(result.draw), cell, pyramid)


@given(cases())
def test_the_parts_fit_together(
    case: tuple[Pyramid, Box, float, set[TileKey], set[TileKey], set[TileKey]],
) -> None:
    pyramid, box, downsample, resident, cached, stale = case
    result = plan(pyramid, box, downsample, resident, cached, stale)
    for part in (result.draw, result.upload, result.want):
        assert len(set(part)) == len(part)
        assert all(pyramid.contains(key) for key in part)
    assert not set(result.upload) & set(result.want)
    assert set(result.draw) <= resident
    assert set(result.upload) <= cached - resident
    assert all(key not in cached and (key not in resident or key in stale) for key in result.want)
    assert all(fine.level <= coarse.level for fine, coarse in pairwise(result.draw))
    assert result.wanted_now + result.wanted_later == result.want


@given(cases())
def test_every_visible_cell_is_there_or_on_its_way(
    case: tuple[Pyramid, Box, float, set[TileKey], set[TileKey], set[TileKey]],
) -> None:
    pyramid, box, downsample, resident, cached, stale = case
    result = plan(pyramid, box, downsample, resident, cached, stale)
    for cell in pyramid.cover(box, pyramid.level_for(downsample)):
        assert cell in result.draw or cell in result.upload or cell in result.wanted_now
        assert (cell in result.wanted_now) == (cell not in cached and (cell not in resident or cell in stale))


@given(cases(), st.randoms())
def test_the_order_of_sets_does_not_matter(
    case: tuple[Pyramid, Box, float, set[TileKey], set[TileKey], set[TileKey]], chance: random.Random
) -> None:
    pyramid, box, downsample, *states = case
    shuffled = [list(state) for state in states]
    for state in shuffled:
        chance.shuffle(state)
    assert plan(pyramid, box, downsample, *states) == plan(pyramid, box, downsample, *shuffled)


@given(views())
def test_the_screen_is_never_magnified_from_a_level_too_coarse(view: tuple[Pyramid, Box, float]) -> None:
    pyramid, box, downsample = view
    everything = set(all_keys(pyramid))
    for key in plan(pyramid, box, downsample, everything, everything).draw:
        pixel = pyramid.scale * 2**key.level
        assert pixel <= max(downsample, pyramid.scale) * 1.001
        assert pixel * 2 > downsample * 0.999 or key.level == pyramid.levels - 1


PYRAMID = Pyramid((8192, 8192), 512)
SCREEN = Box(2048, 2048, 4096, 4096)


def test_the_root_comes_first_then_the_middle() -> None:
    result = plan(PYRAMID, SCREEN, 2.0, (), ())
    assert result.want[0] == PYRAMID.root
    assert set(result.want[1:5]) == {TileKey(1, c, r) for c in (2, 3) for r in (2, 3)}
    assert result.draw == result.upload == ()
    assert result.urgent == 5


def test_the_parents_and_a_ring_are_read_ahead() -> None:
    later = plan(PYRAMID, SCREEN, 2.0, (), ()).wanted_later
    assert later[0] == TileKey(2, 1, 1)
    assert set(later[1:]) == {
        TileKey(1, c, r) for c in range(1, 5) for r in range(1, 5) if not (c in (2, 3) and r in (2, 3))
    }


def test_children_stand_in_while_zooming_out() -> None:
    fine = {TileKey(0, c, r) for c in range(4, 8) for r in range(4, 8)}
    result = plan(PYRAMID, SCREEN, 2.0, fine | {PYRAMID.root}, ())
    assert set(result.draw) == fine | {PYRAMID.root}
    assert result.draw[-1] == PYRAMID.root


def test_grandchildren_stand_in_while_zooming_out_fast() -> None:
    fine = {TileKey(0, c, r) for c in range(4, 8) for r in range(4, 8)}
    result = plan(PYRAMID, SCREEN, 4.0, fine | {PYRAMID.root}, ())
    assert set(result.draw) == fine | {PYRAMID.root}


def test_the_nearest_ancestor_stands_in_while_zooming_in() -> None:
    coarse = {TileKey(2, 1, 1), TileKey(3, 0, 0), PYRAMID.root}
    assert plan(PYRAMID, SCREEN, 2.0, coarse, ()).draw == (TileKey(2, 1, 1),)


def test_a_nearer_stand_in_in_memory_is_uploaded() -> None:
    result = plan(PYRAMID, SCREEN, 2.0, {PYRAMID.root}, {TileKey(2, 1, 1)})
    assert result.upload == (TileKey(2, 1, 1),)
    assert result.draw == (PYRAMID.root,)


def test_a_stale_tile_stays_drawn_and_is_wanted_last() -> None:
    visible = {TileKey(1, c, r) for c in (2, 3) for r in (2, 3)}
    old = TileKey(1, 2, 2)
    missing = TileKey(1, 3, 3)
    resident = (visible - {missing}) | {PYRAMID.root}
    result = plan(PYRAMID, SCREEN, 2.0, resident, (resident | {PYRAMID.root}) - {old}, {old})
    assert old in result.draw
    assert result.wanted_now == (missing, old)


def test_a_fresh_copy_in_memory_ends_the_wish() -> None:
    key = TileKey(1, 2, 2)
    assert key not in plan(PYRAMID, SCREEN, 2.0, {key}, {key}, {key}).want


def test_nothing_is_planned_beside_the_slide() -> None:
    assert plan(PYRAMID, Box(9000, 0, 9900, 900), 1.0, {PYRAMID.root}, ()) == TilePlan((), (), (), 0, 0)


@pytest.mark.parametrize("downsample", [16.0, 100.0])
def test_far_out_only_the_root_is_needed(downsample: float) -> None:
    result = plan(PYRAMID, Box(-4000, -4000, 12_000, 12_000), downsample, (), ())
    assert result.want == (PYRAMID.root,)


def test_what_lies_ahead_of_a_move_is_read_ahead_first() -> None:
    pyramid = Pyramid((40_000, 30_000), 512)
    box = Box(10_000, 10_000, 11_200, 10_800)
    still = plan(pyramid, box, 1.0, set(), set())
    moving = plan(pyramid, box, 1.0, set(), set(), heading=(1500.0, 0.0))
    assert moving.wanted_now == still.wanted_now
    right = max(key.col for key in still.wanted_now if key.level == 0)
    ahead = moving.wanted_later[: len(moving.wanted_later) - len(still.wanted_later)]
    assert ahead
    assert all(key.level == 0 and key.col > right for key in ahead)
    assert max(key.col for key in moving.wanted_later) == (12_700 // 512)
    assert set(still.wanted_later) <= set(moving.wanted_later)
    assert len(set(moving.want)) == len(moving.want)


@given(cases(), st.sampled_from((0.1, 0.5)), st.integers(0, 1 << 30))
def test_below_what_fades_in_something_opaque_is_drawn(
    case: tuple[Pyramid, Box, float, set[TileKey], set[TileKey], set[TileKey]], part: float, seed: int
) -> None:
    pyramid, box, downsample, resident, cached, stale = case
    resident.add(pyramid.root)
    chance = random.Random(seed)
    fading = {key for key in resident if key != pyramid.root and chance.random() < part}
    found = plan(pyramid, box, downsample, resident, cached, stale, fading=fading)
    opaque = set(found.draw) - fading
    for cell in pyramid.cover(box, pyramid.level_for(downsample)):
        assert covers(opaque, cell, pyramid)


@given(cases())
def test_what_the_screen_lacks_is_uploaded_first(
    case: tuple[Pyramid, Box, float, set[TileKey], set[TileKey], set[TileKey]],
) -> None:
    pyramid, box, downsample, resident, cached, stale = case
    found = plan(pyramid, box, downsample, resident, cached, stale)
    visible = set(pyramid.cover(box, pyramid.level_for(downsample)))
    assert visible & set(found.upload) == visible & set(found.due_now)


def test_a_tile_fades_in_over_coarser_ones_only() -> None:
    key, parent = TileKey(1, 4, 4), TileKey(2, 2, 2)
    assert stood_in_by_coarser(key, {parent}, PYRAMID.root)
    assert not stood_in_by_coarser(key, {TileKey(0, 8, 8)}, PYRAMID.root)
    assert not stood_in_by_coarser(key, {parent, TileKey(0, 9, 8)}, PYRAMID.root)
    assert not stood_in_by_coarser(key, {TileKey(2, 3, 2)}, PYRAMID.root)
