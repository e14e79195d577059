from __future__ import annotations

import os
import signal
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from pathview.inference.card import ModelCard, Task
from pathview.inference.detection_sink import read_objects
from pathview.inference.heatmap import Heatmap
from pathview.inference.remote import InferenceHost
from pathview.inference.run_status import RunState
from pathview.inference.source import ModelSource
from pathview.inference.spec import RunSpec

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="sends POSIX signals to the child")

# Finds one object in the middle of each patch, and its halo's worth of others; takes its time.
MODEL = """
import time
import numpy as np
from pathview.inference import PatchObjects
class Model:
    def __init__(self, card):
        self.card = card
    def load(self, device): ...
    def unload(self): ...
    def predict(self, patches):
        time.sleep(0.01 * len(patches))
        centers = np.array([[32.0, 32.0], [2.0, 32.0]])
        ring = np.array([[-3, -3], [3, -3], [0, 3]])
        return [PatchObjects(centers, outlines=[ring + at for at in centers]) for _ in patches]
def make(folder, card):
    return Model(card)
"""
Wait = Callable[[Callable[[], bool]], None]


@pytest.fixture
def spec(file: Path, tmp_path: Path) -> RunSpec:
    folder = tmp_path / "middle"
    folder.mkdir()
    (folder / "model.py").write_text(MODEL)
    card = ModelCard("middle", "1", Task.DETECT, 1.0, 64, 48, ("Middle",), "Middle", halo=8)
    return RunSpec(file, ModelSource(card, folder, "model:make"), tmp_path / "h.zarr", batch=4, min_tissue=0)


def middles(spec: RunSpec) -> list[tuple[float, float]]:
    assert spec.heatmap is not None
    grid = Heatmap.open(spec.heatmap).grid
    boxes = grid.cell_boxes(np.argwhere(np.ones(grid.shape, bool)))
    centers = (boxes[:, :2] + boxes[:, 2:]) / 2
    inside = (centers < (1500, 1100)).all(axis=1)
    return sorted(map(tuple, centers[inside].tolist()))


def test_the_window_hears_of_every_object_once(host: InferenceHost, spec: RunSpec, wait: Wait) -> None:
    run = host.start(spec)
    wait(lambda: run.status.state.final)
    assert run.status.state is RunState.DONE, run.status.error
    assert run.detections is not None
    found = [one for part in run.detections.all_parts() for one in map(tuple, part.centers.tolist())]
    assert sorted(found) == middles(spec)
    again = host.start(spec)
    wait(lambda: again.status.state.final)
    assert again.detections is not None
    assert len(again.detections) == len(found), "what was found before is told at once"


def test_after_the_death_of_the_host_every_object_is_there_once(
    host: InferenceHost, spec: RunSpec, wait: Wait
) -> None:
    run = host.start(spec)
    wait(lambda: run.detections is not None and len(run.detections) > 120)
    assert host.pid is not None
    os.kill(host.pid, signal.SIGKILL)
    wait(lambda: run.status.state.final)
    assert run.status.state is RunState.DONE, run.status.error
    assert run.deaths == 1
    assert run.detections is not None
    found = [one for part in run.detections.all_parts() for one in map(tuple, part.centers.tolist())]
    assert sorted(found) == middles(spec)
    assert spec.heatmap is not None
    assert run.heatmap is not None
    stored = read_objects(spec.heatmap, run.heatmap.facts)
    assert stored is not None
    assert sorted(map(tuple, stored[1].centers.tolist())) == middles(spec)
