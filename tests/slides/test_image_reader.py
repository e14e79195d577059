"""Flat images against the pixels they were written from."""

from __future__ import annotations

import struct
import threading
import zlib
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image, ImageCms

from pathview.core.errors import SlideOpenError, TileReadError
from pathview.core.region import Region
from pathview.slides import image_reader
from pathview.slides.image_reader import ImageReader, open_image
from pathview.slides.made import level_pixels
from pathview.slides.open import open_slide
from pathview.slides.reader import SlideReader
from pathview.slides.rendered import RenderedReader

SIZE = (301, 203)


def made() -> NDArray[np.uint8]:
    return level_pixels(1, 0, 0, *SIZE, SIZE)


def opened(path: Path) -> SlideReader:
    reader = open_image(path)
    assert reader is not None
    return reader


def pixels_of(path: Path) -> NDArray[np.uint8]:
    reader = opened(path)
    return reader.read_level(0, 0, 0, *reader.info.size)


def refusal(path: Path) -> str:
    with pytest.raises(SlideOpenError) as caught:
        open_image(path)
    assert "\n" not in str(caught.value)
    return caught.value.reason


def write_tiff(path: Path, pixels: NDArray[Any], **how: Any) -> Path:
    tifffile = pytest.importorskip("tifffile")
    tifffile.imwrite(path, pixels, metadata=None, **how)
    return path


@pytest.mark.parametrize(("kind", "how"), [("png", {}), ("bmp", {}), ("webp", {"lossless": True})])
def test_lossless_files_give_their_pixels(tmp_path: Path, kind: str, how: dict[str, Any]) -> None:
    path = tmp_path / "an image by content.dat"
    Image.fromarray(made()).save(path, kind, **how)
    reader = opened(path)
    assert reader.info.format == kind
    assert reader.info.mpp is None
    assert reader.info.mpp_source == f"unknown: {kind.upper()} files do not state it"
    np.testing.assert_array_equal(reader.read_level(0, 20, 30, 100, 50), made()[30:80, 20:120])


def test_jpeg_gives_what_pillow_decodes(tmp_path: Path) -> None:
    path = tmp_path / "made.jpg"
    Image.fromarray(made()).save(path, dpi=(50_800, 50_800))
    with Image.open(path) as image:
        np.testing.assert_array_equal(pixels_of(path), np.asarray(image))
    assert opened(path).info.mpp is None


def test_orientation_is_not_applied(tmp_path: Path) -> None:
    exif = Image.Exif()
    exif[0x0112] = 6
    Image.fromarray(made()).save(tmp_path / "turned.png", exif=exif)
    np.testing.assert_array_equal(pixels_of(tmp_path / "turned.png"), made())


@pytest.mark.parametrize("mode", ["L", "P", "1"])
def test_grey_and_palette(tmp_path: Path, mode: str) -> None:
    image = Image.fromarray(made()).convert(mode)
    image.save(tmp_path / "made.png")
    np.testing.assert_array_equal(pixels_of(tmp_path / "made.png"), np.asarray(image.convert("RGB")))


@pytest.mark.parametrize("kind", ["png", "tiff", "tiff planar"])
def test_what_is_transparent_lies_on_white(tmp_path: Path, kind: str) -> None:
    alpha = np.broadcast_to((np.arange(SIZE[0]) % 256).astype(np.uint8), SIZE[::-1])
    stored = np.dstack([made(), alpha])
    path = tmp_path / "made"
    if kind == "png":
        Image.fromarray(stored).save(path, "png")
    else:
        planar = "planar" in kind
        pixels = np.moveaxis(stored, 2, 0) if planar else stored
        how = {"planarconfig": "separate"} if planar else {}
        write_tiff(path, np.ascontiguousarray(pixels), photometric="rgb", extrasamples=["unassalpha"], **how)
    cover = alpha[..., None] / 255.0
    assert np.abs(pixels_of(path) - (made() * cover + 255 * (1 - cover))).max() <= 0.51


def test_a_transparent_colour_of_a_palette(tmp_path: Path) -> None:
    image = Image.fromarray(made()).convert("P")
    first = np.asarray(image)[0, 0]
    image.save(tmp_path / "made.png", transparency=int(first))
    np.testing.assert_array_equal(pixels_of(tmp_path / "made.png")[0, 0], [255, 255, 255])


