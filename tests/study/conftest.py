from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Protocol

import pytest

from pathview.slides.made import MadeReader
from pathview.slides.slide import Slide
from pathview.study.study import Study


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "study"


@pytest.fixture
def study(folder: Path) -> Iterator[Study]:
    with Study.open(folder) as study:
        yield study


@pytest.fixture
def slide() -> Slide:
    return Slide(MadeReader((4000, 3000)))


@pytest.fixture
def other_slide() -> Slide:
    return Slide(MadeReader((2000, 1000), mpp=None))


class StartChild(Protocol):
    """Starts Python code in a process of its own; the arguments are its `sys.argv[1:]`."""

    def __call__(self, code: str, *arguments: str) -> subprocess.Popen[str]: ...


@pytest.fixture
def start_child() -> Iterator[StartChild]:
    """Return a function that starts children; those that still live are killed after the test."""
    with ExitStack() as children:

        def start(code: str, *arguments: str) -> subprocess.Popen[str]:
            command = [sys.executable, "-c", code, *arguments]
            child = children.enter_context(subprocess.Popen(command, stdout=subprocess.PIPE, text=True))
            children.callback(child.kill)
            return child

        yield start
