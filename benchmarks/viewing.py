"""The window on a slide of 40,960 x 32,768 pixels: panning, jumping, starting; under software GL.

Run it on a virtual screen (`benchmarks/run.sh viewing` starts one). The main thread's own work (events, plan,
uploads, handing pictures to the screen) is told by processor time: a busy machine makes it wait, not work.
The rasteriser has threads of its own. Bare loops in the same run say what is possible.
"""

from __future__ import annotations

import os
import random
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any

from benchmarks.repeated import write_repeated

SOURCE = "generic_tiff/CMU-1-Small-Region_pyr.tif"
GRID = (160, 128)  # of tiles of 256 px: 40,960 x 32,768; halved five times it stays whole
LEVELS = 6
SIZE = (1600, 1000)
PAN_S = 30.0
PAN_PX_S = 1000.0
STEPS_S = 60
SHARES = (0.5, 0.95, 0.99)
JUMPS = 15
STARTS = 5

_LIBRARIES = """
import sys, PySide6.QtWidgets, PySide6.QtOpenGLWidgets, vispy.app, vispy.gloo, openslide
openslide.OpenSlide(sys.argv[1]).read_region((0, 0), 0, (256, 256))
"""
_WINDOW = """
import os, sys
from pathlib import Path
from pathview.app.memory import collect_later
from pathview.app.start import EarlyOpening
collect_later()
early = EarlyOpening(Path(sys.argv[1]))
from PySide6.QtCore import QEventLoop
from pathview.app.application import InboxBridge, make_application, make_window
application = make_application([])
bridge = InboxBridge()
window = make_window(bridge)
window.resize(1600, 1000)
window.show()
window.workspace.open(early.place, first=early.result)
widget = window.canvas_widget
on_screen = []
def swapped():
    if widget.frame is not None and any(
        raster.plan.draw or raster.plan.upload for raster in widget.frame.rasters
    ):
        on_screen.append(True)
widget.canvas.native.frameSwapped.connect(swapped)
while not on_screen:
    # As a program does: one that asks over and over keeps the threads that read from working.
    application.processEvents(QEventLoop.ProcessEventsFlag.WaitForMoreEvents)
os._exit(1 if "torch" in sys.modules else 0)
"""


def percentile(values: list[float], share: float) -> float:
    """Return the value that `share` of the values do not exceed."""
    return sorted(values)[min(int(share * len(values)), len(values) - 1)]


def panning(application: Any, window: Any) -> None:
    """Pan across the slide at a steady speed, in steps as a mouse of 60 Hz makes them."""
    widget, workspace = window.canvas_widget, window.workspace
    own: list[float] = []
    turns: list[float] = []
    blurred = bare = 0
    view = workspace.view.state.viewport
    workspace.look(replace(view, center=(4000.0, 4000.0), downsample=1.0))
    settle(application, window)
    heading, drawn = (1.0, 0.3), widget.frames
    start = last = time.perf_counter()
    while (now := time.perf_counter()) - start < PAN_S:
        dt, last = now - last, now
        view = workspace.view.state.viewport
        x, y = view.center
        if not 3000 < x < 37_000 or not 3000 < y < 27_000:
            heading = ((20_000 - x) / 20_000, (15_000 - y) / 15_000)
        by = PAN_PX_S * dt
        length = (heading[0] ** 2 + heading[1] ** 2) ** 0.5
        frames = widget.frames
        worked = time.thread_time()
        workspace.look(view.panned(-by * heading[0] / length, -by * heading[1] / length))
        application.processEvents()
        turns.append(time.perf_counter() - now)
        own.append(time.thread_time() - worked)
        if widget.frames > frames:
            blurred += not widget._sharp(widget.frame)
            bare += not covered(widget)
        while time.perf_counter() < now + 1 / STEPS_S:
            application.processEvents()
            time.sleep(0.0005)
    drawn = widget.frames - drawn
    print(f"  frames {drawn}, {drawn / PAN_S:.0f} a second at {PAN_PX_S:.0f} px and {STEPS_S} steps a second")
    print(f"  a step of the mouse handled: {spread(turns)} ms")
    print(f"  the main thread's work for it, by processor time: {spread(own)} ms")
    print(f"  frames that lack a sharp tile: {100 * blurred / drawn:.1f} %; with an uncovered place: {bare}")


def spread(seconds: list[float]) -> str:
    """Return what is usual and what is rare, in milliseconds."""
    shares = ", ".join(f"p{round(100 * share)} {1e3 * percentile(seconds, share):.1f}" for share in SHARES)
    return f"{shares}, longest {1e3 * max(seconds):.1f}"


def covered(widget: Any) -> bool:
    """Whether every visible cell of the slide is drawn by something: itself, a coarser or finer tile."""
    raster = widget.frame.rasters[0]
    pyramid = raster.source.pyramid
    return pyramid.root in widget.canvas.resident(raster.source)


