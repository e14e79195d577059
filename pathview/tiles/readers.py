"""Threads that read the best tile there is to read, and go on where one of them hangs."""

from __future__ import annotations

import logging
import threading
import time
from collections import Counter
from collections.abc import Callable, Sequence

from pathview.tiles.cache import Address
from pathview.tiles.source import TileSource

_log = logging.getLogger(__name__)

THREAD_NAME = "pathview-tiles"
# A read takes milliseconds from a disk and a few hundred of them from a server; one that takes longer hangs.
STUCK_S = 2.0
_JOIN_S = 2.0


class Readers:
    """Reader threads and the list they pull from; the best wish is the last of the list.

    A share that does not answer holds a thread for minutes, and nothing can call it back. Others are started
    in place of those that hang, so that other slides can be read; the slide that hangs gets no more of them.

    Parameters
    ----------
    count
        Threads that read; 0 reads only in `work`, on the calling thread.
    read
        Reads a tile and delivers it; called from any thread, and raises nothing.
    """

    def __init__(self, count: int, read: Callable[[Address], None]) -> None:
        self._count = count
        self._read = read
        self._changed = threading.Condition()
        self._queue: list[Address] = []
        self._expected: set[Address] = set()
        self._inside: dict[threading.Thread, tuple[TileSource, float]] = {}
        self._threads: set[threading.Thread] = set()
        self._closed = False
        self.make_up()

    @property
    def closed(self) -> bool:
        """Whether nothing is read any more."""
        return self._closed

    def counts(self) -> tuple[int, int]:
        """Return how many tiles wait to be read, and how many are being read or on their way."""
        with self._changed:
            return len(self._queue), len(self._expected)

    def offer(self, wishes: list[Address]) -> None:
        """Replace what there is to read, the best last."""
        with self._changed:
            self._queue = wishes if not self._closed else []
            self._changed.notify_all()

    def landed(self, address: Address) -> bool:
        """Take note that a tile was delivered, and tell whether it is still wanted."""
        with self._changed:
            wanted = address in self._expected and not self._closed
            self._expected.discard(address)
        return wanted

    def forget(self, source: TileSource) -> None:
        """Take what is being read of `source` for unwanted."""
        with self._changed:
            self._expected = {address for address in self._expected if address[0] is not source}

    def work(self) -> bool:
        """Read the best wish on the calling thread; return False when there is none."""
        with self._changed:
            address = self._take()
        if address is None:
            return False
        self._read(address)
        return True

    def waited_s(self, sources: Sequence[TileSource]) -> float:
        """Return for how many seconds the longest read of one of `sources` has been going on; 0 for none."""
        now = time.monotonic()
        with self._changed:
            since = [began for source, began in self._inside.values() if source in sources]
        return now - min(since) if since else 0.0

    def make_up(self) -> None:
        """Start threads in place of those that hang."""
        with self._changed:
            for _ in range(self._count - self._moving() if not self._closed else 0):
                thread = threading.Thread(target=self._run, name=THREAD_NAME, daemon=True)
                self._threads.add(thread)
                thread.start()

    def close(self) -> None:
        """Stop, and wait for what is being read a short while; closing twice does no harm."""
        with self._changed:
            self._closed = True
            self._queue.clear()
            self._changed.notify_all()
            threads = list(self._threads)
        deadline = time.monotonic() + _JOIN_S
        for thread in threads:
            thread.join(max(0.0, deadline - time.monotonic()))
            if thread.is_alive():
                _log.warning("a tile reader hangs and was left behind")

    # reader threads ---------------------------------------------------
    def _run(self) -> None:
        me = threading.current_thread()
        while (address := self._next(me)) is not None:
            self._read(address)

    def _next(self, me: threading.Thread) -> Address | None:
        """Wait for something to read; None ends the thread."""
        with self._changed:
            self._inside.pop(me, None)
            # One that hung and is back may find others in its place.
            while not self._closed and self._moving() <= self._count:
                address = self._take()
                if address is not None:
                    self._inside[me] = (address[0], time.monotonic())
                    return address
                self._changed.wait()
            self._threads.discard(me)
            self._changed.notify_all()
        return None

    def _moving(self) -> int:
        """Count the threads that do not hang; called under the condition."""
        if not self._inside:
            return len(self._threads)
        late = time.monotonic() - STUCK_S
        return len(self._threads) - sum(began < late for _, began in self._inside.values())

    def _take(self) -> Address | None:
        """Take the best wish that nobody reads, of a slide that does not hold its share of threads."""
        held = Counter(source for source, _ in self._inside.values())
        for index in range(len(self._queue) - 1, -1, -1):
            address = self._queue[index]
            if address in self._expected:
                del self._queue[index]
            elif not self._count or held[address[0]] < self._count:
                del self._queue[index]
                self._expected.add(address)
                return address
        return None
