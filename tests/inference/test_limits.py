"""Models that know their limits: from what they say to the heatmap, the table and the run's record."""

from __future__ import annotations

import csv
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from pathview.core.errors import ModelError
from pathview.core.inbox import Inbox
from pathview.core.pyramid import TileKey
from pathview.export.heatmap_table import write_heatmap_table
from pathview.inference.boundary import ask_all
from pathview.inference.card import ModelCard
from pathview.inference.grid import PatchGrid
from pathview.inference.heatmap import OOD, CellState, Heatmap
from pathview.inference.model import OodScores, Patches, Prediction
from pathview.inference.run import InferenceRun
from pathview.inference.views import ask_in_views
from pathview.slides.slide import Slide
from pathview.tiles.source import UNLIKE


class Modest:
    """Finds blue strange."""

    def __init__(self, card: ModelCard) -> None:
        self.card = replace(card, ood_threshold=0.5)

    def load(self, device: str) -> None:
        pass

    def predict(self, patches: Patches) -> Prediction:
        return (patches.mean(axis=(1, 2))[:, :2] / 255).astype(np.float32)

    def predict_with_ood(self, patches: Patches) -> tuple[Prediction, OodScores]:
        return self.predict(patches), (patches[..., 2].mean(axis=(1, 2)) / 255).astype(np.float32)

    def unload(self) -> None:
        pass


def blue(*levels: int) -> Patches:
    return np.stack([np.full((32, 32, 3), (200, 100, level), np.uint8) for level in levels])


def test_both_answers_pass_the_boundary(card: ModelCard) -> None:
    answer = ask_all(Modest(card), blue(0, 255))
    np.testing.assert_allclose(answer.prediction, [[200 / 255, 100 / 255]] * 2, atol=1e-6)
    assert answer.ood is not None
    np.testing.assert_allclose(answer.ood, [0, 1])


def test_a_model_that_cannot_tell_is_asked_for_probabilities_only(card: ModelCard) -> None:
    model = Modest(card)
    model.card = replace(card, ood_threshold=None)
    assert ask_all(model, blue(255)).ood is None


@pytest.mark.parametrize(
    ("scores", "fault"),
    [
        (np.zeros(3, np.float32), r"shape \(3,\)"),
        (np.zeros((2, 1), np.float32), "shape"),
        (np.zeros(2, np.float64), "float64"),
        (np.array([0, np.nan], np.float32), "1 values are not finite"),
        (np.array([0, 7], np.float32), "to 7 are not within 0 to 1"),
        ([0.0, 0.0], "a list is not an array"),
    ],
)
def test_wrong_scores_are_refused(card: ModelCard, scores: object, fault: str) -> None:
    model = Modest(card)
    said = model.predict(blue(1, 2))
    model.predict_with_ood = lambda _: (said, scores)  # type: ignore[method-assign,assignment,return-value]
    with pytest.raises(ModelError, match=f"out-of-distribution scores: .*{fault}"):
        ask_all(model, blue(1, 2))


def test_one_array_is_not_two(card: ModelCard) -> None:
    model = Modest(card)
    model.predict_with_ood = model.predict  # type: ignore[method-assign,assignment]
    with pytest.raises(ModelError, match="must return two arrays"):
        ask_all(model, blue(1, 2, 3))


def test_a_threshold_without_a_score_is_refused(card: ModelCard) -> None:
    class Boastful:
        def __init__(self) -> None:
            self.card = replace(card, ood_threshold=0.5)
            self.load = self.unload = self.predict = lambda *_: None

    with pytest.raises(ModelError, match="states an ood_threshold, and it has no predict_with_ood"):
        ask_all(Boastful(), blue(1))


def test_the_score_of_views_is_their_mean(card: ModelCard) -> None:
    patches = blue(0)
    patches[0, :16, :, 2] = 255
    answer, _ = ask_in_views(Modest(card), patches)
    assert answer.ood is not None
    assert answer.ood == pytest.approx([0.5])
    assert answer.ood.dtype == np.float32


def test_a_run_keeps_the_score_and_the_heatmap_tells_which_cells_are_unlike(
    slide: Slide, grid: PatchGrid, card: ModelCard, tmp_path: Path
) -> None:
    model = Modest(card)
    path = tmp_path / "h.zarr"
    heatmap = Heatmap.open_or_create(path, grid, model.card, slide.info, extras={OOD: 1})
    run = InferenceRun(slide, model, grid, heatmap, Inbox(), batch=16)
    while run.step():
        pass
    again = Heatmap.open(path)
    assert again.facts.ood_threshold == 0.5
    unlike = again.unlike()
    np.testing.assert_array_equal(unlike, again.extras[OOD][0] > 0.5)
    assert 0 < unlike.sum() < grid.selected.sum(), "the made slide has blue places and others"
    row, col = map(int, np.argwhere(unlike)[0])
    value = again.value_at((col + 0.5) * grid.stride, (row + 0.5) * grid.stride)
    assert value is not None
    assert value.unlike
    write_heatmap_table(again, tmp_path / "t.csv")
    with (tmp_path / "t.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert list(rows[0])[-2:] == ["ood", "unlike_training"]
    said = [one["unlike_training"] for one in rows if one["state"] == "done"]
    assert said.count("yes") == unlike.sum()
    assert set(said) == {"yes", "no"}


def test_the_picture_carries_the_mark_where_most_is_unlike(
    slide: Slide, grid: PatchGrid, card: ModelCard
) -> None:
    heatmap = Heatmap.create(None, grid, replace(card, ood_threshold=0.5), slide.info, extras={OOD: 1})
    cells = np.array([[0, 0], [0, 1], [1, 0], [1, 1], [0, 2], [0, 3]])
    said = np.full((6, 2), 0.25, np.float32)
    far = np.array([[0.9], [0.9], [0.9], [0.1], [0.9], [0.1]], np.float32)
    heatmap.write(cells, said, {OOD: far})
    fine = heatmap.channel(0).read_tile(TileKey(0, 0, 0))
    np.testing.assert_allclose(fine[0, :4], [0.25 + UNLIKE, 0.25 + UNLIKE, 0.25 + UNLIKE, 0.25])
    assert fine[2, 0] == -1
    coarse = heatmap.channel(0).read_tile(TileKey(1, 0, 0))
    np.testing.assert_allclose(coarse[0, :2], [0.25 + UNLIKE, 0.25], err_msg="3 of 4, and 1 of 2")


def test_a_cell_that_is_not_done_is_not_unlike(slide: Slide, grid: PatchGrid, card: ModelCard) -> None:
    heatmap = Heatmap.create(None, grid, replace(card, ood_threshold=0.5), slide.info, extras={OOD: 1})
    heatmap.write(np.array([[0, 0]]), np.zeros((1, 2), np.float32), {OOD: np.ones((1, 1), np.float32)})
    heatmap.state[0, 0] = CellState.FAILED
    assert not heatmap.unlike().any()
