from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from pathview.core.errors import ExportError, TileReadError
from pathview.core.geometry import Box
from pathview.core.region import Region
from pathview.export.region_image import export_region
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
    export_region(make_slide((800, 600), mpp=None), Box(0, 0, 600, 600), tmp_path / "r.png")
    with Image.open(tmp_path / "r.png") as file:
        assert "dpi" not in file.info


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
