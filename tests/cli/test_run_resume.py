"""`pathview run` that is stopped half-way, by force or by Ctrl-C, and started again."""

import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from subprocess import CompletedProcess

import numpy as np
import pytest

from pathview.core.errors import HeatmapMismatchError
from pathview.inference.heatmap import CellState, Heatmap
from pathview.inference.probe_tiles import probe_tiles

Call = Callable[..., CompletedProcess[str]]
Start = Callable[..., "subprocess.Popen[str]"]

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="POSIX signals")

# 18 rows of 24 cells, in 54 batches that take four seconds when they are slowed down.
CELLS, BATCH, SLOW_S = 432, 8, "0.08"
PATIENCE_S = 120.0


@pytest.fixture
def log(tmp_path: Path) -> Path:
    return tmp_path / "log.txt"


@pytest.fixture
def words(write_plugin: Callable[..., Path], made_tiff: Path, tmp_path: Path) -> list[object]:
    """Return the command, up to its output."""
    write_plugin()
    return ["run", made_tiff, "-m", "warmth", "--device", "cpu", "--batch", BATCH, "-o"]


@pytest.fixture
def expected(call: Call, words: list[object], tmp_path: Path) -> bytes:
    """Return the table of a run that nothing stopped."""
    assert call(*words, tmp_path / "whole").returncode == 0
    return (tmp_path / "whole" / "made" / "warmth" / "tiles.csv").read_bytes()


def wait_until_flushed(path: Path, child: "subprocess.Popen[str]") -> None:
    deadline = time.monotonic() + PATIENCE_S
    while time.monotonic() < deadline:
        assert child.poll() is None, "the run ended before it could be stopped"
        try:
            if Heatmap.open(path).progress.done:
                return
        except HeatmapMismatchError:
            pass
        time.sleep(0.05)
    pytest.fail("nothing was flushed")


def counted(log: Path) -> int:
    """Return how many patches of the slide the model was asked about: all but those of its pre-flight."""
    return sum(map(int, log.read_text(encoding="utf-8").split())) - len(probe_tiles(32))


def assert_gone_on_with(
    call: Call, words: list[object], out: Path, log: Path, monkeypatch: pytest.MonkeyPatch, expected: bytes
) -> None:
    """Run again: what was flushed is not computed twice, and the outcome is that of an undisturbed run."""
    kept = int((Heatmap.open(out / "made" / "warmth" / "heatmap.zarr").state == CellState.DONE).sum())
    assert 0 < kept < CELLS
    log.unlink()
    monkeypatch.setenv("LOG", str(log))
    assert call(*words, out).returncode == 0
    assert counted(log) == CELLS - kept
    assert (out / "made" / "warmth" / "tiles.csv").read_bytes() == expected


def test_killed(
    start: Start,
    call: Call,
    words: list[object],
    log: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    expected: bytes,
) -> None:
    out = tmp_path / "out"
    with start(*words, out, LOG=str(log), SLOW_S=SLOW_S) as child:
        wait_until_flushed(out / "made" / "warmth" / "heatmap.zarr", child)
        child.send_signal(signal.SIGKILL)
    assert not (out / "made" / "warmth" / "tiles.csv").exists()
    assert_gone_on_with(call, words, out, log, monkeypatch, expected)


def test_interrupted(
    start: Start,
    call: Call,
    words: list[object],
    log: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    expected: bytes,
) -> None:
    out = tmp_path / "out"
    with start(*words, out, LOG=str(log), SLOW_S=SLOW_S) as child:
        deadline = time.monotonic() + PATIENCE_S
        while not (log.exists() and counted(log) > 2 * BATCH):
            assert time.monotonic() < deadline, "the run has not begun"
            assert child.poll() is None, "the run ended before it could be stopped"
            time.sleep(0.02)
        child.send_signal(signal.SIGINT)
        printed, said = child.communicate(timeout=PATIENCE_S)
    assert child.returncode == 130
    assert (printed, said) == ("", "pathview: interrupted\n")
    heatmap = Heatmap.open(out / "made" / "warmth" / "heatmap.zarr")
    done = heatmap.state == CellState.DONE
    # All but the batch in hand is on disk, though a second had not passed since the last flush.
    assert counted(log) - BATCH <= done.sum() <= counted(log)
    assert np.isfinite(heatmap.scores[:, done]).all()
    assert np.isnan(heatmap.scores[:, ~done]).all()
    assert_gone_on_with(call, words, out, log, monkeypatch, expected)
