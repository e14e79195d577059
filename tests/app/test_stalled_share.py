"""A slide on a share that stops answering: the window goes on, says so, and opens others."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from pathview.slides.made import write_made_tiff
from pathview.slides.raw_file import RawFile
from pathview.tiles import readers


@pytest.fixture
def share(made_tiff: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[threading.Event]:
    """Return what says that the drive of `made_tiff` answers."""
    monkeypatch.setattr(readers, "STUCK_S", 0.2)
    answers = threading.Event()
    answers.set()
    drive = made_tiff.stat()
    read = RawFile.read

    def read_from(file: RawFile, offset: int, length: int) -> bytes:
        here = os.fstat(file._descriptor)
        if (here.st_dev, here.st_ino) == (drive.st_dev, drive.st_ino):
            answers.wait(60)
        return read(file, offset, length)

    monkeypatch.setattr(RawFile, "read", read_from)
    yield answers
    answers.set()


def stall(user: Any, share: threading.Event) -> None:
    """Hang the share while tiles of its slide are wanted."""
    user.settle()
    tiles = user.workspace.scene.slide_tiles
    share.clear()
    user.workspace.loader.forget(tiles)
    user.canvas.slow = True
    view = user.workspace.view.state.viewport
    user.workspace.look(replace(view, downsample=1.0))
    user.settle()


def test_the_window_says_that_the_file_does_not_answer(reader: Any, share: threading.Event) -> None:
    stall(reader, share)
    waiting = reader.window.status_line.waiting
    reader.wait(lambda: not waiting.isHidden())
    assert waiting.text().startswith("Waiting for the file for ")
    share.set()
    reader.wait(waiting.isHidden)


def test_the_window_does_not_wait_with_it(reader: Any, share: threading.Event, tmp_path: Path) -> None:
    stall(reader, share)
    longest = 0.0
    for step in range(40):
        began = time.monotonic()
        view = reader.workspace.view.state.viewport
        reader.workspace.look(view.panned(25.0, 10.0 * (-1) ** step))
        reader.settle()
        longest = max(longest, time.monotonic() - began)
    assert longest < 5  # a read that was waited for would take a minute
    local = write_made_tiff(tmp_path / "local.tif", size=(900, 700))
    reader.canvas.slow = False
    began = time.monotonic()
    reader.open(local)
    tiles = reader.workspace.scene.slide_tiles
    reader.canvas.slow = True
    reader.workspace.stale.emit()
    reader.wait(lambda: tiles.pyramid.root in reader.workspace.loader.cached(tiles))
    assert time.monotonic() - began < 30
    assert not share.is_set()


def test_quitting_does_not_wait_either(reader: Any, share: threading.Event) -> None:
    stall(reader, share)
    began = time.monotonic()
    reader.window.close()
    assert time.monotonic() - began < 15
    assert not reader.window.isVisible()
