"""OpenSlide behind the seam: right pixels, and alive after failed reads and racing closes."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from pathview.core.errors import TileReadError
from pathview.core.geometry import Box
from pathview.core.region import Region
from pathview.slides.made import level_pixels, write_made_tiff
from pathview.slides.open import open_slide
from pathview.slides.openslide_reader import OpenSlideReader
from pathview.slides.slide import Slide

SIZE = (1500, 1100)


@pytest.fixture
def reader(made_tiff: Path) -> Iterator[OpenSlideReader]:
    reader = OpenSlideReader(made_tiff)
    yield reader
    reader.close()


@pytest.mark.parametrize(("level", "downsample"), [(0, 1), (1, 2), (2, 4)])
@pytest.mark.parametrize(("x", "y", "w", "h"), [(0, 0, 30, 20), (131, 77, 200, 190), (250, 249, 12, 13)])
def test_every_level_pixel_is_right(
    reader: OpenSlideReader, level: int, downsample: int, x: int, y: int, w: int, h: int
) -> None:
    want = level_pixels(downsample, x, y, w, h, SIZE)
    np.testing.assert_array_equal(reader.read_level(level, x, y, w, h), want)


def test_the_last_pixels_of_a_level_are_right(reader: OpenSlideReader) -> None:
    want = level_pixels(4, 365, 265, 10, 10, SIZE)
    np.testing.assert_array_equal(reader.read_level(2, 365, 265, 10, 10), want)


def test_levels_of_odd_size_shift_by_less_than_half_a_slide_pixel(tmp_path: Path) -> None:
    path = write_made_tiff(tmp_path / "odd.tif", (2221, 1967), downsamples=(1, 2, 8))
    with Slide(OpenSlideReader(path)) as slide:
        assert [level.downsample for level in slide.info.levels] == [1.0, 2.0, 8.0]
        got = slide.read(Region(Box(1792, 1536, 2016, 1760), 2.0)).astype(float)
        want = level_pixels(2, 896, 768, 112, 112, (2221, 1967)).astype(float)
        # Red and green count pixels, so their difference is the shift itself, in level-0 pixels.
        assert abs(np.median(got[..., :2] - want[..., :2], axis=(0, 1))).max() <= 0.5


def test_a_slide_is_described(reader: OpenSlideReader) -> None:
    info = reader.info
    assert info.format == "generic-tiff"
    assert info.size == SIZE
    assert info.mpp == pytest.approx((0.25, 0.25))
    assert info.mpp_source == "TIFF resolution"
    assert info.objective_power is None
    assert info.bounds == info.box
    assert info.background == (255, 255, 255)
    assert [level.tile for level in info.levels] == [(256, 256)] * 3
    assert len(info.fingerprint) == 32
    assert reader.icc_profile() is None
    assert reader.associated_images() == {}


def test_no_scale_is_no_scale(tmp_path: Path) -> None:
    with open_slide(write_made_tiff(tmp_path / "a.tif", SIZE, mpp=None)) as slide:
        assert slide.info.mpp is None
        assert slide.info.mpp_source.startswith("unknown: ")


def test_transparent_pixels_take_the_background(reader: OpenSlideReader) -> None:
    image = Image.new("RGBA", (2, 1), (0, 0, 0, 0))
    image.putpixel((0, 0), (10, 20, 30, 255))
    assert reader._flat(image).tolist() == [[[10, 20, 30], [255, 255, 255]]]


def test_a_failed_read_costs_one_tile_and_not_the_slide(tmp_path: Path) -> None:
    path = write_made_tiff(tmp_path / "a.tif", SIZE)
    damage_first_tile(path)
    reader = OpenSlideReader(path)
    with pytest.raises(TileReadError) as caught:
        reader.read_level(0, 0, 0, 50, 50)
    assert caught.value.path == path
    assert "level 0" in str(caught.value.where)
    np.testing.assert_array_equal(
        reader.read_level(0, 600, 600, 50, 50), level_pixels(1, 600, 600, 50, 50, SIZE)
    )
    reader.close()


def test_a_bad_tile_does_not_spoil_the_good_ones_beside_it(tmp_path: Path) -> None:
    path = write_made_tiff(tmp_path / "a.tif", SIZE)
    damage_first_tile(path)
    reader = OpenSlideReader(path)

    def read(number: int) -> bool:
        x = 0 if number % 4 == 0 else 300 + number
        try:
            got = reader.read_level(0, x, 300 * bool(x), 40, 40)
        except TileReadError:
            return False
        np.testing.assert_array_equal(got, level_pixels(1, x, 300, 40, 40, SIZE))
        return True

    with ThreadPoolExecutor(3) as pool:
        results = list(pool.map(read, range(60)))
    reader.close()
    assert results == [number % 4 != 0 for number in range(60)]


def damage_first_tile(path: Path) -> None:
    import tifffile

    with tifffile.TiffFile(path) as file:
        offset = file.pages.first.dataoffsets[0]
    with path.open("r+b") as raw:
        raw.seek(offset)
        raw.write(b"\xff" * 64)


def test_closing_waits_for_the_readers(made_tiff: Path) -> None:
    reader = OpenSlideReader(made_tiff)
    refused = threading.Event()

    def read() -> None:
        try:
            while True:
                reader.read_level(0, 0, 0, 700, 700)
        except TileReadError:
            refused.set()

    threads = [threading.Thread(target=read) for _ in range(3)]
    for thread in threads:
        thread.start()
    reader.close()
    for thread in threads:
        thread.join(20)
    assert refused.is_set()
    reader.close()
    with pytest.raises(TileReadError, match="closed"):
        reader.associated_images()


def test_an_aperio_slide(data: Path) -> None:
    with open_slide(data / "wsi" / "aperio" / "CMU-1-Small-Region.svs") as slide:
        assert slide.info.format == "aperio"
        assert slide.info.mpp == (0.499, 0.499)
        assert slide.info.mpp_source == "aperio.MPP"
        assert slide.info.objective_power == 20
        assert set(slide.associated_images()) == {"label", "macro", "thumbnail"}
        # Tissue is pinkish: this tells RGB from BGR.
        red, _, blue = slide.thumbnail(300).mean(axis=(0, 1))
        assert red > blue


def test_an_ndpi_slide(data: Path) -> None:
    with open_slide(data / "wsi" / "hamamatsu" / "test3-DAPI-2-387.ndpi") as slide:
        assert len(slide.info.levels) == 7
        assert slide.info.objective_power == 40
        assert slide.read(Region(slide.info.box, 100.0)).shape == (49, 40, 3)


def test_the_same_pixels_as_dicom(data: Path) -> None:
    region = Region(Box(500, 700, 756, 956), 1.0)
    with (
        open_slide(data / "wsi" / "aperio" / "CMU-1-Small-Region.svs") as svs,
        open_slide(data / "wsi" / "dicom" / "CMU-1-Small-Region") as dicom,
    ):
        assert dicom.info.format == "dicom"
        assert dicom.info.size == svs.info.size
        np.testing.assert_allclose(dicom.read(region), svs.read(region), atol=4)


def test_property_names_that_are_no_text_are_left_out(data: Path, tmp_path: Path) -> None:
    raw = (data / "wsi" / "tiny" / "osp_small.svs").read_bytes()
    assert b"AppMag" in raw
    path = tmp_path / "a.svs"
    path.write_bytes(raw.replace(b"AppMag", b"\xff\xfepMag"))
    with open_slide(path) as slide:
        assert slide.info.objective_power is None
        assert slide.info.mpp == (0.499, 0.499)
