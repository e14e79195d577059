"""A new plugin to begin from: a model in ten lines that runs as it is, with a test."""

from __future__ import annotations

import os
from pathlib import Path

from pathview.core.errors import ExportError, ManifestError
from pathview.core.files import write_text
from pathview.inference.card import Task
from pathview.startup.card_fields import NAME
from pathview.startup.skeleton_models import BEGINNINGS, MANIFEST, MODEL

_UM_PX = 0.5
_PATCH = 64

_TEST = '''"""Run with pytest, or the same with `pathview plugins check {name}`."""

from pathlib import Path

import pytest

from pathview.inference.contract_tests import try_contract
from pathview.startup.manifest import read_manifest

MODELS = read_manifest(Path(__file__).with_name("plugin.toml")).models


@pytest.mark.parametrize("source", MODELS, ids=[source.card.name for source in MODELS])
def test_it_keeps_the_contract(source):
    for demand, fault, notes in try_contract(source):
        assert not fault, f"{{demand}}: {{fault}}"
'''


def write_skeleton(name: str, root: Path, task: Task = Task.CLASSIFY) -> Path:
    """Write a plugin with a model that works, its reference tiles if any, and a test.

    Parameters
    ----------
    name
        Of plugin, model and folder: lower-case letters, digits, ".", "_" and "-".
    root
        The folder to put it into, made if need be.
    task
        Of the model, one of `BEGINNINGS`.

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
    begin = BEGINNINGS[task]
    title = name.replace("-", " ").replace("_", " ").capitalize()
    facts = {"name": name, "title": title, "task": task.value, "mpp": _UM_PX, "patch": _PATCH}
    fields = begin.fields.format(**{tile: score for tile, (_, score) in begin.tiles.items()})
    names = ", ".join(sorted(("ModelCard", "Patches", begin.returns)))
    try:
        folder.mkdir(parents=True)
        write_text(folder / "plugin.toml", MANIFEST.format(**facts, does=begin.does, fields=fields))
        write_text(
            folder / "model.py",
            MODEL.format(says=begin.says, names=names, returns=begin.returns, predict=begin.predict),
        )
        write_text(folder / f"test_{name.replace('-', '_').replace('.', '_')}.py", _TEST.format(name=name))
        for tile, (colour, _) in begin.tiles.items():
            _write_tile(folder / "reference" / f"{tile}.png", colour)
    except OSError as error:
        raise ExportError(folder, error.strerror or str(error)) from error
    return folder


def _write_tile(path: Path, colour: tuple[int, int, int]) -> None:
    from PIL import Image

    path.parent.mkdir(exist_ok=True)
    # The pHYs chunk of a PNG tells its pixels a metre, so that a tile states its own um/px.
    Image.new("RGB", (_PATCH, _PATCH), colour).save(path, dpi=(25_400 / _UM_PX,) * 2)
