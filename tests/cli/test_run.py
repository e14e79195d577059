"""`pathview run`: what it writes, and that it writes the same again."""

import csv
import json
from collections.abc import Callable
from pathlib import Path
from subprocess import CompletedProcess
from typing import Any, cast

import numpy as np
import pytest
import shapely
from numpy.typing import NDArray
from PIL import Image

from pathview.annotations.annotation import Annotation
from pathview.annotations.geojson import write_geojson
from pathview.core.files import fingerprint
from pathview.slides.made import write_made_tiff

Call = Callable[..., CompletedProcess[str]]
Rows = list[dict[str, str]]

COLUMNS = ["row", "col", "x", "y", "width", "height", "state", "Smooth", "Busy"]


@pytest.fixture
def run(call: Call, tmp_path: Path) -> Call:
    """Run the texture model over slides into tmp_path/out."""

    def run(*words: object) -> CompletedProcess[str]:
        return call("run", *words, "-m", "texture-demo", "-o", tmp_path / "out", "--device", "cpu")

    return run


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "out" / "made" / "texture-demo"


def read_table(folder: Path) -> Rows:
    with (folder / "tiles.csv").open(encoding="utf-8", newline="") as file:
        reader = csv.DictReader(file)
        assert reader.fieldnames == COLUMNS
        return list(reader)


def read_record(folder: Path) -> dict[str, Any]:
    return cast("dict[str, Any]", json.loads((folder / "run.json").read_text(encoding="utf-8")))


def read_heatmap(folder: Path) -> tuple[NDArray[Any], NDArray[Any], dict[str, Any]]:
    """Return `scores`, `state` and the group's attributes, read as any other program would."""
    import zarr

    group = zarr.open_group(str(folder / "heatmap.zarr"), mode="r", zarr_format=3)
    scores, state = (cast("zarr.Array[Any]", group[name]) for name in ("scores", "state"))
    return np.asarray(scores[...]), np.asarray(state[...]), dict(group.attrs)


