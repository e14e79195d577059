"""Whatever a model does, the window goes on, says what happened, and the next run works (F12 to F17)."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import shapely

from pathview.core.inbox import Inbox
from pathview.inference.heatmap import CellState
from pathview.inference.remote import InferenceHost, RemoteRun
from pathview.inference.run_status import RunState
from pathview.inference.source import ModelSource
from pathview.inference.spec import RunSpec

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="sends POSIX signals")

MODEL = """
import ctypes, os, signal, sys, threading, time
import numpy as np
#import#
class Model:
    def __init__(self, folder, card):
        self.folder, self.card = folder, card
        #make#
    def load(self, device):
        #load#
        pass
    def predict(self, patches):
        #predict#
        red = patches[..., 0].mean(axis=(1, 2)) / 255
        return np.stack([1 - red, red], axis=1).astype(np.float32)
    def unload(self):
        #unload#
        pass
    def __del__(self):
        #del#
        pass
def make(folder, card):
    return Model(folder, card)
"""
STAGES = ("import", "make", "load", "predict")
REGION = shapely.box(0, 0, 500, 300).wkb

Wait = Callable[[Callable[[], bool]], None]


def model_that(does: str, stage: str) -> str:
    assert f"#{stage}#" in MODEL
    return MODEL.replace(f"#{stage}#", does)


@pytest.fixture
def spec(file: Path, texture: ModelSource, tmp_path: Path) -> RunSpec:
    folder = tmp_path / "faulty"
    folder.mkdir()
    card = replace(texture.card, name="faulty", patch=32, stride=32)
    source = ModelSource(card, folder, "model:make")
    return RunSpec(file, source, batch=8, min_tissue=0, region=REGION)


def perform(
    host: InferenceHost, spec: RunSpec, wait: Wait, does: str = "", stage: str = "predict"
) -> RemoteRun:
    """Run a model that does something at some stage, to the end."""
    (spec.model.folder / "model.py").write_text(model_that(does, stage), "utf-8")
    run = host.start(spec)
    wait(lambda: run.status.state.final)
    return run


def serves(host: InferenceHost, spec: RunSpec, wait: Wait) -> None:
    """The next run, of a model that is whole, works."""
    run = perform(host, spec, wait)
    assert run.status.state is RunState.DONE, run.status.error
    assert run.heatmap is not None
    assert (run.heatmap.state[run.heatmap.grid.selected] == CellState.DONE).all()


@pytest.mark.parametrize("stage", STAGES)
def test_what_a_model_raises_is_told_with_its_name(
    host: InferenceHost, spec: RunSpec, wait: Wait, stage: str
) -> None:
    run = perform(host, spec, wait, "raise RuntimeError('told to')", stage)
    assert run.status.state is RunState.FAILED
    assert "faulty" in str(run.status.error)
    assert "told to" in str(run.status.error)
    serves(host, spec, wait)


@pytest.mark.parametrize("stage", ["unload", "del"])
def test_what_it_raises_afterwards_costs_nothing(
    host: InferenceHost, spec: RunSpec, wait: Wait, stage: str
) -> None:
    run = perform(host, spec, wait, "raise RuntimeError('told to')", stage)
    assert run.status.state is RunState.DONE
    serves(host, spec, wait)


DEATHS = {
    "ctypes.string_at(0)": "SIGSEGV",
    "os._exit(3)": "exited with code 3",
    "os.kill(os.getpid(), 9)": "SIGKILL",
    "os.abort()": "SIGABRT",
}
DIAGONAL = list(zip(DEATHS, STAGES, strict=True))


def dies(host: InferenceHost, spec: RunSpec, wait: Wait, does: str, stage: str) -> None:
    run = perform(host, spec, wait, does, stage)
    assert run.status.state is RunState.FAILED
    assert DEATHS[does] in str(run.status.error)
    assert run.deaths == 1, "it is tried again once"
    serves(host, spec, wait)


@pytest.mark.parametrize(("does", "stage"), DIAGONAL)
def test_a_model_that_dies_takes_only_its_process_with_it(
    host: InferenceHost, spec: RunSpec, wait: Wait, does: str, stage: str
) -> None:
    dies(host, spec, wait, does, stage)


@pytest.mark.slow
@pytest.mark.parametrize("stage", STAGES)
@pytest.mark.parametrize("does", DEATHS)
def test_a_model_that_dies_at_any_stage(
    host: InferenceHost, spec: RunSpec, wait: Wait, does: str, stage: str
) -> None:
    if (does, stage) not in DIAGONAL:
        dies(host, spec, wait, does, stage)


HANGS = {
    "sleeping": "time.sleep(9999)",
    "a loop": "while True: pass",
    # Python's lock is held: not even a sign of life gets out.
    "a loop outside Python": "ctypes.PyDLL(None).sleep(9999)",
}


@pytest.mark.parametrize("does", HANGS.values(), ids=HANGS)
@pytest.mark.parametrize("stage", ["load", "predict"])
def test_cancel_ends_what_does_not_come_back(
    host: InferenceHost, spec: RunSpec, wait: Wait, does: str, stage: str
) -> None:
    (spec.model.folder / "model.py").write_text(
        model_that(f"open(self.folder / 'in', 'w')\n        {does}", stage)
    )
    run = host.start(spec)
    wait((spec.model.folder / "in").exists)
    began = time.monotonic()
    run.cancel()
    wait(lambda: run.status.state.final)
    assert time.monotonic() - began < 5.0
    assert run.status.state is RunState.CANCELLED
    assert run.status.error is None
    serves(host, spec, wait)


def test_cancelling_what_obeys_keeps_the_process(host: InferenceHost, spec: RunSpec, wait: Wait) -> None:
    (spec.model.folder / "model.py").write_text(model_that("time.sleep(0.1)", "predict"))
    run = host.start(spec)
    wait(lambda: run.heatmap is not None and (run.heatmap.state == CellState.DONE).any())
    pid = host.pid
    run.cancel()
    wait(lambda: run.status.state.final)
    time.sleep(2.5)
    serves(host, spec, wait)
    assert host.pid == pid


def alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    # One that nobody has buried yet does nothing any more.
    return "\nState:\tZ" not in Path(f"/proc/{pid}/status").read_text("ascii", "replace")


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="looks into /proc")
@pytest.mark.parametrize("end", ["closed", "crashed"])
def test_processes_that_a_model_forks_end_with_its_own(
    inbox: Inbox, spec: RunSpec, wait: Wait, end: str
) -> None:
    fork = """
        if not hasattr(self, "forked"):
            self.forked = os.fork()
            if not self.forked:
                time.sleep(9999)
            (self.folder / "forked").write_text(str(self.forked))
        """
    crash = "ctypes.string_at(0)" if end == "crashed" else ""
    host = InferenceHost("cpu", inbox)
    perform(host, spec, wait, fork + crash)
    forked = int((spec.model.folder / "forked").read_text())
    host.close()
    wait(lambda: not alive(forked))


MEDDLING = """
        import locale
        os.chdir("/")
        os.environ["PATH"] = ""
        sys.path.clear()
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        locale.setlocale(locale.LC_ALL, "C")
        threading.Thread(target=time.sleep, args=(9999,), daemon=False).start()
        sys.stdout = None
        np.seterr(all="raise")
"""


def test_a_model_that_changes_its_process_changes_nothing_else(
    host: InferenceHost, spec: RunSpec, wait: Wait, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    before = os.environ["PATH"], list(sys.path)
    plain = perform(host, spec, wait)
    meddled = perform(host, replace(spec, heatmap=Path("relative.zarr")), wait, MEDDLING, "load")
    assert meddled.status.state is RunState.DONE, meddled.status.error
    assert plain.heatmap is not None
    assert meddled.heatmap is not None
    np.testing.assert_array_equal(meddled.heatmap.scores, plain.heatmap.scores)
    assert (os.environ["PATH"], list(sys.path)) == before
    assert (tmp_path / "relative.zarr").exists()
