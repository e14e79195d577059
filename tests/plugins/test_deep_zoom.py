"""The bundled reader of Deep Zoom pictures, against pixels that are known."""

from __future__ import annotations

import math
import shutil
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from pathview.core.errors import SlideOpenError, TileReadError
from pathview.core.geometry import Box
from pathview.core.region import Region
from pathview.slides.open import open_slide
from pathview.slides.plugin_reader import ReaderSource
from pathview.startup.registry import load_registry

PLUGINS = Path(__file__).parents[2] / "plugins"


@pytest.fixture
def source() -> ReaderSource:
    return load_registry([PLUGINS / "deep_zoom" / "plugin.toml"]).readers["deep-zoom"]


def write(path: Path, pixels: np.ndarray[tuple[int, ...], np.dtype[np.uint8]], overlap: int) -> None:
    """Write a picture as PNG tiles of 64 pixels, with its coarser levels."""
    height, width, _ = pixels.shape
    finest = math.ceil(math.log2(max(width, height)))
    path.write_text(
        f'<Image xmlns="http://schemas.microsoft.com/deepzoom/2008" Format="png" Overlap="{overlap}" '
        f'TileSize="64"><Size Height="{height}" Width="{width}"/></Image>',
        "utf-8",
    )
    for level in range(finest + 1):
        w, h = (math.ceil(edge / 2**level) for edge in (width, height))
        image = Image.fromarray(pixels).resize((w, h), Image.Resampling.NEAREST)
        folder = path.with_name(f"{path.stem}_files") / str(finest - level)
        folder.mkdir(parents=True)
        for y in range(0, h, 64):
            for x in range(0, w, 64):
                left, top = max(0, x - overlap), max(0, y - overlap)
                box = left, top, min(w, x + 64 + overlap), min(h, y + 64 + overlap)
                image.crop(box).save(folder / f"{x // 64}_{y // 64}.png")


@pytest.mark.parametrize("overlap", [0, 1, 5])
def test_pixels_are_where_they_belong(source: ReaderSource, tmp_path: Path, overlap: int) -> None:
    pixels = np.random.default_rng(2).integers(0, 256, (190, 301, 3), np.uint8)
    write(tmp_path / "a.dzi", pixels, overlap)
    with open_slide(tmp_path / "a.dzi", plugins=[source]) as slide:
        assert slide.info.size == (301, 190)
        assert slide.info.mpp is None
        for x, y, w, h in ((0, 0, 301, 190), (60, 50, 80, 90), (127, 127, 2, 2), (300, 189, 1, 1)):
            read = slide.read(Region(Box(x, y, x + w, y + h), 1.0))
            assert np.array_equal(read, pixels[y : y + h, x : x + w])
        (tmp_path / "a_files" / "9" / "1_1.png").unlink()
        with pytest.raises(TileReadError, match=r"1_1\.png cannot be read"):
            slide.read(Region(Box(70, 70, 80, 80), 1.0))
        assert slide.read(Region(Box(0, 0, 10, 10), 1.0)).shape == (10, 10, 3)


def test_two_pictures_of_one_size_are_two(source: ReaderSource, tmp_path: Path) -> None:
    identities = []
    for name, value in (("a", 50), ("b", 200), ("c", 50)):
        write(tmp_path / f"{name}.dzi", np.full((100, 120, 3), value, np.uint8), 1)
        with open_slide(tmp_path / f"{name}.dzi", plugins=[source]) as slide:
            identities.append(slide.info.fingerprint)
    assert identities[0] == identities[2] != identities[1]


def test_the_pixel_size_that_vips_keeps_is_taken(source: ReaderSource) -> None:
    assert source.sample is not None
    with open_slide(source.sample, plugins=[source]) as slide:
        assert (slide.info.mpp, slide.info.mpp_source) == ((0.5, 0.5), "vips-properties.xml")


@pytest.mark.parametrize(
    "text", ["", "<a/>", "<Image", '<Image xmlns="http://schemas.microsoft.com/deepzoom/2008"/>']
)
def test_what_is_none_is_refused(source: ReaderSource, tmp_path: Path, text: str) -> None:
    assert source.sample is not None
    shutil.copytree(source.sample.parent, tmp_path / "copy")
    file = tmp_path / "copy" / "tiny.dzi"
    file.write_text(text + " ", "utf-8")
    with pytest.raises(SlideOpenError, match="no descriptor of a Deep Zoom picture"):
        open_slide(file, plugins=[source])
    shutil.rmtree(tmp_path / "copy" / "tiny_files")
    with pytest.raises(SlideOpenError, match="no folder tiny_files beside it"):
        open_slide(file, plugins=[source])
