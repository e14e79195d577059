from __future__ import annotations

import gzip
import json
from contextlib import suppress
from pathlib import Path
from uuid import UUID, uuid4

import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from shapely.geometry.base import BaseGeometry

from pathview.annotations.annotation import Annotation
from pathview.annotations.geojson import dumps, loads, read_geojson, write_geojson
from pathview.core.errors import AnnotationFormatError, ExportError

_SQUARE = {"type": "Polygon", "coordinates": [[[0, 0], [10, 0], [10, 10], [0, 10], [0, 0]]]}


def _feature(geometry: object = _SQUARE, **properties: object) -> dict[str, object]:
    return {"type": "Feature", "geometry": geometry, "properties": properties}


def _only(document: object) -> Annotation:
    (annotation,) = loads(json.dumps(document))
    return annotation


_places = st.floats(-1e6, 1e6, allow_nan=False)
_points = st.tuples(_places, _places)
_boxes = st.tuples(_points, st.floats(0.01, 1e5), st.floats(0.01, 1e5)).map(
    lambda b: shapely.box(b[0][0], b[0][1], b[0][0] + b[1], b[0][1] + b[2])
)


def _with_hole(box: BaseGeometry) -> BaseGeometry:
    return box.difference(shapely.box(*box.buffer(-min(_edges(box)) / 4).bounds))


def _edges(box: BaseGeometry) -> tuple[float, float]:
    x0, y0, x1, y1 = box.bounds
    return x1 - x0, y1 - y0


_geometries: st.SearchStrategy[BaseGeometry] = st.one_of(
    _boxes,
    _boxes.map(_with_hole),
    st.integers(1, 4).map(
        lambda n: shapely.MultiPolygon([shapely.box(20 * i, 0.1, 20 * i + 0.3, 7) for i in range(n)])
    ),
    st.lists(_points, min_size=2, max_size=20, unique=True).map(shapely.LineString),
    _points.map(shapely.Point),
    st.lists(_points, min_size=1, max_size=9).map(shapely.MultiPoint),
).filter(lambda g: g.is_valid and not g.is_empty)
_annotations = st.builds(
    Annotation, _geometries, st.none() | st.text(min_size=1), st.text(), st.text(), st.booleans(), st.uuids()
)


@settings(deadline=None)
@given(st.lists(_annotations, max_size=6, unique_by=lambda a: a.id))
def test_what_is_written_is_read_back_exactly(annotations: list[Annotation]) -> None:
    assert loads(dumps(annotations)) == annotations


def test_the_file_is_what_qupath_expects(tmp_path: Path) -> None:
    id = uuid4()
    shape = shapely.box(0, 0, 10, 10).difference(shapely.box(2, 2, 4, 4))
    write_geojson(
        [Annotation(shape, "Tumor", "ROI 1", "see margin", True, id), Annotation(shapely.Point(1, 2))],
        tmp_path / "a.geojson",
    )
    text = (tmp_path / "a.geojson").read_text("utf-8")
    document = json.loads(text)
    full, bare = document["features"]
    assert document["type"] == "FeatureCollection"
    assert "crs" not in document
    assert full["id"] == str(id)
    assert full["properties"] == {
        "objectType": "annotation",
        "name": "ROI 1",
        "classification": {"name": "Tumor", "color": [200, 0, 0]},
        "isLocked": True,
        "pathview": {"note": "see margin"},
    }
    assert len(full["geometry"]["coordinates"]) == 2
    assert all(ring[0] == ring[-1] for ring in full["geometry"]["coordinates"])
    assert bare["properties"] == {"objectType": "annotation"}
    assert "GeometryCollection" not in text


def test_class_colours_may_be_given() -> None:
    text = dumps([Annotation(shapely.Point(0, 0), "Gland")], colors=lambda name: (1, 2, 3))
    assert json.loads(text)["features"][0]["properties"]["classification"]["color"] == [1, 2, 3]


@pytest.mark.parametrize("shape", [shapely.GeometryCollection([shapely.Point(0, 0)]), shapely.Polygon()])
def test_a_shape_that_qupath_cannot_read_is_not_written(tmp_path: Path, shape: BaseGeometry) -> None:
    target = tmp_path / "a.geojson"
    target.write_text("old")
    with pytest.raises(ExportError):
        write_geojson([Annotation(shape)], target)
    assert target.read_text() == "old"
    assert list(tmp_path.iterdir()) == [target]


