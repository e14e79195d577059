"""TIFFs with channels, focal planes and 16 bits: written here, so that every sample is known."""

from __future__ import annotations

import threading
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from pathview.core.errors import TileReadError
from pathview.core.geometry import Box
from pathview.core.region import Region
from pathview.slides.channels import ChannelLook, Look
from pathview.slides.open import open_slide
from pathview.slides.planes_reader import open_planes
from pathview.slides.reader import Adjustable
from pathview.slides.rendered import RenderedReader

tifffile = pytest.importorskip("tifffile")
WIDTH, HEIGHT = 603, 411
DAPI, FITC = (0, 0, 255), (0, 255, 0)


def samples(*shape: int, dtype: str = "uint16", seed: int = 7) -> NDArray[Any]:
    values = np.random.default_rng(seed).integers(
        0, 200 if dtype == "uint8" else 4000, (*shape, HEIGHT, WIDTH)
    )
    return values.astype(dtype)


def reader(path: Path) -> RenderedReader:
    found = open_planes(path)
    assert found is not None
    return found


def write_ome(path: Path, data: NDArray[Any], axes: str, **options: Any) -> Path:
    metadata = {
        "axes": axes,
        "PhysicalSizeX": 0.5,
        "PhysicalSizeXUnit": "µm",
        "PhysicalSizeY": 0.5,
        "PhysicalSizeYUnit": "µm",
        "PhysicalSizeZ": 1500.0,
        "PhysicalSizeZUnit": "nm",
    }
    if "C" in axes:
        # RGBA as a signed number: blue and green.
        metadata["Channel"] = {"Name": ["DAPI", "FITC"], "Color": [0x0000FFFF, 0x00FF00FF]}
    options = {"tile": (128, 128), "compression": "zlib", "predictor": True, **options}
    with tifffile.TiffWriter(path, ome=True) as file:
        file.write(data, subifds=1, metadata=metadata, **options)
        file.write(data[..., ::2, ::2], subfiletype=1, **options)
    return path


def test_an_ome_tiff_of_channels_and_planes(tmp_path: Path) -> None:
    data = samples(3, 2)
    with open_slide(write_ome(tmp_path / "f.ome.tif", data, "ZCYX")) as slide:
        info = slide.info
        assert (info.format, info.size, info.mpp, info.planes, info.plane_um) == (
            "ome-tiff", (WIDTH, HEIGHT), (0.5, 0.5), 3, 1.5,
        )  # fmt: skip
        assert [(channel.name, channel.colour) for channel in info.channels] == [
            ("DAPI", DAPI),
            ("FITC", FITC),
        ]
        assert [level.downsample for level in info.levels] == [1.0, 2.0]
        look = Look(1, (ChannelLook(True, DAPI, 0, 4000), ChannelLook(True, FITC, 0, 4000)))
        shown = slide.read(Region(Box(100, 90, 400, 390), 1.0), look)
        expected = np.rint(data[1, :, 90:390, 100:400] * (255 / 4000))
        assert np.abs(shown[..., 2] - expected[0]).max() <= 1
        assert np.abs(shown[..., 1] - expected[1]).max() <= 1
        assert not shown[..., 0].any()


