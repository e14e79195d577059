from __future__ import annotations

import pytest

from pathview.cli.executors import ThisProcess, default_workers, executor_of, readers_of, worker_environments
from pathview.cli.worker_processes import WorkerProcesses


@pytest.fixture(autouse=True)
def machine(monkeypatch: pytest.MonkeyPatch) -> None:
    """Pretend to have 16 cores and three cards."""
    monkeypatch.setattr("pathview.cli.executors.cores", lambda: 16)
    monkeypatch.setattr("pathview.cli.executors.visible_cards", lambda: 3)
    monkeypatch.delenv("OMP_NUM_THREADS", raising=False)
    monkeypatch.delenv("CUDA_VISIBLE_DEVICES", raising=False)


def test_one_process_a_card_where_the_device_is_free() -> None:
    assert default_workers("auto") == 3
    assert default_workers("cpu") == 1
    environments = worker_environments(3, "auto")
    assert [one["CUDA_VISIBLE_DEVICES"] for one in environments] == ["0", "1", "2"]
    assert {one["OMP_NUM_THREADS"] for one in environments} == {"5"}
    assert readers_of(3) == 2


def test_more_processes_than_cards_share_them(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "GPU-a,GPU-b")
    chosen = [one["CUDA_VISIBLE_DEVICES"] for one in worker_environments(3, "auto")]
    assert chosen == ["GPU-a", "GPU-b", "GPU-a"]


def test_a_device_that_is_named_is_the_same_for_all() -> None:
    assert worker_environments(32, "cuda:1") == [{"OMP_NUM_THREADS": "1"}] * 32
    assert readers_of(32) == 1


def test_threads_that_the_user_has_set_are_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OMP_NUM_THREADS", "2")
    assert worker_environments(2, "cpu") == [{}, {}]


def test_this_process_does_a_call_at_once_and_keeps_its_error() -> None:
    with executor_of(1, "cpu", None) as executor:
        assert isinstance(executor, ThisProcess)
        assert executor.submit(max, 1, 2).result() == 2
        assert isinstance(executor.submit(int, "x").exception(), ValueError)


def test_a_block_that_raises_ends_the_workers_early() -> None:
    ending = executor_of(2, "cpu", None)
    executor = ending.__enter__()
    assert isinstance(executor, WorkerProcesses)
    assert not ending.__exit__(KeyboardInterrupt, KeyboardInterrupt(), None), "it must go on to the command"
    with pytest.raises(RuntimeError, match="shut down"):
        executor.submit(max, 1, 2)
