"""A run follows the eye: how soon the first cell in view has a colour, and what is looked at after a jump.

Under software GL (`benchmarks/run.sh following`), with the model that PATHVIEW_BENCH_MODEL names, on a host
that has run it before. Told are, for ten jumps at 1:1 to where the run has not been, how many cells out of
view came before 95 % of those in view. The batch that the model is working on when the view jumps cannot be
called back; it is counted as well.
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

import numpy as np
from numpy.typing import NDArray

from benchmarks.repeated import write_repeated
from benchmarks.viewing import SIZE, SOURCE, settle, wait
from pathview.inference.heatmap import CellState, Heatmap

GRIDS = ((40, 32), (160, 128))  # tiles of 256 px: a small slide to warm up with, and the one that counts
LEVELS = 4
JUMPS = 10
STARTS = 5
ENOUGH = 0.95
MODEL = "pcam-tumour-lite0"


class Cells:
    """What a run says of cells, in the order in which the window hears of it."""

    def __init__(self, heatmap: Heatmap) -> None:
        self.heatmap = heatmap
        self.came: list[NDArray[np.intp]] = []
        self._known = heatmap.state.copy()
        heatmap.changed.connect(self._on_changed)

    def _on_changed(self, tiles: object) -> None:
        self.came.append(np.argwhere(self.heatmap.state != self._known))
        self._known = self.heatmap.state.copy()

    def in_view(self, workspace: Any) -> set[tuple[int, int]]:
        """Return the cells in view that are still to be looked at."""
        box = workspace.view.state.viewport.box()
        cells = self.heatmap.pending()
        x0, y0, x1, y1 = self.heatmap.grid.cell_boxes(cells).T
        seen = (x1 > box.x0) & (x0 < box.x1) & (y1 > box.y0) & (y0 < box.y1)
        return {(int(row), int(col)) for row, col in cells[seen]}


def opened(application: Any, window: Any, path: Path) -> None:
    """Open a slide and look at the tissue in its middle at 1:1."""
    workspace = window.workspace
    workspace.open(path)
    wait(application, lambda: workspace.session is not None and workspace.session.slide.info.path == path)
    if workspace.session.slide.info.mpp is None:
        workspace.state_mpp((0.5, 0.5))
    width, height = workspace.session.slide.info.size
    view = workspace.view.state.viewport
    workspace.look(replace(view, center=(width / 2, height / 2), downsample=1.0))
    settle(application, window)


def first_cell(application: Any, window: Any, model: Any) -> float:
    """Start a run and return the seconds until a picture shows its first cell in view."""
    workspace, native = window.workspace, window.canvas_widget.canvas.native
    moments: dict[str, float] = {}

    def loaded(keys: Any) -> None:
        heatmaps = list(workspace.runs.heatmaps.values())
        scored = heatmaps and (heatmaps[0].state == CellState.DONE).any()
        if scored and any(source.kind == "scalar" for source, _ in keys):
            moments.setdefault("cell", time.perf_counter())

    def swapped() -> None:
        if "cell" in moments:
            moments.setdefault("seen", time.perf_counter())

    workspace.loader.loaded.connect(loaded)
    native.frameSwapped.connect(swapped)
    began = time.perf_counter()
    workspace.runs.start(model, None)
    wait(application, lambda: "seen" in moments, 120)
    workspace.loader.loaded.disconnect(loaded)
    native.frameSwapped.disconnect(swapped)
    return moments["seen"] - began


def stop(application: Any, window: Any) -> None:
    """Cancel the run and wait for its end."""
    window.workspace.runs.cancel()
    wait(application, lambda: not window.workspace.runs.going)


def jump(application: Any, window: Any, cells: Cells, place: tuple[float, float]) -> tuple[int, int, float]:
    """Jump, and return how many cells were in view, how many others came before most of them, and seconds."""
    workspace = window.workspace
    workspace.look(replace(workspace.view.state.viewport, center=place, downsample=1.0))
    wanted = cells.in_view(workspace)
    began, heard = time.perf_counter(), len(cells.came)
    others, there = 0, 0
    while there < ENOUGH * len(wanted) and time.perf_counter() - began < 60:
        application.processEvents()
        for block in cells.came[heard:]:
            heard += 1
            inside = sum((int(row), int(col)) in wanted for row, col in block)
            there += inside
            if there < ENOUGH * len(wanted):
                others += len(block) - inside
    return len(wanted), others, time.perf_counter() - began


def main(data: Path) -> None:
    """Print both figures."""
    from pathview.app.application import InboxBridge, make_application, make_window

    home = Path(os.environ["PATHVIEW_HOME"])
    small, large = (
        write_repeated(data / "wsi" / SOURCE, home / f"{grid[0]}.tif", grid, LEVELS) for grid in GRIDS
    )
    application = make_application([])
    bridge = InboxBridge()
    window = make_window(bridge)
    window.resize(*SIZE)
    window.show()
    workspace = window.workspace
    workspace.problem.connect(lambda title, text: sys.exit(f"  {title}: {text}"))
    model = workspace.registry.model(os.environ.get("PATHVIEW_BENCH_MODEL", MODEL))
    opened(application, window, small)
    cold = first_cell(application, window, model)
    stop(application, window)
    warm = []
    for number in range(STARTS):
        path = write_repeated(
            data / "wsi" / SOURCE, home / f"warm{number}.tif", (48 + 8 * number, 40), LEVELS
        )
        opened(application, window, path)
        warm.append(first_cell(application, window, model))
        stop(application, window)
    print(
        f"  first coloured cell in view: {cold:.2f} s with a cold host, then "
        f"{statistics.median(warm):.2f} s ({min(warm):.2f}-{max(warm):.2f})"
    )
    opened(application, window, large)
    workspace.runs.start(model, None)
    wait(application, lambda: any(heatmap.progress.done for heatmap in workspace.runs.heatmaps.values()), 120)
    cells = Cells(next(iter(workspace.runs.heatmaps.values())))
    assert workspace.session is not None
    width, height = workspace.session.slide.info.size
    results = []
    for number in range(JUMPS):
        place = (width * (0.1 + 0.08 * number), height * (0.15 + 0.7 * (number % 2)))
        results.append(jump(application, window, cells, place))
        wait(application, lambda: False, 1.0)  # the background fills meanwhile
    shown = ", ".join(f"{others} of {wanted}" for wanted, others, _ in results)
    print(f"  out of view before {ENOUGH:.0%} of those in view, after each of {JUMPS} jumps: {shown}")
    print(f"  until then {statistics.median(seconds for *_, seconds in results):.2f} s")
    window.close()


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as home:
        os.environ["PATHVIEW_HOME"] = home
        main(Path(sys.argv[1]))
