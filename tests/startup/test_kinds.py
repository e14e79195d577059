"""Manifests of readers and exporters, and the Python that a plugin runs in."""

from __future__ import annotations

from pathlib import Path

import pytest

from pathview.core.errors import ManifestError
from pathview.startup.manifest import read_manifest
from pathview.startup.registry import load_registry
from pathview.startup.settings import load_settings

READER = """
id = "one"
api = 1
[[reader]]
name = "one-reader"
endings = [".abc", ".tiles.xml"]
magic = ["49 49 2A00"]
factory = "reader:open_it"
sample = "small.abc"
"""
EXPORTER = """
id = "two"
api = 1
python = "env/bin/python"
[[exporter]]
name = "two-exporter"
suffix = ".csv"
function = "exporter:write"
needs = ["annotations"]
[[exporter.parameter]]
name = "label"
kind = "text"
default = "x"
"""


def write(folder: Path, text: str) -> Path:
    folder.mkdir(parents=True)
    (folder / "small.abc").write_bytes(b"x")
    file = folder / "plugin.toml"
    file.write_text(text, encoding="utf-8")
    return file


def test_readers_and_exporters_are_read(tmp_path: Path) -> None:
    registry = load_registry([write(tmp_path / "one", READER), write(tmp_path / "two", EXPORTER)])
    assert registry.broken == ()
    reader = registry.readers["one-reader"]
    assert (reader.endings, reader.magic) == ((".abc", ".tiles.xml"), (b"II*\0",))
    assert (reader.sample, reader.python) == (tmp_path / "one" / "small.abc", None)
    exporter = registry.exporters["two-exporter"]
    assert (exporter.suffix, exporter.needs) == (".csv", ("annotations",))
    assert exporter.parameters[0].parsed(" a b ") == " a b "
    assert exporter.python == tmp_path / "two" / "env" / "bin" / "python"


def test_the_settings_go_before_the_manifest(tmp_path: Path) -> None:
    file = write(tmp_path / "two", EXPORTER)
    (exporter,) = read_manifest(file, {"two": "/envs/other", "one": "/no"}).exporters
    assert exporter.python == Path("/envs/other")
    settings = tmp_path / "settings.toml"
    settings.write_text('[interpreters]\ntwo = "~/env"\n', "utf-8")
    interpreters = load_settings(settings).interpreters
    assert read_manifest(file, interpreters).exporters[0].python == Path("~/env").expanduser()
    settings.write_text("[interpreters]\ntwo = 3\n", "utf-8")
    assert load_settings(settings).interpreters == {}


@pytest.mark.parametrize(
    ("text", "old", "new", "words"),
    [
        (READER, '".abc"', '"abc"', '"endings" must be a list of endings'),
        (READER, '".abc"', '".ABC"', '"endings"'),
        (READER, '["49 49 2A00"]', '["II"]', '"magic" must be a list of first bytes'),
        (READER, 'endings = [".abc", ".tiles.xml"]\nmagic = ["49 49 2A00"]\n', "", "must say which files"),
        (READER, "small.abc", "../small.abc", '"sample": there is no'),
        (READER, "reader:open_it", "reader.py", '"factory" must be'),
        (READER, "[[reader]]", "[reader]", "readers are written as [[reader]]"),
        (READER, "[[reader]]", "[[readers]]", 'did you mean "reader"?'),
        (READER, "endings", "ending", 'did you mean "endings"?'),
        (EXPORTER, '".csv"', '"csv"', '"suffix" must be'),
        (EXPORTER, '"annotations"', '"shapes"', '"needs" must be a list of annotations and heatmap'),
        (EXPORTER, '"label"', '"target"', '"name" must be'),
        (EXPORTER, '"env/bin/python"', "3", '"python" must be the path of an interpreter'),
    ],
)
def test_defects_are_named(tmp_path: Path, text: str, old: str, new: str, words: str) -> None:
    assert old in text
    with pytest.raises(ManifestError) as caught:
        read_manifest(write(tmp_path / "x", text.replace(old, new)))
    assert words in str(caught.value)


def test_the_second_of_a_name_is_refused(tmp_path: Path) -> None:
    registry = load_registry([write(tmp_path / "one", READER), write(tmp_path / "twin", READER)])
    ((file, reason),) = registry.broken
    assert file == tmp_path / "twin" / "plugin.toml"
    assert reason == "reader one-reader is offered by another plugin already"
