from dataclasses import replace

import numpy as np
import pytest

from pathview.core.pyramid import TileKey
from pathview.inference.card import ModelCard
from pathview.inference.grid import PatchGrid
from pathview.inference.heatmap import OOD, Heatmap
from pathview.inference.views import UNCERTAINTY
from pathview.slides.slide import Slide
from pathview.tiles.source import NOT_RUN, UNCERTAIN, UNCERTAIN_STEPS, UNLIKE

TOP = TileKey(0, 0, 0)


def test_a_cell_carries_its_classes_uncertainty_in_steps(
    slide: Slide, grid: PatchGrid, card: ModelCard
) -> None:
    heatmap = Heatmap.create(None, grid, card, slide.info, extras={UNCERTAINTY: 2})
    cells = np.array([[0, 0], [0, 1]])
    spread = np.array([[0.5, 0.1], [0.0, 0.25]], np.float32)
    heatmap.write(cells, np.array([[0.25, 0.75], [1.0, 0.0]], np.float32), {UNCERTAINTY: spread})
    red, green = (heatmap.channel(index).read_tile(TOP)[0] for index in (0, 1))
    assert red[0] == pytest.approx(0.25 + UNCERTAIN * UNCERTAIN_STEPS)
    assert red[1] == 1.0
    assert green[0] == pytest.approx(0.75 + UNCERTAIN * 51)
    assert green[1] == pytest.approx(0.0 + UNCERTAIN * 128)
    assert green[2] == NOT_RUN


def test_coarser_levels_have_the_mean_of_what_is_done(slide: Slide, grid: PatchGrid, card: ModelCard) -> None:
    large = replace(
        grid, shape=(300, 300), inside=np.ones((300, 300), bool), selected=np.ones((300, 300), bool)
    )
    heatmap = Heatmap.create(None, large, card, slide.info, extras={UNCERTAINTY: 2})
    cells = np.array([[0, 0], [0, 1], [1, 0]])
    spread = np.array([[0.1] * 2, [0.2] * 2, [np.nan] * 2], np.float32)
    heatmap.write(cells, np.full((3, 2), 0.5, np.float32), {UNCERTAINTY: spread})
    pixel = heatmap.channel(0).read_tile(TileKey(1, 0, 0))[0, 0]
    assert pixel == pytest.approx(0.5 + UNCERTAIN * 51)


def test_uncertain_and_unlike_go_together(slide: Slide, grid: PatchGrid, card: ModelCard) -> None:
    heatmap = Heatmap.create(None, grid, card, slide.info, extras={UNCERTAINTY: 2, OOD: 1})
    heatmap.facts = replace(heatmap.facts, ood_threshold=1.0)
    extras = {UNCERTAINTY: np.array([[0.5, 0.5]], np.float32), OOD: np.array([[2.0]], np.float32)}
    heatmap.write(np.array([[0, 0]]), np.array([[0.25, 0.75]], np.float32), extras)
    stored = heatmap.channel(1).read_tile(TOP)[0, 0]
    assert stored == pytest.approx(0.75 + UNLIKE + UNCERTAIN * UNCERTAIN_STEPS)
    assert stored % 2 == pytest.approx(0.75, abs=2e-4), "enough of the value is left"
