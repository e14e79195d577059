"""How two slides are laid on each other: kept once for each pair, beside the journal."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest

from pathview.core.errors import StudyError
from pathview.slides.slide import Slide
from pathview.study import migrations
from pathview.study.catalog import Catalog
from pathview.study.database import connect
from pathview.study.study import Study


def _pair(study: Study, slide: Slide, other_slide: Slide) -> tuple[str, str]:
    study.session(slide)
    study.session(other_slide)
    first, second = sorted((slide.info.fingerprint, other_slide.info.fingerprint))
    return first, second


def test_it_is_there_after_reopening(folder: Path, slide: Slide, other_slide: Slide) -> None:
    with Study.open(folder) as study:
        first, second = _pair(study, slide, other_slide)
        assert study.link(first, second) is None
        study.set_link(first, second, "{}")
        study.set_link(first, second, "{ }")
        assert study.journal.verify() == []
    with Study.open(folder) as study:
        assert study.link(first, second) == "{ }"
        study.set_link(first, second, None)
        assert study.link(first, second) is None


def test_a_pair_is_stored_in_one_order_only(study: Study, slide: Slide, other_slide: Slide) -> None:
    first, second = _pair(study, slide, other_slide)
    for wrong in ((second, first), (first, first), (first, "unheard-of")):
        with pytest.raises(StudyError, match="how the slides are linked was not stored"):
            study.set_link(*wrong, "{}")


def test_a_reader_does_not_write_it(folder: Path, slide: Slide, other_slide: Slide) -> None:
    with Study.open(folder) as study:
        first, second = _pair(study, slide, other_slide)
    with Study.open(folder, read_only=True) as study, pytest.raises(StudyError, match="only be looked at"):
        study.set_link(first, second, "{}")


def test_a_study_of_before_is_taken_over(
    folder: Path, slide: Slide, other_slide: Slide, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder.mkdir()
    with monkeypatch.context() as patch:
        patch.setattr(migrations, "STEPS", migrations.STEPS[:4])
        migrations.create(folder / "study.sqlite")
        connection = connect(folder / "study.sqlite", read_only=False)
        Catalog(connection, folder / "study.sqlite").remember(slide.info)
        with pytest.raises(sqlite3.OperationalError, match="no such table: link"):
            connection.execute("SELECT * FROM link")
        connection.close()
    with Study.open(folder) as study:
        first, second = _pair(study, slide, other_slide)
        study.set_link(first, second, "{}")
        assert study.link(first, second) == "{}"
    assert (folder / "study-schema5.sqlite").exists()