@pytest.mark.parametrize(
    ("how", "channels"),
    [
        ({"photometric": "rgb"}, 3),
        ({"photometric": "rgb", "compression": "zlib", "predictor": True, "rowsperstrip": 16}, 3),
        ({"photometric": "rgb", "compression": "lzw", "byteorder": ">"}, 3),
        ({"photometric": "rgb", "bigtiff": True}, 3),
        ({"photometric": "minisblack"}, 1),
        ({"photometric": "miniswhite"}, 1),
    ],
)
def test_tiffs_without_tiles(tmp_path: Path, how: dict[str, Any], channels: int) -> None:
    stored = made() if channels == 3 else made()[..., 0]
    want = stored if channels == 3 else np.repeat(stored[..., None], 3, axis=2)
    path = write_tiff(tmp_path / "made", stored, **how)
    np.testing.assert_array_equal(pixels_of(path), 255 - want if "white" in how["photometric"] else want)


def test_a_tiff_with_a_palette_and_one_with_bits(tmp_path: Path) -> None:
    image = Image.fromarray(made()).convert("P")
    image.save(tmp_path / "palette.tif")
    np.testing.assert_array_equal(pixels_of(tmp_path / "palette.tif"), np.asarray(image.convert("RGB")))
    bits = Image.fromarray(made()).convert("1")
    bits.save(tmp_path / "bits.tif")
    np.testing.assert_array_equal(pixels_of(tmp_path / "bits.tif"), np.asarray(bits.convert("RGB")))


@pytest.mark.parametrize(
    ("dots", "unit", "mpp", "source"),
    [
        (40_000, "CENTIMETER", 0.25, "TIFF resolution"),
        (50_800, "INCH", 0.5, "TIFF resolution"),
        (72, "INCH", None, "unknown: TIFF resolution is a 72-dpi default"),
        (40_000, "NONE", None, "unknown: TIFF resolution has no unit"),
        (1, "INCH", None, "unknown: TIFF resolution of 25400 um/px cannot be true"),
    ],
)
def test_only_a_plausible_tiff_resolution_is_a_scale(
    tmp_path: Path, dots: int, unit: str, mpp: float | None, source: str
) -> None:
    path = write_tiff(
        tmp_path / "made.tif", made(), photometric="rgb", resolution=(dots, dots), resolutionunit=unit
    )
    info = opened(path).info
    assert info.mpp_source == source
    assert info.mpp == (None if mpp is None else pytest.approx((mpp, mpp)))


def test_tiles_are_for_other_readers(made_tiff: Path) -> None:
    assert open_image(made_tiff) is None


@pytest.mark.parametrize("channels", [1, 2, 3, 4])
def test_pngs_of_sixteen_bits_keep_them(tmp_path: Path, channels: int) -> None:
    imagecodecs = pytest.importorskip("imagecodecs")
    deep = np.random.default_rng(3).integers(0, 5000, (40, 50, channels)).astype(np.uint16)
    colours = channels - 1 if channels in (2, 4) else channels
    if colours < channels:
        deep[..., -1] = 65_535
        deep[0, 0, -1] = 0  # transparent: white shines through
    path = tmp_path / "deep.png"
    path.write_bytes(imagecodecs.png_encode(deep.squeeze()))
    reader = opened(path)
    assert isinstance(reader, RenderedReader)
    assert [channel.name for channel in reader.info.channels] == (
        ["Red", "Green", "Blue"] if colours == 3 else ["Grey"]
    )
    got = reader.read_samples(0, 0, 0, 50, 40, 0)
    assert got.shape == (40, 50, colours)
    np.testing.assert_array_equal(got[1:], deep[1:, :, :colours])
    assert (got[0, 0] == 65_535).all() == (colours < channels)
    reader.close()
    with pytest.raises(TileReadError, match="closed"):
        reader.read_samples(0, 0, 0, 5, 5, 0)


@pytest.mark.parametrize("shape", [(40, 50), (40, 50, 3)])
def test_tiffs_of_sixteen_bits_are_for_another_reader(tmp_path: Path, shape: tuple[int, ...]) -> None:
    path = write_tiff(tmp_path / "deep.tif", np.zeros(shape, np.uint16))
    assert "16 bits" in refusal(path)
    with open_slide(path) as slide:
        assert len(slide.info.channels) == (1 if len(shape) == 2 else 3)


