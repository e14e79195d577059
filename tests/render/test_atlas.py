from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from pathview.core.pyramid import TileKey
from pathview.render.atlas import Atlas

A, B, C = (TileKey(0, col, 0) for col in range(3))
PIXELS = np.zeros((64, 64, 3), np.uint8)


@pytest.fixture
def source(array_tiles: Callable[..., Any]) -> Any:
    return array_tiles(np.zeros((64, 192, 3), np.uint8))


@pytest.fixture
def atlas() -> Atlas:
    """Two pages of one slot each."""
    atlas = Atlas("rgb", 64, side=1, pages=2)
    atlas.begin()
    return atlas


def test_pages_come_as_they_are_needed(atlas: Atlas, source: Any) -> None:
    assert len(atlas.pages) == 0
    atlas.put(source, A, PIXELS)
    assert len(atlas.pages) == 1
    atlas.put(source, B, PIXELS)
    assert len(atlas.pages) == 2
    slots = [atlas.slot(source, key) for key in (A, B)]
    assert all(slot is not None and slot.texels == (0, 0, 64, 64) for slot in slots)
    assert [slot.page for slot in slots if slot is not None] == [0, 1]


def test_slots_of_a_page_do_not_overlap(source: Any) -> None:
    atlas = Atlas("rgb", 64, side=3, pages=1)
    atlas.begin()
    for col in range(9):
        assert atlas.put(source, TileKey(0, col, 0), PIXELS)
    places = {slot.texels[:2] for col in range(9) if (slot := atlas.slot(source, TileKey(0, col, 0)))}
    assert places == {(x, y) for x in (0, 64, 128) for y in (0, 64, 128)}


def test_what_was_unused_for_longest_goes(atlas: Atlas, source: Any) -> None:
    atlas.put(source, A, PIXELS)
    atlas.put(source, B, PIXELS)
    atlas.begin()
    atlas.touch(source, [A])
    assert atlas.put(source, C, PIXELS)
    resident = atlas.resident(source)
    assert A in resident
    assert B not in resident
    assert C in resident


def test_what_this_frame_uses_stays(atlas: Atlas, source: Any) -> None:
    atlas.put(source, A, PIXELS)
    atlas.put(source, B, PIXELS)
    atlas.begin()
    atlas.touch(source, [A, B])
    assert not atlas.put(source, C, PIXELS)
    assert atlas.slot(source, C) is None


def test_a_patient_tile_leaves_what_was_used_lately(atlas: Atlas, source: Any) -> None:
    atlas.put(source, A, PIXELS)
    atlas.put(source, B, PIXELS)
    for _ in range(3):
        atlas.begin()
    assert not atlas.put(source, C, PIXELS, patience=3)
    atlas.begin()
    assert atlas.put(source, C, PIXELS, patience=3)


def test_a_new_version_takes_the_slot_of_the_old(atlas: Atlas, source: Any) -> None:
    atlas.put(source, A, PIXELS)
    old = atlas.slot(source, A)
    newer = PIXELS.copy()
    atlas.put(source, A, newer)
    new = atlas.slot(source, A)
    assert old is not None
    assert new is not None
    assert new.texels == old.texels
    assert new.pixels() is newer


def test_forgetting_frees_the_slots_of_one_source(
    atlas: Atlas, source: Any, array_tiles: Callable[..., Any]
) -> None:
    other = array_tiles(np.zeros((64, 64, 3), np.uint8))
    atlas.put(source, A, PIXELS)
    atlas.put(other, A, PIXELS)
    atlas.forget(source)
    assert A not in atlas.resident(source)
    assert A in atlas.resident(other)
    assert atlas.put(source, B, PIXELS)
