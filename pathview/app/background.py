"""Run a function off the main thread, then a callback on it."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable

from pathview.core.inbox import Inbox

_log = logging.getLogger(__name__)

_AT_ONCE = 2
# Work that waits longer for its turn begins all the same: those before it may be waiting for a share that
# does not answer, and a local slide is to open nevertheless.
_PATIENCE_S = 2.0
# How long closing waits for work whose result nobody will see.
_CLOSING_S = 2.0


class Background:
    """Threads for work that would make the window late: opening, closing, thumbnails, exports.

    Two work at a time, and more where those are held up. What hangs for good keeps neither the rest of the
    work nor the end of the program waiting.

    Parameters
    ----------
    inbox
        Where results come back.
    """

    def __init__(self, inbox: Inbox) -> None:
        self._inbox = inbox
        self._unsettled = 0
        self._closed = False
        self._turns = threading.BoundedSemaphore(_AT_ONCE)
        self._threads: dict[threading.Thread, bool] = {}

    def run[T](
        self,
        work: Callable[[], T],
        done: Callable[[T], None],
        failed: Callable[[Exception], None],
        *,
        lasting: bool = False,
    ) -> None:
        """Call `work` off-thread, then `done` or `failed` on the main thread.

        Parameters
        ----------
        work, done, failed
            What to do, and who gets its result or error.
        lasting
            Whether it writes what the user asked for: then closing waits until it has ended.
        """
        self._unsettled += 1
        thread = threading.Thread(
            target=self._do, args=(work, done, failed, lasting), name="background", daemon=True
        )
        self._start(thread, lasting)

    def let_go(self, work: Callable[[], None]) -> None:
        """Call `work`, which releases something, off-thread and out of turn: it may wait for others."""
        thread = threading.Thread(target=work, name="letting-go", daemon=True)
        self._start(thread, False)

    def _start(self, thread: threading.Thread, lasting: bool) -> None:
        self._threads = {known: kind for known, kind in self._threads.items() if known.is_alive()}
        self._threads[thread] = lasting
        thread.start()

    @property
    def idle(self) -> bool:
        """Whether the results of everything that was asked for have been delivered; main thread."""
        return not self._unsettled

    def _do[T](
        self,
        work: Callable[[], T],
        done: Callable[[T], None],
        failed: Callable[[Exception], None],
        lasting: bool,
    ) -> None:
        in_turn = self._turns.acquire(timeout=_PATIENCE_S)
        try:
            if self._closed and not lasting:
                return
            result = work()
        except Exception as error:  # noqa: BLE001 - it is handed on to whoever asked
            fault = error
            self._inbox.post(lambda: self._settle(lambda: self._report(fault, failed)))
        else:
            self._inbox.post(lambda: self._settle(lambda: done(result)))
        finally:
            if in_turn:
                self._turns.release()

    def _settle(self, deliver: Callable[[], None]) -> None:
        self._unsettled -= 1
        deliver()

    def _report(self, error: Exception, failed: Callable[[Exception], None]) -> None:
        _log.info("background work failed", exc_info=error)
        failed(error)

    def close(self) -> None:
        """Drop what has not begun, wait for what writes, and a little while for the rest."""
        self._closed = True
        deadline = time.monotonic() + _CLOSING_S
        for thread, lasting in self._threads.items():
            thread.join(None if lasting else max(0.0, deadline - time.monotonic()))
            if thread.is_alive():
                _log.warning("work in the background hangs and was left behind")
