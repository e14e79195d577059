from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from pathview.core.errors import HeatmapMismatchError
from pathview.core.pyramid import TileKey
from pathview.inference.card import ModelCard, Task
from pathview.inference.facts import HeatmapFacts
from pathview.inference.grid import PatchGrid, make_grid
from pathview.inference.heatmap import CellState, Heatmap
from pathview.slides.made import MadeReader
from pathview.slides.slide import Slide
from pathview.tiles.source import FAILED, NOT_RUN, SKIPPED


def fill(heatmap: Heatmap, cells: np.ndarray, seed: int = 0) -> None:
    rng = np.random.default_rng(seed)
    heatmap.write(cells, rng.random((len(cells), 2)).astype(np.float32))


def test_disk_and_memory_agree(slide: Slide, grid: PatchGrid, card: ModelCard, tmp_path: Path) -> None:
    heatmap = Heatmap.create(tmp_path / "h.zarr", grid, card, slide.info)
    fill(heatmap, heatmap.pending()[:100])
    heatmap.fail(heatmap.pending()[:3], "no ink")
    heatmap.flush()
    again = Heatmap.open(tmp_path / "h.zarr")
    np.testing.assert_array_equal(again.scores, heatmap.scores)
    np.testing.assert_array_equal(again.state, heatmap.state)
    assert again.facts == heatmap.facts
    assert again.grid.same_lattice(grid)
    assert again.progress == heatmap.progress == (100, 432, 0, 3)
    assert set(again.failures.values()) == {"no ink"}
    assert sorted(p.name for p in (tmp_path / "h.zarr").iterdir()) == ["scores", "state", "zarr.json"]


def test_skipped_cells_and_regions_survive(slide: Slide, card: ModelCard, tmp_path: Path) -> None:
    circle = shapely.Point(700, 500).buffer(300)
    grid = make_grid(slide.info, card, region=circle)
    selected = grid.inside & (np.indices(grid.shape).sum(axis=0) % 3 > 0)
    grid = replace(grid, selected=selected)
    Heatmap.create(tmp_path / "h.zarr", grid, card, slide.info)
    again = Heatmap.open(tmp_path / "h.zarr")
    np.testing.assert_array_equal(again.grid.inside, grid.inside)
    np.testing.assert_array_equal(again.grid.selected, grid.selected)
    assert again.progress.total == selected.sum()
    assert again.progress.skipped == (grid.inside & ~selected).sum()
    # More tissue found the next time: skipped cells are looked at after all.
    more = Heatmap.open_or_create(tmp_path / "h.zarr", replace(grid, selected=grid.inside), card, slide.info)
    assert len(more.pending()) == grid.inside.sum()


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"name": "other"}, "another model"),
        ({"version": "2"}, "version"),
        ({"sha256": "0" * 64}, "weights"),
        ({"classes": ("x", "y"), "positive": "x"}, "classes"),
        ({"stride": 16}, "grid"),
    ],
)
def test_another_models_values_are_refused(
    slide: Slide, grid: PatchGrid, card: ModelCard, tmp_path: Path, change: dict[str, object], words: str
) -> None:
    Heatmap.create(tmp_path / "h.zarr", grid, card, slide.info)
    other = replace(card, **change)  # type: ignore[arg-type]
    with pytest.raises(HeatmapMismatchError, match=words):
        Heatmap.open_or_create(tmp_path / "h.zarr", make_grid(slide.info, other), other, slide.info)


def test_another_slide_and_other_folders_are_refused(
    slide: Slide, grid: PatchGrid, card: ModelCard, tmp_path: Path
) -> None:
    Heatmap.create(tmp_path / "h.zarr", grid, card, slide.info)
    other = replace(slide.info, fingerprint="f" * 32)
    with pytest.raises(HeatmapMismatchError, match="another slide"):
        Heatmap.open_or_create(tmp_path / "h.zarr", grid, card, other)
    (tmp_path / "plain").mkdir()
    for path in (tmp_path / "plain", tmp_path / "absent", tmp_path / "h.zarr" / "state"):
        with pytest.raises(HeatmapMismatchError, match="not a heatmap"):
            Heatmap.open(path)
    with pytest.raises(FileExistsError):
        Heatmap.create(tmp_path / "plain", grid, card, slide.info)


