"""A new plugin to begin from: it works as it is, with something to try it on and a test."""

from __future__ import annotations

import os
from pathlib import Path

from pathview.core.errors import ExportError, ManifestError
from pathview.core.files import write_text
from pathview.core.plugins.kind import Kind
from pathview.inference.card import Task
from pathview.startup.card_fields import NAME
from pathview.startup.skeleton_exporter import write_exporter_skeleton
from pathview.startup.skeleton_models import BEGINNINGS, MANIFEST, MODEL
from pathview.startup.skeleton_reader import write_reader_skeleton

_UM_PX = 0.5
_PATCH = 64

_TEST = '''"""Run with pytest, or the same with `pathview plugins check {name}`."""

from pathlib import Path

import pytest

from {module} import {tries}
from pathview.startup.manifest import read_manifest

OFFERED = read_manifest(Path(__file__).with_name("plugin.toml")).{kind}s


@pytest.mark.parametrize("source", OFFERED)
def test_it_keeps_the_contract(source):
    for demand, fault, notes in {tries}(source):
        assert not fault, f"{{demand}}: {{fault}}"
'''
_TRIES = {
    Kind.MODEL: ("pathview.inference.contract_tests", "try_contract"),
    Kind.READER: ("pathview.slides.reader_contract", "try_reader"),
    Kind.EXPORTER: ("pathview.export.exporter_contract", "try_exporter"),
}


def write_skeleton(name: str, root: Path, task: Task = Task.CLASSIFY, *, kind: Kind = Kind.MODEL) -> Path:
    """Write a plugin that works, with something to try it on and a test.

    Parameters
    ----------
    name
        Of the plugin, what it offers and the folder: lower-case letters, digits, ".", "_" and "-".
    root
        The folder to put it into, made if need be.
    task
        Of a model, one of `BEGINNINGS`.
    kind
        What it offers.

    Returns
    -------
    Path
        The plugin's folder.

    Raises
    ------
    ManifestError
        If the name cannot be one.
    ExportError
        If there is such a folder, or it cannot be written.
    """
    folder = root / name
    if not NAME.fullmatch(name):
        raise ManifestError(folder, (f'"{name}" must be lower-case letters, digits, ".", "_" and "-"',))
    if os.path.lexists(folder):
        raise ExportError(folder, "there is something of that name; choose another, or move it away")
    title = name.replace("-", " ").replace("_", " ").capitalize()
    module, tries = _TRIES[kind]
    test = _TEST.format(name=name, module=module, tries=tries, kind=kind)
    try:
        folder.mkdir(parents=True)
        if kind is Kind.MODEL:
            _write_model(folder, name, title, task)
        else:
            _WRITERS[kind](folder, name, title)
        write_text(folder / f"test_{name.replace('-', '_').replace('.', '_')}.py", test)
    except OSError as error:
        raise ExportError(folder, error.strerror or str(error)) from error
    return folder


def _write_model(folder: Path, name: str, title: str, task: Task) -> None:
    begin = BEGINNINGS[task]
    facts = {"name": name, "title": title, "task": task.value, "mpp": _UM_PX, "patch": _PATCH}
    fields = begin.fields.format(**{tile: score for tile, (_, score) in begin.tiles.items()})
    names = ", ".join(sorted(("ModelCard", "Patches", begin.returns)))
    write_text(folder / "plugin.toml", MANIFEST.format(**facts, does=begin.does, fields=fields))
    write_text(
        folder / "model.py",
        MODEL.format(says=begin.says, names=names, returns=begin.returns, predict=begin.predict),
    )
    for tile, (colour, _) in begin.tiles.items():
        _write_tile(folder / "reference" / f"{tile}.png", colour)


def _write_tile(path: Path, colour: tuple[int, int, int]) -> None:
    from PIL import Image

    path.parent.mkdir(exist_ok=True)
    # The pHYs chunk of a PNG tells its pixels a metre, so that a tile states its own um/px.
    Image.new("RGB", (_PATCH, _PATCH), colour).save(path, dpi=(25_400 / _UM_PX,) * 2)


_WRITERS = {
    Kind.READER: write_reader_skeleton,
    Kind.EXPORTER: write_exporter_skeleton,
}
