from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy import ndimage

from pathview.annotations.detection_store import DetectionStore
from pathview.annotations.objects import Objects
from pathview.core.errors import HeatmapMismatchError
from pathview.core.geometry import Box
from pathview.core.inbox import Inbox
from pathview.inference.card import ModelCard, Task
from pathview.inference.detection_sink import FOLDER, DetectionSink, placed, read_objects
from pathview.inference.grid import make_grid
from pathview.inference.heatmap import CellState, Heatmap
from pathview.inference.model import Patches
from pathview.inference.patch_objects import PatchObjects
from pathview.inference.run import InferenceRun
from pathview.inference.run_status import RunState
from pathview.slides.made import MadeReader
from pathview.slides.reader import Rgb
from pathview.slides.slide import Slide

SIZE = (1100, 900)
RADIUS = 8


def disc_centers() -> NDArray[np.float64]:
    """Centres of discs that do not touch: on seams, at the slide's edges, and anywhere."""
    steps = np.arange(10, 880, 29)
    x, y = np.meshgrid(steps, steps)
    shift = np.random.default_rng(3).integers(-4, 5, (2, *x.shape))
    return np.stack([x + shift[0], y + shift[1]], axis=-1).reshape(-1, 2).astype(float)


class DiscReader(MadeReader):
    """Black discs on glass."""

    def __init__(self) -> None:
        super().__init__(SIZE, downsamples=(1,), mpp=0.5)
        rows, cols = np.mgrid[0 : SIZE[1], 0 : SIZE[0]] + 0.5
        self._pixels = np.full((SIZE[1], SIZE[0], 3), 255, np.uint8)
        for x, y in disc_centers():
            window = np.s_[max(0, int(y) - 9) : int(y) + 10, max(0, int(x) - 9) : int(x) + 10]
            self._pixels[window][np.hypot(cols[window] - x, rows[window] - y) < RADIUS] = 0

    def read_level(self, level: int, x: int, y: int, w: int, h: int) -> Rgb:
        return self._pixels[y : y + h, x : x + w]


class DiscModel:
    """Finds dark spots, whole or cut by the patch's edge."""

    def __init__(self, card: ModelCard) -> None:
        self.card = card
        self.looked_at = 0

    def load(self, device: str) -> None: ...

    def unload(self) -> None: ...

    def predict(self, patches: Patches) -> list[PatchObjects]:
        self.looked_at += len(patches)
        return [self._find(patch) for patch in patches]

    def _find(self, patch: Rgb) -> PatchObjects:
        labels, count = ndimage.label(patch[..., 0] < 128)
        numbers = np.arange(1, count + 1)
        at = np.array(ndimage.center_of_mass(np.ones(labels.shape), labels, numbers)).reshape(-1, 2)
        centers = at[:, ::-1] + 0.5
        rings = [center + np.array([[-3, -3], [3, -3], [0, 3]]) for center in centers]
        scores = np.bincount(labels.ravel(), minlength=count + 1)[1:] / labels.size
        return PatchObjects(centers, scores=scores, outlines=rings)


def card_of(patch: int = 64, stride: int = 40, halo: int = 10, version: str = "1") -> ModelCard:
    return ModelCard("discs", version, Task.DETECT, 1.0, patch, stride, ("Disc",), "Disc", halo=halo)


@pytest.fixture
def disc_slide() -> Slide:
    return Slide(DiscReader())


def run_of(slide: Slide, card: ModelCard, path: Path | None, batch: int = 8) -> InferenceRun:
    grid = make_grid(slide.info, card)
    heatmap = Heatmap.open_or_create(path, grid, card, slide.info)
    sink = DetectionSink.open(heatmap, card)
    return InferenceRun(slide, DiscModel(card), grid, heatmap, Inbox(), batch=batch, sink=sink)


def found_by(run: InferenceRun) -> Objects:
    assert isinstance(run.sink, DetectionSink)
    return run.sink.objects


def assert_each_once(objects: Objects) -> None:
    expected = disc_centers()
    assert len(objects) == len(expected)
    away = np.abs(objects.centers[:, None] - expected[None]).max(axis=2)
    assert (away.min(axis=0) < 2).all()
    assert (away.min(axis=1) < 2).all()


