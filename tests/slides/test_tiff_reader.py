"""Native tiles: OpenSlide's pixels from real slides, exact pixels from made ones, alive after damage."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from pathview.core.errors import TileReadError
from pathview.core.geometry import Box
from pathview.core.region import Region
from pathview.slides.made import level_pixels, write_made_tiff
from pathview.slides.openslide_reader import OpenSlideReader
from pathview.slides.reader import Rgb
from pathview.slides.slide import Slide
from pathview.slides.tiff_reader import TiffReader, open_tiff

SIZE = (1500, 1100)
JPEG_SLIDES = (
    "aperio/CMU-1-Small-Region.svs",
    "generic_tiff/CMU-1-Small-Region_pyr.tif",
    "ome_tiff/CMU-1-Small-Region.ome.tif",
    "pcam/pcam_valid_mosaic.tif",
)
WINDOWS = [(0, 0, 30, 20), (131, 77, 200, 190), (250, 249, 12, 13), (256, 0, 119, 256), (0, 0, 256, 256)]

Opener = Callable[[Path], TiffReader]


@pytest.fixture
def opened() -> Iterator[Opener]:
    """Return a function that opens a TIFF with this reader and closes it after the test."""
    readers: list[TiffReader] = []

    def call(path: Path) -> TiffReader:
        reader = open_tiff(path)
        assert reader is not None
        readers.append(reader)
        return reader

    yield call
    for reader in readers:
        reader.close()


def random_windows(size: tuple[int, int], count: int) -> Iterator[tuple[int, int, int, int]]:
    """Yield windows of up to 700 pixels, a third of them at the far edges."""
    rng = np.random.default_rng(3)
    for number in range(count):
        w, h = (int(rng.integers(1, min(700, side) + 1)) for side in size)
        x, y = int(rng.integers(0, size[0] - w + 1)), int(rng.integers(0, size[1] - h + 1))
        if number % 6 == 0:
            x = size[0] - w
        if number % 6 <= 1:
            y = size[1] - h
        yield x, y, w, h


def compare_with_openslide(ours: TiffReader, path: Path, regions: int) -> None:
    """Compare random regions of every level that OpenSlide shows, byte by byte."""
    theirs = OpenSlideReader(path)
    levels = theirs.info.levels
    for number, level in enumerate(levels):
        # Read as a whole: between the levels' pixels OpenSlide would interpolate.
        whole = theirs.read_level(number, 0, 0, *level.size)
        for x, y, w, h in random_windows(level.size, -(-regions // len(levels))):
            got = ours.read_level(number, x, y, w, h)
            np.testing.assert_array_equal(got, whole[y : y + h, x : x + w])
    theirs.close()


@pytest.mark.parametrize("name", JPEG_SLIDES)
def test_the_pixels_are_openslides(data: Path, opened: Opener, name: str) -> None:
    compare_with_openslide(opened(data / "wsi" / name), data / "wsi" / name, 40)


@pytest.mark.slow
@pytest.mark.parametrize("name", JPEG_SLIDES)
def test_the_pixels_are_openslides_in_a_thousand_regions(data: Path, opened: Opener, name: str) -> None:
    compare_with_openslide(opened(data / "wsi" / name), data / "wsi" / name, 1000)


@pytest.mark.parametrize("name", ["aperio/CMU-1-Small-Region.svs", "generic_tiff/CMU-1-Small-Region_pyr.tif"])
def test_the_slide_is_described_as_openslide_describes_it(data: Path, opened: Opener, name: str) -> None:
    ours, theirs = opened(data / "wsi" / name), OpenSlideReader(data / "wsi" / name)
    for field in ("format", "levels", "mpp", "mpp_source", "objective_power", "bounds", "background"):
        assert getattr(ours.info, field) == getattr(theirs.info, field)
    stated = {k: v for k, v in theirs.info.properties.items() if k.startswith(("aperio.", "tiff."))}
    assert stated.items() <= ours.info.properties.items()
    images, wanted = ours.associated_images(), theirs.associated_images()
    assert images.keys() == wanted.keys()
    assert ours.associated_sizes() == theirs.associated_sizes()
    for key, image in wanted.items():
        np.testing.assert_array_equal(images[key], image)
    theirs.close()


def test_an_ome_tiff_has_its_levels_and_scale(data: Path, opened: Opener) -> None:
    info = opened(data / "wsi" / "ome_tiff" / "CMU-1-Small-Region.ome.tif").info
    assert info.format == "ome-tiff"
    assert info.mpp == (0.499, 0.499)
    assert info.mpp_source == "OME PhysicalSize"
    assert [level.downsample for level in info.levels] == [1.0, 2.0, 4.0, 8.0]


FLAVOURS: dict[str, dict[str, Any]] = {
    "deflate": {},
    "deflate, predictor": {"predictor": True},
    "lzw": {"compression": "lzw"},
    "lzw, predictor": {"compression": "lzw", "predictor": True},
    "zstd": {"compression": "zstd"},
    "packbits": {"compression": "packbits"},
    "uncompressed": {"compression": None},
    "bigtiff": {"bigtiff": True},
    "big endian": {"byteorder": ">"},
    "big-endian bigtiff": {"byteorder": ">", "bigtiff": True},
    "planar": {"planar": True},
    "planar, lzw, predictor": {"planar": True, "compression": "lzw", "predictor": True},
    "subifds": {"subifds": True},
}


@pytest.mark.parametrize("flavour", FLAVOURS)
def test_every_pixel_of_every_flavour_is_right(tmp_path: Path, opened: Opener, flavour: str) -> None:
    reader = opened(write_made_tiff(tmp_path / "a.tif", SIZE, **FLAVOURS[flavour]))
    assert [level.size for level in reader.info.levels] == [(1500, 1100), (750, 550), (375, 275)]
    assert reader.info.mpp == pytest.approx((0.25, 0.25))
    for level, downsample in enumerate((1, 2, 4)):
        size = reader.info.levels[level].size
        for x, y, w, h in [*WINDOWS, (0, 0, *size), (size[0] - 9, size[1] - 7, 9, 7)]:
            want = level_pixels(downsample, x, y, w, h, SIZE)
            np.testing.assert_array_equal(reader.read_level(level, x, y, w, h), want)


@pytest.mark.parametrize("compression", ["adobe_deflate", None, "lzw"])
def test_grey_is_shown_as_rgb(tmp_path: Path, opened: Opener, compression: str | None) -> None:
    path = write_made_tiff(tmp_path / "a.tif", SIZE, grey=True, compression=compression)
    want = level_pixels(2, 100, 50, 300, 290, SIZE)[..., :1].repeat(3, axis=2)
    np.testing.assert_array_equal(opened(path).read_level(1, 100, 50, 300, 290), want)


def test_inverted_grey_is_turned(tmp_path: Path, opened: Opener) -> None:
    import tifffile

    grey = level_pixels(1, 0, 0, 200, 100, SIZE)[..., 0]
    tifffile.imwrite(tmp_path / "a.tif", grey, tile=(64, 64), photometric="miniswhite", metadata=None)
    got = opened(tmp_path / "a.tif").read_level(0, 0, 0, 200, 100)
    np.testing.assert_array_equal(got[..., 1], 255 - grey)


def tissue(width: int, height: int) -> Rgb:
    """Return smooth colours, which JPEG keeps."""
    y, x = np.mgrid[:height, :width] / 40
    return np.stack([128 + 100 * np.sin(x), 128 + 90 * np.cos(y), 128 + 80 * np.sin(x + y)], 2).astype(
        np.uint8
    )


def write_jpeg(path: Path, pixels: Rgb, **how: Any) -> Path:
    import tifffile

    tifffile.imwrite(path, pixels, tile=(128, 128), compression="jpeg", metadata=None, **how)
    return path


@pytest.mark.parametrize(
    "how",
    [
        {"subsampling": (2, 2)},
        {"subsampling": (2, 1)},
        {"subsampling": (1, 1)},
        {"compressionargs": {"outcolorspace": "rgb"}},
    ],
)
def test_jpeg_colours_are_what_the_tiff_says(tmp_path: Path, opened: Opener, how: dict[str, Any]) -> None:
    path = write_jpeg(tmp_path / "a.tif", tissue(500, 300), photometric="rgb", **how)
    compare_with_openslide(opened(path), path, 20)
    assert abs(opened(path).read_level(0, 0, 0, 500, 300).astype(int) - tissue(500, 300)).mean() < 4


def test_grey_jpeg(tmp_path: Path, opened: Opener) -> None:
    path = write_jpeg(tmp_path / "a.tif", tissue(500, 300)[..., 0], photometric="minisblack")
    compare_with_openslide(opened(path), path, 20)


def test_the_tiff_s_word_on_colours_outweighs_the_stream_s(tmp_path: Path, opened: Opener) -> None:
    # The streams say JFIF, hence YCbCr; the TIFF says RGB: OpenSlide believes the TIFF, and so does this.
    path = write_jpeg(tmp_path / "a.tif", tissue(300, 200), photometric="rgb", subsampling=(1, 1))
    retag(path, 262, 2)
    compare_with_openslide(opened(path), path, 10)


def retag(path: Path, tag: int, value: int) -> None:
    import tifffile

    with tifffile.TiffFile(path, mode="r+") as file:
        file.pages.first.tags[tag].overwrite(value)


def forget_tile(path: Path, page: int, number: int) -> None:
    """Set a tile's length to 0: it was not scanned."""
    import tifffile

    with tifffile.TiffFile(path, mode="r+") as file:
        tag = file.pages[page].aspage().tags[325]
        tag.overwrite([0 if i == number else n for i, n in enumerate(tag.value)])


