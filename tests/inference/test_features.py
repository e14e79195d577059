from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from pathview.core.errors import HeatmapMismatchError
from pathview.core.inbox import Inbox
from pathview.inference.card import ModelCard, Task
from pathview.inference.features import FeatureSink, count_features, read_features
from pathview.inference.grid import PatchGrid
from pathview.inference.heatmap import CellState, Heatmap
from pathview.inference.model import Patches
from pathview.inference.run import InferenceRun
from pathview.inference.run_status import RunState
from pathview.inference.tasks.table import kind_of
from pathview.slides.slide import Slide


class Moments:
    """Says mean and spread of each colour."""

    def __init__(self, card: ModelCard) -> None:
        self.card = card

    def load(self, device: str) -> None: ...

    def predict(self, patches: Patches) -> np.ndarray:
        return np.concatenate([patches.mean(axis=(1, 2)), patches.std(axis=(1, 2))], axis=1).astype(
            np.float32
        )

    def unload(self) -> None: ...


@pytest.fixture
def embedding(card: ModelCard) -> ModelCard:
    return replace(card, task=Task.EMBED, classes=(), positive="", features=6)


def start(path: Path, slide: Slide, grid: PatchGrid, card: ModelCard, **more: Any) -> InferenceRun:
    heatmap = Heatmap.open_or_create(path, grid, card, slide.info)
    sink = kind_of(card).sink(heatmap, card)
    return InferenceRun(slide, Moments(card), grid, heatmap, Inbox(), batch=16, sink=sink, **more)


def everything(path: Path) -> np.ndarray:
    cells = np.argwhere(np.ones(Heatmap.open(path).grid.shape, bool))
    return np.concatenate([*read_features(path, cells)])


def test_each_cell_has_the_features_of_its_patch(
    tmp_path: Path, slide: Slide, grid: PatchGrid, embedding: ModelCard
) -> None:
    from pathview.core.geometry import Box
    from pathview.core.region import Region

    run = start(tmp_path / "h.zarr", slide, grid, embedding)
    while run.step():
        pass
    assert run.status.state is RunState.DONE
    cells = np.argwhere(np.ones(grid.shape, bool))
    patches = np.stack([slide.read(Region(Box(*b), grid.downsample)) for b in grid.boxes(cells)])
    np.testing.assert_allclose(
        everything(tmp_path / "h.zarr"), Moments(embedding).predict(patches), rtol=1e-5
    )
    assert count_features(tmp_path / "h.zarr") == 6


def test_a_run_that_ends_half_way_goes_on_to_the_same_features(
    tmp_path: Path, slide: Slide, grid: PatchGrid, embedding: ModelCard
) -> None:
    whole = start(tmp_path / "whole.zarr", slide, grid, embedding)
    while whole.step():
        pass
    half = start(tmp_path / "half.zarr", slide, grid, embedding)
    while half.status.done < 100:
        half.step()
    # Killed: what was put since the last flush is lost, with the states.
    half._ahead.close()
    on_disk = Heatmap.open(tmp_path / "half.zarr").state == CellState.DONE
    kept = everything(tmp_path / "half.zarr")[on_disk.ravel()]
    assert np.isfinite(kept).all()
    again = start(tmp_path / "half.zarr", slide, grid, embedding)
    while again.step():
        pass
    np.testing.assert_array_equal(everything(tmp_path / "half.zarr"), everything(tmp_path / "whole.zarr"))


def test_another_number_of_features_is_refused(
    tmp_path: Path, slide: Slide, grid: PatchGrid, embedding: ModelCard
) -> None:
    Heatmap.create(tmp_path / "h.zarr", grid, embedding, slide.info)
    FeatureSink(tmp_path / "h.zarr", grid, 6)
    with pytest.raises(HeatmapMismatchError, match="features of the shape"):
        FeatureSink(tmp_path / "h.zarr", grid, 7)


def test_a_heatmap_without_features_says_so(make_run: Callable[..., InferenceRun], tmp_path: Path) -> None:
    make_run(tmp_path / "h.zarr")
    assert count_features(tmp_path / "h.zarr") == 0
    with pytest.raises(HeatmapMismatchError, match="no features"):
        next(read_features(tmp_path / "h.zarr", np.zeros((1, 2), np.intp)))
