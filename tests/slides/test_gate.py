"""The gate before a file: readers pass until it is shut, and shutting waits for all of them."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from pathview.core.errors import TileReadError
from pathview.slides.gate import ReadGate

PATH = Path("a.svs")
SOON_S = 0.05
PATIENCE_S = 20


def test_late_comers_are_told_what_and_why() -> None:
    gate = ReadGate(PATH)
    with gate.reading("level 0"):
        pass
    assert gate.shut()
    with pytest.raises(
        TileReadError, match=r"level 3 .*the slide is closed|the slide is closed.*level 3"
    ) as late:
        gate.enter("level 3")
    assert (late.value.path, late.value.reason) == (PATH, "the slide is closed")


def test_only_the_first_to_shut_releases_the_file() -> None:
    gate = ReadGate(PATH)
    assert [gate.shut() for _ in range(3)] == [True, False, False]


def test_a_read_that_fails_has_left() -> None:
    gate = ReadGate(PATH)
    with pytest.raises(ZeroDivisionError), gate.reading("level 0"):
        raise ZeroDivisionError
    assert gate.shut()


def test_shutting_waits_for_those_inside_and_lets_nobody_in_meanwhile() -> None:
    gate, inside, go, released = ReadGate(PATH), threading.Barrier(4), threading.Event(), threading.Event()

    def read() -> bool:
        with gate.reading("level 0"):
            inside.wait(PATIENCE_S)
            go.wait(PATIENCE_S)
            return released.is_set()

    def shut() -> bool:
        first = gate.shut()
        released.set()
        return first

    with ThreadPoolExecutor(5) as pool:
        reads = [pool.submit(read) for _ in range(3)]
        inside.wait(PATIENCE_S)
        shutting = [pool.submit(shut) for _ in range(2)]
        assert not released.wait(SOON_S), "three are still inside"
        with pytest.raises(TileReadError):
            gate.enter("level 0")
        go.set()
        assert sorted(one.result(PATIENCE_S) for one in shutting) == [False, True]
        assert not any(one.result(PATIENCE_S) for one in reads), "released under a reader"


@pytest.mark.parametrize("round_", range(20))
def test_nobody_is_inside_a_file_that_was_released(round_: int) -> None:
    gate, released, begun = ReadGate(PATH), threading.Event(), threading.Event()
    seen: list[bool] = []

    def read() -> None:
        try:
            while True:
                with gate.reading("a tile"):
                    seen.append(released.is_set())
                    begun.set()
        except TileReadError:
            return

    with ThreadPoolExecutor(3) as pool:
        reads = [pool.submit(read) for _ in range(3)]
        assert begun.wait(PATIENCE_S)
        assert gate.shut()
        released.set()
        for one in reads:
            one.result(PATIENCE_S)
    assert not any(seen)
