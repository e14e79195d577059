"""`pathview run --workers`: processes side by side, a model that kills one, and Ctrl-C."""

from __future__ import annotations

import csv
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from subprocess import CompletedProcess

import pytest

from pathview.inference.heatmap import CellState, Heatmap
from pathview.slides.made import write_made_tiff

Call = Callable[..., CompletedProcess[str]]
Start = Callable[..., "subprocess.Popen[str]"]

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="POSIX signals")

PATIENCE_S = 60.0
# A slide of bright blue kills it.
KILLER = """
import os, signal
import numpy as np

class Model:
    def __init__(self, card):
        self.card = card
    def load(self, device):
        pass
    def unload(self):
        pass
    def predict(self, patches):
        if patches[..., 2].mean() > 250:
            os.kill(os.getpid(), signal.SIGKILL)
        warm = patches[..., 0].mean(axis=(1, 2), dtype=np.float32) / 255
        return np.stack([1 - warm, warm], axis=1)

def make(folder, card):
    return Model(card)
"""


def states(out: Path) -> dict[str, str]:
    with (out / "summary.csv").open(encoding="utf-8", newline="") as text:
        return {row["slide"]: row["state"] for row in csv.DictReader(text)}


def write_killer_slide(path: Path) -> None:
    """Write a slide of bright blue, which the model above does not survive."""
    import numpy as np
    import tifffile

    pixels = np.full((512, 512, 3), (150, 90, 255), np.uint8)
    with tifffile.TiffWriter(path) as file:
        dots = (40_000, 40_000)
        file.write(pixels, tile=(256, 256), photometric="rgb", resolution=dots, resolutionunit="CENTIMETER")


def test_a_slide_that_kills_its_process_fails_alone(
    process: Call, write_plugin: Callable[..., Path], tmp_path: Path
) -> None:
    write_plugin(source=KILLER)
    for name in "abc":
        write_made_tiff(tmp_path / f"{name}.tif", (600, 500))
    write_killer_slide(tmp_path / "bad.tif")
    out = tmp_path / "out"
    words = ("run", tmp_path / "*.tif", "-m", "warmth", "-o", out, "--device", "cpu", "--workers", "2")
    done = process(*words)
    assert done.returncode == 1, done.stderr
    assert states(out) == {"a.tif": "done", "b.tif": "done", "c.tif": "done", "bad.tif": "failed"}
    assert "bad.tif: the process that worked on it was killed by SIGKILL" in done.stderr
    assert done.stdout.splitlines()[-1] == "4 slides: 3 done, 1 failed"


def test_ctrl_c_stops_the_workers_and_what_is_done_stays(
    start: Start, write_plugin: Callable[..., Path], tmp_path: Path
) -> None:
    write_plugin()
    log, out = tmp_path / "log.txt", tmp_path / "out"
    for name in "abcd":
        write_made_tiff(tmp_path / f"{name}.tif")
    words = ("run", tmp_path / "*.tif", "-m", "warmth", "-o", out, "--device", "cpu", "--batch", "8")
    with start(*words, "--workers", "2", LOG=str(log), SLOW_S="0.05") as child:
        deadline = time.monotonic() + PATIENCE_S
        while not (log.exists() and len(log.read_text(encoding="utf-8").split()) > 12):
            assert time.monotonic() < deadline
            assert child.poll() is None
            time.sleep(0.02)
        os.kill(child.pid, signal.SIGINT)
        printed, said = child.communicate(timeout=PATIENCE_S)
    assert (child.returncode, printed) == (130, "")
    assert said == "pathview: interrupted\n"
    asked = log.read_text(encoding="utf-8")
    time.sleep(0.5)
    assert log.read_text(encoding="utf-8") == asked, "a worker goes on"
    kept = [Heatmap.open(path) for path in out.rglob("heatmap.zarr")]
    assert sum(int((heatmap.state == CellState.DONE).sum()) for heatmap in kept) > 0
