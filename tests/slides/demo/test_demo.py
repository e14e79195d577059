"""The demo slide as a whole: what other programs see in it, and how it comes into being."""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy import ndimage
from shapely import contains_xy
from shapely.geometry import box, shape
from shapely.geometry.base import BaseGeometry

from pathview.slides.demo import DemoSlide, DemoSlideError, make_demo_slide
from pathview.slides.demo.nuclei import make_library
from pathview.slides.demo.paint import BLOCK, make_section, paint_block
from pathview.slides.demo.recipe import Recipe
from pathview.slides.demo.stains import rgb_to_stains
from pathview.slides.demo.texture import Textures

SIZE = (3000, 2250)


@pytest.fixture(scope="module", autouse=True)
def drawn_once() -> Iterator[None]:
    """Draw stamps and textures once for all slides here: they take seconds and depend on the seed alone."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("pathview.slides.demo.paint.make_library", cache(make_library))
        patch.setattr(Textures, "of", cache(Textures.of))
        yield


@pytest.fixture(scope="module")
def openslide() -> ModuleType:
    module: ModuleType = pytest.importorskip("openslide")
    return module


@pytest.fixture(scope="module")
def demo(drawn_once: None, tmp_path_factory: pytest.TempPathFactory) -> DemoSlide:
    return make_demo_slide(tmp_path_factory.mktemp("demo"), size=SIZE, workers=2)


@pytest.fixture(scope="module")
def pixels(demo: DemoSlide, openslide: ModuleType) -> NDArray[np.uint8]:
    with openslide.OpenSlide(demo.slide) as slide:
        return np.asarray(slide.read_region((0, 0), 0, SIZE).convert("RGB"))


def truths(demo: DemoSlide, name: str) -> list[BaseGeometry]:
    features = json.loads(demo.truth.read_text(encoding="utf-8"))["features"]
    return [shape(f["geometry"]) for f in features if f["properties"]["classification"]["name"] == name]


def mask_of(areas: list[BaseGeometry]) -> NDArray[np.bool_]:
    """Every eighth pixel, as (rows, columns), that lies in one of the areas."""
    y, x = np.mgrid[4 : SIZE[1] : 8, 4 : SIZE[0] : 8]
    inside = [contains_xy(area, x, y) for area in areas]
    return np.asarray(np.any(inside, axis=0))


@contextmanager
def untouched(folder: Path) -> Iterator[None]:
    before = {path.name: path.stat().st_mtime_ns for path in folder.iterdir()}
    yield
    assert {path.name: path.stat().st_mtime_ns for path in folder.iterdir()} == before


def test_openslide_reads_every_level(demo: DemoSlide, openslide: ModuleType) -> None:
    with openslide.OpenSlide(demo.slide) as slide:
        assert openslide.OpenSlide.detect_format(demo.slide) == "generic-tiff"
        assert slide.level_dimensions == (SIZE, (1500, 1125), (750, 562))
        assert float(slide.properties["openslide.mpp-x"]) == pytest.approx(0.25)
        assert float(slide.properties["openslide.mpp-y"]) == pytest.approx(0.25)
        assert "not real tissue" in slide.properties["tiff.ImageDescription"]


def test_levels_show_the_same_picture(demo: DemoSlide, openslide: ModuleType) -> None:
    with openslide.OpenSlide(demo.slide) as slide:
        pictures = [
            np.asarray(slide.read_region((0, 0), level, (w, h)).convert("RGB").resize((150, 112)), float)
            for level, (w, h) in enumerate(slide.level_dimensions)
        ]
    for coarse in pictures[1:]:
        assert np.abs(coarse - pictures[0]).mean() < 4


def test_bytes_do_not_depend_on_the_number_of_workers(demo: DemoSlide, tmp_path: Path) -> None:
    again = make_demo_slide(tmp_path, size=SIZE, workers=1)
    for first, second in ((demo.slide, again.slide), (demo.truth, again.truth)):
        assert hashlib.sha256(first.read_bytes()).digest() == hashlib.sha256(second.read_bytes()).digest()


def test_no_seams_between_blocks() -> None:
    section = make_section(Recipe(SIZE), lambda done: None)
    # Straight from the painter: in the file, the borders of JPEG's own squares would drown the difference.
    both = (
        np.hstack([paint_block(section, 0, 1), paint_block(section, 1, 1)])[:1000].astype(float).mean(axis=2)
    )
    steps = np.abs(np.diff(both, axis=1)).mean(axis=0)
    assert steps[BLOCK - 1] < 1.25 * np.median(steps[BLOCK - 60 : BLOCK + 60])


def test_importing_it_is_light() -> None:
    heavy = "{'scipy', 'shapely', 'tifffile', 'PIL', 'imagecodecs'}"
    code = f"import sys, pathview.slides.demo; assert not {heavy} & set(sys.modules)"
    subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, timeout=60)


def test_glass_is_white_and_tissue_is_stained(demo: DemoSlide, pixels: NDArray[np.uint8]) -> None:
    sampled = pixels[4::8, 4::8].astype(float)
    tissue = truths(demo, "Tissue")
    inside = mask_of(tissue)
    outside = ~mask_of([area.buffer(60) for area in tissue])
    assert sampled[outside].mean() > 238
    assert np.percentile(sampled[outside], 1) > 225
    red, green, blue = sampled[inside].mean(axis=0)
    assert green < red < 235, "between pink and purple, green is what is missing"
    assert green < blue


def test_islands_hold_larger_nuclei_than_the_node(demo: DemoSlide, pixels: NDArray[np.uint8]) -> None:
    islands = mask_of(truths(demo, "Tumor"))
    rest = mask_of(truths(demo, "Tissue")) & ~mask_of([a.buffer(80) for a in truths(demo, "Tumor")])
    haematoxylin = ndimage.gaussian_filter(rgb_to_stains(pixels)[0], 1.5)
    depth = ndimage.distance_transform_edt(haematoxylin > 0.55)[4::8, 4::8]
    # The inscribed radius of a lymphocyte is some 13 px; what lies deeper belongs to something larger.
    assert (depth[islands] > 16).mean() > 2 * (depth[rest] > 16).mean()


def test_truth_lies_in_the_slide(demo: DemoSlide) -> None:
    islands, tissue = truths(demo, "Tumor"), truths(demo, "Tissue")
    assert 4 <= len(islands) <= 7
    for area in (*islands, *tissue):
        assert area.is_valid
        assert area.geom_type == "Polygon"
        assert box(0, 0, *SIZE).contains(area)
    for island in islands:
        assert any(part.contains(island) for part in tissue)
    features = json.loads(demo.truth.read_text(encoding="utf-8"))["features"]
    assert {f["properties"]["objectType"] for f in features} == {"annotation"}
    assert len({f["id"] for f in features}) == len(features)


def test_a_second_call_writes_nothing(demo: DemoSlide) -> None:
    seen: list[float] = []
    with untouched(demo.slide.parent):
        assert make_demo_slide(demo.slide.parent, size=SIZE, progress=seen.append) == demo
    assert seen == [1.0]


def test_progress_rises_from_0_to_1(tmp_path: Path) -> None:
    seen: list[float] = []
    make_demo_slide(tmp_path, size=(1200, 900), progress=seen.append, workers=2)
    assert seen == sorted(seen)
    assert (seen[0], seen[-1]) == (0.0, 1.0)
    assert len(seen) > 3


def test_another_size_or_a_cut_file_is_replaced(tmp_path: Path, openslide: ModuleType) -> None:
    made = make_demo_slide(tmp_path, size=(700, 600))
    make_demo_slide(tmp_path, size=(800, 600))
    with openslide.OpenSlide(made.slide) as slide:
        assert slide.dimensions == (800, 600)
    whole = made.slide.read_bytes()
    made.slide.write_bytes(whole[: len(whole) // 2])
    make_demo_slide(tmp_path, size=(800, 600))
    assert made.slide.read_bytes() == whole


class Cancelled(Exception):
    """What a caller's progress raises."""


