from __future__ import annotations

import csv
import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import shapely
from PIL import Image

from pathview.export.heatmap_table import write_heatmap_table
from pathview.export.run_folder import RunFolder
from pathview.inference.card import ModelCard, Task
from pathview.inference.grid import make_grid
from pathview.inference.heatmap import Heatmap
from pathview.slides.colour import DisplayColour
from pathview.slides.made_profile import SWAPPED
from pathview.slides.slide import Slide

CARD = ModelCard(
    name="toy",
    version="1",
    task=Task.CLASSIFY,
    mpp=1.0,
    patch=64,
    stride=64,
    classes=("Normal", "Tumor"),
    positive="Tumor",
)


@pytest.fixture
def heatmap(made_slide: Slide) -> Heatmap:
    """12 rows and 16 columns of 256 px; two cells done, one failed, one skipped, the rest not run."""
    heatmap = Heatmap.create(None, make_grid(made_slide.info, CARD), CARD, made_slide.info)
    heatmap.write(np.array([[0, 0], [2, 3]]), np.array([[0.75, 0.25], [0.0, 1.0]], np.float32))
    heatmap.fail(np.array([[1, 1]]), "unreadable")
    heatmap.mark_skipped(np.array([[0, 1]]))
    return heatmap


def test_table(heatmap: Heatmap, tmp_path: Path) -> None:
    write_heatmap_table(heatmap, tmp_path / "t.csv")
    with (tmp_path / "t.csv").open(encoding="utf-8", newline="") as file:
        rows = {(row["row"], row["col"]): row for row in csv.DictReader(file)}
    assert len(rows) == 12 * 16
    assert list(rows["0", "0"]) == ["row", "col", "x", "y", "width", "height", "state", "Normal", "Tumor"]
    assert rows["2", "3"] == {
        "row": "2", "col": "3", "x": "768", "y": "512", "width": "256", "height": "256", "state": "done",
        "Normal": "0.000000", "Tumor": "1.000000",
    }  # fmt: skip
    for at, state in ((("1", "1"), "failed"), (("0", "1"), "skipped"), (("5", "5"), "not_run")):
        assert rows[at]["state"] == state
        assert rows[at]["Tumor"] == ""


def test_run_folder(made_slide: Slide, heatmap: Heatmap, tmp_path: Path) -> None:
    place = RunFolder.of(tmp_path, Path("a/case 1.svs"), "toy")
    assert place.folder == tmp_path / "case 1" / "toy"
    place.folder.mkdir(parents=True)
    record = place.publish(made_slide, heatmap, CARD, {"device": "cpu"})
    assert json.loads(place.record.read_text(encoding="utf-8")) == record
    counts = {"done": 2, "to_do": 192, "skipped": 1, "failed": 1}
    assert record["cells"] == counts | {"unlike_training": None}, "this model cannot tell"
    assert record["slide"]["fingerprint"] == made_slide.info.fingerprint
    assert record["device"] == "cpu"
    assert {path.name for path in place.folder.iterdir()} == {"tiles.csv", "preview.png", "run.json"}


@pytest.mark.parametrize(("path", "name"), [(".", "here"), ("..", "above"), ("b/../c.d.svs", "c.d")])
def test_the_folder_is_named_after_the_slide(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, path: str, name: str
) -> None:
    (tmp_path / "above" / "here").mkdir(parents=True)
    monkeypatch.chdir(tmp_path / "above" / "here")
    assert RunFolder.of(Path("out"), Path(path), "toy").folder == Path("out", name, "toy")


def test_a_heatmap_without_cells_is_published_too(made_slide: Slide, tmp_path: Path) -> None:
    grid = make_grid(made_slide.info, CARD, region=shapely.box(-500, -500, -100, -100))
    place = RunFolder(tmp_path)
    place.publish(made_slide, Heatmap.create(None, grid, CARD, made_slide.info), CARD, {})
    assert place.preview.is_file()
    assert place.table.read_text(encoding="utf-8") == "row,col,x,y,width,height,state,Normal,Tumor\n"


def test_preview_shows_values_where_they_are(made_slide: Slide, heatmap: Heatmap, tmp_path: Path) -> None:
    place = RunFolder(tmp_path)
    place.publish(made_slide, heatmap, CARD, {})
    with Image.open(place.preview) as file:
        shown = np.asarray(file).astype(int)
    thumbnail = made_slide.thumbnail(1400).astype(int)
    scale = thumbnail.shape[1] / made_slide.info.size[0]

    def middle(row: int, column: int) -> tuple[slice, slice]:
        y, x = round((row + 0.5) * 256 * scale), round((column + 0.5) * 256 * scale)
        return slice(y - 8, y + 8), slice(x - 8, x + 8)

    certain = middle(2, 3)
    tint = shown[certain] - 0.35 * thumbnail[certain]
    assert np.abs(tint / 0.65 - (150, 0, 30)).max() < 3  # the colormap's top, at 0.65 opacity
    skipped = middle(0, 1)
    assert (shown[skipped] == thumbnail[skipped]).all()
    waiting = middle(5, 5)
    changed = (shown[waiting] != thumbnail[waiting]).any(axis=2).mean()
    assert 0.05 < changed < 0.25  # hatched: a few lines, not a colour


@pytest.mark.parametrize("converted", [True, False])
def test_preview_is_in_the_colours_of_the_screen(
    make_slide: Callable[..., Slide], heatmap: Heatmap, tmp_path: Path, converted: bool
) -> None:
    slide, place = make_slide(profile=SWAPPED), RunFolder(tmp_path)
    record = place.publish(slide, heatmap, CARD, {}, convert_colours=converted)
    assert record["preview_colours"] == ("converted from made" if converted else "off")
    with Image.open(place.preview) as file:
        shown = np.asarray(file)
    thumbnail = slide.thumbnail(1400)
    glass = slice(5, 80), slice(95, 170)  # the skipped cell, which nothing covers
    wanted = DisplayColour.of(SWAPPED).apply(thumbnail) if converted else thumbnail
    assert (shown[glass] == wanted[glass]).all()
