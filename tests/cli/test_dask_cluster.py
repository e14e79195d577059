"""What is asked of Slurm, and what is said where there is no cluster."""

from __future__ import annotations

import socket
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from subprocess import CompletedProcess

import pytest

from pathview.cli.dask_cluster import ClusterError, read_slurm_file
from pathview.slides.made import write_made_tiff

Call = Callable[..., CompletedProcess[str]]

# Dask keeps threads of its own for the life of a process, so each of these has one to itself.
JOB_SCRIPT = """
import sys
from pathlib import Path
from pathview.cli.dask_cluster import read_slurm_file, slurm_cluster
file = Path(sys.argv[1])
with slurm_cluster(read_slurm_file(file), file) as cluster:
    print(cluster.job_script())
"""


def write(tmp_path: Path, text: str) -> Path:
    file = tmp_path / "slurm.toml"
    file.write_text(text, encoding="utf-8")
    return file


def test_a_file_says_how_many_jobs_and_what_each_gets(tmp_path: Path) -> None:
    text = 'jobs = 8\ncores = 6\ngpu = true\nqueue = "gpu"\njob_extra_directives = ["--nice"]\n'
    wanted = read_slurm_file(write(tmp_path, text))
    assert (wanted.jobs, wanted.gpu) == (8, True)
    assert wanted.options == {
        "queue": "gpu",
        "memory": "16GB",
        "cores": 1,
        "processes": 1,
        "job_cpu": 6,
        "job_extra_directives": ["--nice", "--gres=gpu:1"],
        "worker_extra_args": ["--resources", "GPU=1"],
    }


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("jobs = 0", "jobs must be a whole number from 1, not 0"),
        ("cores = true", "cores must be a whole number from 1, not True"),
        ("gpu = 2", "gpu must be true or false"),
        ("processes = 4", "ask for more jobs, not for processes"),
        ("jobs = ", "cannot be read"),
    ],
)
def test_a_file_that_cannot_be_used(tmp_path: Path, text: str, words: str) -> None:
    with pytest.raises(ClusterError, match=words):
        read_slurm_file(write(tmp_path, text))
    with pytest.raises(ClusterError, match=r"missing\.toml cannot be read"):
        read_slurm_file(tmp_path / "missing.toml")


def test_the_job_does_one_slide_at_a_time_with_all_its_cores(tmp_path: Path) -> None:
    text = 'cores = 6\ngpu = true\nmemory = "24GB"\nwalltime = "02:00:00"\nqueue = "gpu"\ninterface = "lo"\n'
    command = [sys.executable, "-c", JOB_SCRIPT, str(write(tmp_path, text))]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stderr
    for line in ("--cpus-per-task=6", "--mem=23G", "-t 02:00:00", "-p gpu", "--gres=gpu:1"):
        assert f"#SBATCH {line}" in done.stdout, done.stdout
    assert "--nthreads 1" in done.stdout
    assert "--resources GPU=1" in done.stdout


def test_an_option_that_slurm_jobs_do_not_have(tmp_path: Path) -> None:
    command = [sys.executable, "-c", JOB_SCRIPT, str(write(tmp_path, "coffee = 2\n"))]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
    assert "ClusterError" in done.stderr
    assert "coffee" in done.stderr.splitlines()[-1]


@pytest.mark.parametrize(
    ("address", "words"),
    [
        ("nonsense://host", "nonsense://host is no address of a Dask scheduler; one is tcp://host:8786"),
        ("tcp://127.0.0.1:x", "is no address of a Dask scheduler"),
        ("tcp://127.0.0.1:{free}", "no Dask scheduler answers at tcp://127.0.0.1:"),
    ],
)
def test_a_scheduler_that_is_not_there(
    call: Call, write_plugin: Callable[..., Path], tmp_path: Path, address: str, words: str
) -> None:
    write_plugin()
    slide = write_made_tiff(tmp_path / "a.tif", (600, 500))
    with socket.create_server(("127.0.0.1", 0)) as server:
        free = server.getsockname()[1]
    options = ("-m", "warmth", "-o", tmp_path / "out", "--device", "cpu")
    done = call("run", slide, *options, "--dask", address.format(free=free))
    assert (done.returncode, done.stdout, len(done.stderr.splitlines())) == (1, "", 1), done.stderr
    assert words in done.stderr
    assert not (tmp_path / "out").exists()
