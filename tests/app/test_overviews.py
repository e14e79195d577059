"""Coarse levels that a slide lacks are built while it is being looked at."""

from __future__ import annotations

import threading
from pathlib import Path
from typing import Any

import pytest

from pathview.core.errors import TileReadError
from pathview.core.files import cache_folder
from pathview.slides.made import write_made_tiff
from pathview.slides.slide import Slide


@pytest.fixture
def flat_tiff(tmp_path: Path) -> Path:
    return write_made_tiff(tmp_path / "flat.tif", (4500, 2600), downsamples=(1,))


def cached() -> list[Path]:
    return sorted((cache_folder() / "overviews").glob("*"))


class Held:
    """A build that begins, says how far it is, and waits to be let on or called off."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, error: Exception | None = None) -> None:
        self.go = threading.Event()
        self.results: list[bool] = []
        build = Slide.build_overview

        def held(slide: Slide, progress: Any, cancelled: Any) -> bool:
            progress(0.42)
            while not (self.go.wait(0.01) or cancelled()):
                pass
            if error is not None:
                raise error
            self.results.append(build(slide, progress, cancelled))
            return self.results[-1]

        monkeypatch.setattr(Slide, "build_overview", held)


def test_the_overview_is_built_and_kept(user: Any, flat_tiff: Path) -> None:
    user.workspace.open(flat_tiff)
    user.wait(lambda: user.shown == flat_tiff and user.workspace.background.idle)
    assert not user.workspace.session.slide.overview_missing
    assert user.window.status_line.busy == ""
    assert [file.suffix for file in cached()] == [".tif"]


def test_a_slide_with_coarse_levels_needs_none(user: Any, made_tiff: Path) -> None:
    user.open(made_tiff)
    user.wait(lambda: user.workspace.background.idle)  # the overview panel's thumbnail
    assert cached() == []


def test_the_slide_is_usable_meanwhile(user: Any, flat_tiff: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    held = Held(monkeypatch)
    stale: list[int] = []
    user.workspace.open(flat_tiff)
    user.wait(lambda: user.window.status_line.busy == "Building overview … 42 %")
    tiles = user.workspace.scene.slide_tiles
    user.wait(lambda: user.window.canvas_widget.settled)
    assert tiles.read_tile(tiles.pyramid.root).shape[2] == 3
    user.workspace.stale.connect(lambda: stale.append(1))
    stale.clear()
    held.go.set()
    user.wait(lambda: held.results == [True] and user.window.status_line.busy == "")
    assert stale


@pytest.mark.parametrize("where", ["in sight", "behind a tab"])
def test_closing_the_slide_calls_the_build_off(
    user: Any, flat_tiff: Path, made_tiff: Path, monkeypatch: pytest.MonkeyPatch, where: str
) -> None:
    held = Held(monkeypatch)
    user.workspace.open(flat_tiff)
    user.wait(lambda: user.window.status_line.busy.startswith("Building overview"))
    (flat,) = user.workspace.slides
    if where == "behind a tab":
        user.open(made_tiff)
    user.workspace.close_slide(flat)
    assert user.window.status_line.busy == ""
    user.wait(lambda: user.workspace.background.idle)
    assert not any(held.results)
    assert cached() == []
    assert user.window.status_line.busy == ""


def test_the_build_goes_on_behind_a_tab_and_the_next_one_follows(
    user: Any, flat_tiff: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    held = Held(monkeypatch)
    user.open(flat_tiff)
    user.open(write_made_tiff(tmp_path / "another.tif", (4600, 2600), downsamples=(1,)))
    held.go.set()
    user.wait(lambda: held.results == [True, True] and user.workspace.background.idle)
    assert not any(slide.session.slide.overview_missing for slide in user.workspace.slides)
    assert user.window.status_line.busy == ""


def test_a_slide_that_cannot_be_read_whole_goes_without(
    user: Any, flat_tiff: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    held = Held(monkeypatch, TileReadError(flat_tiff, "a tile", "it is damaged"))
    user.workspace.open(flat_tiff)
    user.wait(lambda: user.window.status_line.busy.startswith("Building overview"))
    held.go.set()
    user.wait(lambda: user.workspace.background.idle)
    assert user.window.status_line.busy == ""
    assert user.shown == flat_tiff
    assert "no overview of" in caplog.text
    assert user.workspace.session.slide.overview_missing
