"""What a reader has looked at: kept for each slide and reader, beside the journal."""

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
        assert study.coverage(slide.info.fingerprint) is None
        study.set_coverage(slide.info.fingerprint, b"first")
        study.set_coverage(slide.info.fingerprint, b"second")
    with Study.open(folder) as study:
        assert study.coverage(slide.info.fingerprint) == b"second"
        assert study.coverage(other_slide.info.fingerprint) is None
        study.set_coverage(slide.info.fingerprint, None)
        assert study.coverage(slide.info.fingerprint) is None


def test_the_journal_and_the_history_know_nothing_of_it(study: Study, slide: Slide) -> None:
    session = study.session(slide)
    study.set_coverage(slide.info.fingerprint, b"{}")
    assert session.history.undo_label is None
    assert study._connection.execute("SELECT count(*) FROM edit").fetchone() == (0,)
    assert study.journal.verify() == []


def test_a_reader_does_not_write_it(folder: Path, slide: Slide) -> None:
    with Study.open(folder) as study:
        study.session(slide)
        study.set_coverage(slide.info.fingerprint, b"{}")
    with Study.open(folder, read_only=True) as study:
        assert study.coverage(slide.info.fingerprint) == b"{}"
        with pytest.raises(StudyError, match="only be looked at"):
            study.set_coverage(slide.info.fingerprint, None)


def test_another_reader_sees_none_of_it(study: Study, slide: Slide, monkeypatch: pytest.MonkeyPatch) -> None:
    study.session(slide)
    study.set_coverage(slide.info.fingerprint, b"mine")
    with monkeypatch.context() as patch:
        patch.setattr("pathview.study.study.user_name", lambda: "eva")
        assert study.coverage(slide.info.fingerprint) is None
        study.set_coverage(slide.info.fingerprint, b"hers")
    assert study.coverage(slide.info.fingerprint) == b"mine"


def test_a_slide_that_the_study_does_not_know_has_none(study: Study) -> None:
    with pytest.raises(StudyError, match="what was looked at was not stored"):
        study.set_coverage("unheard-of", b"{}")


def test_a_study_of_before_is_taken_over(folder: Path, slide: Slide, monkeypatch: pytest.MonkeyPatch) -> None:
    folder.mkdir()
    with monkeypatch.context() as patch:
        patch.setattr(migrations, "STEPS", migrations.STEPS[:3])
        migrations.create(folder / "study.sqlite")
        connection = connect(folder / "study.sqlite", read_only=False)
        Catalog(connection, folder / "study.sqlite").remember(slide.info)
        with pytest.raises(sqlite3.OperationalError, match="no such table: coverage"):
            connection.execute("SELECT * FROM coverage")
        connection.close()
    with Study.open(folder) as study:
        study.set_coverage(slide.info.fingerprint, b"{}")
        assert study.coverage(slide.info.fingerprint) == b"{}"
    assert (folder / "study-schema4.sqlite").exists()
