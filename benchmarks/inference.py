"""The whole inference loop against the bare model on patches that lie ready in memory."""

from __future__ import annotations

import statistics
import sys
import time
from pathlib import Path

import numpy as np

from pathview.core.inbox import Inbox
from pathview.inference.device import prepare_process
from pathview.inference.grid import make_grid
from pathview.inference.heatmap import Heatmap
from pathview.inference.run import InferenceRun
from pathview.inference.tissue import tissue_mask
from pathview.slides.open import open_slide
from pathview.startup.registry import load_registry

BATCH = 32
ROUNDS = 3


def main(data: Path) -> None:
    prepare_process()
    source = load_registry().model("pcam-tumour-lite0")
    model = source.make()
    model.load("cpu")
    card = source.card
    rng = np.random.default_rng(1)
    ready = rng.integers(0, 256, (BATCH, card.patch, card.patch, 3), np.uint8)
    model.predict(ready)
    ratios = []
    with open_slide(data / "wsi" / "pcam" / "pcam_valid_mosaic.tif") as slide:
        grid = make_grid(slide.info, card, tissue_mask(slide))
        for _ in range(ROUNDS):
            start = time.perf_counter()
            count = int(grid.selected.sum())
            for _ in range(count // BATCH):
                model.predict(ready)
            limit = count // BATCH * BATCH / (time.perf_counter() - start)
            heatmap = Heatmap.create(None, grid, card, slide.info)
            run = InferenceRun(slide, model, grid, heatmap, Inbox(), batch=BATCH, readers=2)
            start = time.perf_counter()
            while run.step():
                pass
            rate = heatmap.progress.done / (time.perf_counter() - start)
            ratios.append(rate / limit)
    print(
        f"patches a second, whole loop / bare model: {statistics.median(ratios):.2f} "
        f"({min(ratios):.2f}-{max(ratios):.2f})"
    )


if __name__ == "__main__":
    main(Path(sys.argv[1]))
