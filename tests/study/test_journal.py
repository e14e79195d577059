from __future__ import annotations

import json
import random
import sqlite3
from dataclasses import replace
from pathlib import Path
from uuid import uuid4

import pytest
import shapely

from pathview.annotations.annotation import Annotation
from pathview.annotations.edit import Change, Edit
from pathview.core.errors import EditConflictError, StudyError
from pathview.slides.slide import Slide
from pathview.study.session import Session
from pathview.study.study import Study


def _square(x: float = 0) -> Annotation:
    return Annotation(shapely.box(x, 0, x + 10, 10), "Tumor")


@pytest.fixture
def session(study: Study, slide: Slide) -> Session:
    return study.session(slide)


@pytest.fixture
def key(session: Session) -> str:
    return session.slide.info.fingerprint


def test_all_that_an_annotation_says_is_kept(study: Study, session: Session, key: str) -> None:
    annotations = [
        Annotation(
            shapely.Polygon([(0.1, 0.2), (1e6 / 3, 0), (7, 9)]), "Tümor: 漢字", "n", "a\n'note'", True
        ),
        Annotation(shapely.box(0, 0, 9, 9).difference(shapely.box(1, 1, 2, 2))),
        Annotation(shapely.MultiPolygon([shapely.box(0, 0, 1, 1), shapely.box(2, 2, 3, 3)])),
        Annotation(shapely.LineString([(0, 0), (5, 5)])),
        Annotation(shapely.MultiPoint([(0, 0), (5, 5)])),
    ]
    study.journal.commit(key, Edit.add("Import", *annotations))
    assert study.journal.load(key) == annotations


def test_drawing_order_survives_deleting_and_undoing(study: Study, key: str) -> None:
    shapes = [_square(x) for x in range(4)]
    gone = Edit.remove("Delete", shapes[1], shapes[0])
    changed = Annotation(shapely.Point(0, 0), id=shapes[2].id)
    for edit in (Edit.add("Draw", *shapes), gone, Edit.replace("Edit", (shapes[2], changed)), gone.inverse()):
        study.journal.commit(key, edit)
    assert study.journal.load(key) == [shapes[0], shapes[1], changed, shapes[3]]


@pytest.mark.parametrize("seed", range(4))
def test_the_study_holds_what_the_store_holds(study: Study, session: Session, seed: int) -> None:
    choose = random.Random(seed)
    for _ in range(25):
        present = list(session.annotations)
        match choose.choice(["add", "change", "undo", "redo"]):
            case "add":
                session.history.do(Edit.add("Add", _square(), _square(20)))
            case "change":
                chosen = choose.sample(present, choose.randint(0, len(present)))
                session.history.do(Edit("Change", tuple(_some_change(a, choose) for a in chosen)))
            case "undo":
                session.history.undo()
            case _:
                session.history.redo()
        assert study.journal.load(session.slide.info.fingerprint) == list(session.annotations)
    assert study.journal.verify() == []


def _some_change(annotation: Annotation, choose: random.Random) -> Change:
    after = replace(annotation, class_name=choose.choice(["Normal", None]), note=str(choose.random()))
    return Change(annotation, choose.choice([None, after]))


@pytest.mark.parametrize(
    "edit", [Edit.remove("Delete", _square()), Edit.replace("Move", (_square(), _square()))]
)
def test_an_edit_of_what_is_not_there_is_refused(study: Study, key: str, edit: Edit) -> None:
    with pytest.raises(EditConflictError):
        study.journal.commit(key, edit)
    assert study.journal.load(key) == []


def test_adding_what_is_there_is_refused(study: Study, key: str) -> None:
    edit = Edit.add("Draw", _square())
    study.journal.commit(key, edit)
    with pytest.raises(EditConflictError):
        study.journal.commit(key, edit)
    assert study.journal.verify() == []


