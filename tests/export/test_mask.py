import json
from pathlib import Path

import numpy as np
import pytest

from pathview.core.errors import ExportError
from pathview.export.mask import labels_of, write_mask
from pathview.inference.card import ModelCard, Task
from pathview.inference.dense_blend import quantised
from pathview.inference.dense_sink import DenseSink
from pathview.inference.facts import HeatmapFacts
from pathview.inference.grid import make_grid
from pathview.inference.heatmap import Heatmap
from pathview.slides.made import MadeReader
from pathview.slides.slide import Slide

CARD = ModelCard(
    "two", "1", Task.SEGMENT, 0.5, 64, 48, ("A", "B"), "B", threshold=0.7, output_stride=1, halo=8
)
INFO = Slide(MadeReader((1500, 1100), mpp=0.25)).info


def facts(card: ModelCard = CARD) -> HeatmapFacts:
    return HeatmapFacts.of(card, INFO)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A run over a slide of 0.25 um/px: one cell is done, B in its right half."""
    heatmap = Heatmap.create(tmp_path / "heatmap.zarr", make_grid(INFO, CARD), CARD, INFO)
    sink = DenseSink(tmp_path / "heatmap.zarr", heatmap, CARD)
    heatmap.flush_first(sink.flush)
    b = np.full((1, 64, 64), 0.1, np.float32)
    b[:, :, 32:] = 0.9
    cells = np.array([[1, 2]])
    sink.put(cells, np.stack([1 - b, b], axis=1))
    heatmap.write(cells, np.array([[0.5, 0.5]], np.float32))
    heatmap.flush()
    return tmp_path / "heatmap.zarr"


def test_the_mask_lies_on_the_slide_and_tells_its_classes(folder: Path, tmp_path: Path) -> None:
    import tifffile

    picture, sidecar = write_mask(folder, tmp_path / "mask.tif")
    with tifffile.TiffFile(picture) as file:
        found = file.series[0].asarray()
        assert [level.shape for level in file.series[0].levels] == [found.shape, (288, 384)]
        page = file.pages.first
        # 0.5 um a pixel are 20,000 pixels a centimetre.
        assert page.tags["XResolution"].value == (20_000, 1)
    assert found.shape == (12 * 48, 16 * 48)
    expected = np.zeros_like(found)
    expected[48:96, 96:120], expected[48:96, 120:144] = 1, 2
    np.testing.assert_array_equal(found, expected)
    said = json.loads(sidecar.read_text(encoding="utf-8"))
    assert said["classes"] == {"0": "not looked at", "1": "A", "2": "B"}
    assert (said["downsample"], said["origin"], said["mpp"]) == (2.0, [0.0, 0.0], [0.5, 0.5])


def test_the_positive_class_begins_at_its_threshold() -> None:
    values = quantised(np.array([0.2, 0.69, 0.71, 0.9], np.float32))
    found = labels_of(np.stack([256 - values.astype(int), values])[:, None].astype(np.uint8), facts(), False)
    assert found.tolist() == [[1, 1, 2, 2]]


def test_of_several_at_once_it_is_the_clearest_or_none() -> None:
    values = quantised(np.array([[0.2, 0.9, 0.6], [0.3, 0.8, 0.9]], np.float32))[:, None]
    values[:, 0, 0] = 0
    assert labels_of(values, facts(), True).tolist() == [[0, 1, 2]]
    assert labels_of(quantised(np.full((2, 1, 1), 0.3, np.float32)), facts(), True).tolist() == [[3]]


def test_without_a_segmentation_it_says_so(tmp_path: Path) -> None:
    Heatmap.create(tmp_path / "h.zarr", make_grid(INFO, CARD), CARD, INFO)
    with pytest.raises(ExportError, match="holds no segmentation"):
        write_mask(tmp_path / "h.zarr", tmp_path / "mask.tif")