@pytest.mark.parametrize("axes", ["ZCYX", "CZYX", "TZCYX", "TCZYX"])
@pytest.mark.parametrize("big", [False, True], ids=["little-endian", "big-endian"])
def test_every_order_of_axes(tmp_path: Path, axes: str, big: bool) -> None:
    counts = {"T": 2, "Z": 3, "C": 2}
    data = samples(*(counts[axis] for axis in axes[:-2]))
    path = tmp_path / "f.ome.tif"
    with tifffile.TiffWriter(path, ome=True, byteorder=">" if big else "<") as file:
        file.write(data, metadata={"axes": axes}, tile=(128, 128))
    opened = reader(path)
    for plane in range(3):
        places: dict[str, Any] = {"T": 0, "Z": plane, "C": slice(None)}
        at = tuple(places[axis] for axis in axes[:-2])
        got = opened.read_samples(0, 50, 60, 300, 200, plane)
        np.testing.assert_array_equal(got, data[at][:, 60:260, 50:350].transpose(1, 2, 0))
    opened.close()


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"rowsperstrip": 50},
        {"rowsperstrip": 50, "compression": "zlib", "predictor": True},
        {"tile": (64, 80), "compression": "lzw"},
        {"tile": (128, 128), "compression": "zstd", "predictor": True},
    ],
    ids=["one piece", "strips", "deflated strips", "lzw", "zstd"],
)
@pytest.mark.parametrize("dtype", ["uint8", "uint16", "int16", "float32"])
def test_plain_tiffs_of_many_pages(tmp_path: Path, options: dict[str, Any], dtype: str) -> None:
    data = samples(4, dtype=dtype)
    path = tmp_path / "pages.tif"
    tifffile.imwrite(path, data, photometric="minisblack", metadata={"axes": "CYX"}, **options)
    opened = reader(path)
    got = opened.read_samples(0, 1, 2, WIDTH - 1, HEIGHT - 2, 0)
    assert got.dtype == dtype
    np.testing.assert_array_equal(got, data[:, 2:, 1:].transpose(1, 2, 0))
    opened.close()


def test_imagej_knows_scale_and_planes(tmp_path: Path) -> None:
    data = samples(3, 2)
    path = tmp_path / "ij.tif"
    tifffile.imwrite(
        path,
        data,
        imagej=True,
        resolution=(4.0, 4.0),
        metadata={"axes": "ZCYX", "unit": "um", "spacing": 2.0},
    )
    with open_slide(path) as slide:
        info = slide.info
        assert (info.format, info.mpp, info.mpp_source) == ("imagej-tiff", (0.25, 0.25), "ImageJ unit")
        assert (info.planes, info.plane_um, len(info.channels)) == (3, 2.0, 2)


def test_16_bit_colours(tmp_path: Path) -> None:
    data = np.moveaxis(samples(3), 0, 2) * 16
    path = tmp_path / "rgb.tif"
    tifffile.imwrite(path, data, photometric="rgb", tile=(128, 128), compression="zstd")
    with open_slide(path) as slide:
        assert [channel.name for channel in slide.info.channels] == ["Red", "Green", "Blue"]
        look = slide.first_look
        assert look is not None
        full = look.channels[0].high
        expected = np.minimum(np.rint(data / full * 255), 255)
        assert np.abs(slide.read(Region(slide.info.box, 1.0)) - expected).max() <= 1


def test_a_stack_of_colour_pictures(tmp_path: Path) -> None:
    data = np.random.default_rng(1).integers(0, 255, (3, HEIGHT, WIDTH, 3)).astype(np.uint8)
    path = tmp_path / "stack.ome.tif"
    with tifffile.TiffWriter(path, ome=True) as file:
        file.write(data, metadata={"axes": "ZYXS"}, photometric="rgb", tile=(128, 128))
    with open_slide(path) as slide:
        assert (slide.info.channels, slide.info.planes) == ((), 3)
        look = slide.first_look
        assert look == Look(1, ())
        region = Region(slide.info.box, 1.0)
        np.testing.assert_array_equal(slide.read(region), data[1])
        np.testing.assert_array_equal(slide.read(region, replace(look, plane=2)), data[2])


def test_plain_colours_are_left_to_the_other_readers(tmp_path: Path, made_tiff: Path) -> None:
    assert open_planes(made_tiff) is None
    grey = tmp_path / "grey.tif"
    tifffile.imwrite(grey, samples(dtype="uint8"), tile=(128, 128))
    assert open_planes(grey) is None


