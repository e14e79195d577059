from __future__ import annotations

import csv
import gzip
import json
from pathlib import Path

import numpy as np
import pytest
import shapely
from shapely.geometry import shape

from pathview.annotations.geojson import read_geojson
from pathview.annotations.objects import Objects
from pathview.core.errors import ExportError
from pathview.core.palette import class_color
from pathview.export import detections_file
from pathview.export.detections_file import write_detections_geojson, write_detections_table

CLASSES = ("Tumor", 'Immune cells: "T"')


@pytest.fixture
def objects() -> Objects:
    at = [[10.25, 20.5], [300_000.126, 7.0], [40.0, 41.0]]
    rings = [
        np.array(shapely.box(5, 15, 15, 25).exterior.coords),
        np.empty((0, 2)),
        np.array([[38, 38], [42, 38], [42, 45]]),
    ]
    return Objects.of(at, [0, 1, 1], [0.25, 1.0, 0.5], outlines=rings)


def test_geojson_has_what_qupath_wants_of_a_detection(tmp_path: Path, objects: Objects) -> None:
    target = tmp_path / "d.geojson"
    write_detections_geojson(objects, CLASSES, (0.5, 0.25), target)
    document = json.loads(target.read_text("utf-8"))
    first, second, third = document["features"]
    assert document["type"] == "FeatureCollection"
    assert first["properties"] == {
        "objectType": "detection",
        "classification": {"name": "Tumor", "color": list(class_color("Tumor"))},
        "measurements": {"Score": 0.25, "Area µm^2": 12.5},
    }
    assert shape(first["geometry"]).equals(shapely.box(5, 15, 15, 25))
    assert second["geometry"] == {"type": "Point", "coordinates": [300_000.13, 7.0]}
    assert second["properties"]["measurements"] == {"Score": 1.0}
    assert second["properties"]["classification"]["name"] == CLASSES[1]
    ring = third["geometry"]["coordinates"][0]
    assert ring[0] == ring[-1]


def test_our_own_reader_takes_it(tmp_path: Path, objects: Objects) -> None:
    target = tmp_path / "d.geojson.gz"
    write_detections_geojson(objects, CLASSES, None, target)
    assert [one.class_name for one in read_geojson(target)] == [CLASSES[0], CLASSES[1], CLASSES[1]]
    assert "Area px^2" in gzip.decompress(target.read_bytes()).decode("utf-8")


def test_pieces_join_to_one_document(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    many = Objects.of(np.arange(24).reshape(12, 2), [0] * 12, [0.5] * 12)
    whole, pieces = tmp_path / "whole.geojson", tmp_path / "pieces.geojson"
    write_detections_geojson(many, CLASSES, None, whole)
    monkeypatch.setattr(detections_file, "_AT_ONCE", 5)
    write_detections_geojson(many, CLASSES, None, pieces)
    assert pieces.read_text() == whole.read_text()
    write_detections_geojson(Objects.none(), CLASSES, None, pieces)
    assert json.loads(pieces.read_text())["features"] == []


def test_a_row_for_each_object(tmp_path: Path, objects: Objects) -> None:
    target = tmp_path / "d.csv"
    write_detections_table(objects, CLASSES, (0.5, 0.25), target)
    rows = list(csv.DictReader(target.read_text("utf-8").splitlines()))
    assert rows[0] == {
        "class": "Tumor", "score": "0.2500", "x_px": "10.25", "y_px": "20.50", "area_px2": "100.00",
        "x_um": "5.125", "y_um": "5.125", "area_um2": "12.50",
    }  # fmt: skip
    assert rows[1]["area_um2"] == ""
    assert rows[1]["class"] == CLASSES[1]
    write_detections_table(objects, CLASSES, None, target)
    assert target.read_text("utf-8").splitlines()[0] == "class,score,x_px,y_px,area_px2"


def test_a_place_that_cannot_be_written_is_named(tmp_path: Path, objects: Objects) -> None:
    with pytest.raises(ExportError, match=r"gone"):
        write_detections_geojson(objects, CLASSES, None, tmp_path / "gone" / "d.geojson")
