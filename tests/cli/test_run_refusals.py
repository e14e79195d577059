"""`pathview run` where model, device or folder cannot be used: one sentence, nothing lost."""

import errno
import json
import os
import sys
from collections.abc import Callable
from pathlib import Path
from subprocess import CompletedProcess

import pytest

from pathview.inference.heatmap import Heatmap
from pathview.inference.probe_tiles import probe_tiles
from pathview.slides.made import write_made_tiff

Call = Callable[..., CompletedProcess[str]]
WritePlugin = Callable[..., Path]

RAISES = "raise RuntimeError('no such card\\nin this machine')\n"
NO_FACTORY = "def build(folder, card): ...\n"
MODEL = """
import numpy as np

class Model:
    def __init__(self, card):
        self.card = card
    def load(self, device):
        {load}
    def unload(self):
        pass
    def predict(self, patches):
        {predict}

def make(folder, card):
    return Model(card)
"""


# How red the patches are.
VALUES = (
    "red = patches[..., 0].mean(axis=(1, 2)) / 255; "
    "return np.stack([1 - red, red], axis=1).astype(np.float32)"
)


@pytest.fixture
def run(call: Call, tmp_path: Path) -> Call:
    """Run over slides into tmp_path/out; with the model "warmth" unless said otherwise."""

    def run(*words: object, model: str = "warmth", device: str = "cpu") -> CompletedProcess[str]:
        return call("run", *words, "-m", model, "-o", tmp_path / "out", "--device", device)

    return run


def assert_one_sentence(done: CompletedProcess[str], words: str) -> None:
    assert done.returncode == 1
    assert done.stdout == ""
    assert len(done.stderr.splitlines()) == 1, done.stderr
    assert words in done.stderr


def test_an_unknown_model(run: Call, made_tiff: Path, tmp_path: Path) -> None:
    assert_one_sentence(run(made_tiff, model="texture-dmo"), "did you mean texture-demo")
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("device", ["cuda:77", "gpu"])
def test_an_unknown_device(
    run: Call, made_tiff: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, device: str
) -> None:
    # As on a machine without a GPU, wherever this runs, and without the seconds that torch takes.
    monkeypatch.setattr("pathview.inference.device.available_devices", lambda: ("cpu",))
    done = run(made_tiff, model="texture-demo", device=device)
    assert_one_sentence(done, f'there is no device "{device}" here; there is ')
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    ("source", "words"),
    [
        (RAISES, "cannot be made: RuntimeError: no such card in this machine"),
        (NO_FACTORY, "has no attribute 'make'"),
        ("def make(:", "SyntaxError"),
        (
            MODEL.format(load="raise OSError('no weights')", predict="..."),
            "cannot be loaded: OSError: no weights",
        ),
        (MODEL.format(load="pass", predict="raise KeyError('x')"), "failed: KeyError: 'x'"),
        (MODEL.format(load="pass", predict="pass"), "NoneType"),
        (
            MODEL.format(load="pass", predict="return np.full((len(patches), 2), np.nan, np.float32)"),
            "values are not finite",
        ),
        (
            MODEL.format(load="pass", predict="return np.zeros((len(patches), 3), np.float32)"),
            "is not (patches, classes)",
        ),
    ],
    ids=["import", "no factory", "syntax", "load", "predict", "nothing", "NaN", "shape"],
)
def test_a_broken_plugin(
    run: Call, write_plugin: WritePlugin, made_tiff: Path, tmp_path: Path, source: str, words: str
) -> None:
    write_plugin(source=source)
    done = run(made_tiff)
    assert_one_sentence(done, words)
    assert "warmth" in done.stderr
    # Nothing was computed, so nothing is left that the mended plugin would have to fit.
    assert list((tmp_path / "out").rglob("heatmap.zarr")) == []


def test_a_file_in_place_of_the_folder(
    run: Call, write_plugin: WritePlugin, made_tiff: Path, tmp_path: Path
) -> None:
    write_plugin()
    (tmp_path / "out").write_text("mine", encoding="utf-8")
    assert_one_sentence(run(made_tiff), f"Cannot write {tmp_path / 'out'}")
    assert (tmp_path / "out").read_text(encoding="utf-8") == "mine"


@pytest.mark.skipif(sys.platform == "win32", reason="POSIX permissions")
@pytest.mark.parametrize("level", ["out", "out/made/warmth"])
def test_a_folder_that_must_not_be_written(
    run: Call, write_plugin: WritePlugin, made_tiff: Path, tmp_path: Path, level: str
) -> None:
    write_plugin()
    folder = tmp_path / level
    folder.mkdir(parents=True)
    folder.chmod(0o500)
    try:
        if os.access(folder, os.W_OK):
            pytest.skip("this user may write everywhere")
        assert_one_sentence(run(made_tiff), f"Cannot write {tmp_path / 'out'}")
    finally:
        folder.chmod(0o700)