def test_values_at_another_pixel_size_are_refused_and_a_last_digit_is_none(
    slide: Slide, grid: PatchGrid, card: ModelCard, tmp_path: Path
) -> None:
    heatmap = Heatmap.create(tmp_path / "h.zarr", grid, card, slide.info)
    assert heatmap.facts.slide_mpp is not None
    x, y = heatmap.facts.slide_mpp
    assert heatmap.facts.fits_scale((x * 1.0001, y))
    for other in ((x * 1.01, y), (x, y * 1.01), None):
        assert not heatmap.facts.fits_scale(other)
        with pytest.raises(HeatmapMismatchError, match="another pixel size"):
            Heatmap.open_or_create(tmp_path / "h.zarr", grid, card, replace(slide.info, mpp=other))


def test_results_of_programs_that_did_not_tell_the_source_can_be_read(
    slide: Slide, grid: PatchGrid, card: ModelCard
) -> None:
    facts = Heatmap.create(None, grid, card, slide.info).facts
    older = facts.to_json()
    del older["slide_mpp_source"]
    assert HeatmapFacts.from_json(older) == replace(facts, slide_mpp_source="")


def test_the_signal_names_the_stale_tiles() -> None:
    info = MadeReader((6000, 3000), downsamples=(1,), mpp=1.0).info
    card = ModelCard("m", "1", Task.CLASSIFY, 1.0, 10, 10, ("a", "b"), "b")
    heatmap = Heatmap.create(None, make_grid(info, card), card, info)
    channel = heatmap.channel(1)
    assert channel is heatmap.channel(1)
    assert (channel.kind, channel.pyramid.size, channel.pyramid.levels) == ("scalar", (600, 300), 3)
    seen: list[frozenset[TileKey]] = []
    heatmap.changed.connect(seen.append)
    before = {key: channel.revision(key) for key in (TileKey(0, 0, 0), TileKey(0, 2, 1), TileKey(2, 0, 0))}
    fill(heatmap, np.array([[299, 599], [299, 598]]))
    assert seen == [frozenset({TileKey(0, 2, 1), TileKey(1, 1, 0), TileKey(2, 0, 0)})]
    assert channel.revision(TileKey(0, 0, 0)) == before[TileKey(0, 0, 0)]
    assert channel.revision(TileKey(0, 2, 1)) > before[TileKey(0, 2, 1)]
    assert channel.revision(TileKey(2, 0, 0)) > before[TileKey(2, 0, 0)]
    assert channel.read_tile(TileKey(0, 2, 1)).shape == (44, 88)