def test_missing_tiles_are_background(made_tiff: Path, opened: Opener) -> None:
    forget_tile(made_tiff, 0, 7)
    reader = opened(made_tiff)
    assert (reader.read_level(0, 256, 256, 256, 256) == 255).all()
    got = reader.read_level(0, 200, 200, 400, 100)
    np.testing.assert_array_equal(got[:, :56], level_pixels(1, 200, 200, 56, 100, SIZE))
    assert (got[56:, 56:312] == 255).all()
    compare_with_openslide(reader, made_tiff, 30)


@pytest.mark.parametrize(
    ("name", "unit", "mpp"),
    [
        ("0.25", "\u00b5m", 0.25),
        ("0.25", None, 0.25),
        ("250", "nm", 0.25),
        ("0.00025", "mm", 0.25),
        ("0.25", "pixel", None),
        ("0", "\u00b5m", None),
        ("many", "\u00b5m", None),
    ],
)
@pytest.mark.parametrize("subifds", [True, False])
def test_ome_units(
    tmp_path: Path, opened: Opener, name: str, unit: str | None, mpp: float | None, subifds: bool
) -> None:
    units = "" if unit is None else f' PhysicalSizeXUnit="{unit}" PhysicalSizeYUnit="{unit}"'
    # tifffile writes ASCII only, where an XML reference stands for a micro sign.
    xml = (
        '<OME xmlns="http://www.openmicroscopy.org/Schemas/OME/2016-06">'
        '<Instrument ID="Instrument:0"><Objective ID="Objective:0" NominalMagnification="40"/></Instrument>'
        '<Image ID="Image:0"><ObjectiveSettings ID="Objective:0"/>'
        f'<Pixels SizeX="{SIZE[0]}" SizeY="{SIZE[1]}"'
        f' PhysicalSizeX="{name}" PhysicalSizeY="{name}"{units}/></Image></OME>'
    )
    text = xml.encode("ascii", "xmlcharrefreplace").decode()
    info = opened(write_made_tiff(tmp_path / "a.tif", SIZE, subifds=subifds, description=text)).info
    assert info.format == "ome-tiff"
    assert len(info.levels) == 3
    assert info.objective_power == 40
    assert info.mpp == (None if mpp is None else pytest.approx((mpp, mpp)))
    assert info.mpp_source.startswith("OME PhysicalSize" if mpp else "unknown: ")


