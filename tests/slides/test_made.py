"""Made slides are their own oracle, so they are checked against the plainest way to say the same."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from pathview.core.errors import TileReadError
from pathview.slides.made import MadeReader, coordinate_pixels, level_pixels, write_made_tiff


def test_a_pixel_says_where_it_is() -> None:
    pixel = coordinate_pixels(np.array([0x1234]), np.array([0x0A56]))[0, 0]
    assert pixel.tolist() == [0x34, 0x56, 0x2A]


@pytest.mark.parametrize("downsample", [2, 3, 16])
def test_levels_are_block_means(downsample: int) -> None:
    size = (517, 301)
    full = coordinate_pixels(np.arange(size[0]), np.arange(size[1])).astype(float)
    shape = (-(-size[0] // downsample), -(-size[1] // downsample))
    got = level_pixels(downsample, 0, 0, *shape, size)
    for row, column in ((0, 0), (3, 7), (shape[1] - 1, shape[0] - 1)):
        ys, xs = row * downsample, column * downsample
        block = full[ys : ys + downsample, xs : xs + downsample]
        np.testing.assert_allclose(got[row, column], block.mean(axis=(0, 1)), atol=0.5001)


def test_a_window_equals_the_same_part_of_the_whole() -> None:
    size = (900, 700)
    whole = level_pixels(4, 0, 0, 225, 175, size)
    np.testing.assert_array_equal(level_pixels(4, 30, 20, 50, 40, size), whole[20:60, 30:80])


def test_any_size_takes_no_memory() -> None:
    reader = MadeReader((400_003, 300_001))
    assert reader.read_level(0, 400_000, 300_000, 3, 1).shape == (1, 3, 3)


def test_failing_tiles_fail_and_others_do_not() -> None:
    reader = MadeReader(failing=[(0, 1, 2)])
    with pytest.raises(TileReadError, match="made to fail"):
        reader.read_level(0, 500, 700, 20, 20)
    reader.read_level(0, 512, 512, 20, 20)
    reader.read_level(1, 256, 512, 20, 20)


def test_a_window_must_lie_inside_the_level() -> None:
    with pytest.raises(TileReadError, match="large"):
        MadeReader((100, 100)).read_level(0, 90, 0, 20, 20)


@pytest.mark.parametrize(("bigtiff", "byteorder"), [(False, "<"), (True, "<"), (False, ">")])
def test_the_file_holds_the_same_pixels(tmp_path: Path, bigtiff: bool, byteorder: str) -> None:
    import tifffile

    path = write_made_tiff(tmp_path / "a.tif", (700, 500), bigtiff=bigtiff, byteorder=byteorder)
    with tifffile.TiffFile(path) as file:
        for page, downsample in zip(file.pages, (1, 2, 4), strict=True):
            want = level_pixels(downsample, 0, 0, 700 // downsample, 500 // downsample, (700, 500))
            np.testing.assert_array_equal(page.asarray(), want)