def test_a_folder_that_is_missing_is_an_export_error(tmp_path: Path) -> None:
    with pytest.raises(ExportError):
        write_geojson([], tmp_path / "no" / "a.geojson")


def test_compressed_files_are_written_and_read(tmp_path: Path) -> None:
    annotations = [Annotation(shapely.box(0, 0, 1, 1), "Tumor")]
    write_geojson(annotations, tmp_path / "a.geojson.gz")
    assert (tmp_path / "a.geojson.gz").read_bytes()[:2] == b"\x1f\x8b"
    assert read_geojson(tmp_path / "a.geojson.gz") == annotations


@pytest.mark.parametrize(
    "document",
    [
        {"type": "FeatureCollection", "features": [_feature()]},
        _feature(),
        [_feature()],
        _SQUARE,
        [_SQUARE],
        {"type": "Feature", "geometry": _SQUARE},
        {"type": "Feature", "geometry": _SQUARE, "properties": None},
        _feature({**_SQUARE, "plane": {"c": -1, "z": 2, "t": 0}}),
        _feature({"type": "Polygon", "coordinates": [[[0, 0], [10, 0], [10, 10], [0, 10]]]}),  # not closed
        _feature({"type": "Polygon", "coordinates": [[[0, 0, 7], [10, 0, 7], [10, 10, 7], [0, 10, 7]]]}),
    ],
)
def test_every_kind_of_document_is_read(document: object) -> None:
    assert _only(document).geometry.normalize() == shapely.box(0, 0, 10, 10).normalize()


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_encodings_that_json_may_have_are_read(encoding: str) -> None:
    text = json.dumps(_feature(name="Ärea 漢字 🔬"), ensure_ascii=False)
    assert loads(text.encode(encoding))[0].name == "Ärea 漢字 🔬"


@pytest.mark.parametrize(
    ("classification", "expected"),
    [
        ({"name": "Tumor", "color": [200, 0, 0]}, "Tumor"),
        ({"names": ["Tumor", "Positive"], "color": [1, 2, 3, 255]}, "Tumor: Positive"),
        ({"name": "Stroma", "colorRGB": -3670016}, "Stroma"),
        ("Necrosis", "Necrosis"),
        ({}, None),
        ("", None),
        (None, None),
    ],
)
def test_all_forms_of_classification_are_read(classification: object, expected: str | None) -> None:
    assert _only(_feature(classification=classification)).class_name == expected


def test_an_ellipse_is_read_from_its_bounding_box() -> None:
    shape = _only(_feature({**_SQUARE, "isEllipse": True})).geometry
    assert shape.bounds == pytest.approx((0, 0, 10, 10))
    assert shape.area == pytest.approx(25 * 3.14159, rel=0.01)


def test_ids_stay_if_they_are_unique_uuids() -> None:
    id = uuid4()
    features = [{**_feature(), "id": str(id)}, {**_feature(), "id": str(id)}, {**_feature(), "id": "a-1"}]
    first, second, third = loads(json.dumps(features))
    assert first.id == id
    assert len({first.id, second.id, third.id}) == 3
    assert isinstance(third.id, UUID)


def test_children_come_out_and_the_root_does_not() -> None:
    inner = _feature(objectType="detection", classification="Cell")
    outer = _feature(objectType="annotation", classification="Tumor", childObjects=[inner])
    root = _feature(objectType="root", childObjects=[outer])
    assert [a.class_name for a in loads(json.dumps(root))] == ["Tumor", "Cell"]


def test_a_stroke_that_crosses_itself_becomes_a_valid_area() -> None:
    bow_tie = {"type": "Polygon", "coordinates": [[[0, 0], [10, 10], [10, 0], [0, 10], [0, 0]]]}
    shape = _only(_feature(bow_tie)).geometry
    assert shape.is_valid
    assert shape.area == pytest.approx(50)


def test_an_area_on_a_line_stays_visible_as_a_line() -> None:
    flat = {"type": "Polygon", "coordinates": [[[0, 0], [10, 0], [5, 0], [0, 0]]]}
    assert _only(_feature(flat)).geometry.length > 0


