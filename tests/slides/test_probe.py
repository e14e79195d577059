"""The child that tries slides out: good ones once, and none that can harm more than the child."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from pathview.core.errors import SlideOpenError
from pathview.slides import probe
from pathview.slides.made import write_made_tiff
from pathview.slides.open import open_slide
from pathview.slides.probe import MEMORY_BYTES, ensure_readable

# A child whose reader does to the process what the file's name says.
_HARMFUL = """
import ctypes, os, signal, sys, time
sys.path[:] = sys.argv[1].split(sys.argv[2])
from pathview.slides import probe_child

def harm(path, probe):
    print("a library prints what it likes")
    how = path.stem
    if how.startswith("SIG"):
        os.kill(os.getpid(), getattr(signal, how))
    if how == "leaves":
        os._exit(3)
    if how == "hangs":
        time.sleep(60)
    if how == "greedy":
        held = bytearray(2 << 30)
    if how == "glib":
        sys.stderr.write("GLib-ERROR **: failed to allocate 2199023239168 bytes")
        sys.stderr.flush()
        os.abort()
    if how == "odd":
        raise KeyError("what a library may raise")
    return open_slide(path, probe=False)

open_slide, probe_child.open_slide = probe_child.open_slide, harm
probe_child.main()
"""


@pytest.fixture
def harmful(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    probe._child.stop()
    monkeypatch.setattr(probe, "_CODE", _HARMFUL)
    yield
    probe._child.stop()


@pytest.mark.skipif(sys.platform == "win32", reason="POSIX signals and limits")
@pytest.mark.usefixtures("harmful")
@pytest.mark.parametrize(
    ("how", "why"),
    [
        ("SIGSEGV", "reading it crashed the reader (SIGSEGV)"),
        ("SIGABRT", "reading it crashed the reader (SIGABRT)"),
        ("leaves", "reading it crashed the reader (exit code 3)"),
        ("hangs", "it did not answer within 0.5 s"),
        ("greedy", "reading it needs more than 1.5 GiB"),
        ("glib", "reading it needs more than 1.5 GiB"),
        ("odd", "its reader failed (KeyError: 'what a library may raise')"),
    ],
)
def test_what_harms_the_child_is_refused_and_a_good_slide_still_opens(
    tmp_path: Path, how: str, why: str
) -> None:
    bad = write_made_tiff(tmp_path / f"{how}.tif", (300, 200))
    good = write_made_tiff(tmp_path / "good.tif", (300, 200))
    with pytest.raises(SlideOpenError) as caught:
        ensure_readable(bad, deadline_s=0.5 if how == "hangs" else 5.0)
    assert caught.value.reason.startswith(why)
    assert caught.value.path == bad
    ensure_readable(good)


def test_a_good_slide_is_tried_once(made_tiff: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[Path] = []
    ask = probe._child.ask

    def count(path: Path, deadline_s: float) -> tuple[str, tuple[str, ...]] | None:
        asked.append(path)
        return ask(path, deadline_s)

    monkeypatch.setattr(probe._child, "ask", count)
    for _ in range(3):
        open_slide(made_tiff).close()
    assert asked == [made_tiff]
    # Rewritten, it is another slide under the old name.
    write_made_tiff(made_tiff, (300, 200))
    open_slide(made_tiff).close()
    os.utime(made_tiff, ns=(5, 5))
    open_slide(made_tiff).close()
    assert len(asked) == 3
    open_slide(made_tiff, probe=False).close()
    assert len(asked) == 3


def test_a_folder_is_known_by_its_files(tmp_path: Path) -> None:
    (tmp_path / "slide" / "inner").mkdir(parents=True)
    (tmp_path / "slide" / "inner" / "a.dcm").write_bytes(b"12")
    first = probe._mark(tmp_path / "slide")
    assert first == probe._mark(tmp_path / "slide")
    (tmp_path / "slide" / "inner" / "b.dcm").write_bytes(b"3")
    assert probe._mark(tmp_path / "slide") != first


def test_the_pixels_of_a_mirax_slide_lie_beside_it(tmp_path: Path) -> None:
    (tmp_path / "a.mrxs").write_bytes(b"picture")
    (tmp_path / "a").mkdir()
    first = probe._mark(tmp_path / "a.mrxs")
    (tmp_path / "a" / "Data0000.dat").write_bytes(b"tiles")
    assert probe._mark(tmp_path / "a.mrxs") != first


def test_a_child_that_went_away_is_replaced_without_a_word(tmp_path: Path) -> None:
    paths = [write_made_tiff(tmp_path / f"{number}.tif", (300, 200)) for number in range(3)]
    ensure_readable(paths[0])
    process = probe._child._process
    assert process is not None
    process.kill()
    ensure_readable(paths[1])
    assert probe._child._process is not process
    probe._child._asked_at = time.monotonic() - probe.IDLE_S
    process = probe._child._process
    ensure_readable(paths[2])
    assert probe._child._process is not process


def test_where_no_child_can_be_had_slides_still_open(
    made_tiff: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    probe._child.stop()
    monkeypatch.setattr("sys.executable", str(made_tiff.parent / "no python"))
    open_slide(made_tiff).close()
    assert "without having been tried out" in caplog.text


def test_what_cannot_be_remembered_is_no_failure(made_tiff: Path, fresh_home: Path) -> None:
    fresh_home.write_text("no folder", encoding="utf-8")
    open_slide(made_tiff).close()
    fresh_home.unlink()


def test_old_marks_make_room(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(probe, "_MOST_KNOWN", 6)
    for number in range(20):
        probe._remember(tmp_path / "marks" / str(number))
    assert 3 <= len(list((tmp_path / "marks").iterdir())) <= 6
    assert (tmp_path / "marks" / "19").exists()


@pytest.mark.skipif(not Path("/proc/self/limits").exists(), reason="needs /proc")
def test_the_child_is_limited(made_tiff: Path) -> None:
    ensure_readable(made_tiff)
    limits = Path(f"/proc/{probe._child.pid}/limits").read_text(encoding="utf-8")
    (line,) = [line for line in limits.splitlines() if line.startswith("Max data size")]
    assert int(line.split()[3]) < MEMORY_BYTES
    # Nothing of the window and of models is in it.
    maps = Path(f"/proc/{probe._child.pid}/maps").read_text(encoding="utf-8")
    assert "PySide6" not in maps
    assert "torch" not in maps


@pytest.mark.skipif(not Path("/proc/self/statm").exists(), reason="needs /proc")
def test_a_large_program_keeps_its_child(tmp_path: Path) -> None:
    held = np.ones(700 << 20, np.uint8)
    probe._child.stop()
    pids = set()
    for number in range(2):
        ensure_readable(write_made_tiff(tmp_path / f"{number}.tif", (300, 200)))
        pids.add(probe._child.pid)
    assert held[0] == 1
    assert len(pids) == 1
    assert None not in pids
