from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from pathview.core.errors import ExportError, TileReadError
from pathview.core.geometry import Box
from pathview.core.region import Region
from pathview.export.region_image import export_region
from pathview.slides.colour import DisplayColour
from pathview.slides.made import level_pixels
from pathview.slides.made_profile import SWAPPED
from pathview.slides.open import open_slide
from pathview.slides.slide import Slide


@pytest.mark.parametrize("suffix", [".png", ".tif"])
@pytest.mark.parametrize("downsample", [1.0, 4.0, 3.3])
def test_the_picture_is_the_region(made_slide: Slide, tmp_path: Path, suffix: str, downsample: float) -> None:
    box = Box(700, 500, 2100, 1700)
    target = tmp_path / f"region{suffix}"
    export_region(made_slide, box, target, downsample=downsample)
    with Image.open(target) as file:
        picture = np.asarray(file)
    rows, columns = Region(box, downsample).shape
    even = Box(box.x0, box.y0, box.x0 + columns * downsample, box.y0 + rows * downsample)
    expected = made_slide.read(Region(even, downsample))
    assert picture.shape == expected.shape
    # Read tile by tile, a scale that is no whole number may be rounded the other way.
    assert np.abs(picture.astype(int) - expected).max() <= (0 if downsample == 1.0 else 1)


def test_tiff_states_its_pixel_size(made_slide: Slide, tmp_path: Path) -> None:
    export_region(made_slide, Box(0, 0, 600, 600), tmp_path / "r.tif", downsample=2.0)
    import tifffile

    with tifffile.TiffFile(tmp_path / "r.tif") as file:
        page = file.pages.first
        assert page.tags["ResolutionUnit"].value == tifffile.RESUNIT.CENTIMETER
        numerator, denominator = page.tags["XResolution"].value
        assert 1e4 * denominator / numerator == pytest.approx(0.5)


def test_an_unknown_scale_is_not_written(make_slide: Callable[..., Slide], tmp_path: Path) -> None:
    slide = make_slide((800, 600), mpp=None)
    for name in ("r.png", "r.tif"):
        export_region(slide, Box(0, 0, 600, 600), tmp_path / name)
    with Image.open(tmp_path / "r.png") as file:
        assert "dpi" not in file.info
        assert "Pixel size" not in file.info
    with open_slide(tmp_path / "r.tif") as again:
        assert again.info.mpp is None
        assert "Pixel size" not in again.info.properties["tiff.ImageDescription"]


def test_a_stated_scale_goes_out_with_who_said_so(make_slide: Callable[..., Slide], tmp_path: Path) -> None:
    slide = make_slide((800, 600), mpp=None)
    slide.state_mpp((0.5, 0.4), "stated by the user on 2026-11-23")
    for name in ("r.png", "r.tif"):
        export_region(slide, Box(0, 0, 600, 600), tmp_path / name, downsample=2.0)
    words = "1 x 0.8 um (stated by the user on 2026-11-23 (x and y differ: 0.5 and 0.4 um/px))"
    with Image.open(tmp_path / "r.png") as file:
        assert file.info["dpi"] == pytest.approx((25_400, 31_750), rel=1e-3)
        assert file.info["Pixel size"] == words
    with open_slide(tmp_path / "r.tif") as again:
        assert again.info.mpp == pytest.approx((1.0, 0.8))
        assert again.info.mpp_source.startswith("TIFF resolution")
        assert again.info.properties["tiff.ImageDescription"].endswith(f"\nPixel size: {words}")


def test_the_part_outside_the_slide_is_left_out(made_slide: Slide, tmp_path: Path) -> None:
    export_region(made_slide, Box(-100, -50, 200.5, 99.5), tmp_path / "r.png")
    with Image.open(tmp_path / "r.png") as file:
        assert file.size == (201, 100)


@pytest.mark.parametrize(
    ("box", "name", "words"),
    [
        (Box(-50, -50, -1, -1), "r.png", "does not lie on the slide"),
        (Box(0, 0, 10, 10), "r.bmp", "not .*bmp"),
        (Box(0, 0, 10, 10), "missing/r.png", "Cannot write"),
    ],
)
def test_what_cannot_be_written_says_why(
    made_slide: Slide, tmp_path: Path, box: Box, name: str, words: str
) -> None:
    with pytest.raises(ExportError, match=words):
        export_region(made_slide, box, tmp_path / name)
    assert list(tmp_path.glob("*r.*")) == []


