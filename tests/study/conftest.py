from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

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
