"""Panning while a model runs on all cores, against panning alone: the model's process has to give way.

Under software GL (`benchmarks/run.sh sharing`), with the model that PATHVIEW_BENCH_MODEL names. Both kinds of
panning take turns in one window, and the model is paused in between. Told are the steps of the mouse, in wall
time, since what the window waits for is what the user waits for.
"""

from __future__ import annotations

import os
import statistics
import sys
import tempfile
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

from benchmarks.repeated import write_repeated
from benchmarks.viewing import GRID, LEVELS, SIZE, SOURCE, percentile, settle, wait
from pathview.inference.run_status import RunState, RunStatus

ROUNDS = 4
ROUND_S = 5.0
PX_S = 1000.0
STEP_S = 1 / 60
MODEL = "pcam-tumour-lite0"


def pan(application: Any, window: Any) -> list[float]:
    """Pan forth and back and return how long each step of the mouse kept the event loop, seconds."""
    workspace = window.workspace
    steps = []
    began = time.perf_counter()
    while (now := time.perf_counter()) - began < ROUND_S:
        forth = now - began < ROUND_S / 2
        by = PX_S * STEP_S * (1 if forth else -1)
        workspace.look(workspace.view.state.viewport.panned(-by, -by / 3))
        application.processEvents()
        steps.append(time.perf_counter() - now)
        while time.perf_counter() < now + STEP_S:
            application.processEvents()
            time.sleep(0.0005)
    return steps


def main(data: Path) -> None:
    """Print the ratio."""
    from pathview.app.application import InboxBridge, make_application, make_window

    path = write_repeated(
        data / "wsi" / SOURCE, Path(os.environ["PATHVIEW_HOME"]) / "slide.tif", GRID, LEVELS
    )
    application = make_application([])
    bridge = InboxBridge()
    window = make_window(bridge)
    window.resize(*SIZE)
    window.show()
    workspace = window.workspace
    workspace.problem.connect(lambda title, text: sys.exit(f"  {title}: {text}"))
    workspace.open(path)
    wait(application, lambda: workspace.session is not None)
    workspace.look(replace(workspace.view.state.viewport, center=(8000.0, 8000.0), downsample=1.0))
    settle(application, window)
    # Coarser than it is, so that there are patches for as long as this takes.
    workspace.state_mpp((1.0, 1.0))
    model = os.environ.get("PATHVIEW_BENCH_MODEL", MODEL)
    workspace.runs.start(workspace.registry.model(model), None)

    def status() -> RunStatus:
        assert workspace.runs.status is not None
        return workspace.runs.status

    wait(application, lambda: status().done > 0, 120)
    pan(application, window)
    alone: list[list[float]] = []
    beside: list[list[float]] = []
    done = status().done
    for _ in range(ROUNDS):
        beside.append(pan(application, window))
        workspace.runs.pause_or_resume()
        wait(application, lambda: status().state is RunState.PAUSED)
        alone.append(pan(application, window))
        workspace.runs.pause_or_resume()
        wait(application, lambda: status().state is RunState.RUNNING)
    print(f"  {model}: {status().done - done} patches meanwhile")
    for share in (0.5, 0.99):
        ratios = sorted(
            percentile(with_model, share) / percentile(without, share)
            for with_model, without in zip(beside, alone, strict=True)
        )
        usual = [
            1e3 * statistics.median(percentile(steps, share) for steps in runs) for runs in (beside, alone)
        ]
        print(
            f"  p{100 * share:.0f} of a step: {usual[0]:.1f} ms beside the model, {usual[1]:.1f} alone, "
            f"ratio {statistics.median(ratios):.2f} ({ratios[0]:.2f}-{ratios[-1]:.2f})"
        )
    window.close()


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as home:
        os.environ["PATHVIEW_HOME"] = home
        main(Path(sys.argv[1]))
