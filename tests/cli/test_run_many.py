"""`pathview run` over many slides: what is named, what is left alone, the summary, shards and the lock."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable
from pathlib import Path
from subprocess import CompletedProcess

import pytest

from pathview.core.lock import WriterLock
from pathview.slides.made import write_made_tiff

Call = Callable[..., CompletedProcess[str]]


@pytest.fixture
def slides(tmp_path: Path) -> Path:
    """Make a folder of three small slides, one of them broken, and a note."""
    folder = tmp_path / "slides"
    (folder / "more").mkdir(parents=True)
    write_made_tiff(folder / "a.tif", (600, 500))
    (folder / "b.tif").write_bytes(b"not a slide")
    write_made_tiff(folder / "more" / "c.tif", (500, 600))
    (folder / "notes.txt").write_text("three slides", encoding="utf-8")
    return folder


@pytest.fixture
def log(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("LOG", str(tmp_path / "log.txt"))
    return tmp_path / "log.txt"


@pytest.fixture
def run(call: Call, write_plugin: Callable[..., Path], tmp_path: Path) -> Call:
    """Run the counting model into tmp_path/out."""
    write_plugin()

    def run(*words: object) -> CompletedProcess[str]:
        return call("run", *words, "-m", "warmth", "-o", tmp_path / "out", "--device", "cpu")

    return run


def summary(file: Path) -> dict[str, dict[str, str]]:
    with file.open(encoding="utf-8", newline="") as text:
        return {row["slide"]: row for row in csv.DictReader(text)}


def test_a_folder_with_a_bad_slide(run: Call, slides: Path, tmp_path: Path) -> None:
    done = run(slides)
    assert done.returncode == 1
    rows = summary(tmp_path / "out" / "summary.csv")
    assert {name: row["state"] for name, row in rows.items()} == {
        "a.tif": "done",
        "b.tif": "failed",
        "c.tif": "done",
    }
    assert (rows["a.tif"]["tiles"], rows["a.tif"]["folder"]) == ("80", "a/warmth")
    assert "b.tif" in rows["b.tif"]["reason"]
    assert rows["b.tif"]["reason"] in done.stderr
    lines = done.stdout.splitlines()
    assert lines[0].split("  ")[0] == "slide"
    assert [line.split()[:2] for line in lines[1:4]] == [
        ["a.tif", "done"],
        ["b.tif", "failed"],
        ["c.tif", "done"],
    ]
    assert lines[-1] == "3 slides: 2 done, 1 failed"
    record = json.loads((tmp_path / "out" / "a" / "warmth" / "run.json").read_text(encoding="utf-8"))
    assert str(record["over_threshold"]) == rows["a.tif"]["over_threshold"]


def test_the_model_is_loaded_and_checked_once(run: Call, slides: Path, log: Path) -> None:
    from pathview.inference.probe_tiles import probe_tiles

    run(slides)
    asked = sum(map(int, log.read_text(encoding="utf-8").split()))
    assert asked == 80 + 80 + len(probe_tiles(32))


def test_a_pattern_and_a_slide_that_is_named_twice(run: Call, slides: Path) -> None:
    done = run(slides / "**" / "?.tif", slides / "a.tif", "--json")
    assert [record["slide"]["name"] for record in json.loads(done.stdout)] == ["a.tif", "c.tif"]


def test_a_pattern_that_nothing_fits_is_refused(run: Call, slides: Path, tmp_path: Path) -> None:
    done = run(slides / "a.tif", slides / "*.svs")
    assert done.returncode == 2
    assert "nothing fits" in " ".join(done.stderr.split())
    assert not (tmp_path / "out").exists()


def test_a_folder_without_slides_fails_alone(run: Call, slides: Path, tmp_path: Path) -> None:
    (slides / "empty").mkdir()
    done = run(slides / "a.tif", slides / "empty")
    assert done.returncode == 1
    states = {name: row["state"] for name, row in summary(tmp_path / "out" / "summary.csv").items()}
    assert states == {"a.tif": "done", "empty": "failed"}


def test_resume_leaves_finished_slides_alone(run: Call, slides: Path, log: Path, tmp_path: Path) -> None:
    good = (slides / "a.tif", slides / "more" / "c.tif")
    assert run(*good).returncode == 0
    preview = tmp_path / "out" / "a" / "warmth" / "preview.png"
    made_at = preview.stat().st_mtime_ns
    log.unlink()
    done = run(*good, "--resume")
    assert done.returncode == 0
    assert not log.exists(), "the model was asked"
    assert preview.stat().st_mtime_ns == made_at
    assert done.stdout.splitlines()[-1] == "2 slides: 2 done before"
    assert {row["state"] for row in summary(tmp_path / "out" / "summary.csv").values()} == {"done before"}


@pytest.mark.parametrize("change", ["slide", "scale", "region", "views", "table", "version"])
def test_resume_sees_what_is_another_run(
    run: Call, slides: Path, log: Path, tmp_path: Path, write_plugin: Callable[..., Path], change: str
) -> None:
    slide, folder = slides / "a.tif", tmp_path / "out" / "a" / "warmth"
    region = tmp_path / "region.geojson"
    region.write_text('{"type":"Polygon","coordinates":[[[0,0],[99,0],[99,99],[0,0]]]}', encoding="utf-8")
    assert run(slide, "--region", region).returncode == 0
    assert run(slide, "--region", region, "--resume").returncode == 0
    log.unlink()
    words: tuple[object, ...] = ("--region", region)
    if change == "slide":
        write_made_tiff(slide, (600, 700))
    elif change == "scale":
        words = (*words, "--mpp", "0.3")
    elif change == "region":
        text = region.read_text(encoding="utf-8").replace("99", "199")
        region.write_text(text, encoding="utf-8")
    elif change == "views":
        words = (*words, "--tta")
    elif change == "version":
        write_plugin(version="2")
    else:
        (folder / "tiles.csv").unlink()
    done = run(slide, *words, "--resume")
    # It goes on, or refuses to lay other values on those that are there; it does not pass them over.
    assert log.exists() or done.returncode == 1
    if change == "table":
        assert (folder / "tiles.csv").exists()


def test_shards_are_parts_and_the_folder_s_summary_has_all(run: Call, slides: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    first = run(slides, "--shard", "1/2")
    assert first.stdout.splitlines()[-1] == "2 slides: 2 done"
    assert set(summary(out / "summary-1-of-2.csv")) == {"a.tif", "c.tif"}
    second = run(slides, "--shard", "2/2")
    assert second.returncode == 1
    assert set(summary(out / "summary-2-of-2.csv")) == {"b.tif"}
    assert set(summary(out / "summary.csv")) == {"a.tif", "b.tif", "c.tif"}
    empty = run(slides, "--shard", "5/6")
    assert (empty.returncode, empty.stderr) == (0, "pathview: part 5/6 of 3 slides is empty\n")


@pytest.mark.parametrize("shard", ["0/2", "3/2", "1", "a/b", "-1/2", "1/0"])
def test_a_shard_that_is_none(run: Call, slides: Path, shard: str) -> None:
    done = run(slides, f"--shard={shard}")
    assert done.returncode == 2
    assert "is not I/N" in " ".join(done.stderr.split())


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--workers", "2", "--dask", "tcp://x"), "--workers, for this machine, or --dask"),
        (("--overwrite", "--resume"), "--overwrite or --resume, not both"),
        (("--workers", "0"), "greater than or equal to 1"),
    ],
)
def test_options_that_contradict_each_other(
    run: Call, slides: Path, words: tuple[str, ...], said: str
) -> None:
    done = run(slides, *words)
    assert done.returncode == 2
    assert said in " ".join(done.stderr.split())


def test_two_do_not_write_into_one_folder(run: Call, slides: Path, tmp_path: Path) -> None:
    folder = tmp_path / "out" / "a"
    folder.mkdir(parents=True)
    lock = WriterLock.acquire(folder / ".warmth.lock")
    assert lock is not None
    done = run(slides / "a.tif", slides / "more" / "c.tif")
    assert done.returncode == 1
    assert "works on a.tif; wait for it, or give another --output" in done.stderr
    assert f"Cannot write {folder / 'warmth'}: process " in done.stderr
    assert not (folder / "warmth").exists()
    lock.release()
    assert run(slides / "a.tif").returncode == 0
