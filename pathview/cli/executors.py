"""What performs the slides of a run: this process, several of this machine, or a cluster."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable, Iterator
from concurrent.futures import Executor, Future

from pathview.cli.worker_processes import WorkerProcesses
from pathview.inference.device import cores
from pathview.inference.graphics_cards import visible_cards


class ThisProcess(Executor):
    """Performs each call as it is submitted; Ctrl-C goes to whoever submits."""

    def submit[**P, R](self, fn: Callable[P, R], /, *args: P.args, **kwargs: P.kwargs) -> Future[R]:
        """Perform a call now."""
        future: Future[R] = Future()
        try:
            future.set_result(fn(*args, **kwargs))
        except Exception as error:  # noqa: BLE001  as in every executor: it belongs to the future
            future.set_exception(error)
        return future


def default_workers(device: str) -> int:
    """Return how many processes suit this machine: one for each NVIDIA card, or one."""
    return max(1, visible_cards()) if device == "auto" else 1


def worker_environments(count: int, device: str) -> list[dict[str, str]]:
    """Return the environments of `count` processes that share the cores, and the cards where those are free.

    Parameters
    ----------
    count
        How many, at least 1.
    device
        What was asked for; one that is named is the same for all.
    """
    threads = max(1, cores() // count)
    # What the user has set is kept.
    shared = {} if "OMP_NUM_THREADS" in os.environ else {"OMP_NUM_THREADS": str(threads)}
    cards = _card_names() if device == "auto" else []
    return [
        shared | ({"CUDA_VISIBLE_DEVICES": cards[number % len(cards)]} if cards else {})
        for number in range(count)
    ]


def readers_of(count: int) -> int:
    """Return how many threads should read patches in each of `count` processes."""
    return max(1, min(8, cores() // count // 2))


@contextlib.contextmanager
def executor_of(workers: int, device: str, dask: str | None) -> Iterator[Executor]:
    """Give the executor that the options ask for, and end it: early, where the block raises.

    Raises
    ------
    ClusterError
        If a cluster cannot be had.
    """
    if dask is not None:
        from pathview.cli.dask_cluster import dask_executor

        with dask_executor(dask) as executor:
            yield executor
    elif workers == 1:
        yield ThisProcess()
    else:
        processes = WorkerProcesses(worker_environments(workers, device))
        try:
            yield processes
        except BaseException:
            processes.shutdown(cancel_futures=True)
            raise
        processes.shutdown()


def _card_names() -> list[str]:
    chosen = os.environ.get("CUDA_VISIBLE_DEVICES")
    if chosen is not None:
        return [word.strip() for word in chosen.split(",") if word.strip()]
    return [str(number) for number in range(visible_cards())]