def settle(application: Any, window: Any, limit_s: float = 60.0) -> float:
    """Run the event loop until all in view is sharp; return the seconds."""
    start = time.perf_counter()
    application.processEvents()
    while not window.canvas_widget.settled and time.perf_counter() - start < limit_s:
        application.processEvents()
    return time.perf_counter() - start


def jumping(application: Any, window: Any, path: Path) -> None:
    """Jump to places at 1:1, and read just the tiles of each with a bare loop on as many threads."""
    from pathview.slides.open import open_slide
    from pathview.tiles.source import SlideTiles

    chance = random.Random(5)
    workspace = window.workspace
    ratios, blocked = [], []
    with open_slide(path) as slide, ThreadPoolExecutor(workspace.settings.reader_threads) as pool:
        tiles = SlideTiles(slide)
        for _ in range(JUMPS):
            place = (chance.uniform(4000, 36_000), chance.uniform(4000, 26_000))
            view = replace(workspace.view.state.viewport, center=place, downsample=1.0)
            needed = list(tiles.pyramid.cover(view.box(), 0))
            began = time.perf_counter()
            list(pool.map(tiles.read_tile, needed))
            bare = time.perf_counter() - began
            workspace.look(view)
            took = settle(application, window)
            ratios.append(took / bare)
            blocked.append(took)
    low, middle, high = statistics.quantiles(ratios, n=4)
    print(
        f"  jump to sharp {1e3 * statistics.median(blocked):.0f} ms; against reading just these tiles "
        f"{middle:.2f} ({low:.2f}-{high:.2f})"
    )


def starting(path: Path) -> None:
    """Start the program until the slide shows, and a process that only loads the libraries and a tile."""

    # As installed: with compiled modules, which some environments keep from being written.
    environment = {key: value for key, value in os.environ.items() if key != "PYTHONDONTWRITEBYTECODE"}
    environment["PYTHONPYCACHEPREFIX"] = str(path.parent / "compiled")

    def seconds(code: str) -> float:
        began = time.perf_counter()
        subprocess.run([sys.executable, "-c", code, str(path)], check=True, env=environment)
        return time.perf_counter() - began

    for code in (_WINDOW, _LIBRARIES):
        seconds(code)  # compiles, fills the caches of the disk, and learns that the slide is good
    pairs = [(seconds(_WINDOW), seconds(_LIBRARIES)) for _ in range(STARTS)]
    ratios = sorted(ours / theirs for ours, theirs in pairs)
    median = statistics.median(ours for ours, _ in pairs)
    print(
        f"  start to slide {median:.2f} s; against loading PySide6, vispy "
        f"and a tile by OpenSlide {statistics.median(ratios):.2f} ({ratios[0]:.2f}-{ratios[-1]:.2f})"
    )


def main(data: Path) -> None:
    """Print all figures."""
    folder = Path(os.environ["PATHVIEW_HOME"])
    path = write_repeated(data / "wsi" / SOURCE, folder / "slide.tif", GRID, LEVELS)
    print(f"  slide of {GRID[0] * 256:,} x {GRID[1] * 256:,} px, window of {SIZE[0]} x {SIZE[1]}")
    starting(path)
    from pathview.app.application import InboxBridge, make_application, make_window
    from pathview.app.memory import leave_out_what_stays
    from pathview.view.arrangement import VIEWS

    application = make_application([])
    bridge = InboxBridge()
    window = make_window(bridge)
    window.resize(*SIZE)
    window.show()
    window.workspace.open(path)
    leave_out_what_stays()  # as `run_window` does
    wait(application, lambda: window.workspace.session is not None)
    settle(application, window)
    jumping(application, window, path)
    panning(application, window)
    while len(window.workspace.panes.shown) < VIEWS["four"]:
        window.workspace.show_again()
    print("  the same in one of four views:")
    panning(application, window)
    window.actions_table["views_one"].trigger()
    other = write_repeated(data / "wsi" / SOURCE, folder / "other.tif", (GRID[0] - 8, GRID[1] - 8), LEVELS)
    window.workspace.open(other)
    wait(application, lambda: len(window.workspace.slides) == 2)
    window.actions_table["swipe"].trigger()
    settle(application, window)
    print("  the same with another slide laid over half of the view (swipe):")
    panning(application, window)
    window.close()


def wait(application: Any, condition: Callable[[], bool], limit_s: float = 60.0) -> None:
    """Run the event loop until something holds."""
    until = time.perf_counter() + limit_s
    while not condition() and time.perf_counter() < until:
        application.processEvents()


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as home:
        os.environ["PATHVIEW_HOME"] = home
        main(Path(sys.argv[1]))
