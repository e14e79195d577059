"""Display colours: none without a profile, LittleCMS's own with one, and no profile can do harm."""

from __future__ import annotations

import io
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageCms

from pathview.core.geometry import Box
from pathview.core.pyramid import TileKey
from pathview.core.region import Region
from pathview.slides.colour import MAX_PROFILE_BYTES, DisplayColour
from pathview.slides.made import level_pixels
from pathview.slides.made_profile import BLUE, GREEN, RED, SWAPPED, made_profile
from pathview.slides.open import open_slide
from pathview.slides.reader import Rgb
from pathview.tiles.source import SlideTiles


def srgb() -> bytes:
    return ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()


def by_littlecms(pixels: Rgb, profile: bytes) -> Rgb:
    transform = ImageCms.buildTransform(
        ImageCms.ImageCmsProfile(io.BytesIO(profile)),
        ImageCms.createProfile("sRGB"),
        "RGB",
        "RGB",
        ImageCms.Intent.RELATIVE_COLORIMETRIC,
        ImageCms.Flags.BLACKPOINTCOMPENSATION,
    )
    return np.asarray(ImageCms.applyTransform(Image.fromarray(pixels), transform))


def noise(seed: int, height: int = 60, width: int = 70) -> Rgb:
    return np.random.default_rng(seed).integers(0, 256, (height, width, 3), np.uint8)


def write_slide(path: Path, profile: bytes | None, size: tuple[int, int] = (700, 600)) -> Path:
    import tifffile

    tifffile.imwrite(
        path,
        level_pixels(1, 0, 0, *size, size),
        tile=(256, 256),
        photometric="rgb",
        compression="adobe_deflate",
        metadata=None,
        iccprofile=profile,
    )
    return path


def test_without_a_profile_nothing_is_touched() -> None:
    pixels = noise(1)
    colour = DisplayColour.of(None)
    assert colour.state == "sRGB assumed: no profile"
    assert not colour.converts
    assert colour.apply(pixels) is pixels
    assert DisplayColour.off().state == "off"
    assert DisplayColour.off().apply(pixels) is pixels


def test_a_profile_that_is_srgb_changes_nothing() -> None:
    pixels = noise(2)
    colour = DisplayColour.of(srgb())
    assert colour.state == "sRGB already: sRGB built-in"
    assert colour.apply(pixels) is pixels


def test_swapped_primaries_are_swapped_back() -> None:
    colour = DisplayColour.of(SWAPPED)
    assert colour.state == "converted from made"
    assert colour.converts
    pixels = np.array([[[200, 60, 30], [255, 255, 255], [0, 0, 0]]], np.uint8)
    shown = colour.apply(pixels).astype(int)
    # A gamma of 2.2 and sRGB's own curve differ by a few levels.
    assert np.abs(shown - pixels[..., ::-1]).max() <= 8
    assert shown[0, 1].tolist() == [255, 255, 255]
    assert shown[0, 2].tolist() == [0, 0, 0]
    assert pixels[0, 0].tolist() == [200, 60, 30]


@pytest.mark.parametrize("gamma", [1.0, 1.8, 2.6])
def test_every_pixel_is_littlecms_s_own(gamma: float) -> None:
    profile = made_profile((RED, (0.2, 0.65, 0.07), BLUE), gamma)
    colour = DisplayColour.of(profile)
    for seed in range(3):
        np.testing.assert_array_equal(colour.apply(noise(seed)), by_littlecms(noise(seed), profile))


def test_more_new_colours_than_are_converted_at_once() -> None:
    profile = made_profile((GREEN, BLUE, RED))
    pixels = noise(7, 400, 300)
    np.testing.assert_array_equal(DisplayColour.of(profile).apply(pixels), by_littlecms(pixels, profile))


def test_arrays_that_are_views_or_read_only_are_converted() -> None:
    pixels = noise(8)
    pixels.flags.writeable = False
    colour = DisplayColour.of(SWAPPED)
    np.testing.assert_array_equal(
        colour.apply(pixels[::2, 5:40]), by_littlecms(pixels[::2, 5:40].copy(), SWAPPED)
    )
    assert colour.apply(pixels).flags.c_contiguous


