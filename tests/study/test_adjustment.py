"""How a slide's picture is adjusted: kept for each slide, beside the journal."""

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


def test_it_is_there_after_reopening_and_for_that_slide_only(
    folder: Path, slide: Slide, other_slide: Slide
) -> None:
    with Study.open(folder) as study:
        study.session(slide)
        study.session(other_slide)
        assert study.adjustment(slide.info.fingerprint) is None
        study.set_adjustment(slide.info.fingerprint, '{"gamma": 1.2}')
        study.set_adjustment(slide.info.fingerprint, '{"gamma": 1.4}')
    with Study.open(folder) as study:
        assert study.adjustment(slide.info.fingerprint) == '{"gamma": 1.4}'
        assert study.adjustment(other_slide.info.fingerprint) is None
        study.set_adjustment(slide.info.fingerprint, None)
        assert study.adjustment(slide.info.fingerprint) is None


def test_the_journal_and_the_history_know_nothing_of_it(study: Study, slide: Slide) -> None:
    session = study.session(slide)
    study.set_adjustment(slide.info.fingerprint, "{}")
    assert session.history.undo_label is None
    assert study._connection.execute("SELECT count(*) FROM edit").fetchone() == (0,)
    assert study.journal.verify() == []


def test_a_reader_does_not_write_it(folder: Path, slide: Slide) -> None:
    with Study.open(folder) as study:
        study.session(slide)
        study.set_adjustment(slide.info.fingerprint, "{}")
    with Study.open(folder, read_only=True) as study:
        assert study.adjustment(slide.info.fingerprint) == "{}"
        with pytest.raises(StudyError, match="only be looked at"):
            study.set_adjustment(slide.info.fingerprint, None)


def test_a_slide_that_the_study_does_not_know_has_none(study: Study) -> None:
    with pytest.raises(StudyError, match="the adjustment of the picture was not stored"):
        study.set_adjustment("unheard-of", "{}")


def test_a_study_of_before_is_taken_over(folder: Path, slide: Slide, monkeypatch: pytest.MonkeyPatch) -> None:
    folder.mkdir()
    with monkeypatch.context() as patch:
        patch.setattr(migrations, "STEPS", migrations.STEPS[:1])
        migrations.create(folder / "study.sqlite")
        connection = connect(folder / "study.sqlite", read_only=False)
        Catalog(connection, folder / "study.sqlite").remember(slide.info)
        with pytest.raises(sqlite3.OperationalError, match="no such table: adjustment"):
            connection.execute("SELECT * FROM adjustment")
        connection.close()
    with Study.open(folder) as study:
        study.set_adjustment(slide.info.fingerprint, "{}")
        assert study.adjustment(slide.info.fingerprint) == "{}"
    assert (folder / "study-schema2.sqlite").exists()
