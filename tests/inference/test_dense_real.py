"""Segmentation of a real slide: haematoxylin, which each pixel has or has not whatever lies beside it."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from pathview.core.geometry import Box
from pathview.core.inbox import Inbox
from pathview.core.region import Region
from pathview.core.stains import HE, amounts
from pathview.inference.card import ModelCard, Task
from pathview.inference.dense_blend import probabilities
from pathview.inference.dense_store import DenseStore
from pathview.inference.grid import make_grid
from pathview.inference.heatmap import CellState, Heatmap
from pathview.inference.model import DenseMaps, Patches
from pathview.inference.run import InferenceRun
from pathview.inference.run_status import RunState
from pathview.inference.tasks.table import kind_of
from pathview.inference.tissue import tissue_mask
from pathview.slides.open import open_slide

CARD = ModelCard("haematoxylin", "1", Task.SEGMENT, 1.0, 256, 192, ("Pale", "Blue"), "Blue", halo=32)
STEP = 1 / 254


def blue(pixels: np.ndarray) -> np.ndarray:
    """How sure it is that RGB pixels (..., 3) uint8 hold haematoxylin."""
    amount = amounts(pixels.astype(np.float32) / 255, HE)[..., 0]
    return np.asarray(1 / (1 + np.exp(-8 * (amount - 0.6))), np.float32)


class Haematoxylin:
    card = CARD

    def load(self, device: str) -> None: ...

    def predict(self, patches: Patches) -> DenseMaps:
        dark = blue(patches)
        return np.stack([1 - dark, dark], axis=1)

    def unload(self) -> None: ...


def test_a_real_slide_has_no_seams(data: Path, tmp_path: Path) -> None:
    with open_slide(data / "wsi" / "aperio" / "CMU-1-Small-Region.svs") as slide:
        grid = make_grid(slide.info, CARD, tissue_mask(slide))
        heatmap = Heatmap.create(tmp_path / "h.zarr", grid, CARD, slide.info)
        sink = kind_of(CARD).sink(heatmap, CARD)
        run = InferenceRun(slide, Haematoxylin(), grid, heatmap, Inbox(), sink=sink)
        while run.step():
            pass
        assert run.status.state is RunState.DONE, run.status.error
        store = DenseStore.open(tmp_path / "h.zarr")
        assert store is not None
        width, height = store.size(0)
        found = probabilities(store.read_class(0, 1, slice(0, height), slice(0, width)))
        box = Box(0, 0, width * grid.downsample, height * grid.downsample)
        expected = blue(slide.read(Region(box, grid.downsample)))
    done = (heatmap.state == CellState.DONE).repeat(192, axis=0).repeat(192, axis=1)
    assert done.any()
    assert not done.all()
    np.testing.assert_array_equal(np.isfinite(found), done)
    # Some of it is blue and some is not, or this would prove nothing.
    assert 0.02 < (found[done] > 0.5).mean() < 0.98
    assert np.abs(found - expected)[done].max() <= 1.01 * STEP
