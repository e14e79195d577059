"""Files out, through the dialogs."""

from __future__ import annotations

import csv
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from PySide6.QtWidgets import QComboBox, QDialog, QDoubleSpinBox, QFileDialog, QLabel

from pathview.app.dialogs.region_export import RegionExportDialog
from pathview.core.geometry import Box
from pathview.inference.card import ModelCard, Task
from pathview.inference.grid import make_grid
from pathview.inference.heatmap import Heatmap
from pathview.slides.colour import DisplayColour
from pathview.slides.made import MadeReader, coordinate_pixels, level_pixels, write_made_tiff
from pathview.slides.made_profile import SWAPPED
from pathview.slides.reader import SlideInfo

CARD = ModelCard("two", "1", Task.CLASSIFY, 1.0, 64, 64, ("Normal", "Tumor"), "Tumor")


def info(mpp: float | None, size: tuple[int, int] = (4096, 3072)) -> SlideInfo:
    return MadeReader(size, mpp=mpp).info


@pytest.fixture
def choose(monkeypatch: pytest.MonkeyPatch) -> Any:
    """Return a function that answers the file dialogs to come with a path, or cancels them with None."""

    def to(path: Path | None) -> None:
        code = QDialog.DialogCode.Rejected if path is None else QDialog.DialogCode.Accepted
        monkeypatch.setattr(QFileDialog, "exec", lambda self: code)
        monkeypatch.setattr(QFileDialog, "selectedFiles", lambda self: [str(path)])

    return to


def ask(slide: SlideInfo, boxes: dict[str, Box], profile: bytes | None = None) -> Any:
    return RegionExportDialog(slide, boxes, DisplayColour.of(profile))


def draw(user: Any) -> None:
    user.tool("rectangle")
    user.drag(user.at(200, 300), user.at(900, 600))


@pytest.mark.parametrize("mpp", [0.25, 0.499, 0.46512345, None])
def test_the_native_scale_is_exactly_one(qapp: object, mpp: float | None) -> None:
    dialog = ask(info(mpp), {"Region": Box(100, 100, 1124, 612)})
    assert dialog.choice().downsample == 1.0
    assert dialog.choice().box == Box(100, 100, 1124, 612)
    dialog.findChild(QDoubleSpinBox).setValue(4 * (mpp or 1.0))
    assert dialog.choice().downsample == pytest.approx(4, rel=1e-3)
    dialog.deleteLater()


def test_the_estimate_says_how_large_the_picture_is(qapp: object) -> None:
    boxes = {
        "Part": Box(0, 0, 1000, 500),
        "Beside": Box(-900, -900, -1, -1),
        "Out": Box(4000, 3000, 9000, 9000),
    }
    dialog = ask(info(0.25), boxes)
    texts = [label for label in dialog.findChildren(QLabel) if "px" in label.text()]
    assert any(label.text() == "1\u202f000 × 500 px, about 0.8 MB" for label in texts)
    what = dialog.findChildren(QComboBox)[0]
    what.setCurrentText("Beside")
    assert any("does not lie on the slide" in label.text() for label in dialog.findChildren(QLabel))
    assert not dialog.acceptable
    what.setCurrentText("Out")
    assert dialog.choice().box == Box(4000, 3000, 4096, 3072)
    assert dialog.acceptable
    dialog.deleteLater()


def test_a_picture_too_large_for_its_format_cannot_be_asked_for(qapp: object) -> None:
    dialog = ask(info(0.25, (90_000, 80_000)), {"Whole slide": Box(0, 0, 90_000, 80_000)})
    assert dialog.acceptable, "a TIFF may be of any size"
    dialog.findChildren(QComboBox)[1].setCurrentIndex(1)
    assert not dialog.acceptable
    assert any("too large" in label.text() for label in dialog.findChildren(QLabel))
    dialog.findChild(QDoubleSpinBox).setValue(4.0)
    assert dialog.acceptable
    dialog.deleteLater()


def test_annotations_go_out_as_geojson(reader: Any, choose: Any, tmp_path: Path) -> None:
    draw(reader)
    target = tmp_path / "out.geojson"
    choose(target)
    reader.trigger("export_annotations")
    reader.wait(target.exists)
    (feature,) = json.loads(target.read_text(encoding="utf-8"))["features"]
    assert feature["properties"]["classification"]["name"] == "Tumor"
    reader.wait(lambda: reader.window.status_line.busy == "")
    assert "out.geojson" in reader.window.statusBar().currentMessage()


