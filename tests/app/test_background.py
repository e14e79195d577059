"""Work off the main thread, while some of it hangs."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator

import pytest

from pathview.app import background
from pathview.app.background import Background
from pathview.core.inbox import Inbox


@pytest.fixture
def answer() -> Iterator[threading.Event]:
    """Return what those who hang wait for."""
    event = threading.Event()
    yield event
    event.set()


@pytest.fixture
def pool(inbox: Inbox, monkeypatch: pytest.MonkeyPatch) -> Background:
    monkeypatch.setattr(background, "_PATIENCE_S", 0.1)
    monkeypatch.setattr(background, "_CLOSING_S", 0.1)
    return Background(inbox)


def drain_until(inbox: Inbox, seen: list[object], count: int) -> None:
    until = time.monotonic() + 10
    while len(seen) < count:
        inbox.drain()
        assert time.monotonic() < until
        time.sleep(0.005)


def test_results_and_errors_come_back_on_the_main_thread(pool: Background, inbox: Inbox) -> None:
    seen: list[object] = []
    main = threading.current_thread()
    pool.run(threading.current_thread, seen.append, seen.append)
    drain_until(inbox, seen, 1)
    assert seen[0] is not main
    settled = pool.idle
    error = ValueError("no")

    def fail() -> None:
        raise error

    pool.run(fail, seen.append, lambda raised: seen.append((raised, threading.current_thread())))
    assert (settled, pool.idle) == (True, False)
    drain_until(inbox, seen, 2)
    assert seen[1] == (error, main)


def test_two_work_at_a_time(pool: Background, inbox: Inbox, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(background, "_PATIENCE_S", 30.0)
    seen: list[object] = []
    lock, inside, most = threading.Lock(), [0], [0]

    def work() -> None:
        with lock:
            inside[0] += 1
            most[0] = max(most[0], inside[0])
        time.sleep(0.02)
        with lock:
            inside[0] -= 1

    for _ in range(6):
        pool.run(work, seen.append, seen.append)
    drain_until(inbox, seen, 6)
    assert most == [2]


def test_what_hangs_does_not_hold_up_the_rest(
    pool: Background, inbox: Inbox, answer: threading.Event
) -> None:
    seen: list[object] = []
    for _ in range(2):
        pool.run(lambda: answer.wait(30), lambda _: None, lambda _: None)
    pool.run(lambda: "local", seen.append, seen.append)
    drain_until(inbox, seen, 1)
    assert seen == ["local"]


def test_closing_waits_for_what_writes_but_not_for_what_hangs(
    pool: Background, answer: threading.Event
) -> None:
    written: list[int] = []

    def write() -> None:
        time.sleep(0.3)
        written.append(1)

    pool.run(lambda: answer.wait(30), lambda _: None, lambda _: None)
    pool.run(write, lambda _: None, lambda _: None, lasting=True)
    began = time.monotonic()
    pool.close()
    assert written == [1]
    assert time.monotonic() - began < 5


def test_what_has_not_begun_when_it_closes_is_dropped(pool: Background, answer: threading.Event) -> None:
    begun: list[int] = []
    for _ in range(2):
        pool.run(lambda: answer.wait(30), lambda _: None, lambda _: None)
    pool.run(lambda: begun.append(1), lambda _: None, lambda _: None)
    pool.close()
    time.sleep(0.2)
    assert begun == []