def half_glass(path: Path) -> Path:
    """Write a made slide whose right half is glass, and a little more: tissue has a blurred rim."""
    import tifffile

    from pathview.slides.made import level_pixels

    with tifffile.TiffWriter(path) as file:
        for down in (1, 2, 4):
            size = (1536 // down, 1024 // down)
            pixels = level_pixels(down, 0, 0, *size, (1536, 1024))
            pixels[:, size[0] * 48 // 100 :] = 245
            dots = (40_000 / down, 40_000 / down)
            file.write(
                pixels,
                tile=(256, 256),
                photometric="rgb",
                subfiletype=0 if down == 1 else 1,
                resolution=dots,
                resolutionunit="CENTIMETER",
                metadata=None,
            )
    return path


def test_the_files_of_a_run(run: Call, folder: Path, tmp_path: Path) -> None:
    done = run(half_glass(tmp_path / "made.tif"))
    assert (done.returncode, done.stdout) == (0, "")
    assert done.stderr == f"pathview: 12 tiles done, 12 without tissue, 0 failed: {folder}\n"
    names = {path.name for path in folder.iterdir()}
    assert names == {"heatmap.zarr", "tiles.csv", "preview.png", "run.json"}
    rows = read_table(folder)
    scores, state, _ = read_heatmap(folder)
    assert scores.shape == (2, 4, 6)
    assert scores.dtype == np.float32
    assert state.shape == (4, 6)
    assert state.dtype == np.uint8
    assert state.tolist() == [[1, 1, 1, 2, 2, 2]] * 4
    assert np.isnan(scores[:, state != 1]).all()
    np.testing.assert_allclose(scores[:, state == 1].sum(axis=0), 1, atol=1e-6)
    for row in rows:
        at = int(row["row"]), int(row["col"])
        assert row["state"] == {1: "done", 2: "skipped"}[int(state[at])]
        place = [row[key] for key in ("x", "y", "width", "height")]
        assert place == [str(at[1] * 256), str(at[0] * 256), "256", "256"]
        shown = [f"{score:.6f}" if state[at] == 1 else "" for score in scores[(slice(None), *at)]]
        assert [row["Smooth"], row["Busy"]] == shown
    assert [(row["row"], row["col"]) for row in rows] == [
        (str(r), str(c)) for r in range(4) for c in range(6)
    ]
    with Image.open(folder / "preview.png") as picture:
        picture.load()
        assert picture.width >= 640


def test_the_heatmap_says_what_it_belongs_to(run: Call, folder: Path, made_tiff: Path) -> None:
    run(made_tiff)
    _, _, attributes = read_heatmap(folder)
    grid = cast("dict[str, Any]", attributes["grid"])
    assert (grid["origin"], grid["patch"], grid["stride"], grid["shape"]) == ([0, 0], 256, 256, [5, 6])
    expected = {
        "pathview_heatmap": 1,
        "model": "texture-demo",
        "model_version": "1.0.0",
        "weights_sha256": "",
        "model_mpp": 1.0,
        "classes": ["Smooth", "Busy"],
        "positive": "Busy",
        "slide_fingerprint": fingerprint(made_tiff),
        "slide_size": [1500, 1100],
        "slide_mpp": [0.25, 0.25],
    }
    assert {key: attributes[key] for key in expected} == expected
    record = read_record(folder)
    assert record["slide"]["fingerprint"] == fingerprint(made_tiff)
    assert (record["model"]["id"], record["model"]["version"]) == ("texture-demo", "1.0.0")
    cells = {"done": 30, "to_do": 30, "skipped": 0, "failed": 0, "unlike_training": None}
    assert record["cells"] == cells
    assert (record["device"], record["state"], record["stated_mpp"]) == ("cpu", "done", None)
    assert record["preview_colours"] == "sRGB assumed: no profile"
    assert record["grid"]["patch"] == 256


def test_the_same_command_twice(process: Call, call: Call, made_tiff: Path, tmp_path: Path) -> None:
    # In two folders; then once more in the first, where everything is done.
    def table(out: Path, how: Call = call) -> bytes:
        done = how("run", made_tiff, "-m", "texture-demo", "-o", out, "--device", "cpu", "--json")
        assert done.returncode == 0
        (record,) = json.loads(done.stdout)
        assert record == read_record(out / "made" / "texture-demo")
        assert record["resumed_with"] + (record["cells"]["done"] if record["tiles_per_second"] else 0) == 30
        return (out / "made" / "texture-demo" / "tiles.csv").read_bytes()

    first = table(tmp_path / "a", process)
    assert table(tmp_path / "b") == first
    assert table(tmp_path / "a") == first


def test_an_unknown_scale_is_refused_until_it_is_stated(run: Call, folder: Path, tmp_path: Path) -> None:
    slide = write_made_tiff(tmp_path / "made.tif", mpp=None)
    done = run(slide)
    assert done.returncode == 1
    assert done.stderr == (
        f"pathview: {slide} does not state its pixel size, which the model texture-demo needs; "
        "state it with --mpp UM\n"
    )
    assert not (folder / "heatmap.zarr").exists()
    assert run(slide, "--mpp", "0.5").returncode == 0
    record = read_record(folder)
    assert record["stated_mpp"] == 0.5
    assert record["slide"]["mpp"] is None
    assert record["grid"]["patch"] == 128
    # A scale that was given once is not remembered for the slide, so it must be given again.
    assert run(slide).returncode == 1


def test_another_scale_than_the_slide_s_is_mentioned(run: Call, made_tiff: Path, folder: Path) -> None:
    done = run(made_tiff, "--mpp", "0.5")
    assert done.returncode == 0
    assert "states 0.25 x 0.25 um/px; the 0.5 of --mpp is used in its place" in done.stderr
    assert read_record(folder)["grid"]["patch"] == 128


def test_only_a_region(run: Call, made_tiff: Path, folder: Path, tmp_path: Path) -> None:
    shapes = [shapely.Polygon([(300, 300), (800, 300), (300, 800)]), shapely.box(1100, 300, 1200, 400)]
    write_geojson([Annotation(shape) for shape in shapes], tmp_path / "region.geojson")
    done = run(made_tiff, "--region", tmp_path / "region.geojson")
    assert (done.returncode, len(done.stderr.splitlines())) == (0, 1)
    tried = {(int(row["x"]), int(row["y"])) for row in read_table(folder) if row["state"] == "done"}
    corner = {(256, 256), (512, 256), (256, 512), (512, 512), (768, 256), (256, 768)}
    assert tried == corner | {(1024, 256)}
    assert read_record(folder)["region_file"] == "region.geojson"


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ('{"type":"FeatureCollection","features":[]}', "none of its shapes lies on made.tif"),
        (
            '{"type":"Polygon","coordinates":[[[9000,0],[9900,0],[9900,900],[9000,0]]]}',
            "none of its shapes lies on made.tif",
        ),
        ("[1, 2", "Cannot read annotations"),
        (None, "region.geojson"),
    ],
    ids=["no shape", "beside the slide", "no JSON", "missing"],
)
def test_a_region_that_cannot_be_used(
    run: Call, made_tiff: Path, folder: Path, tmp_path: Path, text: str | None, words: str
) -> None:
    if text is not None:
        (tmp_path / "region.geojson").write_text(text, encoding="utf-8")
    done = run(made_tiff, "--region", tmp_path / "region.geojson")
    assert (done.returncode, len(done.stderr.splitlines())) == (1, 1)
    assert words in done.stderr
    assert not folder.exists()


