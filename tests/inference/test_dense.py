from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pathview.core.errors import HeatmapMismatchError
from pathview.core.geometry import Box
from pathview.core.inbox import Inbox
from pathview.core.pyramid import TileKey
from pathview.core.region import Region
from pathview.inference.card import ModelCard, Task
from pathview.inference.dense_blend import (
    DenseGeometry,
    blended,
    halved,
    probabilities,
    quantised,
    weights,
)
from pathview.inference.dense_store import DenseStore
from pathview.inference.grid import PatchGrid, make_grid
from pathview.inference.heatmap import CellState, Heatmap
from pathview.inference.model import DenseMaps, Patches
from pathview.inference.run import InferenceRun
from pathview.inference.run_status import RunState
from pathview.inference.tasks.table import kind_of
from pathview.slides.made import MadeReader
from pathview.slides.slide import Slide
from pathview.tiles.source import NOT_RUN, SKIPPED

STEP = 1 / 254


class Darkness:
    """Says how dark each pixel of its output is: purely local, so patches agree where they overlap."""

    def __init__(self, card: ModelCard) -> None:
        self.card = card

    def load(self, device: str) -> None: ...

    def predict(self, patches: Patches) -> DenseMaps:
        n, edge, step = len(patches), self.card.map_edge, self.card.output_stride
        light = patches.reshape(n, edge, step, edge, step, 3).mean(axis=(2, 4, 5), dtype=np.float32) / 255
        return np.stack([light, 1 - light], axis=1)

    def unload(self) -> None: ...


class Framed(Darkness):
    """Says nonsense within the halo: what no trusted pixel may show."""

    def predict(self, patches: Patches) -> DenseMaps:
        said = super().predict(patches)
        rim = self.card.halo // self.card.output_stride
        frame = np.ones(said.shape[2:], bool)
        frame[rim:-rim, rim:-rim] = False
        said[:, :, frame] = 0.5
        return said


CARD = ModelCard("dark", "1", Task.SEGMENT, 1.0, 64, 48, ("Light", "Dark"), "Dark", output_stride=2, halo=8)


@pytest.fixture
def slide() -> Slide:
    return Slide(MadeReader((1500, 1100), mpp=0.5))


@pytest.fixture
def grid(slide: Slide) -> PatchGrid:
    return make_grid(slide.info, CARD)


MakeRun = Callable[..., InferenceRun]


@pytest.fixture
def begin(slide: Slide, grid: PatchGrid) -> MakeRun:
    def make(path: Path, card: ModelCard = CARD, model: Any = Darkness, selected: Any = None) -> InferenceRun:
        lattice = make_grid(slide.info, card) if card is not CARD else grid
        if selected is not None:
            lattice = replace(lattice, selected=selected)
        heatmap = Heatmap.open_or_create(path, lattice, card, slide.info)
        sink = kind_of(card).sink(heatmap, card)
        return InferenceRun(slide, model(card), lattice, heatmap, Inbox(), batch=7, sink=sink)

    return make


def through(run: InferenceRun) -> None:
    while run.step():
        pass
    assert run.status.state is RunState.DONE, run.status.error


def level(path: Path, number: int = 0) -> np.ndarray:
    store = DenseStore.open(path)
    assert store is not None
    width, height = store.size(number)
    return store.read(number, slice(0, height), slice(0, width))


def test_patches_leave_no_seams(begin: MakeRun, tmp_path: Path, slide: Slide, grid: PatchGrid) -> None:
    through(begin(tmp_path / "h.zarr"))
    found = level(tmp_path / "h.zarr")
    # The whole slide as one patch: what a model that looks at no neighbours says of each pixel.
    rows, cols = grid.shape
    x, y = grid.origin
    box = Box(x, y, x + cols * grid.stride, y + rows * grid.stride)
    whole = slide.read(Region(box, grid.downsample)).astype(np.float32)
    height, width = whole.shape[0] // 2, whole.shape[1] // 2
    light = whole.reshape(height, 2, width, 2, 3).mean(axis=(1, 3, 4)) / 255
    assert found.shape == (2, height, width)
    np.testing.assert_allclose(probabilities(found[0]), light, atol=1.01 * STEP)
    np.testing.assert_allclose(probabilities(found[1]), 1 - light, atol=1.01 * STEP)


