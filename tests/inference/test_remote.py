import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import shapely

from pathview.core.geometry import Box
from pathview.core.inbox import Inbox
from pathview.inference.heatmap import CellState, Heatmap
from pathview.inference.known_tissue import Wanted
from pathview.inference.phases import Phase
from pathview.inference.remote import InferenceHost, RemoteRun
from pathview.inference.run_status import RunState, RunStatus
from pathview.inference.source import ModelSource
from pathview.inference.spec import RunSpec, build_run

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="sends POSIX signals to the child")

# A model that takes its time, notes what it does in a file, and may be told to misbehave through others.
MODEL = """
import os, signal, time
import numpy as np
class Model:
    def __init__(self, folder, card):
        self.folder, self.card = folder, card
    def load(self, device):
        with open(self.folder / "log", "a") as log:
            log.write("load\\n")
    def predict(self, patches):
        time.sleep(0.004 * len(patches))
        for order in ("SIGKILL", "SIGSTOP"):
            if (self.folder / order).exists():
                if not (self.folder / "always").exists():
                    (self.folder / order).unlink()
                os.kill(os.getpid(), getattr(signal, order))
        if (self.folder / "hang").exists():
            time.sleep(1000)
        if (self.folder / "raise").exists():
            raise ValueError("told to")
        with open(self.folder / "log", "a") as log:
            log.write(f"{len(patches)}\\n")
        red = patches[..., 0].mean(axis=(1, 2)) / 255
        return np.stack([1 - red, red], axis=1).astype(np.float32)
    def unload(self):
        pass
def make(folder, card):
    return Model(folder, card)
"""

REGION = shapely.box(0, 0, 500, 300).wkb

Wait = Callable[[Callable[[], bool]], None]


@pytest.fixture
def source(tmp_path: Path, texture: ModelSource) -> ModelSource:
    folder = tmp_path / "slow"
    folder.mkdir()
    (folder / "model.py").write_text(MODEL)
    card = replace(texture.card, name="slow", patch=32, stride=32)
    return ModelSource(card, folder, "model:make")


@pytest.fixture
def spec(file: Path, source: ModelSource, tmp_path: Path) -> RunSpec:
    return RunSpec(file, source, tmp_path / "heatmap.zarr", batch=8, min_tissue=0)


def here(spec: RunSpec) -> Heatmap:
    """The same run in this process."""
    run = build_run(replace(spec, heatmap=None, device="cpu"), Inbox())
    while run.step():
        pass
    assert run.status.state is RunState.DONE
    return run.heatmap


def log(spec: RunSpec) -> list[str]:
    return (spec.model.folder / "log").read_text().split()


def done(run: RemoteRun) -> int:
    return 0 if run.heatmap is None else int((run.heatmap.state == CellState.DONE).sum())


def test_a_remote_run_is_a_run(
    host: InferenceHost, file: Path, texture: ModelSource, tmp_path: Path, wait: Wait
) -> None:
    spec = RunSpec(file, texture, tmp_path / "h.zarr", region=shapely.Point(700, 500).buffer(400).wkb)
    run = host.start(spec)
    started: list[Heatmap] = []
    seen: list[RunStatus] = []
    stale: list[object] = []
    run.started.connect(started.append)
    run.started.connect(lambda heatmap: heatmap.changed.connect(stale.append))
    run.changed.connect(seen.append)
    wait(lambda: run.status.state.final)
    assert run.status.state is RunState.DONE
    assert run.status.done == run.status.total > 10
    assert started == [run.heatmap]
    assert stale
    assert [status.state for status in seen][-1] is RunState.DONE
    expected, stored = here(spec), Heatmap.open(tmp_path / "h.zarr")
    for heatmap in (run.heatmap, stored):
        assert heatmap is not None
        np.testing.assert_array_equal(heatmap.scores, expected.scores)
        np.testing.assert_array_equal(heatmap.state, expected.state)
    assert run.heatmap is not None
    assert run.heatmap.facts == stored.facts