def reference(scores: np.ndarray, state: np.ndarray, step: int) -> np.ndarray:
    rows, cols = (-(-n // step) for n in state.shape)
    out = np.empty((rows, cols))
    for row in range(rows):
        for col in range(cols):
            window = np.s_[row * step : (row + 1) * step, col * step : (col + 1) * step]
            states, values = state[window], scores[window]
            if (states == 1).any():
                out[row, col] = values[states == 1].mean()
            elif (states == 3).any():
                out[row, col] = FAILED
            else:
                out[row, col] = NOT_RUN if (states == 0).any() else SKIPPED
    return out


@settings(max_examples=8, deadline=None)
@given(columns=st.integers(1, 300), rows=st.integers(1, 60), seed=st.integers(0, 99), dense=st.floats(0, 1))
def test_coarse_tiles_are_means_over_what_is_done(columns: int, rows: int, seed: int, dense: float) -> None:
    info = MadeReader((columns * 4, rows * 4), downsamples=(1,), mpp=1.0).info
    card = ModelCard("m", "1", Task.CLASSIFY, 1.0, 4, 4, ("a", "b"), "b")
    heatmap = Heatmap.create(None, make_grid(info, card), card, info)
    rng = np.random.default_rng(seed)
    chance = rng.random(heatmap.grid.shape)
    fill(heatmap, np.argwhere(chance < dense), seed)
    heatmap.mark_skipped(np.argwhere(chance > 0.5 + dense / 2))
    heatmap.fail(np.argwhere((chance > dense) & (chance < dense + 0.01)), "why")
    source = heatmap.channel(0)
    for level in range(source.pyramid.levels):
        whole = reference(heatmap.scores[0], heatmap.state, 1 << level)
        for key in source.pyramid.cover(info.box, level):
            tile = source.read_tile(key)
            width, height = source.pyramid.pixels(key)
            assert tile.shape == (height, width)
            assert tile.dtype == np.float32
            part = whole[key.row * 256 :, key.col * 256 :][:height, :width]
            np.testing.assert_allclose(tile, part, rtol=1e-5)


def test_values_at_a_place(slide: Slide, grid: PatchGrid, card: ModelCard) -> None:
    heatmap = Heatmap.create(None, grid, card, slide.info)
    heatmap.write(np.array([[1, 2]]), np.array([[0.25, 0.75]], np.float32))
    value = heatmap.value_at(130, 70)
    assert value is not None
    assert value.scores == {"red": 0.25, "green": 0.75}
    empty = heatmap.value_at(1, 1)
    assert empty is not None
    assert (empty.state, empty.scores) == (CellState.NOT_RUN, None)
    assert heatmap.value_at(-1, 0) is None


def test_a_state_without_its_value_is_looked_at_again(
    slide: Slide, grid: PatchGrid, card: ModelCard, tmp_path: Path
) -> None:
    import zarr

    path = tmp_path / "h.zarr"
    fill(Heatmap.create(path, grid, card, slide.info), np.array([[0, 0]]))
    state = zarr.open_group(str(path), mode="r+")["state"]
    state[3, 3] = 1  # type: ignore[index]
    again = Heatmap.open_or_create(path, grid, card, slide.info)
    assert again.state[3, 3] == CellState.NOT_RUN


def test_an_empty_grid_is_a_heatmap_too(slide: Slide, card: ModelCard, tmp_path: Path) -> None:
    grid = make_grid(slide.info, card, region=shapely.box(-90, -90, -10, -10))
    heatmap = Heatmap.create(tmp_path / "h.zarr", grid, card, slide.info)
    assert heatmap.progress == (0, 0, 0, 0)
    assert heatmap.channel(0).read_tile(TileKey(0, 0, 0)).tolist() == [[NOT_RUN]]
    Heatmap.open(tmp_path / "h.zarr")


def test_a_coarse_map_fills_blocks_until_finer_cells_come(slide: Slide, card: ModelCard) -> None:
    grid = make_grid(slide.info, card)
    heatmap = Heatmap.create(None, grid, card, slide.info, coarse=8)
    source = heatmap.channel(1)
    glass = np.array([[0, 0], [1, 1]])
    heatmap.mark_skipped(glass)

    def write(row: int, col: int, value: float) -> None:
        heatmap.write(np.array([[row, col]]), np.array([[0.0, value]], np.float32))

    revision = source.revision(TileKey(0, 0, 0))
    write(3, 3, 0.8)
    assert source.revision(TileKey(0, 0, 0)) > revision
    shown = source.read_tile(TileKey(0, 0, 0))
    block = np.full((8, 8), np.float32(0.8))
    block[tuple(glass.T)] = SKIPPED
    np.testing.assert_array_equal(shown[:8, :8], block)
    assert (shown[8:16, :8] == NOT_RUN).all()
    # A finer one takes its own quarter; what it does not reach keeps the mean of the whole block.
    write(5, 5, 0.2)
    shown = source.read_tile(TileKey(0, 0, 0))
    assert (shown[4:8, 4:8] == np.float32(0.2)).all()
    np.testing.assert_array_equal(shown[2:4, 2:4], np.full((2, 2), np.float32(0.8)))
    np.testing.assert_allclose(shown[0:4, 4:8], 0.5, atol=1e-6)
    # The next level of the pyramid, of two cells a pixel, says the same.
    coarser = source.read_tile(TileKey(1, 0, 0))
    np.testing.assert_allclose(coarser[:4, :4], shown[1:8:2, :8:2], atol=1e-6)
    # Only what is done is a value: nothing else is stored, counted or said of a place.
    assert heatmap.progress.done == 2
    value = heatmap.value_at(*(grid.cell_boxes(np.array([[7, 7]]))[0][:2] + 1))
    assert value is not None
    assert (value.state, value.scores) == (CellState.NOT_RUN, None)
    assert np.isnan(heatmap.values(1)[7, 7])


def test_a_map_that_is_not_coarse_fills_nothing(slide: Slide, card: ModelCard, tmp_path: Path) -> None:
    grid = make_grid(slide.info, card)
    heatmap = Heatmap.create(tmp_path / "h.zarr", grid, card, slide.info)
    heatmap.write(np.array([[3, 3]]), np.array([[0.0, 0.8]], np.float32))
    shown = heatmap.channel(1).read_tile(TileKey(0, 0, 0))
    assert (shown[:8, :8] == NOT_RUN).sum() == 63
    heatmap.flush()
    # Going on coarse, it is remembered with the values.
    again = Heatmap.open_or_create(tmp_path / "h.zarr", grid, card, slide.info, coarse=8)
    assert again.facts.coarse == Heatmap.open(tmp_path / "h.zarr").facts.coarse == 8
    assert (Heatmap.open(tmp_path / "h.zarr").channel(1).read_tile(TileKey(0, 0, 0))[:8, :8] >= 0).all()
