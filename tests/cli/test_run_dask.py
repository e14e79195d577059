"""`pathview run --dask`: a cluster of two processes on this machine, one of which is killed half-way."""

from __future__ import annotations

import csv
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from pathview.core.lock import holder_of
from pathview.inference.heatmap import CellState, Heatmap
from pathview.inference.probe_tiles import probe_tiles
from pathview.slides.made import write_made_tiff

Start = Callable[..., "subprocess.Popen[str]"]

pytestmark = [pytest.mark.slow, pytest.mark.skipif(sys.platform == "win32", reason="POSIX signals")]

PATIENCE_S = 200.0
SLIDES, CELLS, BATCH = 4, 432, 8

# It ends when its stdin does.
CLUSTER = """
import sys
from distributed import LocalCluster

if __name__ == "__main__":
    with LocalCluster(n_workers=2, threads_per_worker=1, processes=True, dashboard_address=None,
                      host="127.0.0.1", resources=dict(GPU=1)) as cluster:
        print(cluster.scheduler_address, flush=True)
        sys.stdin.read()
"""


@pytest.fixture
def log(tmp_path: Path) -> Path:
    return tmp_path / "log.txt"


@pytest.fixture
def scheduler(tmp_path: Path, log: Path) -> Iterator[str]:
    """Start a cluster whose workers have a GPU each, in name, and write down how often the model is asked."""
    code = tmp_path / "cluster.py"
    code.write_text(CLUSTER, encoding="utf-8")
    environment = {**os.environ, "LOG": str(log), "SLOW_S": "0.05"}
    with subprocess.Popen(
        [sys.executable, str(code)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env=environment,
        cwd=tmp_path,
    ) as cluster:
        assert cluster.stdout is not None
        yield cluster.stdout.readline().strip()
        cluster.communicate("")


def holders(out: Path) -> dict[int, Path]:
    """Return the processes that have cells of an unfinished slide on disk, with its heatmap."""
    found = {}
    for path in out.rglob("heatmap.zarr"):
        if (path.parent / "run.json").exists() or Heatmap.open(path).progress.done == 0:
            continue
        words = (holder_of(path.parent.with_name(".warmth.lock")) or "process 0").split()
        found[int(words[1])] = path
    return found


def test_a_worker_is_killed_and_every_slide_is_finished_once(
    start: Start, scheduler: str, write_plugin: Callable[..., Path], log: Path, tmp_path: Path
) -> None:
    write_plugin()
    out = tmp_path / "out"
    (tmp_path / "slides").mkdir()
    for number in range(SLIDES):
        write_made_tiff(tmp_path / "slides" / f"{number}.tif")
    words = ("run", tmp_path / "slides", "-m", "warmth", "-o", out, "--device", "cpu", "--batch", BATCH)
    with start(*words, "--dask", scheduler, "--json") as child:
        deadline = time.monotonic() + PATIENCE_S
        while not (working := holders(out)):
            assert time.monotonic() < deadline, "no worker has begun"
            assert child.poll() is None, child.communicate()
            time.sleep(0.05)
        victim, heatmap = next(iter(working.items()))
        os.kill(victim, signal.SIGKILL)
        kept = Heatmap.open(heatmap).progress.done
        printed, said = child.communicate(timeout=PATIENCE_S)
    assert child.returncode == 0, said
    assert 0 < kept < CELLS, "it was killed half-way"
    records: list[dict[str, Any]] = json.loads(printed)
    assert [record["slide"]["name"] for record in records] == [f"{number}.tif" for number in range(SLIDES)]
    with (out / "summary.csv").open(encoding="utf-8", newline="") as text:
        rows = list(csv.DictReader(text))
    assert [row["slide"] for row in rows] == [f"{number}.tif" for number in range(SLIDES)]
    assert {row["state"] for row in rows} == {"done"}
    assert f"process {victim} on" not in {row["worker"] for row in rows}
    for path in out.rglob("heatmap.zarr"):
        assert (Heatmap.open(path).state == CellState.DONE).all()
    # Each cell once, but for what the killed worker had not brought to disk, and a pre-flight a process.
    asked = sum(map(int, log.read_text(encoding="utf-8").split()))
    preflights = 3 * len(probe_tiles(32))
    assert SLIDES * CELLS <= asked <= SLIDES * CELLS + (CELLS - kept) + preflights
    (gone_on,) = [record for record in records if record["resumed_with"]]
    assert gone_on["resumed_with"] >= kept