def test_cancelling_leaves_nothing(tmp_path: Path) -> None:
    def stop(done: float) -> None:
        if done > 0.3:
            raise Cancelled

    with pytest.raises(Cancelled):
        make_demo_slide(tmp_path, size=(2100, 1100), progress=stop, workers=2)
    assert list(tmp_path.iterdir()) == []


def test_a_full_disk_is_said_and_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("pathview.slides.demo.write.write_slide", full)
    with pytest.raises(DemoSlideError, match="No space left") as caught:
        make_demo_slide(tmp_path, size=(700, 600))
    assert caught.value.path == tmp_path / "demo-slide.tif"
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_cannot_be_made_is_said(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way", encoding="utf-8")
    with pytest.raises(DemoSlideError, match="Cannot make the demo slide"):
        make_demo_slide(tmp_path / "file" / "folder", size=(700, 600))


def test_remains_of_a_killed_run_are_removed(tmp_path: Path) -> None:
    old, fresh = (tmp_path / f".demo-slide.tif.{name}.part" for name in ("old", "fresh"))
    for path in (old, fresh):
        path.write_bytes(b"half a slide")
    os.utime(old, (1, 1))
    make_demo_slide(tmp_path, size=(700, 600))
    assert not old.exists()
    assert fresh.exists(), "somebody may be writing it now"