def test_threads_share_a_conversion() -> None:
    profile = made_profile((BLUE, RED, GREEN), 1.9)
    colour = DisplayColour.of(profile)
    seeds = [seed % 9 for seed in range(60)]
    want = {seed: by_littlecms(noise(seed, 128, 128), profile) for seed in set(seeds)}
    with ThreadPoolExecutor(4) as pool:
        got = list(pool.map(lambda seed: colour.apply(noise(seed, 128, 128)), seeds))
    assert all(np.array_equal(pixels, want[seed]) for pixels, seed in zip(got, seeds, strict=True))


@pytest.mark.parametrize(
    ("profile", "why"),
    [
        (b"no profile at all", "it is damaged"),
        (SWAPPED[:200], ""),
        (SWAPPED[:128] + bytes(len(SWAPPED) - 128), ""),
        (made_profile((RED, GREEN, BLUE), kind=b"CMYK"), "it is for CMYK pictures"),
        (made_profile((RED, GREEN, BLUE), kind=b"GRAY"), "it is for grey pictures"),
        (ImageCms.ImageCmsProfile(ImageCms.createProfile("XYZ")).tobytes(), "it is for XYZ pictures"),
        (ImageCms.ImageCmsProfile(ImageCms.createProfile("LAB")).tobytes(), "it is for Lab pictures"),
        (bytes(MAX_PROFILE_BYTES + 1), "it is 4 MiB large"),
    ],
)
def test_a_profile_that_cannot_be_used_is_not_and_the_state_says_why(profile: bytes, why: str) -> None:
    colour = DisplayColour.of(profile)
    assert colour.state.startswith("profile cannot be used: ")
    assert why in colour.state
    pixels = noise(3)
    assert colour.apply(pixels) is pixels


def test_no_damage_to_a_profile_raises() -> None:
    random = np.random.default_rng(4)
    for _ in range(150):
        damaged = np.frombuffer(SWAPPED, np.uint8).copy()
        damaged[random.integers(0, len(damaged), 6)] = random.integers(0, 256, 6)
        assert DisplayColour.of(damaged.tobytes()).apply(noise(5)).shape == (60, 70, 3)


def test_tiles_are_converted_and_reads_are_not(tmp_path: Path) -> None:
    with open_slide(write_slide(tmp_path / "a.tif", SWAPPED)) as slide:
        assert slide.icc_profile() == SWAPPED
        assert slide.display_colour.state == "converted from made"
        raw = slide.read(Region(Box(0, 0, 512, 512), 1.0))
        np.testing.assert_array_equal(raw, level_pixels(1, 0, 0, 512, 512, (700, 600)))
        converted, plain = SlideTiles(slide), SlideTiles(slide, colour=False)
        np.testing.assert_array_equal(converted.read_tile(TileKey(0, 0, 0)), by_littlecms(raw, SWAPPED))
        np.testing.assert_array_equal(plain.read_tile(TileKey(0, 0, 0)), raw)
        assert converted.colour.state == "converted from made"
        assert plain.colour.state == "off"


def test_tiles_of_a_slide_without_a_profile_are_its_bytes(tmp_path: Path) -> None:
    with open_slide(write_slide(tmp_path / "a.tif", None)) as slide:
        assert slide.display_colour.state == "sRGB assumed: no profile"
        tile = SlideTiles(slide).read_tile(TileKey(0, 0, 0))
        np.testing.assert_array_equal(tile, level_pixels(1, 0, 0, 512, 512, (700, 600)))


def test_a_slide_with_a_broken_profile_opens_and_says_so(tmp_path: Path) -> None:
    with open_slide(write_slide(tmp_path / "a.tif", b"x" * 500)) as slide:
        assert slide.display_colour.state == "profile cannot be used: it is damaged"
        assert SlideTiles(slide).read_tile(TileKey(0, 0, 0)).shape == (512, 512, 3)


@pytest.mark.parametrize(
    ("name", "state"),
    [
        ("aperio/CMU-1-Small-Region.svs", "sRGB assumed: no profile"),
        ("dicom/CMU-1-Small-Region", "sRGB already: sRGB built-in"),
        ("dicom/highdicom/sm_image.dcm", "sRGB already: sRGB IEC61966-2.1"),
        ("dicom/boxes/boxes_0.dcm", "sRGB already: uRGB"),
    ],
)
def test_real_slides_say_what_their_colours_are(data: Path, name: str, state: str) -> None:
    with open_slide(data / "wsi" / name) as slide:
        assert slide.display_colour.state == state
