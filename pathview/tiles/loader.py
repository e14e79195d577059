"""Wishes in, reader threads pull the best one, pixels come back by the inbox."""

from __future__ import annotations

import logging
import time
from collections import OrderedDict
from collections.abc import Callable, Container, Hashable, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import zip_longest

from psygnal import Signal

from pathview.core.inbox import Inbox
from pathview.core.pyramid import TileKey
from pathview.tiles.cache import Address, CachedTile, TileCache
from pathview.tiles.plan import TilePlan
from pathview.tiles.readers import Readers
from pathview.tiles.source import Rgb, Scalar, TileSource

_log = logging.getLogger(__name__)

_ATTEMPTS = 3
# Tiles of which it is known what was read last: more than any screen holds, and not all that a day brings.
_REMEMBERED = 1 << 14


@dataclass(frozen=True, slots=True)
class LoaderCounters:
    """What the loader has done and holds, for a performance panel."""

    read: int
    failed: int
    waiting: int
    reading: int
    tiles: int
    bytes: int
    read_s: float


class TileLoader:
    """Reads tiles in the background, best first; every public method is for the main thread.

    Wishes are replaced, not queued, so nothing needs cancelling: a free reader takes the best wish at that
    moment. Reader threads touch no state but the list of wishes; results reach the cache by the inbox.

    Parameters
    ----------
    inbox
        Carries results to the main thread.
    cache_bytes
        How much to keep in memory.
    threads
        Reader threads; 0 reads only when `work` is called, on the calling thread.
    """

    loaded = Signal(frozenset)
    """Emitted with a frozenset of (source, key) whose pixels are new; the screen may be painted again."""
    failed = Signal(object, Exception)
    """Emitted with ((source, key), error) when a tile is given up."""

    def __init__(self, inbox: Inbox, *, cache_bytes: int = 512 << 20, threads: int = 2) -> None:
        self._inbox = inbox
        self._cache = TileCache(cache_bytes)
        self._wishes: dict[Hashable, list[tuple[TileSource, TilePlan]]] = {}
        self._revisions: OrderedDict[Address, int] = OrderedDict()
        self._attempts: dict[TileSource, dict[TileKey, int]] = {}
        self._news: set[Address] = set()
        self._read = self._failed = 0
        self._read_s = 0.0
        self._readers = Readers(threads, self._read_one)

    def spare(self, spared_bytes: int) -> None:
        """Keep so many bytes less, for copies of tiles that lie elsewhere; but at least half of before."""
        limit = self._cache.limit_bytes
        self._cache.limit_bytes = max(limit - spared_bytes, limit // 2)

    def cached(self, source: TileSource) -> Container[TileKey]:
        """Return the tiles held with their newest pixels; a live view, not a copy."""
        return _Keys(lambda key: self._fresh((source, key)))

    def stale(self, source: TileSource) -> Container[TileKey]:
        """Return the tiles whose pixels have changed since they were last read, held or not; a live view.

        Those that were read too long ago to be sure are among them.
        """
        return _Keys(lambda key: self._outdated(source, key))

    def failures(self, source: TileSource) -> Container[TileKey]:
        """Return the tiles that were given up; a live view."""
        return _Keys(lambda key: self._hopeless((source, key)))

    def tile(self, source: TileSource, key: TileKey) -> Rgb | Scalar | None:
        """Return a tile's pixels if they are held, fresh or stale; the array is not to be written to."""
        held = self._cache.get((source, key))
        return None if held is None else held.pixels

    def wish(self, view: Hashable, wanted: Sequence[tuple[TileSource, TilePlan]]) -> None:
        """Replace the wishes of a view.

        Parameters
        ----------
        view
            Any name; each view has its own wishes, and an empty list ends them.
        wanted
            Plans by source, the most important source first.
        """
        if wanted:
            self._wishes[view] = list(wanted)
        else:
            self._wishes.pop(view, None)
        self._protect()
        self._requeue()

    def retry(self, source: TileSource) -> None:
        """Give the failed tiles of a source another chance."""
        self._attempts.pop(source, None)
        self._requeue()

    def forget(self, source: TileSource) -> None:
        """Drop all that concerns a source; what is being read of it now is thrown away when it comes."""
        for view, wanted in list(self._wishes.items()):
            self._wishes[view] = [pair for pair in wanted if pair[0] is not source]
        self._cache.forget(source)
        for address in [address for address in self._revisions if address[0] is source]:
            del self._revisions[address]
        self._attempts.pop(source, None)
        self._news = {address for address in self._news if address[0] is not source}
        self._readers.forget(source)
        self._requeue()

    def counters(self) -> LoaderCounters:
        """Return what has been done so far."""
        waiting, reading = self._readers.counts()
        return LoaderCounters(
            read=self._read,
            failed=self._failed,
            waiting=waiting,
            reading=reading,
            tiles=len(self._cache),
            bytes=self._cache.bytes,
            read_s=self._read_s,
        )

    def work(self) -> bool:
        """Read the best wish on the calling thread; return False when there is none."""
        return self._readers.work()

    def waited_s(self, *sources: TileSource) -> float:
        """Return for how many seconds the longest read of one of `sources` has been going on; 0 for none."""
        return self._readers.waited_s(sources)

    def make_up(self) -> None:
        """Go on with other threads where some hang; to be called every second or so while tiles are due."""
        self._readers.make_up()

    def close(self) -> None:
        """Stop the readers and wait for them a short while; closing twice does no harm."""
        self._readers.close()
        self._wishes.clear()

    # main thread ------------------------------------------------------
    def _fresh(self, address: Address) -> bool:
        held = self._cache.peek(address)
        return held is not None and held.revision == address[0].revision(address[1])

    def _outdated(self, source: TileSource, key: TileKey) -> bool:
        return self._revisions.get((source, key)) != source.revision(key)

    def _protect(self) -> None:
        """Keep what is drawn, about to be, or waited for."""
        self._cache.protect(
            {
                (source, key)
                for wanted in self._wishes.values()
                for source, plan in wanted
                for key in (*plan.draw, *plan.upload, *plan.wanted_now)
            }
        )

    def _requeue(self) -> None:
        """Merge the wishes of all views: first what any screen waits for, then what is read ahead."""
        order: dict[Address, None] = {}
        plans = [pair for wanted in self._wishes.values() for pair in wanted]
        for tier in ("wanted_now", "wanted_later"):
            lists = [[(source, key) for key in getattr(plan, tier)] for source, plan in plans]
            # By rank, so that no layer and no view waits for all of another.
            for rank in zip_longest(*lists):
                order.update((address, None) for address in rank if address is not None)
        wishes = [address for address in order if not self._hopeless(address) and not self._fresh(address)]
        wishes.sort(key=self._tries)  # stable: what has failed waits behind everything else
        wishes.reverse()
        self._readers.offer(wishes)

    def _tries(self, address: Address) -> int:
        return self._attempts.get(address[0], {}).get(address[1], 0)

    def _hopeless(self, address: Address) -> bool:
        return self._tries(address) >= _ATTEMPTS

    def _arrived(self, address: Address, tile: CachedTile, seconds: float) -> None:
        if not self._readers.landed(address):
            return
        source, key = address
        self._read += 1
        self._read_s += seconds
        self._cache.put(address, tile)
        self._remember(address, tile.revision)
        self._attempts.get(source, {}).pop(key, None)
        if not self._news:
            self._inbox.post(self._tell)
        self._news.add(address)

    def _remember(self, address: Address, revision: int) -> None:
        self._revisions[address] = revision
        self._revisions.move_to_end(address)
        if len(self._revisions) > _REMEMBERED:
            self._revisions.popitem(last=False)

    def _tell(self) -> None:
        news, self._news = frozenset(self._news), set()
        if news:
            self.loaded.emit(news)

    def _went_wrong(self, address: Address, error: Exception) -> None:
        if not self._readers.landed(address):
            return
        source, key = address
        attempts = self._attempts.setdefault(source, {})
        attempts[key] = attempts.get(key, 0) + 1
        if attempts[key] < _ATTEMPTS:
            self._requeue()
            return
        self._failed += 1
        if sum(count >= _ATTEMPTS for count in attempts.values()) == 1:
            _log.warning("Tile given up (further ones of this source are only counted): %s", error)
        self.failed.emit(address, error)

    # reader threads ---------------------------------------------------
    def _read_one(self, address: Address) -> None:
        source, key = address
        started = time.perf_counter()
        try:
            # Asked before reading: pixels that change meanwhile count as old and are read again.
            revision = source.revision(key)
            pixels = source.read_tile(key)
        except Exception as error:  # noqa: BLE001 - the reader loop must outlive any source, see ARCHITECTURE 9
            self._inbox.post(partial(self._went_wrong, address, error))
            return
        seconds = time.perf_counter() - started
        self._inbox.post(partial(self._arrived, address, CachedTile(pixels, revision), seconds))


class _Keys:
    """Tile keys that answer `in` by asking."""

    def __init__(self, holds: Callable[[TileKey], bool]) -> None:
        self._holds = holds

    def __contains__(self, key: object) -> bool:
        return isinstance(key, TileKey) and self._holds(key)
