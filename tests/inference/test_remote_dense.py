"""A segmentation that runs in another process: the window's copy shows what is blended on disk."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np

from pathview.core.pyramid import TileKey
from pathview.inference.card import ModelCard, Task
from pathview.inference.dense_blend import probabilities
from pathview.inference.dense_store import DenseStore
from pathview.inference.remote import InferenceHost
from pathview.inference.run_status import RunState
from pathview.inference.source import ModelSource
from pathview.inference.spec import RunSpec
from pathview.tiles.source import NOT_RUN

MODEL = """
import numpy as np
class Model:
    def __init__(self, card):
        self.card = card
    def load(self, device):
        pass
    def unload(self):
        pass
    def predict(self, patches):
        dark = 1 - patches.mean(axis=3, dtype=np.float32).transpose(0, 1, 2) / 255
        return np.stack([1 - dark, dark], axis=1)
def make(folder, card):
    return Model(card)
"""
CARD = ModelCard("dark", "1", Task.SEGMENT, 1.0, 64, 48, ("Light", "Dark"), "Dark", halo=8)


def test_the_window_sees_pixels_grow(
    host: InferenceHost, file: Path, tmp_path: Path, wait: Callable[[Callable[[], bool]], None]
) -> None:
    (tmp_path / "model.py").write_text(MODEL, encoding="utf-8")
    source = ModelSource(CARD, tmp_path, "model:make")
    run = host.start(RunSpec(file, source, tmp_path / "heatmap.zarr", min_tissue=0))
    wait(lambda: run.heatmap is not None)
    heatmap = run.heatmap
    assert heatmap is not None
    channel, key = heatmap.channel(1), TileKey(0, 0, 0)
    before, revision = channel.read_tile(key), channel.revision(key)
    # Nothing has been blended yet, or only the first of it.
    assert (before == NOT_RUN).any()
    wait(lambda: run.status.state is RunState.DONE)
    wait(lambda: channel.revision(key) > revision)
    store = DenseStore.open(tmp_path / "heatmap.zarr")
    assert store is not None
    expected = probabilities(store.read_class(0, 1, slice(0, 512), slice(0, 512)))
    assert np.isfinite(expected).all()
    np.testing.assert_array_equal(channel.read_tile(key), expected)
