import csv
import os
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from pathview.core.geometry import Box
from pathview.inference.card import ModelCard, Task
from pathview.inference.grid import make_grid
from pathview.inference.tissue import byte_counts, glass_colour, tissue_mask
from pathview.slides.made import MadeReader
from pathview.slides.open import open_slide
from pathview.slides.reader import Rgb
from pathview.slides.slide import Slide

MOSAIC = Path("wsi/pcam/pcam_valid_mosaic.tif")


class Painted(MadeReader):
    """A slide of one level that shows an image."""

    def __init__(self, image: Rgb, mpp: float | None = 4.0) -> None:
        super().__init__((image.shape[1], image.shape[0]), downsamples=(1,), mpp=mpp)
        self.image = image

    def read_level(self, level: int, x: int, y: int, w: int, h: int) -> Rgb:
        return self.image[y : y + h, x : x + w]


def glass(tint: tuple[int, int, int], noise: float = 2.0) -> Rgb:
    rng = np.random.default_rng(3)
    return np.clip(rng.normal(tint, noise, (400, 600, 3)), 0, 255).astype(np.uint8)


@pytest.mark.parametrize("tint", [(255, 255, 255), (243, 243, 243), (225, 225, 226), (246, 241, 230)])
def test_plain_glass_holds_no_tissue(tint: tuple[int, int, int]) -> None:
    assert not tissue_mask(Slide(Painted(glass(tint)))).mask.any()


@pytest.mark.parametrize("tint", [(225, 150, 190), (120, 70, 140), (235, 205, 222)])
def test_a_slide_full_of_tissue_is_kept(tint: tuple[int, int, int]) -> None:
    assert tissue_mask(Slide(Painted(glass(tint, 12.0)))).mask.mean() > 0.97


@pytest.mark.parametrize("mpp", [4.0, None])
def test_a_piece_of_tissue_is_found_and_dust_is_not(mpp: float | None) -> None:
    image = glass((244, 243, 243))
    image[100:300, 200:400] = (210, 140, 180)
    image[20:24, 20:24] = (90, 30, 60)
    mask = tissue_mask(Slide(Painted(image, mpp)))
    inside, outside = mask.fraction(np.array([[220, 120, 380, 280], [0, 0, 150, 400]]))
    assert inside > 0.95
    assert outside == 0


def test_unscanned_black_is_no_tissue() -> None:
    image = glass((210, 140, 180))
    image[:, :200] = 0
    left, right = tissue_mask(Slide(Painted(image))).fraction(
        np.array([[0, 0, 180, 400], [220, 0, 600, 400]])
    )
    assert left == 0
    assert right > 0.97


def test_large_slides_are_read_in_blocks() -> None:
    reader = MadeReader((9000, 7000), downsamples=(1, 4, 16), mpp=0.5)
    mask = tissue_mask(Slide(reader), mpp=8.0)
    assert mask.downsample == 16
    assert mask.mask.shape == (438, 563)
    assert reader.reads == 6


@pytest.fixture
def mosaic() -> Path:
    root = Path(os.environ.get("PATHVIEW_TEST_DATA", Path(__file__).parents[2] / ".." / "shared" / "data"))
    if not (root / MOSAIC).exists():
        pytest.skip(f"no test data at {root}")
    return root / MOSAIC


def test_the_mosaics_tiles_are_found_one_by_one(mosaic: Path) -> None:
    with mosaic.with_name("pcam_valid_mosaic_gt.csv").open() as file:
        truth = [
            (row["label"] != "background", int(row["row"]), int(row["col"])) for row in csv.DictReader(file)
        ]
    real = np.zeros((32, 40), bool)
    for tissue, row, col in truth:
        real[row, col] = tissue
    with open_slide(mosaic) as slide:
        mask = tissue_mask(slide)
        card = ModelCard("m", "1", Task.CLASSIFY, 0.972, 96, 96, ("a", "b"), "b")
        grid = make_grid(slide.info, card, mask)
    assert (grid.patch, grid.stride, grid.shape) == (96.0, 96.0, (32, 40))
    assert Box(*grid.boxes(np.array([[3, 5]]))[0]) == Box(480, 288, 576, 384)
    assert real.sum() == 1008
    assert grid.selected[real].mean() >= 0.97
    assert grid.selected[~real].sum() <= 0.05 * (~real).sum()


@given(
    arrays(
        np.uint8,
        st.tuples(st.integers(1, 30), st.integers(1, 30), st.just(3)),
        elements=st.integers(185, 255),
    )
)
def test_the_colour_of_glass_is_the_median_of_its_commonest_colour(image: Rgb) -> None:
    pixels = image.reshape(-1, 3)
    bright = pixels[(pixels.min(axis=1) > 190) & (np.ptp(pixels, axis=1) < 25)]
    kinds, which, counts = np.unique(bright // 8, axis=0, return_inverse=True, return_counts=True)
    found = glass_colour(image)
    if not len(kinds) or counts.max() < 0.05 * len(pixels):
        assert found is None
    else:
        # Of equally common ones the darkest in red, then green, then blue.
        expected = np.median(bright[which.ravel() == counts.argmax()], axis=0)
        assert found is not None
        assert found.tolist() == expected.tolist()


@given(arrays(np.float32, (12, 9), elements=st.floats(0, 300, width=32)))
def test_otsu_counts_as_a_histogram_does(values: np.ndarray) -> None:
    counts, edges = np.histogram(values, bins=256, range=(0, 256))
    assert np.array_equal(byte_counts(values), counts)
    assert edges[1] == 1