def test_text_that_is_no_text_is_refused_as_a_whole(study: Study, session: Session) -> None:
    with pytest.raises(StudyError):
        session.history.do(Edit.add("Draw", _square(), Annotation(shapely.Point(0, 0), name="\ud800")))
    assert len(session.annotations) == 0
    session.history.do(Edit.add("Draw", _square()))
    assert study.journal.verify() == []


def test_a_full_disk_refuses_the_edit_and_keeps_the_rest(study: Study, session: Session) -> None:
    session.history.do(Edit.add("Draw", _square()))
    before = list(session.annotations)
    large = Annotation(shapely.Point(0, 0).buffer(100, quad_segs=5000))
    pages = study._connection.execute("PRAGMA page_count").fetchone()[0]
    study._connection.execute(f"PRAGMA max_page_count = {pages + 1}").fetchone()
    with pytest.raises(StudyError, match=r"“Draw” was not saved.*full"):
        session.history.do(Edit.add("Draw", large))
    assert list(session.annotations) == before
    assert study.journal.load(session.slide.info.fingerprint) == before
    assert study.journal.verify() == []
    study._connection.execute("PRAGMA max_page_count = 1000000").fetchone()
    session.history.do(Edit.add("Draw", large))
    assert study.journal.load(session.slide.info.fingerprint) == [*before, large]


def test_the_journal_tells_who_was_what_before(study: Study, key: str) -> None:
    shape = _square()
    moved = Annotation(shapely.Point(1, 1), id=shape.id)
    for edit in (Edit.add("Draw", shape), Edit.replace("Move", (shape, moved)), Edit.remove("Cut", moved)):
        study.journal.commit(key, edit)
    rows = study._connection.execute("SELECT label, payload FROM edit ORDER BY seq").fetchall()
    told = [(label, json.loads(payload)[0]["before"]) for label, payload in rows]
    assert told == [("Draw", None), ("Move", 1), ("Cut", 2)]


@pytest.mark.parametrize("statement", ["UPDATE edit SET label = 'x'", "DELETE FROM edit"])
def test_the_journal_is_append_only(study: Study, key: str, statement: str) -> None:
    study.journal.commit(key, Edit.add("Draw", _square()))
    with pytest.raises(sqlite3.IntegrityError, match="append-only"):
        study._connection.execute(statement)


@pytest.mark.parametrize(
    ("statement", "problem"),
    [
        ("UPDATE edit SET label = 'Nothing happened' WHERE seq = 2", "edit 2 is not what was written"),
        ("UPDATE edit SET payload = '[]' WHERE seq = 3", "edit 3 is not what was written"),
        ("DELETE FROM edit WHERE seq = 2", "edit 2 is missing before edit 3"),
        ("DELETE FROM edit WHERE seq = 3", "annotation"),
        ("UPDATE annotation SET class = 'Normal' WHERE seq = 1", "annotation"),
        ("DELETE FROM annotation WHERE seq = 3", "annotation"),
    ],
)
def test_tampering_is_found(study: Study, key: str, statement: str, problem: str) -> None:
    for _ in range(3):
        study.journal.commit(key, Edit.add("Draw", _square()))
    assert study.journal.verify() == []
    other = sqlite3.connect(study.folder / "study.sqlite")
    for trigger in ("edit_is_never_changed", "edit_is_never_deleted"):
        other.execute(f"DROP TRIGGER {trigger}")
    other.execute(statement)
    other.commit()
    other.close()
    (found,) = study.journal.verify()
    assert found.startswith(problem)


def test_damage_to_a_shape_is_a_study_error(study: Study, key: str, folder: Path) -> None:
    study.journal.commit(key, Edit.add("Draw", _square()))
    study._connection.execute("UPDATE annotation SET wkb = x'0102'")
    with pytest.raises(StudyError, match="cannot be read"):
        study.journal.load(key)


def test_an_unknown_slide_has_no_annotations(study: Study) -> None:
    assert study.journal.load(uuid4().hex) == []
