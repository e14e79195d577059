from __future__ import annotations

import numpy as np
import pytest

from pathview.core.pyramid import TileKey
from pathview.slides.made import MadeReader
from pathview.slides.slide import Slide
from pathview.tiles.cache import CachedTile, TileCache
from pathview.tiles.source import SlideTiles

SOURCE, OTHER = SlideTiles(Slide(MadeReader())), SlideTiles(Slide(MadeReader()))


def tile(size: int = 100) -> CachedTile:
    return CachedTile(np.zeros((1, size, 1), np.uint8), 0)


def at(number: int) -> tuple[SlideTiles, TileKey]:
    return SOURCE, TileKey(0, number, 0)


@pytest.fixture
def cache() -> TileCache:
    """Return a cache for three tiles of 100 bytes, which it holds."""
    cache = TileCache(300)
    for number in range(3):
        cache.put(at(number), tile())
    return cache


def test_what_was_used_longest_ago_goes_first(cache: TileCache) -> None:
    cache.get(at(0))
    cache.put(at(3), tile())
    assert [number for number in range(4) if at(number) in cache] == [0, 2, 3]
    assert cache.bytes == 300


def test_peeking_is_no_use(cache: TileCache) -> None:
    cache.peek(at(0))
    cache.put(at(3), tile())
    assert at(0) not in cache


def test_what_is_on_the_screen_stays_beyond_the_limit(cache: TileCache) -> None:
    cache.protect([at(number) for number in range(4)])
    cache.put(at(3), tile())
    assert len(cache) == 4
    cache.put(at(4), tile())
    assert at(4) not in cache
    cache.protect([])
    assert cache.bytes == 300


def test_replacing_counts_once(cache: TileCache) -> None:
    cache.put(at(0), tile(50))
    assert cache.bytes == 250
    assert len(cache) == 3


def test_forgetting_one_source_leaves_the_others(cache: TileCache) -> None:
    cache.put((OTHER, TileKey(0, 0, 0)), tile(0))
    cache.protect([at(0)])
    cache.forget(SOURCE)
    assert len(cache) == 1
    assert cache.bytes == 0


def test_one_tile_larger_than_the_cache_is_not_kept() -> None:
    cache = TileCache(10)
    cache.put(at(0), tile())
    assert len(cache) == 0
    assert cache.get(at(0)) is None
