"""PathView and napari with napari-wsi on the same slide, seen from outside, each on a screen of its own.

Start: from the process to tissue on the screen. Jump: from asking for a place at 1:1 to the last change of
the picture. Pan: how long a step of the mouse keeps the event loop, and how many pictures come to the screen.
They take turns; napari counts with the better of its two modes. `set_up.sh` makes its environment.
"""

from __future__ import annotations

import json
import queue
import random
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from benchmarks.peers.environment import compiling, environment_of
from benchmarks.repeated import write_repeated
from benchmarks.screen import Area, Screen, tissue

ROUNDS = 3
JUMPS = 5
PAN_PX_S, PAN_S = 1000, 10
SIZE = (1600, 1000)
REST_S = 0.7
SOURCE = "generic_tiff/CMU-1-Small-Region_pyr.tif"
GRID, LEVELS = (160, 128), 6
MIDDLE: Area = (500, 400, 300, 300)
OURS = "PathView"
HERE = Path(__file__).parent


class Viewer:
    """A running viewer, obeying words."""

    def __init__(self, screen: Screen, command: list[str], environment: dict[str, str]) -> None:
        self.screen = screen
        self.began = time.monotonic()
        self._process = subprocess.Popen(
            command, env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
            stderr=subprocess.DEVNULL,
        )  # fmt: skip
        self.told: queue.Queue[dict[str, Any]] = queue.Queue()
        threading.Thread(target=self._listen, daemon=True).start()

    def _listen(self) -> None:
        assert self._process.stdout is not None
        for line in self._process.stdout:
            if line.startswith("{"):
                self.told.put(json.loads(line))

    def ask(self, words: str) -> None:
        """Have something done."""
        assert self._process.stdin is not None
        print(words, file=self._process.stdin, flush=True)

    def end(self) -> None:
        """End it, however it is."""
        self._process.kill()
        self._process.wait()


@contextmanager
def viewing(command: list[str], home: Path) -> Iterator[Viewer]:
    """Run a viewer on a screen of its own."""
    with Screen(SIZE) as screen:
        environment = {**screen.environment, "PYTHONPATH": str(HERE.parents[1])}
        environment |= {"PATHVIEW_HOME": str(home), "NAPARI_CONFIG": str(home / "napari.yaml")}
        environment["PYTHONPYCACHEPREFIX"] = str(home / "compiled")
        viewer = Viewer(screen, command, compiling(environment))
        try:
            yield viewer
        finally:
            viewer.end()


def measure(command: list[str], home: Path, seed: int, start: list[str] | None = None) -> dict[str, float]:
    """Return the figures of one run, in milliseconds and in pictures a second."""
    figures = {}
    with viewing(start or command, home) as viewer:
        seen = viewer.screen.until(MIDDLE, tissue)
        figures["start"] = 1e3 * ((seen or float("nan")) - viewer.began)
        if start is None:
            figures |= _moves(viewer, seed)
    if start is not None:
        with viewing(command, home) as viewer:
            figures |= _moves(viewer, seed)
    return figures


def _moves(viewer: Viewer, seed: int) -> dict[str, float]:
    area = tuple(viewer.told.get(timeout=120)["area"])
    viewer.screen.changes(area, 2 * REST_S)
    chance = random.Random(seed)
    jumps = []
    for _ in range(JUMPS):
        viewer.ask(f"jump {chance.uniform(4000, 30_000)} {chance.uniform(4000, 20_000)}")
        asked = viewer.told.get(timeout=60)["at"]
        moments = viewer.screen.changes(area, REST_S)
        jumps.append(1e3 * ((moments[-1] if moments else float("nan")) - asked))
    viewer.ask(f"pan {PAN_PX_S} {PAN_S}")
    moments = viewer.screen.changes(area, REST_S, lambda: not viewer.told.empty())
    turns = sorted(viewer.told.get(timeout=60)["turns"])
    viewer.ask("quit")
    return {
        "jump": statistics.median(jumps),
        "turn p50": 1e3 * turns[len(turns) // 2],
        "turn p99": 1e3 * turns[int(0.99 * len(turns))],
        "turn longest": 1e3 * turns[-1],
        "pictures a second": len(moments) / PAN_S,
    }


def main(data: Path) -> None:
    """Print all figures."""
    napari = environment_of("napari")
    if napari is None:
        return
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder)
        slide = str(write_repeated(data / "wsi" / SOURCE, home / "slide.tif", GRID, LEVELS))
        size = "x".join(map(str, SIZE))
        ours = [sys.executable, "-m", "benchmarks.peers.pathview_viewer", slide, size]
        module = [str(napari), "-m", "benchmarks.peers.napari_viewer"]
        theirs = {f"napari {mode}": [*module, slide, size, mode] for mode in ("sync", "async")}
        runs: dict[str, list[dict[str, float]]] = {OURS: [], **{name: [] for name in theirs}}
        # By its own command, as a user starts it.
        program = [sys.executable, "-m", "pathview", "--size", size, slide]
        for seed in range(-1, ROUNDS):
            for name in runs:
                ours_first = program if name == OURS else None
                figures = measure(theirs.get(name, ours), home, seed, ours_first)
                if seed >= 0:  # the first fills caches
                    runs[name].append(figures)
    report(runs)


def report(runs: dict[str, list[dict[str, float]]]) -> None:
    """Print the medians, and PathView's against the better of the others, run by run."""
    for name, figures in runs.items():
        print(f"  {name}: " + ", ".join(f"{what} {median(figures, what):.0f}" for what in figures[0]))
    for what in runs[OURS][0]:
        best = max if what == "pictures a second" else min
        others = best(median(figures, what) for name, figures in runs.items() if name != OURS)
        print(f"  {what}: PathView / napari {median(runs[OURS], what) / others:.2f}")


def median(figures: list[dict[str, float]], what: str) -> float:
    """Return the median of a figure over the runs."""
    return statistics.median(run[what] for run in figures)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