def test_a_remote_run_in_all_views_brings_its_uncertainty(
    host: InferenceHost, file: Path, texture: ModelSource, tmp_path: Path, wait: Wait
) -> None:
    run = host.start(RunSpec(file, texture, tmp_path / "h.zarr", tta=True))
    wait(lambda: run.status.state.final)
    assert run.status.error is None
    assert run.heatmap is not None
    stored = Heatmap.open(tmp_path / "h.zarr")
    assert run.heatmap.facts == stored.facts
    assert np.isfinite(stored.extras["uncertainty"][:, stored.grid.selected]).all()
    np.testing.assert_array_equal(run.heatmap.extras["uncertainty"], stored.extras["uncertainty"])


def test_tissue_is_found_beforehand_only_where_there_is_a_host(
    host: InferenceHost, file: Path, texture: ModelSource, tmp_path: Path, wait: Wait
) -> None:
    host.prepare(Wanted(file, None))
    assert host.pid is None
    region = shapely.Point(700, 500).buffer(200).wkb
    first = host.start(RunSpec(file, texture, tmp_path / "a.zarr", region=region))
    wait(lambda: first.status.state.final)
    pid = host.pid
    # One that is no slide harms nobody.
    host.prepare(Wanted(tmp_path, None))
    host.prepare(Wanted(file, (0.5, 0.5)))
    second = host.start(RunSpec(file, texture, tmp_path / "b.zarr", region=region, mpp=(0.5, 0.5)))
    wait(lambda: second.status.state.final)
    assert second.status.state is RunState.DONE
    assert host.pid == pid
    assert first.heatmap is not None
    assert second.heatmap is not None
    np.testing.assert_array_equal(second.heatmap.state, first.heatmap.state)


def test_commands_act_at_once(host: InferenceHost, spec: RunSpec, wait: Wait) -> None:
    run = host.start(spec)
    run.pause()
    wait(lambda: run.status.state is RunState.PAUSED)
    assert done(run) == 0
    run.resume()
    run.focus(Box(1400, 1000, 1420, 1020))
    wait(lambda: done(run) > 0)
    began = time.monotonic()
    run.pause()
    wait(lambda: run.status.state is RunState.PAUSED)
    assert time.monotonic() - began < 1.0
    held = done(run)
    time.sleep(0.3)
    wait(lambda: True)
    assert done(run) == held
    run.resume()
    wait(lambda: done(run) > held)
    run.cancel()
    wait(lambda: run.status.state.final)
    assert run.status.state is RunState.CANCELLED
    assert spec.heatmap is not None
    assert int((Heatmap.open(spec.heatmap).state == CellState.DONE).sum()) == done(run)


def test_later_runs_wait_and_share_the_loaded_model(
    host: InferenceHost, spec: RunSpec, tmp_path: Path, wait: Wait
) -> None:
    runs = [host.start(replace(spec, heatmap=tmp_path / f"{i}.zarr", region=REGION)) for i in range(3)]
    runs[1].cancel()
    assert runs[1].status.state is RunState.CANCELLED
    wait(lambda: runs[0].status.state.final)
    assert not runs[2].status.state.final
    wait(lambda: runs[2].status.state.final)
    assert runs[2].status.state is RunState.DONE
    assert log(spec).count("load") == 2  # MODEL counts calls; a real model does nothing the second time
    assert (tmp_path / "0.zarr").exists()
    assert not (tmp_path / "1.zarr").exists()


def test_a_killed_host_is_replaced_and_the_run_goes_on(
    host: InferenceHost, spec: RunSpec, wait: Wait
) -> None:
    run = host.start(spec)
    reasons: list[str] = []
    run.restarted.connect(reasons.append)
    wait(lambda: done(run) > 250)
    assert host.pid is not None
    os.kill(host.pid, signal.SIGKILL)
    wait(lambda: run.status.state.final)
    assert run.status.state is RunState.DONE
    assert len(reasons) == 1
    assert "SIGKILL" in reasons[0]
    total = run.status.total
    scored = sum(int(line) for line in log(spec) if line != "load")
    # Only what had not been flushed when it died, a second's work at most, is scored again.
    assert total <= scored < total + 250
    expected = here(spec)
    assert spec.heatmap is not None
    for heatmap in (run.heatmap, Heatmap.open(spec.heatmap)):
        assert heatmap is not None
        np.testing.assert_array_equal(heatmap.scores, expected.scores)


