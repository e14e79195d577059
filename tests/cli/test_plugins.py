"""`pathview plugins`: a new one works at once, and what is wrong with one is said."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from subprocess import CompletedProcess

import pytest

Call = Callable[..., CompletedProcess[str]]
REPOSITORY = Path(__file__).parents[2]


def test_a_new_plugin_is_found_passes_and_runs(call: Call, made_tiff: Path, tmp_path: Path) -> None:
    done = call("plugins", "new", "my-model")
    assert done.returncode == 0
    folder = Path(done.stdout.strip())
    assert "pathview plugins check my-model" in done.stderr
    assert {path.name for path in folder.iterdir()} == {
        "plugin.toml", "model.py", "test_my_model.py", "reference",
    }  # fmt: skip
    done = call("plugins", "check", "my-model")
    assert done.returncode == 0, done.stdout
    assert "WRONG" not in done.stdout
    assert "note" not in done.stdout
    assert done.stdout.splitlines()[:3] == [
        "my-model, version 0.1.0", "  ok    it can be made and loaded", "  ok    it passes its pre-flight",
    ]  # fmt: skip
    done = call("run", made_tiff, "-m", "my-model", "-o", tmp_path / "out", "--device", "cpu")
    assert (done.returncode, len(done.stderr.splitlines())) == (0, 1)
    listed = json.loads(call("plugins", "list", "--json").stdout)
    assert {
        "id": "my-model",
        "folder": str(folder),
        "models": ["my-model"],
        "readers": [],
        "exporters": [],
    } in listed


@pytest.mark.parametrize("task", ["embed", "segment"])
def test_a_new_plugin_of_another_task_passes_and_runs(
    task: str, call: Call, made_tiff: Path, tmp_path: Path
) -> None:
    done = call("plugins", "new", "mine", "--task", task)
    assert done.returncode == 0, done.stderr
    done = call("plugins", "check", "mine")
    assert (done.returncode, "WRONG" in done.stdout, "note" in done.stdout) == (0, False, False), done.stdout
    done = call("run", made_tiff, "-m", "mine", "-o", tmp_path / "out", "--device", "cpu", "--json")
    assert done.returncode == 0, done.stderr
    (record,) = json.loads(done.stdout)
    assert (record["model"]["task"], record["state"]) == (task, "done")
    assert record["product"]["missing"] == ""
    for file in record["product"]["files"]:
        assert (tmp_path / "out" / file).exists()
    done = call("run", made_tiff, "-m", "mine", "-o", tmp_path / "out", "--device", "cpu", "--tta")
    assert done.returncode == 1
    assert "are asked in one view" in done.stderr


def test_a_plugin_of_an_unknown_task_is_refused(call: Call) -> None:
    done = call("plugins", "new", "mine", "--task", "guess")
    assert done.returncode == 2
    assert "classify" in done.stderr


def test_its_own_test_passes_and_can_fail(call: Call, tmp_path: Path) -> None:
    folder = Path(call("plugins", "new", "a.b_c", "-o", tmp_path).stdout.strip())
    assert folder == tmp_path / "a.b_c"

    def pytest_there() -> int:
        command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", str(folder)]
        environment = {**os.environ, "PYTHONPATH": str(REPOSITORY)}
        return subprocess.run(
            command, capture_output=True, env=environment, cwd=folder, timeout=120
        ).returncode

    assert pytest_there() == 0
    model = (folder / "model.py").read_text(encoding="utf-8")
    (folder / "model.py").write_text(model.replace("1 - blue, blue", "blue, 1 - blue"), encoding="utf-8")
    assert pytest_there() == 1
    done = call("plugins", "check", folder)
    assert done.returncode == 1
    assert "WRONG it passes its pre-flight: Model a.b_c:" in done.stdout
    assert "in the order Blue, Pink all reference tiles come out right" in done.stdout


@pytest.mark.parametrize("name", ["My Model", "../up", "", ".hidden", "a/b"])
def test_names_that_cannot_be_one(call: Call, name: str) -> None:
    done = call("plugins", "new", name)
    assert done.returncode == 1
    assert "must be lower-case letters" in done.stderr


def test_nothing_is_written_over(call: Call) -> None:
    assert call("plugins", "new", "mine").returncode == 0
    done = call("plugins", "new", "mine")
    assert done.returncode == 1
    assert "there is something of that name" in done.stderr


def test_a_model_folder_and_a_broken_plugin_are_checked_too(
    call: Call, model_folder: Path, write_plugin: Callable[..., Path]
) -> None:
    assert call("plugins", "check", model_folder).returncode == 0
    write_plugin("broken", mpp=-1)
    done = call("plugins", "check", "broken")
    assert done.returncode == 1
    assert '"mpp" must be the um/px' in done.stderr
    assert "did you mean" in call("plugins", "check", "texture-dmo").stderr
    assert "cannot be used" in call("plugins", "list").stderr


@pytest.mark.parametrize("kind", ["reader", "exporter"])
def test_new_ones_of_the_other_kinds_pass_too(call: Call, kind: str) -> None:
    folder = Path(call("plugins", "new", "mine", "--kind", kind).stdout.strip())
    assert {"plugin.toml", f"{kind}.py", "test_mine.py"} <= {path.name for path in folder.iterdir()}
    done = call("plugins", "check", "mine")
    assert (done.returncode, done.stdout.splitlines()[0]) == (0, f"{kind} mine")
    assert "WRONG" not in done.stdout
    code = (folder / f"{kind}.py").read_text(encoding="utf-8")
    wrong = code.replace("y : y + h", "y // 2 : y // 2 + h").replace("digits)", "digits + missing)")
    assert wrong != code
    (folder / f"{kind}.py").write_text(wrong, encoding="utf-8")
    done = call("plugins", "check", "mine")
    assert done.returncode == 1
    assert "WRONG" in done.stdout


def test_a_new_reader_opens_slides_on_the_command_line(call: Call, tmp_path: Path) -> None:
    folder = Path(call("plugins", "new", "arrays", "--kind", "reader").stdout.strip())
    told = json.loads(call("info", folder / "sample.npy", "--json").stdout)
    assert "arrays" in json.dumps(told)
    listed = json.loads(call("plugins", "list", "--json").stdout)
    assert {
        "id": "arrays",
        "folder": str(folder),
        "models": [],
        "readers": ["arrays"],
        "exporters": [],
    } in listed
    done = call(
        "run", folder, "-m", "texture-demo", "-o", tmp_path / "out", "--device", "cpu", "--mpp", "1.0"
    )
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "out" / "sample" / "texture-demo" / "run.json").is_file()
