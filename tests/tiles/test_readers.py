"""Reader threads while a source hangs, as a network share does."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from pathview.core.pyramid import TileKey
from pathview.tiles import readers
from pathview.tiles.cache import Address
from pathview.tiles.readers import Readers


class Shares:
    """Sources by name; reading from one that hangs takes until it answers again."""

    def __init__(self) -> None:
        self.answers = {"away": threading.Event(), "here": threading.Event()}
        self.answers["here"].set()
        self.sources: dict[str, Any] = {name: name for name in self.answers}
        self.inside: list[str] = []
        self.done: list[tuple[str, int]] = []

    def read(self, address: Address) -> None:
        name = str(address[0])
        self.inside.append(name)
        assert self.answers[name].wait(30)
        self.done.append((name, address[1].col))

    def wishes(self, *wanted: tuple[str, int]) -> list[Address]:
        return [(self.sources[name], TileKey(0, column, 0)) for name, column in reversed(wanted)]


@pytest.fixture
def shares(monkeypatch: pytest.MonkeyPatch) -> Shares:
    monkeypatch.setattr(readers, "STUCK_S", 0.05)
    monkeypatch.setattr(readers, "_JOIN_S", 0.2)
    return Shares()


@pytest.fixture
def two(shares: Shares) -> Iterator[Readers]:
    pool = Readers(2, shares.read)
    yield pool
    for answer in shares.answers.values():
        answer.set()
    pool.close()


def wait(condition: Callable[[], bool]) -> None:
    until = time.monotonic() + 10
    while not condition():
        assert time.monotonic() < until
        time.sleep(0.005)


def both_hang(shares: Shares, pool: Readers) -> None:
    pool.offer(shares.wishes(("away", 1), ("away", 2), ("away", 3), ("here", 4)))
    wait(lambda: len(shares.inside) == 2)
    time.sleep(0.1)


def test_another_slide_is_read_while_one_hangs(shares: Shares, two: Readers) -> None:
    both_hang(shares, two)
    assert shares.inside == ["away", "away"]
    two.make_up()
    wait(lambda: shares.done == [("here", 4)])
    # The one that hangs keeps two threads and gets no third.
    assert shares.inside.count("away") == 2
    assert two.waited_s([shares.sources["away"]]) >= 0.1
    assert two.waited_s([shares.sources["here"]]) == 0.0


def test_threads_do_not_multiply(shares: Shares, two: Readers) -> None:
    before = threading.active_count()
    both_hang(shares, two)
    for _ in range(10):
        two.make_up()
    assert threading.active_count() == before + 2
    shares.answers["away"].set()
    wait(lambda: ("away", 3) in shares.done)
    # Those that hung are back, and two are enough again.
    wait(lambda: threading.active_count() == before)
    two.offer(shares.wishes(("here", 8), ("here", 9)))
    wait(lambda: {("here", 8), ("here", 9)} <= set(shares.done))


def test_a_slow_read_is_not_yet_one_that_hangs(shares: Shares, two: Readers) -> None:
    before = threading.active_count()
    two.offer(shares.wishes(("away", 1), ("away", 2)))
    wait(lambda: len(shares.inside) == 2)
    readers.STUCK_S = 60.0
    two.make_up()
    assert threading.active_count() == before


def test_closing_does_not_wait_for_what_hangs(shares: Shares, two: Readers) -> None:
    both_hang(shares, two)
    began = time.monotonic()
    two.close()
    assert time.monotonic() - began < 5
    assert two.closed
    two.offer(shares.wishes(("here", 1)))
    assert two.counts()[0] == 0
