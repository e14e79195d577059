"""Processes of this machine as an executor; one that dies takes down the call in hand, and no other."""

from __future__ import annotations

import contextlib
import os
import pickle
import signal
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Executor, Future
from functools import partial
from multiprocessing import get_context
from multiprocessing.connection import Connection
from queue import SimpleQueue
from typing import Any

# A call that is to end may be inside a batch, or loading a model.
_LAST_WORDS_S = 10.0
_TRIES = 2

_stop = threading.Event()


def stopped() -> bool:
    """Tell a call in a worker whether it is to end early; False anywhere else."""
    return _stop.is_set()


class WorkerDiedError(Exception):
    """A process ended in the middle of a call; the text says how."""


class WorkerProcesses(Executor):
    """Processes that each perform one call at a time.

    They are spawned when there is work. One that dies is replaced, and its call is tried once more, since
    what it had done is on disk; the second death is that call's error. `ProcessPoolExecutor` would give up
    all calls that wait.

    Parameters
    ----------
    environments
        What is set in the environment of each process before anything is imported.
    """

    def __init__(self, environments: Sequence[Mapping[str, str]]) -> None:
        self._calls: SimpleQueue[tuple[Future[Any], Callable[[], Any]] | None] = SimpleQueue()
        self._lock = threading.Lock()
        self._ending = False
        self._workers: dict[int, _Worker] = {}
        self._threads = [
            threading.Thread(target=self._serve, args=(number, dict(environment)), name=f"worker-{number}")
            for number, environment in enumerate(environments)
        ]
        for thread in self._threads:
            thread.start()

    def submit[**P, R](self, fn: Callable[P, R], /, *args: P.args, **kwargs: P.kwargs) -> Future[R]:
        """Queue a call; function, arguments and outcome must be picklable."""
        if self._ending:
            raise RuntimeError("the workers have been shut down")
        future: Future[R] = Future()
        self._calls.put((future, partial(fn, *args, **kwargs)))
        return future

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
        """Let the workers end after what is queued, or, with `cancel_futures`, after the batch in hand."""
        with self._lock:
            self._ending = True
            working = list(self._workers.values()) if cancel_futures else []
        while cancel_futures and not self._calls.empty():
            if (call := self._calls.get()) is not None:
                call[0].cancel()
        for worker in working:
            worker.stop()
        for _ in self._threads:
            self._calls.put(None)
        for thread in self._threads if wait else ():
            thread.join()

    def _serve(self, number: int, environment: Mapping[str, str]) -> None:
        while (call := self._calls.get()) is not None:
            future, work = call
            if not future.set_running_or_notify_cancel():
                continue
            try:
                future.set_result(self._perform(number, environment, work))
            except BaseException as error:  # noqa: BLE001  whatever it is, whoever waits for it must hear of it
                future.set_exception(error)
        if (worker := self._workers.get(number)) is not None:
            worker.close()

    def _perform(self, number: int, environment: Mapping[str, str], work: Callable[[], Any]) -> Any:
        for left in reversed(range(_TRIES)):
            with self._lock:
                worker = self._workers.get(number) or _Worker(environment)
                self._workers[number] = worker
            try:
                return worker.perform(work)
            except WorkerDiedError:
                with self._lock:
                    del self._workers[number]
                if self._ending or not left:
                    raise
        raise AssertionError("the last try returns or raises")


class _Worker:
    """One process, seen from outside."""

    def __init__(self, environment: Mapping[str, str]) -> None:
        context = get_context("spawn")
        self._pipe, theirs = context.Pipe()
        self._sending = threading.Lock()
        self._process = context.Process(target=_work, args=(theirs, environment), daemon=True)
        self._process.start()
        theirs.close()

    def perform(self, work: Callable[[], Any]) -> Any:
        try:
            self._send(pickle.dumps(work))
            good, value = self._pipe.recv()
        except (EOFError, OSError):
            self._process.join()
            code = self._process.exitcode or 0
            how = f"was killed by {signal.Signals(-code).name}" if code < 0 else f"exited with code {code}"
            raise WorkerDiedError(f"the process that worked on it {how}") from None
        if good:
            return value
        raise value

    def stop(self) -> None:
        """End the call in hand after its batch, and then the process."""
        with contextlib.suppress(OSError):
            self._send(None)

    def close(self) -> None:
        self.stop()
        self._process.join(_LAST_WORDS_S)
        if self._process.is_alive():
            self._process.kill()
            self._process.join()
        self._pipe.close()

    def _send(self, what: bytes | None) -> None:
        with self._sending:
            self._pipe.send(what)


def _work(pipe: Connection, environment: Mapping[str, str]) -> None:
    """Perform what comes through the pipe until it closes: the target of a worker's process."""
    # Ctrl-C reaches the whole group of processes: whoever started this one says what is to end.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    os.environ.update(environment)
    calls: SimpleQueue[bytes | None] = SimpleQueue()
    threading.Thread(target=_listen, args=(pipe, calls), daemon=True).start()
    while (call := calls.get()) is not None:
        answer: tuple[bool, Any]
        try:
            answer = (True, pickle.loads(call)())
        except KeyboardInterrupt:
            answer = (False, KeyboardInterrupt())
        except Exception as error:  # noqa: BLE001  it is raised again where the call came from
            answer = (False, RuntimeError(f"{type(error).__name__}: {error}"))
        with contextlib.suppress(OSError):
            pipe.send(answer)


def _listen(pipe: Connection, calls: SimpleQueue[bytes | None]) -> None:
    # The pipe closes when whoever started this process is gone, by whatever.
    with contextlib.suppress(EOFError, OSError):
        while (call := pipe.recv()) is not None:
            calls.put(call)
    _stop.set()
    calls.put(None)
    time.sleep(_LAST_WORDS_S)
    os._exit(1)
