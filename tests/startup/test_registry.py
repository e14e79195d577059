from __future__ import annotations

from pathlib import Path

import pytest

from pathview.core.errors import ManifestError, ModelError
from pathview.core.files import data_folder
from pathview.startup.discover import plugin_files
from pathview.startup.manifest import read_manifest
from pathview.startup.registry import load_registry

GOOD = """
id = "one"
api = 1
[[model]]
name = "one-model"
version = "1.0"
task = "classify"
mpp = 0.5
patch = 224
classes = ["Normal", "Tumor"]
factory = "model:make"
"""


def write(folder: Path, text: str) -> Path:
    folder.mkdir(parents=True)
    file = folder / "plugin.toml"
    file.write_text(text, encoding="utf-8")
    return file


def test_a_manifest_is_read_without_importing(tmp_path: Path) -> None:
    (source,) = read_manifest(write(tmp_path / "one", GOOD)).models
    assert source.card.name == "one-model"
    assert source.card.stride == 224
    assert source.card.positive == "Tumor"
    assert source.folder == tmp_path / "one"
    assert source.card.ood_threshold is None
    facts = f'{GOOD}[model.facts]\n"Trained on" = "mice"\n"Not for" = "people"\n'
    (told,) = read_manifest(write(tmp_path / "three", facts)).models
    assert told.card.facts == (("Trained on", "mice"), ("Not for", "people"))
    limited = GOOD.replace("patch = 224", "patch = 224\nood_threshold = 0.5")
    assert read_manifest(write(tmp_path / "two", limited)).models[0].card.ood_threshold == 0.5


@pytest.mark.parametrize(
    ("old", "new", "word"),
    [
        ("api = 1", "api = 2", '"api" must be 1'),
        ('id = "one"', 'id = "One two"', '"id"'),
        ("mpp = 0.5", "mpp = 0", '"mpp"'),
        ("mpp = 0.5", "mpp = true", '"mpp"'),
        ("patch = 224", "patch = 0", '"patch"'),
        ('task = "classify"', 'task = "guess"', '"task"'),
        ('classes = ["Normal", "Tumor"]', 'classes = ["A", "A"]', '"classes"'),
        ('factory = "model:make"', 'factory = "../evil:make"', '"factory"'),
        ('version = "1.0"', "version = 1", '"version"'),
        ("patch = 224", "patch = 224\nood_threshold = 1.5", '"ood_threshold" must lie between 0 and 1'),
        ("patch = 224", "patch = 224\nood_threshold = true", '"ood_threshold"'),
        ("patch = 224", "patch = 224\nfacts = { mice = 3 }", '"facts" must be a table'),
        ("[[model]]", "[model]", "[[model]]"),
        ("api = 1", "api = ", "cannot be read"),
    ],
)
def test_defects_are_named(tmp_path: Path, old: str, new: str, word: str) -> None:
    file = write(tmp_path / "one", GOOD.replace(old, new))
    with pytest.raises(ManifestError) as caught:
        read_manifest(file)
    assert word in str(caught.value)
    assert str(file) in str(caught.value)


def test_all_defects_are_named_at_once(tmp_path: Path) -> None:
    file = write(tmp_path / "one", GOOD.replace("mpp = 0.5", "mpp = -1").replace("patch = 224", "patch = 1"))
    with pytest.raises(ManifestError) as caught:
        read_manifest(file)
    assert len(caught.value.defects) == 3  # patch, the stride that follows it, and mpp


def test_a_broken_plugin_is_listed_and_the_others_work(tmp_path: Path) -> None:
    good = write(tmp_path / "one", GOOD)
    bad = write(tmp_path / "two", "id = 3")
    twin = write(tmp_path / "three", GOOD)
    registry = load_registry([good, bad, twin])
    assert list(registry.models) == ["one-model"]
    assert [file for file, _ in registry.broken] == [bad, twin]


def test_an_unknown_model_suggests_the_nearest(tmp_path: Path) -> None:
    registry = load_registry([write(tmp_path / "one", GOOD)])
    with pytest.raises(ModelError, match="did you mean one-model"):
        registry.model("one-modle")


def test_bundled_plugins_are_found() -> None:
    registry = load_registry()
    assert registry.broken == ()
    assert "pcam-tumour-lite0" in registry.models


def test_the_users_folder_is_searched_and_the_variable_limits(monkeypatch: pytest.MonkeyPatch) -> None:
    file = write(data_folder() / "plugins" / "mine", GOOD)
    assert file in set(plugin_files())
    monkeypatch.setenv("PATHVIEW_PLUGINS", "mine")
    assert list(plugin_files()) == [file]
    monkeypatch.setenv("PATHVIEW_PLUGINS", "")
    assert list(plugin_files()) == []


PARAMETER = """
[[model.parameter]]
name = "share"
kind = "number"
default = 0.5
least = 0
most = 1
"""


def test_parameters_are_read(tmp_path: Path) -> None:
    (source,) = read_manifest(write(tmp_path / "one", GOOD + PARAMETER)).models
    (parameter,) = source.card.parameters
    assert (parameter.name, parameter.default, parameter.range_words()) == (
        "share",
        0.5,
        "a number from 0 to 1",
    )


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ('"share"', '"Share it"', '"name" must be'),
        ('"share"', '"card"', '"name" must be'),
        ('"number"', '"slider"', '"kind" must be number, integer, switch, choice'),
        ("default = 0.5", "default = 2", '"default": share must be a number from 0 to 1, not 2'),
        ("default = 0.5", "", '"default": share must be'),
        ("least = 0", 'least = "none"', '"least" must be a number'),
        ("most = 1", 'choices = ["a"]', '"choices" belong to the kind "choice"'),
        ("default = 0.5", "defualt = 0.5", 'did you mean "default"?'),
        (PARAMETER, PARAMETER + PARAMETER, "two parameters have the same name"),
        (PARAMETER, 'parameter = "share"', "[[model.parameter]] tables"),
    ],
)
def test_wrong_parameters_are_named(tmp_path: Path, old: str, new: str, words: str) -> None:
    with pytest.raises(ManifestError) as caught:
        read_manifest(write(tmp_path / "one", (GOOD + PARAMETER).replace(old, new)))
    assert words in str(caught.value)