@pytest.mark.parametrize("xml", ["<OME>", '<!DOCTYPE o [<!ENTITY a "b">]><OME>&a;</OME>', "<OME/>", "<OME"])
def test_ome_text_that_says_nothing(tmp_path: Path, opened: Opener, xml: str) -> None:
    info = opened(write_made_tiff(tmp_path / "a.tif", SIZE, description=xml)).info
    assert (info.format, info.mpp, len(info.levels)) == ("ome-tiff", None, 3)
    assert info.mpp_source.startswith("unknown: ")


@pytest.mark.parametrize(
    ("text", "mpp", "power"),
    [
        ("|AppMag = 40|MPP = 0.2520", 0.252, 40),
        ("|AppMag = forty|MPP = 0,2520", 0.252, None),
        ("|AppMag = nan|MPP = 1e999", None, None),
        ("|MPP|AppMag|=|", None, None),
    ],
)
def test_what_aperio_says(
    tmp_path: Path, opened: Opener, text: str, mpp: float | None, power: float | None
) -> None:
    head = "Aperio Image Library v11.2.1 \r\n1500x1100 [0,0 1500x1100] (256x256) JPEG/RGB Q=70"
    path = write_made_tiff(tmp_path / "a.svs", SIZE, description=head + text, downsamples=(1,))
    reader = opened(path)
    assert reader.info.format == "aperio"
    assert reader.info.mpp == (None if mpp is None else (mpp, mpp))
    assert reader.info.objective_power == power
    compare_with_openslide(reader, path, 5)


def declined(path: Path) -> bool:
    reader = open_tiff(path)
    if reader is not None:
        reader.close()
    return reader is None


