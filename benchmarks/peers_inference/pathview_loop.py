"""PathView's loop over a slide with the model loaded: arguments are slide, output folder, rounds.

Prints one line of JSON; scores go to the output folder. With rounds of 0 those of float32 torch do.
"""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path

import numpy as np

from benchmarks.peers_inference.made import CLASSES, float32_scores
from pathview.core.inbox import Inbox
from pathview.inference.device import default_readers, prepare_process
from pathview.inference.engines.choice import default_backend
from pathview.inference.grid import PatchGrid, make_grid
from pathview.inference.heatmap import OOD, CellState, Heatmap
from pathview.inference.model import ChoosesBackend, TileModel
from pathview.inference.read_ahead import read_block
from pathview.inference.run import InferenceRun
from pathview.inference.tissue import tissue_mask
from pathview.slides.open import open_slide
from pathview.slides.slide import Slide
from pathview.startup.registry import load_registry

MODEL = "pcam-tumour-lite0"


def looped(
    slide: Slide, model: TileModel, grid: PatchGrid, path: Path
) -> tuple[tuple[float, float], Heatmap]:
    """Return the seconds and processor seconds of a run that keeps its heatmap on disk, and the heatmap."""
    began, used = time.perf_counter(), time.process_time()
    heatmap = Heatmap.create(path, grid, model.card, slide.info, extras={OOD: 1})
    run = InferenceRun(slide, model, grid, heatmap, Inbox(), readers=default_readers())
    while run.step():
        pass
    return (time.perf_counter() - began, time.process_time() - used), heatmap


def main(path: Path, output: Path, rounds: int) -> None:
    """Run, and leave the scores."""
    prepare_process()
    source = load_registry().model(MODEL)
    with open_slide(path) as slide:
        grid = make_grid(slide.info, source.card, tissue_mask(slide))
        cells = np.argwhere(grid.selected)
        seconds = []
        if rounds:
            model = source.make()
            assert isinstance(model, ChoosesBackend)
            model.use_backend(default_backend())
            model.load("cpu")
            model.predict(np.zeros((64, source.card.patch, source.card.patch, 3), np.uint8))
            for number in range(rounds):
                taken, heatmap = looped(slide, model, grid, output / f"{number}.zarr")
                seconds.append(taken)
            cells = np.argwhere(heatmap.state == CellState.DONE)
            scores = heatmap.scores[CLASSES.index("Tumor"), *cells.T]
        else:
            scores = float32_scores(read_block(slide, grid, cells).patches)
    np.savez(output / "scores.npz", places=grid.boxes(cells)[:, :2], scores=scores)
    loop_s, processor_s = np.median(seconds, axis=0) if seconds else (0.0, 0.0)
    print(json.dumps({"loop_s": loop_s, "loop_processor_s": processor_s}), flush=True)


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]), int(sys.argv[3]))
