"""`pathview export`: annotations, regions and cells, and what it will not do."""

import json
from collections.abc import Callable
from pathlib import Path
from subprocess import CompletedProcess

import numpy as np
import pytest
import shapely
from PIL import Image

from pathview.annotations.annotation import Annotation
from pathview.annotations.edit import Edit
from pathview.annotations.geojson import read_geojson
from pathview.core.files import data_folder
from pathview.slides.colour import DisplayColour
from pathview.slides.made import level_pixels, write_made_tiff
from pathview.slides.made_profile import SWAPPED
from pathview.slides.open import open_slide
from pathview.study.study import Study

Call = Callable[..., CompletedProcess[str]]

SHAPE = Annotation(shapely.box(10, 20, 300, 400), "Tumor", name="first")


@pytest.fixture
def annotate() -> Callable[[Path, Path], None]:
    """Draw SHAPE on a slide in a study."""

    def draw(slide: Path, folder: Path) -> None:
        with open_slide(slide) as opened, Study.open(folder) as study:
            study.session(opened).history.do(Edit.add("Draw", SHAPE))

    return draw


@pytest.mark.parametrize("named", [True, False])
def test_annotations(
    call: Call, annotate: Callable[[Path, Path], None], made_tiff: Path, tmp_path: Path, named: bool
) -> None:
    folder = tmp_path / "my study" if named else data_folder() / "study"
    annotate(made_tiff, folder)
    target = tmp_path / "a.geojson"
    done = call("export", "annotations", made_tiff, "-o", target, *(["--study", folder] if named else []))
    assert (done.returncode, done.stdout) == (0, "")
    assert done.stderr == f"pathview: wrote 1 annotations to {target}\n"
    assert read_geojson(target) == [SHAPE]
    assert json.loads(target.read_text(encoding="utf-8"))["type"] == "FeatureCollection"


def test_annotations_of_a_study_that_is_not_there(call: Call, made_tiff: Path, tmp_path: Path) -> None:
    done = call(
        "export", "annotations", made_tiff, "-o", tmp_path / "a.geojson", "--study", tmp_path / "none"
    )
    assert (done.returncode, len(done.stderr.splitlines())) == (1, 1)
    assert str(tmp_path / "none") in done.stderr
    assert not (tmp_path / "none").exists()
    assert not (tmp_path / "a.geojson").exists()


def test_a_region_holds_the_slide_s_own_pixels(call: Call, made_tiff: Path, tmp_path: Path) -> None:
    target = tmp_path / "r.png"
    done = call("export", "region", made_tiff, "-o", target, "--box", "100,200,300,250")
    assert (done.returncode, done.stdout, done.stderr) == (0, "", f"pathview: wrote {target}\n")
    with Image.open(target) as file:
        np.testing.assert_array_equal(file, level_pixels(1, 100, 200, 300, 250, (1500, 1100)))


@pytest.mark.parametrize("to_srgb", [False, True])
def test_a_region_is_in_the_file_s_colours_or_in_srgb(call: Call, tmp_path: Path, to_srgb: bool) -> None:
    slide = write_made_tiff(tmp_path / "swapped.tif", profile=SWAPPED)
    target = tmp_path / "r.png"
    done = call("export", "region", slide, "-o", target, "--box", "0,0,300,250", *["--srgb"] * to_srgb)
    assert done.returncode == 0
    own = level_pixels(1, 0, 0, 300, 250, (1500, 1100))
    with Image.open(target) as file:
        np.testing.assert_array_equal(file, DisplayColour.of(SWAPPED).apply(own) if to_srgb else own)
        assert (file.info["icc_profile"] == SWAPPED) is not to_srgb


def test_a_whole_slide_at_a_scale(call: Call, made_tiff: Path, tmp_path: Path) -> None:
    assert call("export", "region", made_tiff, "-o", tmp_path / "r.tif", "--mpp", "1").returncode == 0
    with Image.open(tmp_path / "r.tif") as file:
        assert file.size == (375, 275)


def test_a_scale_of_a_slide_without_one(call: Call, tmp_path: Path) -> None:
    slide = write_made_tiff(tmp_path / "unknown.tif", mpp=None)
    done = call("export", "region", slide, "-o", tmp_path / "r.png", "--mpp", "1")
    assert (done.returncode, len(done.stderr.splitlines())) == (1, 1)
    assert f"{slide} does not state its pixel size, so --mpp has no meaning" in done.stderr
    assert call("export", "region", slide, "-o", tmp_path / "r.png").returncode == 0


@pytest.mark.parametrize(
    "option",
    [
        "--box=1,2,3", "--box=a,b,c,d", "--box=0,0,0,10", "--box=0,0,10,-1", "--box=nan,0,10,10",
        "--box=0,0,inf,10", "--box=", "--mpp=0", "--mpp=-1", "--mpp=nan", "--mpp=inf", "--mpp=much",
    ],
)  # fmt: skip
def test_a_region_that_makes_no_sense(call: Call, tmp_path: Path, option: str) -> None:
    done = call("export", "region", tmp_path / "missing.tif", "-o", tmp_path / "r.png", option)
    assert (done.returncode, done.stdout) == (2, "")
    assert option.split("=")[0] in done.stderr