def test_what_is_odd_is_left_to_others(tmp_path: Path, data: Path) -> None:
    import tifffile

    rgb = tissue(300, 200)
    grey = rgb[..., 0]
    odd: dict[str, tuple[Any, dict[str, Any]]] = {
        "16 bits": (grey.astype(np.uint16), {"photometric": "minisblack"}),
        "floats": (grey.astype(np.float32), {"photometric": "minisblack"}),
        "strips": (rgb, {"photometric": "rgb", "tile": None}),
        "four samples": (np.dstack([rgb, grey]), {"photometric": "rgb", "extrasamples": ["unassalpha"]}),
        "channels": (np.stack([grey, grey]), {"photometric": "minisblack"}),
        "jpeg 2000 in luma and chroma": (rgb, {"photometric": "rgb", "compression": "aperio_jp2000_ycbc"}),
        "grey jpeg 2000": (grey, {"photometric": "minisblack", "compression": "aperio_jp2000_rgb"}),
    }
    for name, (pixels, how) in odd.items():
        path = tmp_path / f"{name}.tif"
        tifffile.imwrite(path, pixels, **{"tile": (64, 64), "metadata": None, **how})
        assert declined(path), name
    for path in (data / "wsi" / "negative" / "broken.svs", data / "wsi" / "hamamatsu", data):
        assert declined(path)
    assert declined(data / "wsi" / "hamamatsu" / "test3-DAPI-2-387.ndpi")
    assert declined(data / "wsi" / "negative" / "osp_unreadable.svs")


def tile_place(path: Path, number: int) -> tuple[int, int]:
    import tifffile

    with tifffile.TiffFile(path) as file:
        page = file.pages.first
        return page.dataoffsets[number], page.databytecounts[number]


@pytest.mark.parametrize("kind", ["deflate", "jpeg"])
def test_a_damaged_tile_costs_that_tile_only(tmp_path: Path, opened: Opener, kind: str) -> None:
    path = tmp_path / "a.tif"
    if kind == "jpeg":
        write_jpeg(path, tissue(640, 512), photometric="rgb")
    else:
        write_made_tiff(path, SIZE, downsamples=(1,), tile=128)
    offset, length = tile_place(path, 0)
    with path.open("r+b") as raw:
        raw.seek(offset + length // 3)
        raw.write(b"\xff" * (length // 2))
    reader = opened(path)
    for _ in range(3):
        with pytest.raises(TileReadError) as caught:
            reader.read_level(0, 10, 10, 300, 50)
        assert caught.value.path == path
        assert "level 0" in str(caught.value.where)
    assert reader.read_level(0, 128, 128, 256, 256).any()


def test_a_stream_of_another_size_is_refused_before_memory_is_asked_for(
    tmp_path: Path, opened: Opener
) -> None:
    path = write_jpeg(tmp_path / "a.tif", tissue(640, 512), photometric="rgb")
    offset, length = tile_place(path, 0)
    raw = bytearray(path.read_bytes())
    frame = raw.index(b"\xff\xc0", offset, offset + length)
    raw[frame + 5 : frame + 9] = b"\xff" * 4
    path.write_bytes(raw)
    with pytest.raises(TileReadError, match="65535 x 65535"):
        opened(path).read_level(0, 0, 0, 50, 50)


def test_a_file_cut_off_while_open_is_an_error_and_no_crash(made_tiff: Path, opened: Opener) -> None:
    reader = opened(made_tiff)
    offset, length = tile_place(made_tiff, 29)
    os.truncate(made_tiff, offset + length // 2)
    with pytest.raises(TileReadError, match="cut off"):
        reader.read_level(0, 1490, 1090, 10, 10)
    np.testing.assert_array_equal(reader.read_level(0, 0, 0, 9, 9), level_pixels(1, 0, 0, 9, 9, SIZE))


@pytest.mark.parametrize("window", [(-1, 0, 5, 5), (1496, 0, 5, 5), (0, 1100, 1, 1), (0, 0, 0, 5)])
def test_a_window_must_lie_inside_the_level(
    made_tiff: Path, opened: Opener, window: tuple[int, int, int, int]
) -> None:
    with pytest.raises(TileReadError, match="large"):
        opened(made_tiff).read_level(0, *window)


def test_many_threads_read_the_same_pixels(made_tiff: Path, opened: Opener) -> None:
    reader = opened(made_tiff)

    def read(window: tuple[int, int, int, int]) -> None:
        np.testing.assert_array_equal(reader.read_level(0, *window), level_pixels(1, *window, SIZE))

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(read, random_windows(SIZE, 120)))


def test_closing_waits_for_the_readers(made_tiff: Path, opened: Opener) -> None:
    reader = opened(made_tiff)
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


def test_a_profile_is_handed_out(tmp_path: Path, opened: Opener) -> None:
    import tifffile
    from PIL import ImageCms

    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    path = tmp_path / "a.tif"
    tifffile.imwrite(
        path, tissue(300, 200), tile=(64, 64), photometric="rgb", iccprofile=profile, metadata=None
    )
    assert opened(path).icc_profile() == profile


def test_a_slide_reads_through_it(made_tiff: Path, opened: Opener) -> None:
    slide = Slide(opened(made_tiff))
    np.testing.assert_array_equal(
        slide.read(Region(Box(256, 256, 768, 768), 2.0)), level_pixels(2, 128, 128, 256, 256, SIZE)
    )
