"""A Dask cluster as an executor: one that runs, or one that Slurm is asked for."""

from __future__ import annotations

import contextlib
import socket
import tomllib
from collections.abc import Iterator
from concurrent.futures import Executor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pathview.cli.messages import say
from pathview.core.errors import PathViewError

_SLURM = "slurm:"
_SCHEMES = ("", "tcp", "tls", "ucx", "ws", "wss")
_PORT = 8786
_PATIENCE_S = 30


class ClusterError(PathViewError):
    """A cluster cannot be had; the text says why and what to do."""


@contextlib.contextmanager
def dask_executor(where: str) -> Iterator[Executor]:
    """Give the executor of a cluster; where its workers have a resource "GPU", each slide takes one of it.

    Parameters
    ----------
    where
        Address of a scheduler, such as ``tcp://host:8786``, or ``slurm:FILE.toml``.

    Raises
    ------
    ClusterError
        If Dask is not installed, the scheduler does not answer, or the file cannot be used.
    """
    try:
        import distributed
    except ImportError as error:
        raise ClusterError(f'--dask needs distributed ({error}); pip install "pathview[cluster]"') from error
    with contextlib.ExitStack() as stack:
        gpu = False
        target: Any = where
        if where.startswith(_SLURM):
            target, gpu = stack.enter_context(_slurm(Path(where.removeprefix(_SLURM))))
        else:
            _knock(where)
        try:
            # Dask has no types for it.
            connect: Any = distributed.Client
            client = stack.enter_context(connect(target, timeout=_PATIENCE_S, set_as_default=False))
        except (OSError, ValueError, TypeError) as error:
            raise ClusterError(f"no Dask scheduler answers at {where}: {_line(error)}") from error
        resources = {"GPU": 1} if gpu or _have_gpus(client) else None
        executor: Executor = client.get_executor(pure=False, resources=resources)
        try:
            yield executor
        except BaseException:
            say("slides that the cluster's workers have begun go on to their end")
            executor.shutdown(wait=False)
            raise


@dataclass(frozen=True, slots=True)
class SlurmJobs:
    """What to ask Slurm for.

    Attributes
    ----------
    jobs
        How many; each does a slide at a time.
    gpu
        Whether each has a card.
    options
        Arguments of `dask_jobqueue.SLURMCluster`.
    """

    jobs: int
    gpu: bool
    options: dict[str, Any]


def read_slurm_file(file: Path) -> SlurmJobs:
    """Read what to ask Slurm for from a TOML file.

    Parameters
    ----------
    file
        ``jobs``, how many; ``cores`` and ``memory`` of each; ``gpu``, whether each has one; the rest are
        arguments of `dask_jobqueue.SLURMCluster`, such as ``queue``, ``account`` and ``walltime``.

    Raises
    ------
    ClusterError
        If it cannot be used.
    """
    try:
        table = tomllib.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise ClusterError(f"{file} cannot be read: {_line(error)}") from error
    jobs, cores = _whole(table, "jobs", file), _whole(table, "cores", file)
    gpu = table.pop("gpu", False)
    if not isinstance(gpu, bool):
        raise ClusterError(f"{file}: gpu must be true or false")
    if "processes" in table:
        raise ClusterError(f"{file}: a job does one slide at a time; ask for more jobs, not for processes")
    options: dict[str, Any] = {"memory": "16GB", **table, "cores": 1, "processes": 1, "job_cpu": cores}
    if gpu:
        for name, words in (
            ("job_extra_directives", ["--gres=gpu:1"]),
            ("worker_extra_args", ["--resources", "GPU=1"]),
        ):
            options[name] = [*options.get(name, []), *words]
    return SlurmJobs(jobs, gpu, options)


@contextlib.contextmanager
def slurm_cluster(wanted: SlurmJobs, file: Path) -> Iterator[Any]:
    """Give a cluster of jobs, none of which has been asked for; its jobs end with the block.

    Raises
    ------
    ClusterError
        If dask-jobqueue is not installed or does not know an option of the file.
    """
    try:
        from dask_jobqueue.slurm import SLURMCluster
    except ImportError as error:
        raise ClusterError(
            f'slurm: needs dask-jobqueue ({error}); pip install "pathview[cluster]"'
        ) from error
    try:
        cluster = SLURMCluster(**wanted.options)
    except (TypeError, ValueError, OSError, RuntimeError) as error:
        raise ClusterError(f"{file}: {_line(error)}") from error
    with cluster:
        yield cluster


@contextlib.contextmanager
def _slurm(file: Path) -> Iterator[tuple[Any, bool]]:
    wanted = read_slurm_file(file)
    with slurm_cluster(wanted, file) as cluster:
        try:
            cluster.scale(jobs=wanted.jobs)
        except (OSError, RuntimeError) as error:
            raise ClusterError(f"Slurm does not take the jobs of {file}: {_line(error)}") from error
        count = "1 job" if wanted.jobs == 1 else f"{wanted.jobs} jobs"
        say(f"asked Slurm for {count}; slides begin as they start")
        yield cluster, wanted.gpu


def _knock(address: str) -> None:
    """Refuse an address where nothing listens: Dask itself would try for minutes."""
    scheme, _, rest = address.rpartition("://")
    host, colon, port = rest.rpartition(":")
    if scheme not in _SCHEMES or (colon and not port.isdigit()):
        raise ClusterError(f"{address} is no address of a Dask scheduler; one is tcp://host:8786")
    try:
        with socket.create_connection((host or rest, int(port or _PORT)), timeout=_PATIENCE_S):
            return
    except OSError as error:
        raise ClusterError(
            f"no Dask scheduler answers at {address} ({error.strerror or error}); is it running, and not "
            "behind a firewall?"
        ) from error


def _have_gpus(client: Any) -> bool:
    workers = client.scheduler_info(n_workers=-1).get("workers", {})
    return any((worker.get("resources") or {}).get("GPU", 0) >= 1 for worker in workers.values())


def _whole(table: dict[str, Any], name: str, file: Path) -> int:
    value = table.pop(name, 1)
    if not isinstance(value, int) or isinstance(value, bool) or value < 1:
        raise ClusterError(f"{file}: {name} must be a whole number from 1, not {value!r}")
    return value


def _line(error: BaseException) -> str:
    return " ".join(str(error).split()) or type(error).__name__
