"""`pathview info`: what it says of slides, and of files that are none."""

import json
from collections.abc import Callable
from pathlib import Path
from subprocess import CompletedProcess

import pytest

from pathview.core.files import fingerprint
from pathview.slides.made import write_made_tiff

Call = Callable[..., CompletedProcess[str]]

NEGATIVE = ("broken.svs", "osp_unopenable.tiff", "osp_unreadable.svs")


def assert_one_sentence(done: CompletedProcess[str], path: Path) -> None:
    assert done.returncode == 1
    assert done.stdout == ""
    assert len(done.stderr.splitlines()) == 1
    assert done.stderr.startswith("pathview: ")
    assert str(path) in done.stderr
    assert "Traceback" not in done.stderr


def test_a_made_slide_in_text(call: Call, made_tiff: Path) -> None:
    done = call("info", made_tiff)
    assert (done.returncode, done.stderr) == (0, "")
    words = " ".join(done.stdout.split())
    for part in (
        str(made_tiff),
        "format generic-tiff",
        "size 1500 x 1100 px",
        "pixel size 0.25 x 0.25 um/px (TIFF resolution)",
        "objective unknown",
        "bounds 0, 0, 1500, 1100",
        "associated none",
        f"fingerprint {fingerprint(made_tiff)}",
        "2 375 x 275 px downsample 4 tile 256 x 256",
    ):
        assert part in words


def test_a_made_slide_in_json(process: Call, made_tiff: Path) -> None:
    done = process("info", made_tiff, "--json")
    assert (done.returncode, done.stderr) == (0, "")
    (known,) = json.loads(done.stdout)
    levels = [(1500, 1100, 1.0), (750, 550, 2.0), (375, 275, 4.0)]
    assert [(lv["width"], lv["height"], lv["downsample"]) for lv in known["levels"]] == levels
    assert known["levels"][0]["tile"] == [256, 256]
    assert (known["width"], known["height"]) == (1500, 1100)
    assert known["mpp"] == pytest.approx([0.25, 0.25])
    assert known["bounds"] == [0, 0, 1500, 1100]
    assert known["associated_images"] == {}
    assert known["fingerprint"] == fingerprint(made_tiff)
    assert (known["path"], known["format"]) == (str(made_tiff), "generic-tiff")
    assert (known["objective_power"], known["icc_profile"]) == (None, False)


def test_an_unknown_scale_is_no_number(call: Call, tmp_path: Path) -> None:
    path = write_made_tiff(tmp_path / "unknown.tif", mpp=None)
    (known,) = json.loads(call("info", "--json", path).stdout)
    assert known["mpp"] is None
    assert known["mpp_source"].startswith("unknown")
    assert "pixel size   unknown" in call("info", path).stdout


def test_a_bad_slide_does_not_keep_the_others_back(call: Call, made_tiff: Path, tmp_path: Path) -> None:
    missing, second = tmp_path / "missing.svs", write_made_tiff(tmp_path / "second.tif")
    for form in ((), ("--json",)):
        done = call("info", made_tiff, missing, second, *form)
        assert done.returncode == 1
        assert str(made_tiff) in done.stdout
        assert str(second) in done.stdout
        assert str(missing) not in done.stdout
        assert str(missing) in done.stderr
        assert len(done.stderr.splitlines()) == 1
    assert len(json.loads(done.stdout)) == 2


def test_a_scanner_s_slide(call: Call, data: Path) -> None:
    (known,) = json.loads(call("info", "--json", data / "wsi" / "aperio" / "CMU-1-Small-Region.svs").stdout)
    assert (known["format"], known["width"], known["height"]) == ("aperio", 2220, 2967)
    assert known["mpp"] == pytest.approx([0.499, 0.499])
    assert known["objective_power"] == 20
    assert set(known["associated_images"]) == {"label", "macro", "thumbnail"}
    assert known["associated_images"]["thumbnail"]["width"] > 0


@pytest.mark.parametrize("name", NEGATIVE)
def test_a_damaged_slide_is_one_sentence(call: Call, data: Path, name: str) -> None:
    path = data / "wsi" / "negative" / name
    assert_one_sentence(call("info", path), path)


def test_a_process_ends_with_that_sentence(process: Call, tmp_path: Path) -> None:
    path = tmp_path / "letter.svs"
    path.write_text("This is a letter.\n", encoding="utf-8")
    assert_one_sentence(process("info", path), path)


def test_every_damaged_slide_is_tried(data: Path) -> None:
    assert {path.name for path in (data / "wsi" / "negative").iterdir()} == set(NEGATIVE)


@pytest.mark.parametrize("command", ["info", "run", "region", "annotations"])
@pytest.mark.parametrize("kind", ["empty", "missing", "folder", "text", "cut short"])
def test_what_is_no_slide_is_one_sentence(call: Call, tmp_path: Path, command: str, kind: str) -> None:
    path = tmp_path / "no slide.svs"
    if kind == "folder":
        path.mkdir()
        (path / "notes.txt").write_text("nothing", encoding="utf-8")
    elif kind == "cut short":
        whole = write_made_tiff(tmp_path / "whole.tif").read_bytes()
        path.write_bytes(whole[: len(whole) // 3])
    elif kind != "missing":
        path.write_text("" if kind == "empty" else "This is a letter.\n" * 99, encoding="utf-8")
    out = tmp_path / "out"
    words: dict[str, tuple[object, ...]] = {
        "info": ("info", path),
        "run": ("run", path, "-m", "texture-demo", "-o", out, "--device", "cpu"),
        "region": ("export", "region", path, "-o", out / "r.png"),
        "annotations": ("export", "annotations", path, "-o", out / "a.geojson"),
    }
    assert_one_sentence(call(*words[command]), path)
    assert not out.exists()