def test_the_value_of_a_cell_is_the_mean_of_its_pixels(begin: MakeRun, tmp_path: Path) -> None:
    through(begin(tmp_path / "h.zarr"))
    heatmap = Heatmap.open(tmp_path / "h.zarr")
    dark = probabilities(level(tmp_path / "h.zarr")[1])
    rows, cols = heatmap.grid.shape
    means = dark.reshape(rows, 24, cols, 24).mean(axis=(1, 3))
    np.testing.assert_allclose(heatmap.scores[1], means, atol=2 * STEP)


def test_the_untrusted_rim_fades_out(begin: MakeRun, tmp_path: Path) -> None:
    through(begin(tmp_path / "plain.zarr"))
    through(begin(tmp_path / "framed.zarr", model=Framed))
    plain, framed = (probabilities(level(tmp_path / name)) for name in ("plain.zarr", "framed.zarr"))
    off = np.abs(plain - framed)[0]
    # The middle of a cell is no patch's rim; at the borders of cells two patches meet, half and half.
    inner = np.zeros(24, bool)
    inner[8:16] = True
    clear = np.outer(np.tile(inner, off.shape[0] // 24), np.tile(inner, off.shape[1] // 24))
    assert off[clear].max() == 0
    steps = np.abs(np.diff(framed[0], axis=1)).max(), np.abs(np.diff(plain[0], axis=1)).max()
    assert steps[0] < steps[1] + 0.15


def test_a_run_that_was_killed_comes_to_the_same_map(begin: MakeRun, tmp_path: Path) -> None:
    card = replace(CARD, output_stride=1)
    through(begin(tmp_path / "whole.zarr", card=card))
    path = tmp_path / "killed.zarr"
    for stop in (40, 130):
        run = begin(path, card=card)
        while run.status.done < stop and run.step():
            if run.status.done % 3 == 0:
                run.heatmap.flush()
        # Dies without a word: what was put since the last flush has no state on disk.
        run._ahead.close()
        done = Heatmap.open(path).state == CellState.DONE
        filled = level(path)[0].reshape(done.shape[0], 48, done.shape[1], 48)
        assert filled[done.nonzero()[0], :, done.nonzero()[1]].all(), "a state without its pixels"
    through(begin(path, card=card))
    for number in range(2):
        np.testing.assert_array_equal(level(path, number), level(tmp_path / "whole.zarr", number))


def test_patches_are_let_go_of(begin: MakeRun, tmp_path: Path) -> None:
    run = begin(tmp_path / "h.zarr")
    through(run)
    store = DenseStore.open(tmp_path / "h.zarr")
    assert store is not None
    assert store.kept_patches() == set()


def test_what_was_not_looked_at_stays_unknown(begin: MakeRun, tmp_path: Path, grid: PatchGrid) -> None:
    selected = np.zeros(grid.shape, bool)
    selected[2:5, 3:8] = True
    through(begin(tmp_path / "h.zarr", selected=selected))
    found = level(tmp_path / "h.zarr")
    known = np.zeros(found.shape[1:], bool)
    known[2 * 24 : 5 * 24, 3 * 24 : 8 * 24] = True
    assert ((found[0] > 0) == known).all()
    heatmap = Heatmap.open(tmp_path / "h.zarr")
    tile = heatmap.channel(1).read_tile(TileKey(0, 0, 0))
    assert set(np.unique(tile[~known[: tile.shape[0], : tile.shape[1]]])) == {SKIPPED}
    # More of it later: what is there stays, and the border between the two is blended like any other.
    through(begin(tmp_path / "h.zarr"))
    through(begin(tmp_path / "whole.zarr"))
    np.testing.assert_array_equal(level(tmp_path / "h.zarr"), level(tmp_path / "whole.zarr"))


def test_the_picture_lies_where_the_slide_does(begin: MakeRun, tmp_path: Path) -> None:
    run = begin(tmp_path / "h.zarr")
    empty = Heatmap.open(tmp_path / "h.zarr")
    assert (empty.channel(0).read_tile(TileKey(0, 0, 0)) == NOT_RUN).all()
    through(run)
    heatmap = Heatmap.open(tmp_path / "h.zarr")
    channel = heatmap.channel(1)
    # Two pixels of 1 um a pixel of the output, on a slide of 0.5 um.
    assert (channel.pyramid.scale, channel.pyramid.origin) == (4.0, (0.0, 0.0))
    np.testing.assert_array_equal(
        channel.read_tile(TileKey(0, 0, 0)), probabilities(level(tmp_path / "h.zarr")[1])[:512, :512]
    )
    values, pixels = heatmap.field(1)()
    assert (pixels.stride, pixels.shape) == (4.0, values.shape)


def test_tiles_are_stale_where_something_was_blended(begin: MakeRun, tmp_path: Path) -> None:
    through(begin(tmp_path / "h.zarr"))
    heatmap = Heatmap.open(tmp_path / "h.zarr")
    key = TileKey(0, 0, 0)
    before = heatmap.channel(0).revision(key)
    heatmap.note_dense(np.array([[0, 0]]))
    assert heatmap.channel(0).revision(key) > before


def test_another_geometry_is_refused(begin: MakeRun, tmp_path: Path) -> None:
    begin(tmp_path / "h.zarr")
    with pytest.raises(HeatmapMismatchError, match="dense map of other patches"):
        begin(tmp_path / "h.zarr", card=replace(CARD, output_stride=4))


@pytest.mark.parametrize(
    ("patch", "stride", "halo", "step"), [(64, 64, 0, 1), (64, 32, 8, 2), (64, 16, 24, 4)]
)
def test_any_overlap_gives_what_a_local_model_says(
    patch: int, stride: int, halo: int, step: int, begin: MakeRun, tmp_path: Path, slide: Slide
) -> None:
    card = replace(CARD, patch=patch, stride=stride, halo=halo, output_stride=step, mpp=4.0)
    through(begin(tmp_path / "h.zarr", card=card))
    found = level(tmp_path / "h.zarr")
    lattice = make_grid(slide.info, card)
    edge = lattice.stride
    box = Box(0, 0, lattice.shape[1] * edge, lattice.shape[0] * edge)
    whole = slide.read(Region(box, lattice.downsample)).astype(np.float32)
    height, width = found.shape[1:]
    light = whole.reshape(height, step, width, step, 3).mean(axis=(1, 3, 4)) / 255
    np.testing.assert_allclose(probabilities(found[0]), light, atol=1.01 * STEP)


@given(edge=st.integers(2, 64), taper=st.integers(0, 32))
def test_two_patches_that_overlap_by_the_taper_add_up_to_one(edge: int, taper: int) -> None:
    taper = min(taper, edge // 2)
    line = weights(edge, taper)
    assert line.min() > 0
    np.testing.assert_allclose(line[:taper] + line[edge - taper :], 1, atol=1e-6)
    np.testing.assert_array_equal(line, line[::-1])


@given(st.floats(0, 1, width=32))
def test_probabilities_survive_in_254_steps(value: float) -> None:
    kept = quantised(np.array([value], np.float32))
    assert kept[0] > 0
    assert abs(probabilities(kept)[0] - value) <= STEP / 2 + 1e-6


def test_coarser_pixels_are_the_mean_of_what_is_known() -> None:
    values = np.array([[[10, 0, 7], [20, 0, 0], [0, 0, 0]]], np.uint8)
    np.testing.assert_array_equal(halved(values), [[[15, 7], [0, 0]]])


@settings(max_examples=60)
@given(
    st.integers(1, 9),
    st.integers(1, 9),
    st.integers(1, 12),
    st.integers(0, 12),
    st.integers(0, 60),
    st.data(),
)
def test_the_cells_over_a_window_are_those_that_share_pixels(
    rows: int, cols: int, cell: int, margin: int, at: int, data: st.DataObject
) -> None:
    geometry = DenseGeometry((rows, cols), cell, cell + 2 * margin, 0)
    width, height = geometry.size
    top, left = at % height, at % width
    window = slice(top, data.draw(st.integers(top + 1, height))), slice(left, width)
    found = {(int(r), int(c)) for r, c in geometry.cells_over(*window)}
    sharing = {
        (row, col)
        for row in range(rows)
        for col in range(cols)
        if all(
            max(a.start, b.start) < min(a.stop, b.stop)
            for a, b in zip(geometry.footprint((row, col)), window, strict=True)
        )
    }
    assert found == sharing
    assert blended(geometry, *window, 1, np.empty((0, 2), np.intp), lambda _: None).max() == 0