def test_tiles_that_are_not_stored_are_dark(tmp_path: Path) -> None:
    data = samples(2)
    data[0, :128, :128] = 0
    path = write_ome(tmp_path / "f.ome.tif", data, "CYX")
    with tifffile.TiffFile(path, mode="r+") as file:
        page = file.pages[0]
        for tag in ("TileOffsets", "TileByteCounts"):
            values = list(page.tags[tag].value)
            page.tags[tag].overwrite([0, *values[1:]])
    opened = reader(path)
    np.testing.assert_array_equal(
        opened.read_samples(0, 0, 0, 300, 300, 0), data[:, :300, :300].transpose(1, 2, 0)
    )
    opened.close()


def test_a_damaged_tile_costs_that_tile(tmp_path: Path) -> None:
    data = samples(2)
    path = write_ome(tmp_path / "f.ome.tif", data, "CYX")
    with tifffile.TiffFile(path) as file:
        offset, length = file.pages[0].dataoffsets[0], file.pages[0].databytecounts[0]
    with path.open("r+b") as file:
        file.seek(offset)
        file.write(b"\xff" * length)
    opened = reader(path)
    with pytest.raises(TileReadError):
        opened.read_samples(0, 0, 0, 50, 50, 0)
    got = opened.read_samples(0, 128, 128, 100, 100, 0)
    np.testing.assert_array_equal(got, data[:, 128:228, 128:228].transpose(1, 2, 0))
    opened.close()


def test_a_file_that_ends_too_early_says_so(tmp_path: Path) -> None:
    path = tmp_path / "pages.tif"
    tifffile.imwrite(path, samples(2), photometric="minisblack")
    opened = reader(path)
    with path.open("r+b") as file:
        file.truncate(path.stat().st_size // 2)
    with pytest.raises(TileReadError, match="cut off"):
        opened.read_samples(0, 0, 0, WIDTH, HEIGHT, 0)
    opened.close()


def test_windows_outside_and_closed_readers_are_refused(tmp_path: Path) -> None:
    opened = reader(write_ome(tmp_path / "f.ome.tif", samples(2), "CYX"))
    with pytest.raises(TileReadError, match="the level is"):
        opened.read_samples(0, WIDTH - 5, 0, 6, 5, 0)
    opened.close()
    opened.close()
    with pytest.raises(TileReadError, match="closed"):
        opened.read_samples(0, 0, 0, 5, 5, 0)


def test_many_threads_see_the_same(tmp_path: Path) -> None:
    data = samples(2, 2)
    opened = reader(write_ome(tmp_path / "f.ome.tif", data, "ZCYX"))
    wrong: list[int] = []

    def read(number: int) -> None:
        for step in range(30):
            x, y, plane = (step * 17 + number * 31) % 300, (step * 29) % 200, step % 2
            got = opened.read_samples(0, x, y, 200, 150, plane)
            if not np.array_equal(got, data[plane][:, y : y + 150, x : x + 200].transpose(1, 2, 0)):
                wrong.append(step)

    threads = [threading.Thread(target=read, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    opened.close()
    assert not wrong


def test_contrast_is_made_for_what_is_in_view(tmp_path: Path) -> None:
    data = np.zeros((2, HEIGHT, WIDTH), np.uint16)
    data[:, :, 300:] = 1000
    data[0, :100, :100] = np.arange(100) * 5
    with open_slide(write_ome(tmp_path / "f.ome.tif", data, "CYX")) as slide:
        look = slide.first_look
        assert look is not None
        hidden = look.with_channel(1, visible=False)
        found = slide.auto_look(hidden, Box(0, 0, 100, 100), 1.0)
        assert found.channels[0].low == 0
        assert found.channels[0].high == pytest.approx(495, abs=5)
        assert found.channels[1] == hidden.channels[1]
        assert slide.auto_look(look, Box(-50, -50, -10, -10), 1.0) is not None


def test_a_watched_slide_is_adjustable_only_where_there_is_something_to_adjust(
    tmp_path: Path, made_tiff: Path
) -> None:
    with open_slide(made_tiff) as slide:
        assert isinstance(slide._reader, Adjustable)
        assert slide.first_look is None