def test_an_unreadable_tile_leaves_the_old_file(make_slide: Callable[..., Slide], tmp_path: Path) -> None:
    target = tmp_path / "r.tif"
    target.write_bytes(b"old")
    slide = make_slide((2048, 2048), failing=[(0, 6, 3)])
    with pytest.raises(TileReadError):
        export_region(slide, slide.info.box, target)
    assert target.read_bytes() == b"old"
    assert list(tmp_path.glob("*.part")) == []


def test_progress_ends_at_one(made_slide: Slide, tmp_path: Path) -> None:
    shares: list[float] = []
    export_region(made_slide, Box(0, 0, 1500, 1500), tmp_path / "r.png", progress=shares.append)
    assert shares == sorted(shares)
    assert shares[-1] == 1.0


BOX = Box(300, 200, 1000, 900)
OWN = level_pixels(1, 300, 200, 700, 700, (4096, 3072))


def notes(path: Path) -> str:
    """Return what the file says of its colours."""
    with Image.open(path) as file:
        if path.suffix == ".png":
            return str(file.info["Comment"])
        return str(file.tag_v2[270]).splitlines()[0]  # type: ignore[attr-defined]


@pytest.mark.parametrize("suffix", [".png", ".tif"])
def test_the_file_s_own_numbers_go_with_their_profile(
    make_slide: Callable[..., Slide], tmp_path: Path, suffix: str
) -> None:
    target = tmp_path / f"r{suffix}"
    export_region(make_slide(profile=SWAPPED), BOX, target)
    with Image.open(target) as file:
        np.testing.assert_array_equal(file, OWN)
        assert file.info["icc_profile"] == SWAPPED
    assert notes(target) == "Colours: the slide file's own numbers; ICC profile embedded"


@pytest.mark.parametrize("suffix", [".png", ".tif"])
def test_converted_colours_go_with_the_profile_of_srgb(
    make_slide: Callable[..., Slide], tmp_path: Path, suffix: str
) -> None:
    target = tmp_path / f"r{suffix}"
    export_region(make_slide(profile=SWAPPED), BOX, target, to_srgb=True)
    with Image.open(target) as file:
        np.testing.assert_array_equal(file, DisplayColour.of(SWAPPED).apply(OWN))
        assert DisplayColour.of(file.info["icc_profile"]).state.startswith("sRGB already")
    assert notes(target) == "Colours: converted from made to sRGB"


@pytest.mark.parametrize("suffix", [".png", ".tif"])
@pytest.mark.parametrize("to_srgb", [False, True])
def test_a_slide_without_a_profile_gives_its_numbers_without_one(
    made_slide: Slide, tmp_path: Path, suffix: str, to_srgb: bool
) -> None:
    target = tmp_path / f"r{suffix}"
    export_region(made_slide, BOX, target, to_srgb=to_srgb)
    with Image.open(target) as file:
        np.testing.assert_array_equal(file, OWN)
        assert "icc_profile" not in file.info
    assert notes(target) == "Colours: the slide file's own numbers; sRGB assumed: no profile"


def test_a_profile_that_cannot_be_used_is_not_passed_on_and_converts_nothing(
    make_slide: Callable[..., Slide], tmp_path: Path
) -> None:
    slide, target = make_slide(profile=b"damaged" * 50), tmp_path / "r.tif"
    with pytest.raises(ExportError, match=r"cannot be converted.*it is damaged.*own numbers can be written"):
        export_region(slide, BOX, target, to_srgb=True)
    assert not target.exists()
    export_region(slide, BOX, target)
    with Image.open(target) as file:
        np.testing.assert_array_equal(file, OWN)
        assert "icc_profile" not in file.info
    assert notes(target).endswith("profile cannot be used: it is damaged")


def test_a_picture_of_channels_tells_what_its_colours_mean(fluorescence: Path, tmp_path: Path) -> None:
    target = tmp_path / "region.png"
    with open_slide(fluorescence) as slide:
        look = slide.first_look
        assert look is not None
        chosen = replace(look, plane=0).with_channel(1, low=0.0, high=2000.0)
        export_region(slide, slide.info.box, target, look=chosen)
    with Image.open(target) as picture:
        words = picture.info["Comment"]
        assert words == (
            "Channels: DAPI 100 to 3000 in #0000ff, FITC 0 to 2000 in #00ff00; Focal plane: 1 of 3"
        )
        assert picture.getpixel((10, 10)) == (0, 128, 255)
        assert picture.getpixel((500, 10)) == (0, 128, 0)