def test_cmyk_tiffs_are_declined(tmp_path: Path) -> None:
    path = write_tiff(tmp_path / "cmyk.tif", np.zeros((20, 30, 4), np.uint8), photometric="separated")
    assert "SEPARATED" in refusal(path)


def test_an_image_too_large_for_memory_is_refused_before_it_is_decoded(tmp_path: Path) -> None:
    path = tmp_path / "bomb.png"
    Image.fromarray(made()).save(path)
    content = bytearray(path.read_bytes())
    content[16:24] = struct.pack(">II", 1 << 20, 1 << 20)
    content[29:33] = struct.pack(">I", zlib.crc32(content[12:29]))
    path.write_bytes(content)
    assert "convert it to a pyramidal TIFF" in refusal(path)


def test_the_limit_is_one_of_pixels(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "made.png"
    Image.fromarray(made()).save(path)
    monkeypatch.setattr(image_reader, "MAX_PIXELS", SIZE[0] * SIZE[1] - 1)
    assert "301 x 203 pixels" in refusal(path)


@pytest.mark.parametrize("kind", ["png", "jpeg", "webp", "tiff"])
def test_a_damaged_image_is_refused_in_a_sentence(tmp_path: Path, kind: str) -> None:
    path = tmp_path / "made"
    if kind == "tiff":
        write_tiff(path, made(), photometric="rgb", compression="zlib", rowsperstrip=16)
        content = bytearray(path.read_bytes())
        content[400:4000] = bytes(3600)
    else:
        Image.fromarray(made()).save(path, kind)
        content = bytearray(path.read_bytes())[:-200]
    path.write_bytes(content)
    with pytest.raises(SlideOpenError) as caught:
        open_slide(path)
    assert "damaged" in caught.value.reason
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("kind", ["png", "jpeg", "webp", "tiff"])
def test_a_damaged_header_is_refused_in_a_sentence(tmp_path: Path, kind: str) -> None:
    path = tmp_path / "made"
    Image.fromarray(made()).save(path, kind)
    path.write_bytes(path.read_bytes()[:14])
    assert "damaged" in refusal(path)


def test_texts_are_no_images(tmp_path: Path) -> None:
    (tmp_path / "text").write_text("BMW is a make of cars")
    assert open_image(tmp_path / "text") is None
    (tmp_path / "riff").write_bytes(b"RIFF\0\0\0\0WAVEfmt ")
    assert open_image(tmp_path / "riff") is None
    assert open_image(tmp_path) is None


def test_pixels_are_decoded_once_and_not_before_the_first_read(tmp_path: Path) -> None:
    path = tmp_path / "made.png"
    Image.fromarray(made()).save(path)
    calls = []

    def decode() -> NDArray[np.uint8]:
        calls.append(1)
        return made()

    reader = ImageReader(opened(path).info, decode, None)
    assert not calls
    threads = [threading.Thread(target=reader.read_level, args=(0, 5, 5, 20, 20)) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert calls == [1]


def test_windows_outside_and_closed_images_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "made.png"
    Image.fromarray(made()).save(path)
    reader = opened(path)
    for window in ((-1, 0, 5, 5), (300, 0, 5, 5), (0, 0, 0, 5)):
        with pytest.raises(TileReadError, match="301 x 203"):
            reader.read_level(0, *window)
    reader.close()
    with pytest.raises(TileReadError, match="closed"):
        reader.read_level(0, 0, 0, 5, 5)


def test_only_profiles_of_rgb_are_passed_on(tmp_path: Path) -> None:
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    Image.fromarray(made()).save(tmp_path / "rgb.png", icc_profile=profile)
    assert opened(tmp_path / "rgb.png").icc_profile() == profile
    lab = ImageCms.ImageCmsProfile(ImageCms.createProfile("LAB")).tobytes()
    Image.fromarray(made()).save(tmp_path / "lab.png", icc_profile=lab)
    assert opened(tmp_path / "lab.png").icc_profile() is None
    assert opened(tmp_path / "rgb.png").associated_images() == {}


def test_a_flat_image_opens_as_a_slide(tmp_path: Path) -> None:
    Image.fromarray(made()).save(tmp_path / "made.png")
    with open_slide(tmp_path / "made.png") as slide:
        np.testing.assert_array_equal(slide.read(Region(slide.info.box, 1.0)), made())
