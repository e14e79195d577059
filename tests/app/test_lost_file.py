"""A slide whose file goes away while it is shown: said in the status line, and over when it is back."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest

from pathview.app import status_line
from pathview.slides import watch
from pathview.tiles.plan import TilePlan


@pytest.mark.skipif(os.name == "nt", reason="Windows keeps open files in their place")
def test_the_status_line_says_so_and_the_tiles_come_back(
    start: Any, made_tiff: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(watch, "LOOK_S", 0.0)
    monkeypatch.setattr(status_line, "_RETRY_MS", 50)
    user = start()
    user.open(made_tiff)
    user.settle()
    trouble = user.window.status_line.trouble
    assert trouble.isHidden()
    tiles = user.workspace.scene.slide_tiles
    away = made_tiff.rename(made_tiff.with_suffix(".away"))
    # Nothing that was read is kept, so that it has to be read again.
    user.workspace.loader.forget(tiles)
    user.workspace.loader.wish("test", [(tiles, TilePlan((), (), (tiles.pyramid.root,)))])
    user.wait(lambda: not trouble.isHidden())
    assert trouble.text() == "The file is gone"
    assert "drive" in trouble.toolTip()
    away.rename(made_tiff)
    user.wait(trouble.isHidden)
    user.wait(lambda: tiles.pyramid.root in user.workspace.loader.cached(tiles))
    assert user.workspace.session.slide.trouble is None
    user.wait(lambda: not user.window.status_line._retry.isActive())
