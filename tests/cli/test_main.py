"""Exit codes, streams, and how light the command line is."""

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from subprocess import CompletedProcess

import pytest

import pathview
from pathview.cli import messages

Call = Callable[..., CompletedProcess[str]]


def test_version(process: Call) -> None:
    done = process("--version")
    assert (done.returncode, done.stdout, done.stderr) == (0, f"{pathview.__version__}\n", "")


@pytest.mark.parametrize(
    "words",
    [
        ("run", "x.svs", "--output", "o"),
        ("run", "x.svs", "--model", "texture-demo"),
        ("run", "x.svs", "-m", "texture-demo", "-o", "o", "--mpp", "0"),
        ("run", "x.svs", "-m", "texture-demo", "-o", "o", "--mpp", "nan"),
        ("run", "x.svs", "-m", "texture-demo", "-o", "o", "--batch", "none"),
        ("run", "-m", "texture-demo", "-o", "o"),
        ("info",),
        ("info", "--jsn", "x.svs"),
        ("export", "picture"),
        ("export", "region", "x.svs"),
        ("models",),
    ],
    ids=" ".join,
)
def test_wrong_usage(call: Call, words: tuple[str, ...]) -> None:
    done = call(*words)
    assert done.returncode == 2
    assert done.stdout == ""
    assert "Usage: pathview" in done.stderr


@pytest.mark.parametrize("words", [("--help",), ("-h",), ("run", "-h"), ("export", "region", "--help")])
def test_help(call: Call, words: tuple[str, ...]) -> None:
    done = call(*words)
    assert done.returncode == 0
    assert "Usage: pathview" in done.stdout
    assert done.stderr == ""


def test_ctrl_c_anywhere(call: Call, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupt(_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("pathview.slides.open.open_slide", interrupt)
    done = call("info", "x.svs")
    assert (done.returncode, done.stdout, done.stderr) == (130, "", "pathview: interrupted\n")


def test_an_error_of_the_system_is_a_sentence(call: Call, fresh_home: Path) -> None:
    fresh_home.parent.mkdir(exist_ok=True)
    fresh_home.write_text("not a folder", encoding="utf-8")
    done = call("models", "list")
    assert done.returncode == 1
    assert done.stderr.startswith(f"pathview: {fresh_home}")
    assert len(done.stderr.splitlines()) == 1


@pytest.mark.skipif(sys.platform == "win32", reason="POSIX pipes")
@pytest.mark.parametrize("slides", [1, 400], ids=["when flushed", "while printing"])
def test_a_reader_that_left_is_no_failure(made_tiff: Path, slides: int) -> None:
    reading, writing = os.pipe()
    os.close(reading)
    try:
        done = subprocess.run(
            [sys.executable, "-m", "pathview", "info", *[str(made_tiff)] * slides],
            stdout=writing,
            stderr=subprocess.PIPE,
            text=True,
            timeout=120,
            check=False,
        )
    finally:
        os.close(writing)
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.skipif(sys.platform != "linux", reason="file names that are no text exist on Linux")
def test_a_file_name_that_is_no_text(process: Call, call: Call, made_tiff: Path, tmp_path: Path) -> None:
    odd = Path(os.fsdecode(os.fsencode(tmp_path) + b"/od\xffd.tif"))
    made_tiff.rename(odd)
    done = process("info", "--json", odd)
    assert (done.returncode, done.stderr) == (0, "")
    assert json.loads(done.stdout)[0]["path"] == str(odd)
    done = call("run", odd, "-m", "texture-demo", "-o", tmp_path / "out", "--device", "cpu")
    assert done.returncode == 0
    record = next((tmp_path / "out").glob("*/texture-demo/run.json"))
    assert "od\ufffdd.tif" in record.read_text(encoding="utf-8")


def test_numbers_that_json_does_not_know() -> None:
    text = messages.as_json_text({"mpp": (float("nan"), 0.5), "power": float("inf"), "name": "µ"})
    assert "".join(text.split()) == '{"mpp":[null,0.5],"power":null,"name":"µ"}'


def test_a_message_is_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    messages.say("first\nsecond")
    assert capsys.readouterr().err == "pathview: first second\n"


def test_help_loads_no_library_but_typer() -> None:
    code = (
        "import sys\nfrom pathview.cli.main import main\nassert main(['run', '--help']) == 0\n"
        "print(*{name.split('.')[0] for name in sys.modules}, file=sys.stderr)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60
    )
    slow = {
        "numpy",
        "scipy",
        "shapely",
        "zarr",
        "PIL",
        "psygnal",
        "openslide",
        "tifffile",
        "torch",
        "PySide6",
    }
    assert slow.isdisjoint(done.stderr.split())
