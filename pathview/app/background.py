"""Run a function off the main thread, then a callback on it."""

from __future__ import annotations

import logging
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor

from pathview.core.inbox import Inbox

_log = logging.getLogger(__name__)


class Background:
    """Two threads for work that would make the window late: opening, thumbnails, exports.

    Parameters
    ----------
    inbox
        Where results come back.
    """

    def __init__(self, inbox: Inbox) -> None:
        self._inbox = inbox
        self._unsettled = 0
        self._pool = ThreadPoolExecutor(2, thread_name_prefix="background")

    def run[T](
        self, work: Callable[[], T], done: Callable[[T], None], failed: Callable[[Exception], None]
    ) -> None:
        """Call `work` off-thread, then `done` or `failed` on the main thread."""
        self._unsettled += 1

        def deliver(future: Future[T]) -> None:
            if not future.cancelled():
                self._inbox.post(lambda: self._settle(future, done, failed))

        self._pool.submit(work).add_done_callback(deliver)

    @property
    def idle(self) -> bool:
        """Whether the results of everything that was asked for have been delivered; main thread."""
        return not self._unsettled

    def _settle[T](
        self, future: Future[T], done: Callable[[T], None], failed: Callable[[Exception], None]
    ) -> None:
        self._unsettled -= 1
        error = future.exception()
        if error is None:
            done(future.result())
        elif isinstance(error, Exception):
            _log.info("background work failed", exc_info=error)
            failed(error)

    def close(self) -> None:
        """Drop what has not begun and wait for what has."""
        self._pool.shutdown(wait=True, cancel_futures=True)
