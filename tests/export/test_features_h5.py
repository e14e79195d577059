import sys
from pathlib import Path

import numpy as np
import pytest

from pathview.core.errors import ExportError
from pathview.export.features_h5 import magnification, write_features
from pathview.inference.card import ModelCard, Task
from pathview.inference.features import FeatureSink
from pathview.inference.grid import make_grid
from pathview.inference.heatmap import Heatmap
from pathview.slides.made import MadeReader
from pathview.slides.slide import Slide

h5py = pytest.importorskip("h5py")

CARD = ModelCard("small", "1", Task.EMBED, 0.5, 128, 96, (), "", features=3)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A run over a slide of 0.25 um/px: two cells are done."""
    slide = Slide(MadeReader((1500, 1100), mpp=0.25))
    heatmap = Heatmap.create(tmp_path / "heatmap.zarr", make_grid(slide.info, CARD), CARD, slide.info)
    sink = FeatureSink(tmp_path / "heatmap.zarr", heatmap.grid, 3)
    heatmap.flush_first(sink.flush)
    cells = np.array([[1, 2], [3, 0]])
    sink.put(cells, np.array([[1, 2, 3], [4, 5, 6]], np.float32))
    heatmap.write(cells, np.empty((2, 0), np.float32))
    heatmap.flush()
    return tmp_path / "heatmap.zarr"


def test_trident_s_readers_find_what_they_look_for(folder: Path, tmp_path: Path) -> None:
    places, features = write_features(folder, tmp_path / "all", "slide 1")
    tree = tmp_path / "all" / "20x_128px_32px_overlap"
    assert (places, features) == (
        tree / "patches" / "slide 1_patches.h5",
        tree / "features_small" / "slide 1.h5",
    )
    with h5py.File(features) as file:
        assert file["features"].dtype == np.float32
        np.testing.assert_array_equal(file["features"], [[1, 2, 3], [4, 5, 6]])
        # Cells of 96 px at twice the slide's pixels, patches of 128 about the same middle.
        np.testing.assert_array_equal(file["coords"], [[2 * 192 - 32, 192 - 32], [-32, 3 * 192 - 32]])
        assert file["coords"].dtype == np.int64
        assert dict(file["coords"].attrs) == {
            "patch_size": 128, "patch_size_level0": 256, "level0_magnification": 40,
            "target_magnification": 20, "overlap": 32, "name": "slide 1",
            "level0_width": 1500, "level0_height": 1100,
        }  # fmt: skip
    with h5py.File(places) as file:
        assert set(file) == {"coords"}


def test_older_files_are_replaced_and_nothing_is_left_over(folder: Path, tmp_path: Path) -> None:
    before = write_features(folder, tmp_path / "all", "s")
    assert write_features(folder, tmp_path / "all", "s") == before
    assert sorted(path for path in (tmp_path / "all").rglob("*") if path.is_file()) == sorted(before)


def test_without_h5py_the_message_says_what_to_install(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "h5py", None)
    with pytest.raises(ExportError, match=r'pip install "pathview\[features\]"'):
        write_features(folder, tmp_path, "s")


@pytest.mark.parametrize(
    ("mpp", "said"), [(0.5, 20), (0.2431, 40), (0.972, 10), (0.26, 40), (7.0, 1.25), (30.0, 0.33)]
)
def test_magnifications_are_the_usual_ones(mpp: float, said: float) -> None:
    assert magnification(mpp) == said
