import csv
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from pathview.core.errors import HeatmapMismatchError, ModelError
from pathview.core.inbox import Inbox
from pathview.export.heatmap_table import write_heatmap_table
from pathview.inference.card import ModelCard
from pathview.inference.grid import PatchGrid
from pathview.inference.heatmap import CellState, Heatmap
from pathview.inference.model import Patches, Prediction
from pathview.inference.run import InferenceRun
from pathview.inference.source import ModelSource
from pathview.inference.spec import RunSpec, build_run
from pathview.inference.views import MOST_UNCERTAIN, UNCERTAINTY, VIEWS, ask_in_views, turned
from pathview.slides.slide import Slide


class CornerModel:
    """Says how red the upper left pixel is: of all that a model may look at, turning changes this most."""

    def __init__(self, card: ModelCard) -> None:
        self.card = card
        self.asked = 0

    def load(self, device: str) -> None:
        pass

    def predict(self, patches: Patches) -> Prediction:
        assert patches.flags.c_contiguous
        self.asked += len(patches)
        red = patches[:, 0, 0, 0] / np.float32(255)
        return np.stack([red, 1 - red], axis=1).astype(np.float32)

    def unload(self) -> None:
        pass


def corners(*reds: int) -> Patches:
    """Return a patch with these reds in its corners: upper left, upper right, lower right, lower left."""
    patch = np.zeros((1, 6, 6, 3), np.uint8)
    for (row, col), red in zip(((0, 0), (0, -1), (-1, -1), (-1, 0)), reds, strict=True):
        patch[0, row, col, 0] = red
    return patch


def test_the_eight_views_are_all_different_and_the_first_is_the_patch_itself() -> None:
    patch = np.arange(2 * 5 * 5 * 3, dtype=np.uint8).reshape(2, 5, 5, 3)
    views = [turned(patch, view) for view in range(VIEWS)]
    np.testing.assert_array_equal(views[0], patch)
    assert len({view.tobytes() for view in views}) == VIEWS
    for view in views:
        np.testing.assert_array_equal(np.sort(view, axis=None), np.sort(patch, axis=None))
        assert view.shape == patch.shape


def test_mean_and_standard_deviation_are_those_of_the_eight_answers(card: ModelCard) -> None:
    (mean, _), spread = ask_in_views(CornerModel(card), corners(255, 0, 0, 0))
    # The red corner comes to the upper left in two of the eight views.
    np.testing.assert_allclose(mean, [[0.25, 0.75]], atol=1e-6)
    np.testing.assert_allclose(spread, [[np.sqrt(0.25 * 0.75)] * 2], atol=1e-6)
    assert mean.dtype == spread.dtype == np.float32
    _, widest = ask_in_views(CornerModel(card), corners(255, 0, 255, 0))
    assert widest.max() == pytest.approx(MOST_UNCERTAIN)
    (same, _), none = ask_in_views(CornerModel(card), corners(51, 51, 51, 51))
    np.testing.assert_allclose(same, [[0.2, 0.8]], atol=1e-6)
    assert none.max() < 1e-6


def test_what_one_view_says_wrongly_is_refused(card: ModelCard) -> None:
    class Odd(CornerModel):
        def predict(self, patches: Patches) -> Prediction:
            prediction = super().predict(patches)
            return prediction * np.float32(np.nan) if self.asked == 5 else prediction

    with pytest.raises(ModelError, match="not finite"):
        ask_in_views(Odd(card), corners(1, 2, 3, 4))