def test_several_slides_and_a_bad_one(run: Call, made_tiff: Path, tmp_path: Path) -> None:
    second = write_made_tiff(tmp_path / "second.tif")
    done = run(made_tiff, tmp_path / "missing.tif", second, "--json")
    assert done.returncode == 1
    assert [record["slide"]["name"] for record in json.loads(done.stdout)] == ["made.tif", "second.tif"]
    assert "missing.tif" in done.stderr


def test_slides_of_one_name_do_not_share_a_folder(run: Call, made_tiff: Path, tmp_path: Path) -> None:
    (tmp_path / "other").mkdir()
    done = run(made_tiff, write_made_tiff(tmp_path / "other" / "made.tif", (600, 600)))
    assert done.returncode == 2
    assert "would share a folder" in done.stderr
    assert not (tmp_path / "out").exists()


def test_a_parameter_is_set_and_recorded(run: Call, made_tiff: Path, folder: Path) -> None:
    assert run(made_tiff).returncode == 0
    before = read_heatmap(folder)[0]
    assert read_record(folder)["parameters"] == {"middle": 6.0}
    done = run(made_tiff, "--set", "middle=20")
    assert done.returncode == 1
    assert "another model version's values ('1.0.0', not '1.0.0 [middle=20.0]')" in done.stderr
    done = run(made_tiff, "--set", "middle=20", "--overwrite")
    assert done.returncode == 0
    assert "its parameters are not the defaults, so its reference tiles were not asked" in done.stderr
    assert read_record(folder)["parameters"] == {"middle": 20.0}
    assert np.nanmean(read_heatmap(folder)[0][1]) < np.nanmean(before[1])


@pytest.mark.parametrize(
    ("word", "code", "words"),
    [
        ("middle=0", 2, "middle must be a number from 0.5 to 60, not '0'"),
        ("middle", 2, "'middle' is not NAME=VALUE"),
        ("centre=3", 1, "there is no parameter 'centre'; it has middle"),
    ],
)
def test_a_parameter_that_cannot_be_set(run: Call, made_tiff: Path, word: str, code: int, words: str) -> None:
    done = run(made_tiff, "--set", word)
    assert done.returncode == code
    assert words in " ".join(done.stderr.split())
