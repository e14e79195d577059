"""The loader with a hand-cranked reader and inbox, then with threads."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Literal

import numpy as np
import pytest

from pathview.core.errors import TileReadError
from pathview.core.inbox import Inbox
from pathview.core.pyramid import Pyramid, TileKey
from pathview.slides.slide import Slide
from pathview.tiles.loader import TileLoader
from pathview.tiles.plan import TilePlan
from pathview.tiles.source import Rgb, SlideTiles


class Numbers:
    """A source whose tiles show their revision, and that remembers the order of reads."""

    kind: Literal["rgb"] = "rgb"

    def __init__(self) -> None:
        self.pyramid = Pyramid((4096, 4096), 256)
        self.read: list[TileKey] = []
        self.revisions: dict[TileKey, int] = {}
        self.failing: set[TileKey] = set()

    def revision(self, key: TileKey) -> int:
        return self.revisions.get(key, 0)

    def read_tile(self, key: TileKey) -> Rgb:
        self.read.append(key)
        if key in self.failing:
            raise TileReadError(Path("made"), key, "made to fail")
        return np.full((4, 4, 3), self.revision(key), np.uint8)


def keys(*columns: int) -> tuple[TileKey, ...]:
    return tuple(TileKey(0, column, 0) for column in columns)


def wanting(*columns: int, urgent: int | None = None, draw: tuple[int, ...] = ()) -> TilePlan:
    return TilePlan(keys(*draw), (), keys(*columns), urgent)


@pytest.fixture
def loader(inbox: Inbox) -> Iterator[TileLoader]:
    loader = TileLoader(inbox, threads=0)
    yield loader
    loader.close()


@pytest.fixture
def source() -> Numbers:
    return Numbers()


def work_off(loader: TileLoader, inbox: Inbox) -> None:
    while loader.work():
        pass
    inbox.drain()


def test_tiles_are_read_best_first_and_land_in_the_cache(
    loader: TileLoader, inbox: Inbox, source: Numbers
) -> None:
    loader.wish("main", [(source, wanting(3, 1, 2))])
    work_off(loader, inbox)
    assert source.read == list(keys(3, 1, 2))
    assert all(key in loader.cached(source) for key in keys(1, 2, 3))
    assert loader.tile(source, keys(1)[0]) is not None
    assert keys(4)[0] not in loader.cached(source)
    assert "nonsense" not in loader.cached(source)  # type: ignore[comparison-overlap]


def test_nothing_is_in_the_cache_before_the_inbox_is_drained(
    loader: TileLoader, inbox: Inbox, source: Numbers
) -> None:
    loader.wish("main", [(source, wanting(1))])
    loader.work()
    assert loader.tile(source, keys(1)[0]) is None
    assert loader.counters().reading == 1
    inbox.drain()
    assert loader.tile(source, keys(1)[0]) is not None


def test_a_jump_replaces_the_wishes(loader: TileLoader, inbox: Inbox, source: Numbers) -> None:
    loader.wish("main", [(source, wanting(1, 2, 3))])
    loader.work()
    loader.wish("main", [(source, wanting(8, 9, 3))])
    work_off(loader, inbox)
    assert source.read == list(keys(1, 8, 9, 3))


def test_a_tile_is_not_read_twice(loader: TileLoader, inbox: Inbox, source: Numbers) -> None:
    loader.wish("main", [(source, wanting(1, 2))])
    loader.work()
    loader.wish("main", [(source, wanting(1, 2))])
    work_off(loader, inbox)
    loader.wish("main", [(source, wanting(1, 2))])
    work_off(loader, inbox)
    assert source.read == list(keys(1, 2))


def test_the_screen_comes_before_reading_ahead_in_all_views(
    loader: TileLoader, inbox: Inbox, source: Numbers
) -> None:
    overlay = Numbers()
    loader.wish("main", [(source, wanting(1, 2, 3, urgent=2)), (overlay, wanting(4, 5, urgent=1))])
    loader.wish("side", [(source, wanting(7, 2, urgent=1))])
    order = []
    while loader.work():
        order.append((len(source.read), len(overlay.read)))
    assert source.read == list(keys(1, 7, 2, 3))
    assert overlay.read == list(keys(4, 5))
    # The overlay's first tile comes second: no layer waits for all of another.
    assert order[1] == (1, 1)
    # All four urgent tiles come before the first one read ahead.
    assert order[3] == (3, 1)


def test_ended_wishes_are_not_read(loader: TileLoader, inbox: Inbox, source: Numbers) -> None:
    loader.wish("main", [(source, wanting(1))])
    loader.wish("side", [(source, wanting(2))])
    loader.wish("main", [])
    work_off(loader, inbox)
    assert source.read == list(keys(2))


def test_loaded_tells_several_tiles_at_once(loader: TileLoader, inbox: Inbox, source: Numbers) -> None:
    told: list[frozenset[object]] = []
    loader.loaded.connect(told.append)
    loader.wish("main", [(source, wanting(1, 2))])
    work_off(loader, inbox)
    assert told == [frozenset((source, key) for key in keys(1, 2))]


def test_a_stale_tile_is_read_again_and_the_old_one_stays(
    loader: TileLoader, inbox: Inbox, source: Numbers
) -> None:
    key = keys(1)[0]
    loader.wish("main", [(source, wanting(1))])
    work_off(loader, inbox)
    source.revisions[key] = 5
    assert key in loader.stale(source)
    assert key not in loader.cached(source)
    old = loader.tile(source, key)
    assert old is not None
    assert old.max() == 0
    loader.wish("main", [(source, wanting(1, draw=(1,)))])
    work_off(loader, inbox)
    new = loader.tile(source, key)
    assert new is not None
    assert new.max() == 5
    assert key in loader.cached(source)
    assert key not in loader.stale(source)


def test_a_tile_that_changes_while_it_is_read_counts_as_old(
    loader: TileLoader, inbox: Inbox, source: Numbers
) -> None:
    key = keys(1)[0]
    loader.wish("main", [(source, wanting(1))])
    loader.work()
    source.revisions[key] = 1
    inbox.drain()
    assert key in loader.stale(source)


def test_a_failing_tile_is_tried_three_times_and_others_go_on(
    loader: TileLoader, inbox: Inbox, source: Numbers, caplog: pytest.LogCaptureFixture
) -> None:
    bad, also_bad, good = keys(1, 2, 3)
    source.failing = {bad, also_bad}
    given_up: list[object] = []
    loader.failed.connect(lambda address, error: given_up.append((address, str(error))))
    loader.wish("main", [(source, wanting(1, 2, 3))])
    for _ in range(5):
        work_off(loader, inbox)
    assert source.read.count(bad) == 3
    assert good in loader.cached(source)
    assert {bad, also_bad} == {key for key in keys(1, 2, 3) if key in loader.failures(source)}
    assert len(given_up) == 2
    assert loader.counters().failed == 2
    assert len(caplog.records) == 1


def test_a_tile_that_failed_waits_behind_the_others(
    loader: TileLoader, inbox: Inbox, source: Numbers
) -> None:
    source.failing = {keys(1)[0]}
    loader.wish("main", [(source, wanting(1, 2, 3))])
    while loader.work():
        inbox.drain()
    assert source.read == list(keys(1, 2, 3, 1, 1))


def test_a_failed_tile_is_read_again_on_demand(loader: TileLoader, inbox: Inbox, source: Numbers) -> None:
    bad = keys(1)[0]
    source.failing = {bad}
    loader.wish("main", [(source, wanting(1))])
    for _ in range(5):
        work_off(loader, inbox)
    source.failing = set()
    loader.wish("main", [(source, wanting(1))])
    work_off(loader, inbox)
    assert bad in loader.failures(source)
    loader.retry(source)
    work_off(loader, inbox)
    assert bad in loader.cached(source)
    assert bad not in loader.failures(source)


def test_forgetting_throws_away_what_is_on_its_way(loader: TileLoader, inbox: Inbox, source: Numbers) -> None:
    loader.wish("main", [(source, wanting(1, 2))])
    loader.work()
    loader.forget(source)
    work_off(loader, inbox)
    assert source.read == list(keys(1))
    assert loader.counters().tiles == 0
    assert loader.counters().bytes == 0


def test_what_is_on_the_screen_is_never_dropped(inbox: Inbox, source: Numbers) -> None:
    loader = TileLoader(inbox, cache_bytes=100, threads=0)
    loader.wish("main", [(source, wanting(1, 2, 3))])
    work_off(loader, inbox)
    loader.wish("main", [(source, wanting(4, 5, draw=(1, 2, 3), urgent=1))])
    work_off(loader, inbox)
    assert [key for key in keys(1, 2, 3, 4, 5) if key in loader.cached(source)] == list(keys(1, 2, 3, 4))
    loader.close()


@pytest.mark.parametrize(("spared", "kept"), [(0, 4), (40, 3), (10_000, 2)])
def test_copies_elsewhere_count_but_leave_half(spared: int, kept: int, inbox: Inbox, source: Numbers) -> None:
    loader = TileLoader(inbox, cache_bytes=4 * 48, threads=0)
    loader.spare(spared)
    for number in range(1, 7):
        loader.wish("main", [(source, wanting(number))])
        work_off(loader, inbox)
    loader.wish("main", [])
    assert loader.counters().tiles == kept
    loader.close()


def test_results_after_closing_are_dropped(loader: TileLoader, inbox: Inbox, source: Numbers) -> None:
    loader.wish("main", [(source, wanting(1))])
    loader.work()
    loader.close()
    inbox.drain()
    assert loader.counters().tiles == 0
    assert not loader.work()


def wait_for(inbox: Inbox, done: threading.Event) -> None:
    deadline = time.monotonic() + 20
    while not done.is_set():
        assert time.monotonic() < deadline
        inbox.drain()
        time.sleep(0.002)


def test_threads_read_everything_and_end(inbox: Inbox, made_slide: Slide) -> None:
    source = SlideTiles(made_slide)
    loader = TileLoader(inbox, threads=3)
    wanted = tuple(source.pyramid.cover(made_slide.info.box, 0))
    done, main = threading.Event(), threading.get_ident()

    def look(news: frozenset[object]) -> None:
        assert threading.get_ident() == main
        if all(key in loader.cached(source) for key in wanted):
            done.set()

    loader.loaded.connect(look)
    loader.wish("main", [(source, TilePlan((), (), wanted))])
    wait_for(inbox, done)
    assert loader.counters().read == len(wanted)
    loader.close()
    loader.close()


def test_a_source_that_breaks_in_an_unknown_way_does_not_end_the_readers(inbox: Inbox) -> None:
    class Broken(Numbers):
        def read_tile(self, key: TileKey) -> Rgb:
            raise ZeroDivisionError

    broken, sound = Broken(), Numbers()
    loader = TileLoader(inbox, threads=1)
    done = threading.Event()
    loader.loaded.connect(lambda news: done.set())
    loader.wish("main", [(broken, wanting(1, 2)), (sound, wanting(1, 2, 3))])
    wait_for(inbox, done)
    loader.close()


def test_what_was_read_too_long_ago_counts_as_changed(
    loader: TileLoader, inbox: Inbox, source: Numbers, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("pathview.tiles.loader._REMEMBERED", 2)
    loader.wish("main", [(source, wanting(1, 2, 3))])
    work_off(loader, inbox)
    stale = loader.stale(source)
    assert [key in stale for key in keys(1, 2, 3)] == [True, False, False]
    loader.wish("main", [(source, wanting(1))])  # it is held: nothing is read
    work_off(loader, inbox)
    assert len(source.read) == 3