def test_a_run_keeps_mean_and_uncertainty_and_resumes(
    slide: Slide, grid: PatchGrid, card: ModelCard, tmp_path: Path
) -> None:
    def run(model: CornerModel) -> Heatmap:
        heatmap = Heatmap.open_or_create(
            tmp_path / "h.zarr", grid, card, slide.info, views=VIEWS, extras={UNCERTAINTY: 2}
        )
        run = InferenceRun(slide, model, grid, heatmap, Inbox(), batch=16)
        for _ in range(20):
            run.step()
        run.close()
        return heatmap

    model = CornerModel(card)
    first = run(model)
    done = int((first.state == CellState.DONE).sum())
    assert 0 < done < grid.selected.sum()
    assert model.asked == VIEWS * done
    while (heatmap := run(model)).pending().size:
        pass
    assert model.asked == VIEWS * grid.selected.sum(), "each cell is scored once"
    again = Heatmap.open(tmp_path / "h.zarr")
    np.testing.assert_array_equal(again.extras[UNCERTAINTY], heatmap.extras[UNCERTAINTY])
    assert np.isfinite(again.extras[UNCERTAINTY]).all()
    assert 0 < again.extras[UNCERTAINTY].max() <= MOST_UNCERTAIN
    value = again.value_at(100, 100)
    assert value is not None
    assert value.extras[UNCERTAINTY] == pytest.approx(tuple(again.extras[UNCERTAINTY][:, 1, 1]))


def test_values_from_one_view_and_from_eight_are_not_mixed(
    slide: Slide, grid: PatchGrid, card: ModelCard, tmp_path: Path
) -> None:
    Heatmap.create(tmp_path / "h.zarr", grid, card, slide.info)
    with pytest.raises(HeatmapMismatchError, match="number of views"):
        Heatmap.open_or_create(tmp_path / "h.zarr", grid, card, slide.info, views=VIEWS)


def test_a_spec_with_tta_builds_such_a_run(made_tiff: Path, texture: ModelSource, tmp_path: Path) -> None:
    spec = RunSpec(made_tiff, texture, tmp_path / "h.zarr", device="cpu", tta=True)
    run = build_run(spec, Inbox())
    while run.step():
        pass
    assert run.heatmap.facts.views == VIEWS
    selected = run.heatmap.grid.selected
    assert np.isfinite(run.heatmap.extras[UNCERTAINTY][:, selected]).all()
    write_heatmap_table(run.heatmap, tmp_path / "t.csv")
    with (tmp_path / "t.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert list(rows[0])[-4:] == ["Smooth", "Busy", "Smooth uncertainty", "Busy uncertainty"]
    done = next(row for row in rows if row["state"] == "done")
    assert 0 <= float(done["Busy uncertainty"]) <= MOST_UNCERTAIN
    assert {row["Busy uncertainty"] for row in rows if row["state"] != "done"} <= {""}


def test_an_extra_that_comes_later_is_unknown_in_the_cells_before(
    slide: Slide, grid: PatchGrid, card: ModelCard, tmp_path: Path
) -> None:
    path = tmp_path / "h.zarr"
    earlier = Heatmap.create(path, grid, card, slide.info)
    earlier.write(np.array([[0, 0]]), np.array([[0.5, 0.5]], np.float32))
    earlier.flush()
    heatmap = Heatmap.open_or_create(path, grid, card, slide.info, extras={"strangeness": 1})
    heatmap.write(
        np.array([[0, 1]]), np.array([[0.5, 0.5]], np.float32), {"strangeness": np.array([[3.5]], np.float32)}
    )
    heatmap.flush()
    again = Heatmap.open(path)
    assert list(again.extras) == ["strangeness"]
    assert again.extras["strangeness"][0, 0, 1] == 3.5
    assert np.isnan(again.extras["strangeness"][0, 0, 0])
    assert again.state[0, 0] == CellState.DONE
    write_heatmap_table(again, tmp_path / "t.csv")
    with (tmp_path / "t.csv").open(newline="") as file:
        first, second = list(csv.DictReader(file))[:2]
    assert (first["state"], first["strangeness"]) == ("done", "")
    assert second["strangeness"] == "3.500000"


def test_a_copy_is_of_one_moment(slide: Slide, grid: PatchGrid, card: ModelCard) -> None:
    heatmap = Heatmap.create(None, grid, replace(card, name="m"), slide.info, extras={"odd": 1})
    copy = heatmap.copy()
    heatmap.write(
        np.array([[0, 0]]), np.array([[1.0, 0.0]], np.float32), {"odd": np.array([[1.0]], np.float32)}
    )
    assert (copy.state == CellState.NOT_RUN).all()
    assert np.isnan(copy.extras["odd"]).all()
    assert copy.facts == heatmap.facts