def test_a_silent_host_is_replaced(host: InferenceHost, spec: RunSpec, wait: Wait) -> None:
    (spec.model.folder / "SIGSTOP").touch()
    run = host.start(replace(spec, region=REGION, heatmap=None))
    reasons: list[str] = []
    run.restarted.connect(reasons.append)
    wait(lambda: run.status.state.final)
    assert run.status.state is RunState.DONE
    assert reasons == ["gave no sign of life for 3 s"]


def test_a_host_that_dies_twice_fails_the_run_and_serves_the_next(
    host: InferenceHost, spec: RunSpec, wait: Wait
) -> None:
    (spec.model.folder / "SIGKILL").touch()
    (spec.model.folder / "always").touch()
    run = host.start(replace(spec, region=REGION))
    wait(lambda: run.status.state.final)
    assert run.status.state is RunState.FAILED
    assert "SIGKILL" in str(run.status.error)
    (spec.model.folder / "SIGKILL").unlink()
    following = host.start(replace(spec, region=REGION))
    wait(lambda: following.status.state.final)
    assert following.status.state is RunState.DONE


def test_a_model_that_does_not_come_back_is_killed(inbox: Inbox, spec: RunSpec, wait: Wait) -> None:
    host = InferenceHost("cpu", inbox, stuck_s=6.0)
    (spec.model.folder / "hang").touch()
    run = host.start(spec)
    wait(lambda: run.deaths == 1)
    (spec.model.folder / "hang").unlink()
    wait(lambda: done(run) > 0)
    host.close()
    assert run.status.state is RunState.CANCELLED


def test_errors_arrive_with_their_trace(host: InferenceHost, spec: RunSpec, wait: Wait) -> None:
    (spec.model.folder / "raise").touch()
    run = host.start(spec)
    wait(lambda: run.status.state.final)
    assert run.status.state is RunState.FAILED
    assert "ValueError: told to" in str(run.status.error)
    assert run.status.error is not None
    assert "model.py" in run.status.error.__notes__[0]
    absent = host.start(replace(spec, slide=Path("absent.svs")))
    wait(lambda: absent.status.state.final)
    assert "absent.svs" in str(absent.status.error)


def test_the_host_ends_with_its_parent(spec: RunSpec, tmp_path: Path) -> None:
    script = tmp_path / "parent.py"
    script.write_text(
        "import pickle, sys, time\n"
        "from pathlib import Path\n"
        "from pathview.core.inbox import Inbox\n"
        "from pathview.inference.remote import InferenceHost\n"
        "if __name__ == '__main__':\n"
        "    inbox = Inbox()\n"
        "    host = InferenceHost('cpu', inbox)\n"
        "    run = host.start(pickle.loads(Path(sys.argv[1]).read_bytes()))\n"
        "    while run.heatmap is None:\n"
        "        inbox.drain()\n"
        "        time.sleep(0.01)\n"
        "    assert not {'torch', 'timm', 'safetensors', 'zarr'} & set(sys.modules)\n"
        "    print(host.pid, flush=True)\n"
        "    time.sleep(60)\n"
    )
    import pickle

    (tmp_path / "spec").write_bytes(pickle.dumps(spec))
    root = str(Path(__file__).parents[2])
    command = [sys.executable, "-W", "error", str(script), str(tmp_path / "spec")]
    environment = {**os.environ, "PYTHONPATH": root}
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment) as parent:
        assert parent.stdout is not None
        pid = int(parent.stdout.readline())
        parent.kill()
        parent.wait()
    deadline = time.monotonic() + 6
    while _alive(pid):
        assert time.monotonic() < deadline, "the host outlives its parent"
        time.sleep(0.05)


def _alive(pid: int) -> bool:
    try:
        # An orphan that nobody waits for stays as a zombie in containers without an init.
        return "\nState:\tZ" not in Path(f"/proc/{pid}/status").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return False


