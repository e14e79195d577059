"""The whole inference loop against the bare engine on patches in memory, and engines against torch."""

from __future__ import annotations

import os
import statistics
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

from pathview.core.inbox import Inbox
from pathview.inference.device import default_batch, prepare_process
from pathview.inference.grid import PatchGrid, make_grid
from pathview.inference.heatmap import OOD, Heatmap
from pathview.inference.model import ChoosesBackend, Patches, TileModel
from pathview.inference.read_ahead import ReadAhead
from pathview.inference.run import InferenceRun
from pathview.inference.tissue import tissue_mask
from pathview.slides.open import open_slide
from pathview.slides.slide import Slide
from pathview.startup.registry import load_registry

ROUNDS = 5
READERS = 2


def bare(model: TileModel, ready: Patches, count: int) -> float:
    """Return patches a second of the model alone."""
    start = time.perf_counter()
    for _ in range(max(1, count // len(ready))):
        model.predict(ready)
    return max(1, count // len(ready)) * len(ready) / (time.perf_counter() - start)


def reading(slide: Slide, grid: PatchGrid) -> float:
    """Return patches a second of reading alone."""
    cells = np.argwhere(grid.selected)
    ahead = ReadAhead(slide, grid, readers=READERS)
    start = time.perf_counter()
    for first in range(0, len(cells), 64):
        ahead.ask(cells[first : first + 64])
    count = 0
    while len(ahead):
        loaded = ahead.take(10)
        count += 0 if loaded is None else len(loaded.cells)
    ahead.close()
    return count / (time.perf_counter() - start)


def looped(slide: Slide, model: TileModel, grid: PatchGrid) -> float:
    """Return patches a second of a whole run."""
    extras = {} if model.card.ood_threshold is None else {OOD: 1}
    heatmap = Heatmap.create(None, grid, model.card, slide.info, extras=extras)
    run = InferenceRun(slide, model, grid, heatmap, Inbox(), readers=READERS)
    start = time.perf_counter()
    while run.step():
        pass
    return heatmap.progress.done / (time.perf_counter() - start)


def main(data: Path) -> None:
    prepare_process()
    source = load_registry().model("pcam-tumour-lite0")
    models: dict[str, TileModel] = {}
    for backend in ("auto", "torch"):
        model = models[backend] = source.make()
        assert isinstance(model, ChoosesBackend)
        model.use_backend(backend)
        model.load("cpu")
        print(f"  {backend}: {getattr(model, 'engine', '')}")
    card, best = source.card, models["auto"]
    shape = (default_batch("cpu"), card.patch, card.patch, 3)
    ready = np.random.default_rng(1).integers(0, 256, shape, np.uint8)
    ratios, gains, shares = [], [], []
    with open_slide(data / "wsi" / "pcam" / "pcam_valid_mosaic.tif") as slide:
        grid = make_grid(slide.info, card, tissue_mask(slide))
        count = int(grid.selected.sum())
        for model in models.values():
            model.predict(ready)
        looped(slide, best, grid)
        for _ in range(ROUNDS):
            limit = bare(best, ready, count)
            rate = looped(slide, best, grid)
            ratios.append(rate / limit)
            gains.append(limit / bare(models["torch"], ready, count // 8))
            shares.append(reading(slide, grid) / limit)
    for words, values in (
        ("patches a second, whole loop / the fastest engine alone", ratios),
        ("the fastest engine / torch, alone", gains),
        ("reading alone / the fastest engine alone", shares),
    ):
        print(f"  {words}: {statistics.median(values):.2f} ({min(values):.2f}-{max(values):.2f})")


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as home:
        os.environ["PATHVIEW_HOME"] = home
        main(Path(sys.argv[1]))
