"""Calls in processes of their own: what comes back, what a death costs, and how they are stopped."""

from __future__ import annotations

import os
import signal
import sys
import time
from collections.abc import Iterator
from concurrent.futures import CancelledError
from pathlib import Path

import pytest

from pathview.cli.worker_processes import WorkerDiedError, WorkerProcesses, stopped

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="POSIX signals")

PATIENCE_S = 60.0


@pytest.fixture
def workers() -> Iterator[WorkerProcesses]:
    pool = WorkerProcesses([{"PLACE": "first"}, {"PLACE": "second"}])
    yield pool
    pool.shutdown(cancel_futures=True)


def wait_for(path: Path) -> None:
    deadline = time.monotonic() + PATIENCE_S
    while not path.exists():
        assert time.monotonic() < deadline, f"{path.name} has not come"
        time.sleep(0.02)


def place_of(meet: Path) -> tuple[str, int]:
    """Wait until both workers are here, so that each does one."""
    (meet / os.environ["PLACE"]).touch()
    for name in ("first", "second"):
        wait_for(meet / name)
    return os.environ["PLACE"], os.getpid()


def die_once(mark: Path) -> str:
    if not mark.exists():
        mark.touch()
        os.kill(os.getpid(), signal.SIGKILL)
    return "done"


def die() -> None:
    os._exit(3)


def go_on_until_stopped(begun: Path, ended: Path) -> None:
    begun.touch()
    while not stopped():
        time.sleep(0.01)
    ended.touch()
    raise KeyboardInterrupt


def test_each_call_runs_in_a_process_with_its_environment(workers: WorkerProcesses, tmp_path: Path) -> None:
    futures = [workers.submit(place_of, tmp_path) for _ in range(2)]
    places = [future.result(PATIENCE_S) for future in futures]
    assert {name for name, _ in places} == {"first", "second"}
    assert os.getpid() not in {pid for _, pid in places}
    assert not stopped()


def test_an_error_comes_back_in_words(workers: WorkerProcesses) -> None:
    with pytest.raises(RuntimeError, match="ValueError: invalid literal"):
        workers.submit(int, "x").result(PATIENCE_S)


def test_a_death_costs_one_more_try_and_no_other_call(workers: WorkerProcesses, tmp_path: Path) -> None:
    dying = workers.submit(die_once, tmp_path / "mark")
    others = [workers.submit(abs, -number) for number in range(4)]
    assert dying.result(PATIENCE_S) == "done"
    assert [other.result(PATIENCE_S) for other in others] == [0, 1, 2, 3]


def test_the_second_death_is_the_call_s_error(workers: WorkerProcesses) -> None:
    dying = workers.submit(die)
    assert workers.submit(abs, -1).result(PATIENCE_S) == 1
    with pytest.raises(WorkerDiedError, match="exited with code 3"):
        dying.result(PATIENCE_S)


def test_calls_in_hand_are_told_to_stop_and_others_never_begin(tmp_path: Path) -> None:
    pool = WorkerProcesses([{}])
    running = pool.submit(go_on_until_stopped, tmp_path / "begun", tmp_path / "ended")
    waiting = pool.submit(abs, -1)
    wait_for(tmp_path / "begun")
    pool.shutdown(cancel_futures=True)
    assert (tmp_path / "ended").exists()
    with pytest.raises(KeyboardInterrupt):
        running.result(0)
    with pytest.raises(CancelledError):
        waiting.result(0)


def test_without_haste_everything_queued_is_done() -> None:
    pool = WorkerProcesses([{}])
    futures = [pool.submit(abs, -number) for number in range(3)]
    pool.shutdown()
    assert [future.result(0) for future in futures] == [0, 1, 2]