def test_results_of_another_model_version(
    run: Call, write_plugin: WritePlugin, made_tiff: Path, tmp_path: Path
) -> None:
    write_plugin()
    assert run(made_tiff).returncode == 0
    folder = tmp_path / "out" / "made" / "warmth"
    before = {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    write_plugin(version="2")
    assert_one_sentence(
        run(made_tiff), "another model version's values ('1', not '2'); --overwrite starts afresh"
    )
    # What cannot begin does not cost the old results either.
    for source, words in (
        (RAISES, "no such card"),
        (MODEL.format(load="raise OSError('no weights')", predict="..."), "no weights"),
        (MODEL.format(load="pass", predict="raise KeyError"), "KeyError"),
    ):
        write_plugin(version="2", source=source)
        assert_one_sentence(run(made_tiff, "--overwrite"), words)
    assert {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()} == before
    write_plugin(version="2")
    assert run(made_tiff, "--overwrite").returncode == 0
    assert '"version": "2"' in (folder / "run.json").read_text(encoding="utf-8")
    assert {path.name for path in folder.iterdir()} == {
        "heatmap.zarr",
        "tiles.csv",
        "preview.png",
        "run.json",
    }


def test_results_of_another_model_slide_or_grid(
    run: Call, write_plugin: WritePlugin, made_tiff: Path, tmp_path: Path
) -> None:
    write_plugin()
    assert run(made_tiff).returncode == 0
    assert run(made_tiff, model="texture-demo").returncode == 0
    out = tmp_path / "out" / "made"
    write_plugin(mpp=1.0)
    assert_one_sentence(run(made_tiff), "another resolution (0.5, not 1.0); --overwrite")
    write_plugin()
    grid = "another grid (0.25 x 0.25 um/px, not 0.2504 x 0.2504 um/px); --overwrite"
    assert_one_sentence(run(made_tiff, "--mpp", "0.2504"), grid)
    (out / "texture-demo" / "heatmap.zarr").rename(tmp_path / "strange")
    (out / "warmth" / "heatmap.zarr").rename(out / "texture-demo" / "heatmap.zarr")
    assert_one_sentence(run(made_tiff, model="texture-demo"), "another model's values")
    write_made_tiff(made_tiff, (1400, 1000))
    assert_one_sentence(run(made_tiff, model="texture-demo"), "another slide's values")


def test_something_else_in_the_heatmap_s_place(
    run: Call, write_plugin: WritePlugin, made_tiff: Path, tmp_path: Path
) -> None:
    write_plugin()
    place = tmp_path / "out" / "made" / "warmth" / "heatmap.zarr"
    place.mkdir(parents=True)
    (place / "notes.txt").write_text("mine", encoding="utf-8")
    assert_one_sentence(run(made_tiff), "not a heatmap")
    assert run(made_tiff, "--overwrite").returncode == 0


@pytest.mark.parametrize("step", ["create", "write"])
def test_a_full_disk(
    run: Call,
    write_plugin: WritePlugin,
    made_tiff: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    step: str,
) -> None:
    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    write_plugin()
    with monkeypatch.context() as patch:
        patch.setattr(f"pathview.inference.heatmap_store.HeatmapStore.{step}", full)
        done = run(made_tiff)
        assert_one_sentence(done, "No space left on device")
        assert f"Cannot write {tmp_path / 'out' / 'made' / 'warmth'}" in done.stderr
    assert run(made_tiff).returncode == 0


def test_a_plugin_that_prints_does_not_spoil_the_data(
    run: Call, write_plugin: WritePlugin, made_tiff: Path
) -> None:
    write_plugin(
        source="import numpy as np\nprint('made')\n" + MODEL.format(load="print('loaded')", predict=VALUES)
    )
    done = run(made_tiff, "--json")
    assert json.loads(done.stdout)[0]["state"] == "done"
    assert done.stderr.splitlines()[:2] == ["made", "loaded"]


def test_a_new_run_that_stops_half_way_is_kept_in_place_of_the_old_one(
    run: Call, write_plugin: WritePlugin, made_tiff: Path, tmp_path: Path
) -> None:
    write_plugin()
    assert run(made_tiff).returncode == 0
    stops = (
        "self.asked = getattr(self, 'asked', 0) + len(patches)\n"
        f"        if self.asked > {len(probe_tiles(32)) + 8}: raise KeyError('second')\n        "
    )
    write_plugin(version="2", source=MODEL.format(load="pass", predict=stops + VALUES))
    assert_one_sentence(run(made_tiff, "--overwrite", "--batch", "8"), "KeyError: 'second'")
    folder = tmp_path / "out" / "made" / "warmth"
    assert [path.name for path in folder.iterdir()] == ["heatmap.zarr"]
    assert 0 < Heatmap.open(folder / "heatmap.zarr").progress.done < 432
