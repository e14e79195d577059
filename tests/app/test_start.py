"""A slide that is being opened while the window's libraries load."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from pathview.app.start import EarlyOpening
from pathview.core.errors import SlideOpenError


def test_the_slide_that_was_opened_early_is_the_one_that_shows(user: Any, made_tiff: Path) -> None:
    early = EarlyOpening(made_tiff)
    user.workspace.open(early.place, first=early.result)
    user.wait(lambda: user.shown == made_tiff)
    assert not user.problems
    assert user.workspace.session is not None
    assert user.workspace.session.slide is early.result()


def test_what_cannot_be_opened_early_is_told_as_ever(user: Any, tmp_path: Path) -> None:
    early = EarlyOpening(tmp_path / "gone.svs")
    user.workspace.open(early.place, first=early.result)
    user.wait(lambda: bool(user.problems))
    assert "there is no such file" in user.problems[0][1]
    with pytest.raises(SlideOpenError, match=r"gone\.svs"):
        early.result()


def test_a_slide_is_open_before_anything_of_the_window_is_there(made_tiff: Path) -> None:
    code = (
        "import sys, pathlib\nfrom pathview.app.start import EarlyOpening\n"
        "early = EarlyOpening(pathlib.Path(sys.argv[1]))\n"
        "assert early.result().info.size == (1500, 1100)\n"
        "assert not {'PySide6', 'vispy', 'torch'} & set(sys.modules)\n"
    )
    subprocess.run([sys.executable, "-c", code, str(made_tiff)], check=True, timeout=120)