def test_a_model_that_eats_the_memory_dies_alone(
    inbox: Inbox, spec: RunSpec, tmp_path: Path, wait: Wait
) -> None:
    if not Path("/proc/self/statm").exists():
        pytest.skip("the system does not tell how much memory a process holds")
    hungry = "self.held = getattr(self, 'held', []) + [np.ones(1 << 24)]\n        "
    (spec.model.folder / "model.py").write_text(MODEL.replace("time.sleep(0.004 * len(patches))", hungry))
    host = InferenceHost("cpu", inbox, memory_bytes=700 << 20)
    run = host.start(replace(spec, heatmap=None))
    wait(lambda: run.status.state.final)
    host.close()
    assert run.status.state is RunState.FAILED
    assert "took more than 0.68 GiB of memory, twice" in str(run.status.error)


def test_what_a_model_prints_is_in_the_log_and_its_crash_too(
    host: InferenceHost, spec: RunSpec, wait: Wait, caplog: pytest.LogCaptureFixture
) -> None:
    loud = (
        "print('hello', '\\x1b[31mred'); os.write(2, b'from below\\n')\n"
        "        import ctypes; ctypes.string_at(0)\n        "
    )
    (spec.model.folder / "model.py").write_text(MODEL.replace("time.sleep(0.004 * len(patches))", loud))
    caplog.set_level("INFO", logger="pathview")
    run = host.start(replace(spec, heatmap=None))
    wait(lambda: run.status.state.final)
    assert run.status.state is RunState.FAILED
    assert "SIGSEGV" in str(run.status.error)
    wait(lambda: caplog.text.count("Segmentation fault") == 2)
    assert "model: hello  [31mred" in caplog.text
    assert "model: from below" in caplog.text


def test_a_model_that_prints_without_end_fills_no_log(
    host: InferenceHost, spec: RunSpec, wait: Wait, caplog: pytest.LogCaptureFixture
) -> None:
    loud = "print(('x' * 99 + '\\n') * 30_000)\n        "
    (spec.model.folder / "model.py").write_text(MODEL.replace("time.sleep(0.004 * len(patches))", loud))
    caplog.set_level("INFO", logger="pathview")
    run = host.start(replace(spec, heatmap=None, region=REGION))
    wait(lambda: run.status.state.final)
    assert run.status.state is RunState.DONE
    assert "the rest is left out" in caplog.text
    assert len(caplog.text) < 3 << 20


def test_runs_that_wait_are_moved_held_and_cancelled(host: InferenceHost, spec: RunSpec, wait: Wait) -> None:
    first, second, third, fourth = (host.start(replace(spec, heatmap=None)) for _ in range(4))
    assert list(host.waiting) == [second, third, fourth]
    assert {run.status.phase for run in host.waiting} == {Phase.WAITING}
    host.move(fourth, -9)
    host.move(second, 1)
    assert list(host.waiting) == [fourth, third, second]
    host.move(first, 1)  # it has begun
    fourth.cancel()
    assert fourth.status.state is RunState.CANCELLED
    third.pause()
    assert third.status.state is RunState.PAUSED
    assert list(host.waiting) == [third, second]
    wait(lambda: first.status.done > 0)
    first.cancel()
    # The one that is held lets the other go first.
    wait(lambda: second.status.done > 0)
    assert list(host.waiting) == [third]
    second.cancel()
    wait(lambda: second.status.state.final)
    assert list(host.waiting) == [third]
    third.resume()
    assert list(host.waiting) == []
    wait(lambda: third.status.done > 0)
    assert third.status.phase is Phase.SCORING


def test_what_the_host_does_before_the_first_cell_is_told(
    host: InferenceHost, spec: RunSpec, wait: Wait
) -> None:
    run = host.start(replace(spec, min_tissue=0.1))
    phases: list[Phase] = []
    run.changed.connect(lambda status: phases.append(status.phase))
    wait(lambda: run.status.done > 0)
    told = [phase for place, phase in enumerate(phases) if phase and phase not in phases[:place]]
    assert told == [Phase.TISSUE, Phase.LOADING, Phase.CHECKING]
