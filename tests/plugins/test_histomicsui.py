"""The bundled exporter for HistomicsUI, against what large_image takes."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from pathview.export.exporter_contract import made_values
from pathview.startup.registry import load_registry

PLUGINS = Path(__file__).parents[2] / "plugins"
# From large_image's annotation schema: what each shape may have besides what all may.
ALL = {"type", "group", "label", "user"}
KEYS = {
    "point": ALL | {"center", "lineColor", "lineWidth", "fillColor"},
    "polyline": ALL | {"points", "closed", "holes", "lineColor", "lineWidth", "fillColor"},
    "heatmap": ALL | {"points", "radius", "colorRange", "rangeValues", "normalizeRange", "scaleWithZoom"},
}


@pytest.fixture
def document(tmp_path: Path) -> dict[str, Any]:
    source = load_registry([PLUGINS / "histomicsui" / "plugin.toml"]).exporters["histomicsui"]
    source.export(made_values(), tmp_path / "out.json", {"fill": 0.5})
    told: dict[str, Any] = json.loads((tmp_path / "out.json").read_text("utf-8"))
    return told


def test_only_known_keys_and_points_of_three_numbers(document: dict[str, Any]) -> None:
    assert set(document) == {"name", "description", "elements"}
    assert document["name"]
    for element in document["elements"]:
        assert set(element) <= KEYS[element["type"]]
        count = 4 if element["type"] == "heatmap" else 3
        rings = [element.get("points", [element.get("center")]), *element.get("holes", [])]
        assert all(len(point) == count for ring in rings for point in ring)
        assert all(isinstance(number, float | int) for ring in rings for point in ring for number in point)


def test_shapes_come_whole(document: dict[str, Any]) -> None:
    shapes = document["elements"]
    assert [shape["type"] for shape in shapes] == ["polyline"] * 4 + ["point"] * 3 + ["heatmap"]
    assert [len(ring) for ring in (shapes[0]["points"], *shapes[0]["holes"])] == [4, 3]
    assert shapes[0]["fillColor"].endswith(",0.5)")
    assert shapes[0]["user"]["note"] == "with a hole"
    assert (shapes[3]["closed"], "fillColor" in shapes[3]) == (False, False)
    assert shapes[3]["group"] == "Unclassified"
    assert len(shapes[-1]["points"]) == 19, "the cell without a value is left out"
    assert shapes[-1]["points"][0] == [256.0, 256.0, 0.0, pytest.approx(20 / 39, abs=1e-6)]
