from __future__ import annotations

import threading
import time

from pathview.core.inbox import Inbox


def test_what_is_posted_runs_in_order_and_only_when_drained() -> None:
    inbox, seen = Inbox(), list[int]()
    for number in range(3):
        inbox.post(lambda number=number: seen.append(number))  # type: ignore[misc]
    assert seen == []
    assert inbox.drain() == 3
    assert seen == [0, 1, 2]
    assert inbox.drain() == 0


def test_one_wake_for_many_posts_until_drained() -> None:
    wakes: list[int] = []
    inbox = Inbox(lambda: wakes.append(1))
    inbox.post(lambda: None)
    inbox.post(lambda: None)
    assert len(wakes) == 1
    inbox.drain()
    inbox.post(lambda: None)
    assert len(wakes) == 2


def test_what_a_closure_posts_runs_in_the_same_drain() -> None:
    inbox, seen = Inbox(), list[str]()
    inbox.post(lambda: inbox.post(lambda: seen.append("second")))
    assert inbox.drain() == 2
    assert seen == ["second"]


def test_a_budget_leaves_the_rest_and_wakes_for_it() -> None:
    wakes: list[int] = []
    inbox = Inbox(lambda: wakes.append(1))
    for _ in range(5):
        inbox.post(lambda: time.sleep(0.01))
    assert inbox.drain(budget_s=0.0) == 1
    assert len(wakes) == 2
    assert inbox.drain() == 4


def test_nothing_is_lost_between_threads() -> None:
    woken = threading.Event()
    inbox = Inbox(woken.set)
    seen: list[tuple[int, int]] = []

    def work(thread: int) -> None:
        for _ in range(200):
            inbox.post(lambda: seen.append((thread, threading.get_ident())))

    threads = [threading.Thread(target=work, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    deadline = time.monotonic() + 20
    while len(seen) < 800 and time.monotonic() < deadline:
        # Only a wake leads to a drain: a lost wake would end this in the deadline.
        if woken.wait(0.5):
            woken.clear()
            inbox.drain()
    for thread in threads:
        thread.join()
    assert len(seen) == 800
    assert {where for _, where in seen} == {threading.get_ident()}


def test_a_closed_inbox_runs_what_was_posted_and_wakes_nobody_any_more() -> None:
    wakes: list[int] = []
    inbox, seen = Inbox(lambda: wakes.append(1)), list[str]()
    inbox.post(lambda: seen.append("in time"))
    inbox.close()
    inbox.post(lambda: seen.append("too late"))
    assert inbox.drain() == 0
    assert (seen, wakes) == (["in time"], [1])
