import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from pathview.inference.heatmap import CellState, Heatmap
from pathview.inference.run_status import RunState

CHILD = """
import sys, time
import numpy as np
from pathlib import Path
from pathview.core.inbox import Inbox
from pathview.inference.card import ModelCard, Task
from pathview.inference.grid import make_grid
from pathview.inference.heatmap import Heatmap
from pathview.inference.run import InferenceRun
from pathview.slides.made import MadeReader
from pathview.slides.slide import Slide

card = ModelCard("mean", "1", Task.CLASSIFY, 1.0, 32, 32, ("red", "green"), "green")

class Model:
    card = card
    def load(self, device): pass
    def unload(self): pass
    def predict(self, patches):
        time.sleep(0.05)
        return (patches.mean(axis=(1, 2))[:, :2] / 255).astype(np.float32)

slide = Slide(MadeReader((1500, 1100), mpp=0.5))
grid = make_grid(slide.info, card)
heatmap = Heatmap.create(Path(sys.argv[1]), grid, card, slide.info)
run = InferenceRun(slide, Model(), grid, heatmap, Inbox(), batch=4)
print("ready", flush=True)
while run.step():
    pass
"""


@pytest.mark.skipif(sys.platform == "win32", reason="SIGKILL is POSIX")
def test_a_killed_run_resumes_where_it_was_flushed(make_run, expected, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    path = tmp_path / "heatmap.zarr"
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])}
    command = [sys.executable, "-c", CHILD, str(path)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, env=environment) as child:
        assert child.stdout is not None
        child.stdout.readline()
        time.sleep(2.2)
        child.send_signal(signal.SIGKILL)
    kept = Heatmap.open(path)
    done = kept.state == CellState.DONE
    assert 0 < done.sum() < done.size
    np.testing.assert_array_equal(kept.scores[:, done], expected[:, done])
    run = make_run(path)
    run.model.sizes.clear()
    while run.step():
        pass
    assert run.status.state is RunState.DONE
    # What was flushed is not looked at again, and nothing is left out.
    assert sum(run.model.sizes) == done.size - done.sum()
    np.testing.assert_array_equal(Heatmap.open(path).scores, expected)