@pytest.mark.parametrize(("patch", "stride"), [(64, 40), (64, 44), (96, 64), (64, 20), (128, 33)])
def test_every_disc_is_found_once_whatever_the_stride(disc_slide: Slide, patch: int, stride: int) -> None:
    run = run_of(disc_slide, card_of(patch, stride), None)
    while run.step():
        pass
    assert run.status.state is RunState.DONE, run.status.error
    assert_each_once(found_by(run))


@pytest.mark.parametrize("corner", [(0, 0), (1000, 0), (500, 450)])
def test_every_disc_is_found_once_whatever_the_order(disc_slide: Slide, corner: tuple[int, int]) -> None:
    run = run_of(disc_slide, card_of(), None, batch=3)
    run.focus(Box(corner[0], corner[1], corner[0] + 100, corner[1] + 100))
    while run.step():
        run.focus(Box(0, 0, 90, 90))
    assert_each_once(found_by(run))


def test_the_value_of_a_cell_is_the_best_score_in_it(disc_slide: Slide) -> None:
    run = run_of(disc_slide, card_of(), None)
    while run.step():
        pass
    objects, heatmap = found_by(run), run.heatmap
    best = np.zeros(heatmap.grid.shape, np.float32)
    np.maximum.at(best.ravel(), objects.cells, objects.scores)
    np.testing.assert_allclose(heatmap.scores[0], best, atol=1e-6)


@pytest.mark.parametrize("halves", [False, True])
def test_a_killed_run_finds_every_disc_once(disc_slide: Slide, tmp_path: Path, halves: bool) -> None:
    path, left = tmp_path / "a" / "heatmap.zarr", tmp_path / "b" / "heatmap.zarr"
    run = run_of(disc_slide, card_of(), path)
    while run.step() and run.status.done < 60:
        pass
    run.heatmap.flush()
    flushed = run.heatmap.progress.done
    while run.step() and run.heatmap.progress.done < flushed + 60:
        pass
    if halves:
        # Killed after the objects went to disk and before the states of their cells did.
        assert run.sink is not None
        run.sink.flush()
    shutil.copytree(path, left)
    run.close()
    state = Heatmap.open(left).state
    again = run_of(disc_slide, card_of(), left)
    assert len(found_by(again)), "what was kept is there at once"
    while again.step():
        pass
    assert isinstance(again.model, DiscModel)
    assert again.model.looked_at == state.size - (state == CellState.DONE).sum()
    assert_each_once(found_by(again))
    stored = read_objects(left, again.heatmap.facts)
    assert stored is not None
    assert stored[0] == ("Disc",)
    assert_each_once(stored[1])


def test_objects_of_another_model_or_version_are_refused(disc_slide: Slide, tmp_path: Path) -> None:
    path = tmp_path / "heatmap.zarr"
    run = run_of(disc_slide, card_of(), path)
    run.close()
    store = DetectionStore.open(path / FOLDER)
    assert store.attributes["identity"]["model"] == "discs"
    other = Heatmap.open_or_create(None, run.heatmap.grid, card_of(version="2"), disc_slide.info)
    with pytest.raises(HeatmapMismatchError, match="model_version '1', not '2'"):
        read_objects(path, other.facts)


def test_a_heatmap_of_another_task_has_no_objects(disc_slide: Slide, tmp_path: Path) -> None:
    card = card_of()
    heatmap = Heatmap.create(tmp_path / "h.zarr", make_grid(disc_slide.info, card), card, disc_slide.info)
    assert read_objects(tmp_path / "h.zarr", heatmap.facts) is None


def test_a_centre_on_a_seam_is_in_the_cell_after_it_and_outside_the_slide_nowhere(disc_slide: Slide) -> None:
    grid = make_grid(disc_slide.info, card_of())
    seam = PatchObjects(np.array([[52.0, 20.0], [12.0, 20.0], [12.0, 51.999]]))
    cells = np.array([[0, 0], [0, 1]], np.intp)
    objects = placed(grid, cells, [seam, seam], SIZE)
    np.testing.assert_allclose(objects.centers, [[0, 16], [0, 80], [80, 16], [80, 80]], atol=0.01)
    edge = PatchObjects(np.array([[11.0, 20.0], [20.0, 11.0]]))
    assert len(placed(grid, cells[:1], [edge], SIZE)) == 0