def test_the_selection_goes_out_pixel_for_pixel(
    reader: Any, choose: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    draw(reader)
    target = tmp_path / "out.tif"
    choose(target)
    monkeypatch.setattr(RegionExportDialog, "exec", lambda self: QDialog.DialogCode.Accepted)
    reader.trigger("export_region")
    reader.wait(lambda: target.exists() and reader.window.status_line.busy == "")
    picture = np.asarray(Image.open(target))
    (drawn,) = reader.workspace.session.annotations
    x0, y0, x1, y1 = (round(edge) for edge in drawn.geometry.bounds)
    assert abs(picture.shape[1] - (x1 - x0)) <= 2
    assert abs(picture.shape[0] - (y1 - y0)) <= 2
    left, top = int(np.floor(drawn.geometry.bounds[0])), int(np.floor(drawn.geometry.bounds[1]))
    expected = coordinate_pixels(
        np.arange(left, left + picture.shape[1]), np.arange(top, top + picture.shape[0])
    )
    assert (picture == expected).all()


def test_colours_can_be_chosen_where_a_profile_moves_them(qapp: object) -> None:
    boxes = {"Region": Box(0, 0, 100, 100)}
    plain, profiled = ask(info(0.25), boxes), ask(info(0.25), boxes, SWAPPED)
    (choice,) = [box for box in plain.findChildren(QComboBox) if "sRGB assumed" in box.currentText()]
    assert (choice.count(), choice.isEnabled()) == (1, False)
    assert not plain.choice().to_srgb
    (choice,) = [box for box in profiled.findChildren(QComboBox) if "ICC profile" in box.currentText()]
    assert not profiled.choice().to_srgb
    choice.setCurrentText("Converted to sRGB")
    assert profiled.choice().to_srgb
    for dialog in (plain, profiled):
        dialog.deleteLater()


@pytest.mark.parametrize("to_srgb", [False, True])
def test_the_picture_of_a_slide_with_a_profile_is_in_the_colours_chosen(
    user: Any, choose: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, to_srgb: bool
) -> None:
    user.open(write_made_tiff(tmp_path / "swapped.tif", profile=SWAPPED))
    target = tmp_path / "out.tif"
    choose(target)

    def answer(dialog: RegionExportDialog) -> QDialog.DialogCode:
        dialog.findChildren(QComboBox)[0].setCurrentText("Whole slide")
        if to_srgb:
            dialog.findChildren(QComboBox)[2].setCurrentText("Converted to sRGB")
        return QDialog.DialogCode.Accepted

    monkeypatch.setattr(RegionExportDialog, "exec", answer)
    user.trigger("export_region")
    user.wait(lambda: target.exists() and user.window.status_line.busy == "")
    own = level_pixels(1, 0, 0, 1500, 1100, (1500, 1100))
    with Image.open(target) as file:
        np.testing.assert_array_equal(file, DisplayColour.of(SWAPPED).apply(own) if to_srgb else own)
        assert (file.info["icc_profile"] == SWAPPED) is not to_srgb


def test_heatmap_cells_go_out_as_they_were_when_asked_for(reader: Any, choose: Any, tmp_path: Path) -> None:
    slide = reader.workspace.session.slide.info
    heatmap = Heatmap.create(None, make_grid(slide, CARD), CARD, slide)
    heatmap.write(np.array([[0, 0]]), np.array([[0.25, 0.75]], np.float32))
    reader.workspace.runs._add(reader.workspace.slide, "Two", heatmap)
    reader.settle()
    target = tmp_path / "out.csv"
    choose(target)
    reader.trigger("export_cells")
    heatmap.write(np.array([[0, 0]]), np.array([[1.0, 0.0]], np.float32))
    reader.wait(lambda: target.exists() and reader.window.status_line.busy == "")
    with target.open(newline="") as file:
        first = next(csv.DictReader(file))
    assert (first["state"], first["Tumor"]) == ("done", "0.750000")


def test_an_export_that_fails_says_so_and_leaves_nothing(reader: Any, choose: Any, tmp_path: Path) -> None:
    draw(reader)
    choose(tmp_path / "no such folder" / "out.geojson")
    reader.trigger("export_annotations")
    reader.wait(lambda: bool(reader.problems))
    assert reader.problems[0][0] == "Cannot export"
    assert reader.window.status_line.busy == ""


def test_a_dialog_that_is_cancelled_writes_nothing(reader: Any, choose: Any) -> None:
    draw(reader)
    choose(None)
    reader.trigger("export_annotations")
    assert reader.workspace.background.idle or reader.window.status_line.busy == ""
    assert reader.problems == []


def test_opening_through_the_dialog(user: Any, made_tiff: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(QFileDialog, "getOpenFileName", lambda *a, **k: (str(made_tiff), ""))
    user.trigger("open")
    user.wait(lambda: user.shown == made_tiff)
