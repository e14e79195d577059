"""`pathview run --model FOLDER`: a model folder as WSInfer has it, and its refusals in one sentence."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from pathlib import Path
from subprocess import CompletedProcess

import numpy as np
import pytest

from pathview.inference.heatmap import CellState, Heatmap

Run = Callable[..., CompletedProcess[str]]


@pytest.fixture
def run(call: Callable[..., CompletedProcess[str]], made_tiff: Path, tmp_path: Path) -> Run:
    def run(model: object, *words: object) -> CompletedProcess[str]:
        return call("run", made_tiff, "-m", model, "-o", tmp_path / "out", "--device", "cpu", *words)

    return run


def change(folder: Path, **own: object) -> None:
    file = folder / "config.json"
    config = json.loads(file.read_text(encoding="utf-8"))
    config["pathview"] |= own
    file.write_text(json.dumps(config), encoding="utf-8")


@pytest.mark.parametrize("form", ["{}", "{}/config.json", "local-dir:{}"])
def test_a_folder_runs_by_each_of_its_names(run: Run, model_folder: Path, tmp_path: Path, form: str) -> None:
    done = run(form.format(model_folder))
    assert done.returncode == 0, done.stderr
    # A slow machine also tells how long it will take.
    (_,) = [line for line in done.stderr.splitlines() if "on this CPU" not in line]
    folder = tmp_path / "out" / "made" / "three-tissues"
    heatmap = Heatmap.open(folder / "heatmap.zarr")
    np.testing.assert_allclose(heatmap.scores[:, heatmap.state == CellState.DONE].sum(axis=0), 1, atol=1e-3)
    record = json.loads((folder / "run.json").read_text(encoding="utf-8"))
    weights = (model_folder / "model.safetensors").read_bytes()
    assert record["model"]["sha256"] == hashlib.sha256(weights).hexdigest()
    assert record["model"]["classes"] == ["Stroma", "Tumor", "Fat"]
    assert record["preflight"] == []


def test_another_manifest_s_values_are_not_gone_on_with(run: Run, model_folder: Path) -> None:
    assert run(model_folder).returncode == 0
    change(model_folder, temperature=1.02)
    done = run(model_folder)
    assert done.returncode == 1
    assert "another model version's values" in done.stderr


def test_without_reference_tiles_it_runs_and_says_what_was_not_checked(
    run: Run, model_folder: Path, tmp_path: Path
) -> None:
    change(model_folder, reference=[])
    done = run(model_folder)
    assert done.returncode == 0
    assert "the order of its classes and its transform were not checked" in done.stderr
    record = json.loads(
        (tmp_path / "out" / "made" / "three-tissues" / "run.json").read_text(encoding="utf-8")
    )
    assert len(record["preflight"]) == 1


@pytest.mark.parametrize(
    ("own", "words"),
    [
        ({"temprature": 2}, 'did you mean "temperature"?'),
        ({"channels": "BGR"}, '"channels"'),
        ({"sha256": "0" * 64}, "holds other weights than its card says"),
    ],
)
def test_a_refusal_is_one_sentence_and_leaves_nothing(
    run: Run, model_folder: Path, tmp_path: Path, own: dict[str, object], words: str
) -> None:
    change(model_folder, **own)
    done = run(model_folder)
    assert (done.returncode, done.stdout, len(done.stderr.splitlines())) == (1, "", 1)
    assert words in done.stderr
    assert not list((tmp_path / "out").rglob("heatmap.zarr"))


def test_what_is_no_model_folder(run: Run, tmp_path: Path) -> None:
    assert f"there is no folder {tmp_path / 'absent'}" in run(tmp_path / "absent").stderr
    assert "has no config.json" in run(tmp_path).stderr
    (tmp_path / "plugin.toml").touch()
    assert "is a plugin: put it into the plugins folder" in run(tmp_path).stderr
