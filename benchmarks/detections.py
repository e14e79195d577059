"""A million detections: the memory they take, and the CPU time of a frame that pans over them.

usage: python benchmarks/detections.py [objects]
Draws without a display through EGL; on a machine without a graphics card that is software.
"""

from __future__ import annotations

import os
import sys
import time
import tracemalloc
from dataclasses import replace

import numpy as np

os.environ.setdefault("EGL_PLATFORM", "surfaceless")
from vispy import app as vispy_app

from pathview.annotations.detections import Detections
from pathview.annotations.objects import Objects
from pathview.core.inbox import Inbox
from pathview.render.canvas import UPLOAD_BUDGET_S, GlCanvas
from pathview.render.vispy_surface import VispySurface
from pathview.tiles.loader import TileLoader
from pathview.view.compose import Scene, compose
from pathview.view.layers import Layer
from pathview.view.picture import Picture
from pathview.view.state import ViewState
from pathview.view.viewport import Viewport

SIZE = (1280, 800)
SLIDE = 60_000
CORNERS = 15


def made(count: int) -> Detections:
    """Return nuclei all over a slide, in batches as a run brings them."""
    rng = np.random.default_rng(1)
    detections = Detections(("Nucleus", "Other"))
    angles = np.linspace(0, 2 * np.pi, CORNERS, endpoint=False)
    circle = 15 * np.stack([np.cos(angles), np.sin(angles)], axis=1)
    for corner in np.stack(np.meshgrid(np.arange(0, SLIDE, 3000), np.arange(0, SLIDE, 3000)), -1).reshape(
        -1, 2
    ):
        here = count // (SLIDE // 3000) ** 2
        at = corner + rng.random((here, 2)) * 3000
        rings = [center + circle for center in at]
        detections.extend(Objects.of(at, rng.integers(0, 2, here), rng.random(here), outlines=rings))
    return detections


def walk(
    canvas: GlCanvas, loader: TileLoader, scene: Scene, downsample: float, frames: int = 40
) -> list[float]:
    """Pan 20 px a frame and return the CPU seconds of each: composed, uploaded within the budget, drawn."""
    state = ViewState(Viewport((10_000.0, 30_000.0), downsample, SIZE), (Layer("nuclei", "detections"),))
    taken = []
    for number in range(frames):
        moved = replace(state.viewport, center=(10_000 + 20 * downsample * number, 30_000))
        began = time.process_time()
        picture = Picture.of(compose(state.shown_at(moved), scene, loader, canvas))
        canvas.show(picture, loader, UPLOAD_BUDGET_S)
        canvas._on_draw()
        canvas._surface.context.finish()
        taken.append(time.process_time() - began)
    return taken


def main() -> None:
    """Print the figures."""
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 1_000_000
    tracemalloc.start()
    detections = made(count)
    held = tracemalloc.get_traced_memory()[0]
    tracemalloc.stop()
    print(
        f"{len(detections):,} objects with {CORNERS} corners each: {held / 1e6:.0f} MB, "
        f"{held / len(detections):.0f} bytes an object; columns {detections.nbytes / 1e6:.0f} MB"
    )
    surface = VispySurface(vispy_app.Application("egl"), SIZE)
    canvas, loader = GlCanvas(surface), TileLoader(Inbox(), threads=0)
    canvas.snapshot()
    for downsample in (1.0, 3.0, 8.0, 32.0, 64.0):
        empty = np.array(walk(canvas, loader, Scene(), downsample)) * 1e3
        first = np.array(walk(canvas, loader, Scene(detections={"nuclei": detections}), downsample)) * 1e3
        again = np.array(walk(canvas, loader, Scene(detections={"nuclei": detections}), downsample)) * 1e3
        print(
            f"downsample {downsample:>4g}: CPU a frame {np.median(empty):5.1f} ms without, "
            f"{np.median(first):5.1f} (p99 {np.percentile(first, 99):5.1f}) while they come, "
            f"{np.median(again):5.1f} (p99 {np.percentile(again, 99):5.1f}) once they are there"
        )
    canvas.close()
    loader.close()


if __name__ == "__main__":
    main()