@pytest.mark.parametrize(
    ("text", "where"),
    [
        ("", "line 1"),
        ('{"type":\n"Feature",}', "line 2"),
        ("null", "the document"),
        ("3", "the document"),
        ("{}", "the document"),
        ('{"type": "FeatureCollection"}', "the collection"),
        ('{"type": "FeatureCollection", "features": {}}', "the collection"),
        ('{"type": "Point", "coordinates": [NaN, 0]}', "line 1"),
        ('{"type": "Point", "coordinates": [1e999, 0]}', "the document"),
        ('{"type": "Point", "coordinates": [1e300, 0]}', "the document"),
        ('{"type": "Point", "coordinates": [1' + "0" * 400 + ", 0]}", "the document"),
        ('{"type": "Point", "coordinates": [' + "1" * 5000 + ", 0]}", "line 1"),
        ('{"type": "Point", "coordinates": []}', "the document"),
        ('{"type": "Point", "coordinates": ["a", "b"]}', "the document"),
        ('{"type": "Point", "coordinates": null}', "the document"),
        ('{"type": "Point"}', "the document"),
        ('{"type": "LineString", "coordinates": [[0, 0]]}', "the document"),
        ('{"type": "Polygon", "coordinates": [[[0, 0], [1, 1]]]}', "the document"),
        ('{"type": "Polygon", "coordinates": [[[0, 0], [1], [2, 2], [0, 0]]]}', "the document"),
        ('{"type": "Polygon", "coordinates": {"a": 1}}', "the document"),
        ('{"type": "GeometryCollection", "geometries": []}', "the document"),
        ('{"type": {"a": 1}}', "the document"),
        ('[{"type": "Point", "coordinates": [0, 0]}, {"type": "Feature"}]', "feature 2"),
        ('[{"type": "Point", "coordinates": [0, 0]}, 7]', "feature 2"),
        ('{"type": "Feature", "geometry": null, "properties": {}}', "the document"),
        (
            '{"type": "Feature", "geometry": {"type": "Point", "coordinates": [0, 0]}, "properties": 3}',
            "the doc",
        ),
        ("[" * 100_000, "line 1"),
    ],
)
def test_malformed_text_is_refused_with_its_place(text: str, where: str) -> None:
    with pytest.raises(AnnotationFormatError) as caught:
        loads(text, Path("some.geojson"))
    assert caught.value.where.startswith(where)
    assert "some.geojson" in str(caught.value)


@settings(max_examples=150, deadline=None)
@given(st.data())
def test_damaged_text_is_read_or_refused_but_never_fails_otherwise(data: st.DataObject) -> None:
    good = dumps([Annotation(shapely.box(0, 0, 9, 9), "Tumor", "a", "b", True)]).encode()
    at = data.draw(st.integers(0, len(good) - 1))
    cut = data.draw(st.integers(0, 40))
    new = data.draw(st.binary(max_size=4) | st.sampled_from([b"null", b"{}", b"[]", b"-1e9", b'"x"']))
    with suppress(AnnotationFormatError):
        assert all(a.geometry.is_valid for a in loads(good[:at] + new + good[at + cut :]))


def test_unreadable_files_are_named(tmp_path: Path) -> None:
    torn = tmp_path / "torn.geojson.gz"
    torn.write_bytes(gzip.compress(b"[]" * 1000)[:-9])
    latin = tmp_path / "latin.geojson"
    latin.write_bytes('{"name": "Ärea"}'.encode("latin-1"))
    for path in (torn, latin, tmp_path / "missing.geojson", tmp_path):
        with pytest.raises(AnnotationFormatError) as caught:
            read_geojson(path)
        assert caught.value.path == path


def test_real_qupath_export_is_read(data: Path) -> None:
    for path in sorted((data / "annot" / "qupath").glob("*.geojson")):
        annotations = read_geojson(path)
        assert annotations
        assert {a.name for a in annotations} == {"UT", "I"}
        assert all(a.geometry.is_valid and a.geometry.area > 0 for a in annotations)
        assert loads(dumps(annotations)) == annotations


def test_truth_of_the_pcam_mosaic_is_read(data: Path) -> None:
    annotations = read_geojson(data / "wsi" / "pcam" / "pcam_valid_mosaic_gt.geojson")
    areas = {"Tumor": 0.0, "Normal": 0.0}
    for annotation in annotations:
        assert annotation.class_name is not None
        areas[annotation.class_name] += annotation.geometry.area
    assert areas == {"Tumor": 219 * 96 * 96, "Normal": 789 * 96 * 96}
