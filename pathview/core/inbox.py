"""The one way up: workers post closures, the main thread drains them."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from queue import Empty, SimpleQueue


class Inbox:
    """A queue of small closures from any thread to the main thread.

    Parameters
    ----------
    wake
        Called from the posting thread when something arrives while no wake is pending. In the window it
        emits a queued Qt signal, on the command line it sets an event, in tests it does nothing.
    """

    def __init__(self, wake: Callable[[], None] = lambda: None) -> None:
        self._wake = wake
        self._queue: SimpleQueue[Callable[[], None]] = SimpleQueue()
        self._lock = threading.Lock()
        self._pending = False
        self._closed = False

    def post(self, apply: Callable[[], None]) -> None:
        """Leave `apply` for the main thread; may be called from any thread."""
        if self._closed:
            return
        self._queue.put(apply)
        with self._lock:
            if self._pending:
                return
            self._pending = True
        self._wake()

    def drain(self, budget_s: float | None = None) -> int:
        """Run what was posted, oldest first; main thread only.

        Parameters
        ----------
        budget_s
            Stop after about this many seconds and wake again for the rest; None runs everything.

        Returns
        -------
        int
            How many closures ran.
        """
        # Cleared before reading: a post that arrives during the drain wakes once more, never too seldom.
        with self._lock:
            self._pending = False
        deadline = None if budget_s is None else time.perf_counter() + budget_s
        count = 0
        while True:
            try:
                apply = self._queue.get_nowait()
            except Empty:
                return count
            apply()
            count += 1
            if deadline is not None and time.perf_counter() >= deadline:
                if not self._queue.empty():
                    self._rewake()
                return count

    def close(self) -> None:
        """Run what was posted, and wake nobody any more: a thread left behind may still come back."""
        self._closed = True
        self.drain()

    def _rewake(self) -> None:
        with self._lock:
            if self._pending:
                return
            self._pending = True
        self._wake()