def test_a_region_beside_the_slide(call: Call, made_tiff: Path, tmp_path: Path) -> None:
    done = call("export", "region", made_tiff, "-o", tmp_path / "r.png", "--box", "5000,0,10,10")
    assert done.returncode == 1
    assert "does not lie on the slide" in done.stderr


@pytest.fixture
def heatmap(call: Call, made_tiff: Path, tmp_path: Path) -> Path:
    done = call("run", made_tiff, "-m", "texture-demo", "-o", tmp_path / "out", "--device", "cpu")
    assert done.returncode == 0
    return tmp_path / "out" / "made" / "texture-demo" / "heatmap.zarr"


def test_cells(call: Call, heatmap: Path, tmp_path: Path) -> None:
    done = call("export", "cells", heatmap, "-o", tmp_path / "c.csv")
    assert (done.returncode, done.stdout) == (0, "")
    assert (tmp_path / "c.csv").read_bytes() == heatmap.with_name("tiles.csv").read_bytes()


@pytest.mark.parametrize("kind", ["missing", "folder", "file"])
def test_cells_of_no_heatmap(call: Call, made_tiff: Path, tmp_path: Path, kind: str) -> None:
    source = {"missing": tmp_path / "none.zarr", "folder": tmp_path, "file": made_tiff}[kind]
    done = call("export", "cells", source, "-o", tmp_path / "c.csv")
    assert (done.returncode, len(done.stderr.splitlines())) == (1, 1)
    assert str(source) in done.stderr
    assert not (tmp_path / "c.csv").exists()


@pytest.mark.parametrize("what", ["annotations", "region", "cells"])
def test_an_existing_file_is_replaced_only_when_told(
    call: Call,
    annotate: Callable[[Path, Path], None],
    made_tiff: Path,
    heatmap: Path,
    tmp_path: Path,
    what: str,
) -> None:
    annotate(made_tiff, data_folder() / "study")
    source = heatmap if what == "cells" else made_tiff
    target = tmp_path / "target.png"
    target.write_text("mine", encoding="utf-8")
    done = call("export", what, source, "-o", target)
    assert (done.returncode, done.stderr) == (
        1,
        f"pathview: Cannot write {target}: it exists; --overwrite replaces it\n",
    )
    assert target.read_text(encoding="utf-8") == "mine"
    assert call("export", what, source, "-o", target, "--overwrite").returncode == 0
    assert target.read_bytes() != b"mine"
    done = call("export", what, source, "-o", tmp_path / "no folder" / "x.png")
    assert (done.returncode, len(done.stderr.splitlines())) == (1, 1)
    assert "Cannot write" in done.stderr


@pytest.mark.parametrize("what", ["annotations", "region"])
def test_a_slide_is_never_replaced(call: Call, made_tiff: Path, what: str) -> None:
    before = made_tiff.read_bytes()
    done = call("export", what, made_tiff, "-o", made_tiff.parent / "." / made_tiff.name, "--overwrite")
    assert done.returncode == 1
    assert "never replaced" in done.stderr
    assert made_tiff.read_bytes() == before


def test_a_plugin_writes_annotations_and_heatmaps(
    call: Call, annotate: Callable[[Path, Path], None], made_tiff: Path, tmp_path: Path
) -> None:
    annotate(made_tiff, data_folder() / "study")
    assert (
        call("run", made_tiff, "-m", "texture-demo", "-o", tmp_path / "out", "--device", "cpu").returncode
        == 0
    )
    heatmap = tmp_path / "out" / made_tiff.stem / "texture-demo" / "heatmap.zarr"
    target = tmp_path / "a.json"
    words = ("export", "plugin", made_tiff, "-f", "histomicsui", "-o", target, "--set", "fill=0.5")
    done = call(*words, "--heatmap", heatmap)
    assert (done.returncode, done.stderr) == (0, f"pathview: wrote {target}\n")
    first, last = json.loads(target.read_text("utf-8"))["elements"]
    assert (first["label"]["value"], first["fillColor"][-5:]) == ("first", ",0.5)")
    assert (last["type"], last["user"]["model"]) == ("heatmap", "texture-demo")
    assert "--overwrite replaces it" in call(*words).stderr


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("-f", "nothing", "-o", "a.json"), "no plugin offers such an exporter; there are: histomicsui"),
        (("-f", "histomicsui", "-o", "a.csv"), "writes .json; name the file so"),
        (("-f", "histomicsui", "-o", "a.json", "--set", "fill=2"), "fill must be a number from 0 to 1"),
        (("-f", "histomicsui", "-o", "a.json", "--heatmap", "{0}"), "of another slide"),
    ],
)
def test_what_a_plugin_cannot_write(
    call: Call, made_tiff: Path, tmp_path: Path, words: tuple[str, ...], said: str
) -> None:
    if "{0}" in words:
        other = write_made_tiff(tmp_path / "other.tif", size=(700, 500))
        call("run", other, "-m", "texture-demo", "-o", tmp_path / "out", "--device", "cpu")
        there = tmp_path / "out" / "other" / "texture-demo" / "heatmap.zarr"
        words = tuple(str(there) if word == "{0}" else word for word in words)
    words = tuple(str(tmp_path / word) if word.startswith("a.") else word for word in words)
    done = call("export", "plugin", made_tiff, *words)
    assert done.returncode != 0
    assert said in " ".join(done.stderr.replace("│", " ").split())
