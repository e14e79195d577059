"""Exporters of plugins: one whole file or none, whatever they do."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from pathview.core.errors import ExportError, ModelError
from pathview.export import ExportValues, plugin_exporter
from pathview.export.exporter_contract import made_values, try_exporter
from pathview.export.plugin_exporter import ExporterSource, Need
from pathview.inference.parameter import Kind, Parameter

CODE = """
import ctypes, json, os, time
def write(values, target, digits=1):
    #does#
    told = {
        "slide": values.slide.path.name, "mpp": values.slide.mpp, "digits": digits,
        "areas": [one.geometry.area for one in values.annotations],
        "colors": [values.colors[one.class_name] for one in values.annotations],
        "cells": [values.heatmaps[0].cell_box(1, 2), float(values.heatmaps[0].scores[1, 0, 1])],
    }
    target.write_text(json.dumps(told))
"""
DIGITS = Parameter("digits", Kind.INTEGER, 1, 0, 6)
Write = Callable[..., ExporterSource]


@pytest.fixture
def write(tmp_path: Path) -> Write:
    """Return what writes an exporter that does something first."""
    folder = tmp_path / "plugin"
    folder.mkdir()

    def write(does: str = "pass") -> ExporterSource:
        (folder / "exporter.py").write_text(CODE.replace("#does#", does), "utf-8")
        return ExporterSource("mine", folder, "exporter:write", ".json", parameters=(DIGITS,))

    return write


def test_it_gets_everything_and_its_file_arrives(write: Write, tmp_path: Path) -> None:
    values, target = made_values(), tmp_path / "out.json"
    target.write_text("old", "utf-8")
    write().export(values, target, {"digits": 3})
    told = json.loads(target.read_text("utf-8"))
    assert (told["mpp"], told["digits"]) == ([0.25, 0.25], 3)
    assert told["areas"] == [one.geometry.area for one in values.annotations]
    assert told["cells"] == [[1024, 512, 1536, 1024], pytest.approx(21 / 39)]
    assert [path.name for path in tmp_path.iterdir() if path.is_file()] == ["out.json"]


@pytest.mark.parametrize(
    ("does", "words"),
    [
        ("raise ValueError('no such colour')", "the plugin mine: ValueError: no such colour"),
        ("import not_there", "ModuleNotFoundError"),
        ("ctypes.string_at(0)", "killed by SIGSEGV"),
        ("target.write_text('half'); os._exit(1)", "exit code 1"),
        ("time.sleep(60)", "did not answer within 1 s"),
        ("return", "has written no file"),
        ("target.touch(); return", "has written no file"),
    ],
)
def test_one_that_fails_leaves_the_old_file_and_nothing_else(
    write: Write, tmp_path: Path, does: str, words: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(plugin_exporter, "DEADLINE_S", 1.0)
    target = tmp_path / "out.json"
    target.write_text("old", "utf-8")
    with pytest.raises(ExportError, match=words):
        write(does).export(made_values(), target)
    assert target.read_text("utf-8") == "old"
    assert [path.name for path in tmp_path.iterdir() if path.is_file()] == ["out.json"]


def test_what_it_needs_is_asked_for_before_it_runs(write: Write, tmp_path: Path) -> None:
    plain = write()
    needy = ExporterSource("mine", plain.folder, plain.function, ".json", needs=(Need.HEATMAP,))
    with pytest.raises(ExportError, match="there is no heatmap; run a model first"):
        needy.export(ExportValues(made_values().slide), tmp_path / "out.json")
    with pytest.raises(ModelError, match="digits must be a whole number from 0 to 6"):
        plain.export(made_values(), tmp_path / "out.json", {"digits": 7})
    with pytest.raises(ExportError, match="there is no folder"):
        plain.export(made_values(), tmp_path / "nowhere" / "out.json")


def test_the_contract_tests_pass_and_can_fail(write: Write) -> None:
    good = [(demand, fault) for demand, fault, _ in try_exporter(write("values.heatmaps or exit(3)"))]
    assert [demand for demand, fault in good if fault] == ["it writes a slide with nothing on it"]
    tries = list(try_exporter(write("assert values.slide.mpp[0] > 0 and digits < 6")))
    assert [demand for demand, fault, _ in tries if fault] == [
        "it writes a slide of unknown pixel size",
        "it writes a slide with nothing on it",
        "it takes digits = 6",
    ]
