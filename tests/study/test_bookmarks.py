"""Bookmarks: edits like those of annotations, in one history and one journal with them."""

from __future__ import annotations

import sqlite3
from dataclasses import replace
from pathlib import Path

import pytest
import shapely

from pathview.annotations.annotation import Annotation
from pathview.annotations.bookmark import Bookmark
from pathview.annotations.edit import Edit
from pathview.core.errors import EditConflictError, StudyError
from pathview.core.stated import StatedMpp
from pathview.slides.slide import Slide
from pathview.study import migrations
from pathview.study.catalog import Catalog
from pathview.study.database import connect
from pathview.study.study import Study

PLACE = Bookmark(812.5, 440.25, 4.0, 30.0, True, "Mitosis", "ask\nagain")
OTHER = Bookmark(1, 2, 0.5)


def test_it_is_there_after_reopening_and_for_that_slide_only(
    folder: Path, slide: Slide, other_slide: Slide
) -> None:
    with Study.open(folder) as study:
        history = study.session(slide).history
        history.do(Edit.bookmark("Add bookmark", (None, PLACE), (None, OTHER)))
        history.do(Edit.bookmark("Name", (OTHER, replace(OTHER, name="edge"))))
    with Study.open(folder) as study:
        assert list(study.session(slide).bookmarks) == [PLACE, replace(OTHER, name="edge")]
        assert list(study.session(other_slide).bookmarks) == []


def test_it_is_in_one_history_with_annotations(study: Study, slide: Slide) -> None:
    session = study.session(slide)
    shape = Annotation(shapely.box(0, 0, 9, 9))
    session.history.do(Edit.add("Draw", shape))
    session.history.do(Edit.bookmark("Add bookmark", (None, PLACE)))
    session.history.do(Edit.bookmark("Delete bookmark", (PLACE, None)))
    assert session.history.undo_label == "Delete bookmark"
    session.history.undo()
    assert list(session.bookmarks) == [PLACE]
    session.history.undo()
    assert (list(session.bookmarks), list(session.annotations)) == ([], [shape])
    session.history.redo()
    assert list(session.bookmarks) == [PLACE]
    assert study.journal.verify() == []


def test_one_edit_may_change_everything(study: Study, slide: Slide) -> None:
    session = study.session(slide)
    shape = Annotation(shapely.box(0, 0, 9, 9))
    stated = StatedMpp(0.5, 0.5, "anna", "2026-11-23T17:02:11.123+00:00")
    all_three = replace(
        Edit.state("Import", None, stated),
        changes=Edit.add("", shape).changes,
        bookmarks=Edit.bookmark("", (None, PLACE)).bookmarks,
    )
    session.history.do(all_three)
    session.history.undo()
    assert (list(session.annotations), session.scale.stated, list(session.bookmarks)) == ([], None, [])
    session.history.redo()
    assert (list(session.annotations), list(session.bookmarks)) == ([shape], [PLACE])
    assert study.journal.verify() == []


def test_one_that_comes_back_keeps_its_place_in_the_list(folder: Path, slide: Slide) -> None:
    with Study.open(folder) as study:
        history = study.session(slide).history
        history.do(Edit.bookmark("Add", (None, PLACE)))
        history.do(Edit.bookmark("Add", (None, OTHER)))
        history.do(Edit.bookmark("Delete", (PLACE, None)))
        history.undo()
    with Study.open(folder) as study:
        assert list(study.session(slide).bookmarks) == [PLACE, OTHER]


def test_an_edit_of_what_the_study_does_not_hold_is_refused(study: Study, slide: Slide) -> None:
    study.session(slide)
    with pytest.raises(EditConflictError, match="another bookmark"):
        study.journal.commit(slide.info.fingerprint, Edit.bookmark("Delete", (PLACE, None)))
    assert study.journal.verify() == []


def test_the_journal_sees_a_bookmark_that_was_changed_behind_its_back(study: Study, slide: Slide) -> None:
    study.session(slide).history.do(Edit.bookmark("Add", (None, PLACE)))
    study._connection.execute("UPDATE bookmark SET name = 'benign'")
    (fault,) = study.journal.verify()
    assert fault.startswith(f"bookmark {PLACE.id} of slide")


def test_a_place_that_is_none_is_not_read(study: Study, slide: Slide) -> None:
    study.session(slide).history.do(Edit.bookmark("Add", (None, PLACE)))
    study._connection.execute("UPDATE bookmark SET x = 9e999")
    with pytest.raises(StudyError, match="Mitosis is no place on a slide"):
        study.journal.load_bookmarks(slide.info.fingerprint)


def test_a_study_of_before_is_taken_over(folder: Path, slide: Slide, monkeypatch: pytest.MonkeyPatch) -> None:
    folder.mkdir()
    with monkeypatch.context() as patch:
        patch.setattr(migrations, "STEPS", migrations.STEPS[:2])
        migrations.create(folder / "study.sqlite")
        connection = connect(folder / "study.sqlite", read_only=False)
        Catalog(connection, folder / "study.sqlite").remember(slide.info)
        with pytest.raises(sqlite3.OperationalError, match="no such table: bookmark"):
            connection.execute("SELECT * FROM bookmark")
        connection.close()
    with Study.open(folder) as study:
        study.session(slide).history.do(Edit.bookmark("Add", (None, PLACE)))
        assert study.journal.verify() == []
    with Study.open(folder) as study:
        assert list(study.session(slide).bookmarks) == [PLACE]
    assert (folder / "study-schema3.sqlite").exists()
