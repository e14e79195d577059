"""The pixel size that a user states: an edit like those of annotations, in one history with them."""

from __future__ import annotations

import getpass
import itertools
import json
import sqlite3
import tempfile
from dataclasses import replace
from pathlib import Path

import pytest
import shapely
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from pathview.annotations.annotation import Annotation
from pathview.annotations.edit import Edit
from pathview.core.errors import EditConflictError, ImpossibleScaleError, StudyError
from pathview.core.stated import StatedMpp
from pathview.slides.made import MadeReader
from pathview.slides.slide import Slide
from pathview.study.session import Session
from pathview.study.study import Study

HALF = StatedMpp(0.5, 0.5, "anna", "2026-11-23T17:02:11.123+00:00")


def _square() -> Annotation:
    return Annotation(shapely.box(0, 0, 10, 10), "Tumor")


def _mpp(slide: Slide) -> tuple[float, float] | None:
    return slide.info.mpp


@pytest.fixture
def session(study: Study, other_slide: Slide) -> Session:
    """Return the session of a slide that does not state its pixel size."""
    return study.session(other_slide)


def test_it_is_there_after_reopening_and_says_where_it_comes_from(folder: Path, other_slide: Slide) -> None:
    with Study.open(folder) as study:
        study.session(other_slide).state_mpp((0.5, 0.4))
    again = Slide(other_slide._reader)
    assert _mpp(again) is None
    with Study.open(folder) as study:
        stated = study.session(again).scale.stated
        assert stated is not None
        assert (stated.mpp, stated.by) == ((0.5, 0.4), getpass.getuser())
        assert again.info.mpp == (0.5, 0.4)
        assert again.info.mpp_source.startswith(f"stated by the user on {stated.at[:10]}")
        assert again.file_info == replace(again.info, mpp=None, mpp_source="unknown: made without a scale")
        (record,) = study.slides()
        assert (record.mpp, record.mpp_source) == (None, "unknown: made without a scale")


def test_it_is_in_one_history_with_annotations(study: Study, session: Session) -> None:
    slide, shape = session.slide, _square()
    session.history.do(Edit.add("Draw", shape))
    session.state_mpp((0.5, 0.5))
    session.state_mpp((0.25, 0.25))
    session.state_mpp(None)
    assert _mpp(slide) is None
    assert session.history.undo_label == "Remove stated pixel size"
    session.history.undo()
    assert _mpp(slide) == (0.25, 0.25)
    session.history.undo()
    assert _mpp(slide) == (0.5, 0.5)
    session.history.undo()
    assert (_mpp(slide), list(session.annotations)) == (None, [shape])
    session.history.undo()
    assert list(session.annotations) == []
    session.history.redo()
    session.history.redo()
    assert (_mpp(slide), list(session.annotations)) == ((0.5, 0.5), [shape])
    assert study.journal.verify() == []


def test_an_undo_brings_back_who_stated_it_and_when(session: Session) -> None:
    session.state_mpp((0.5, 0.5))
    first = session.scale.stated
    session.state_mpp((0.25, 0.25))
    session.history.undo()
    assert session.scale.stated == first


def test_the_same_value_again_is_no_step(session: Session) -> None:
    session.state_mpp(None)
    assert not session.history.can_undo
    session.state_mpp((0.5, 0.5))
    session.state_mpp((0.5, 0.5))
    session.history.undo()
    assert not session.history.can_undo


@pytest.mark.parametrize(
    "mpp", [(0.0, 0.5), (0.5, 0.019), (100.1, 0.5), (float("nan"), 1), (1, float("inf"))]
)
def test_what_cannot_be_true_is_refused(study: Study, session: Session, mpp: tuple[float, float]) -> None:
    with pytest.raises(ImpossibleScaleError):
        session.state_mpp(mpp)
    with pytest.raises(EditConflictError, match="cannot be true"):
        session.history.do(Edit.state("Set", None, replace(HALF, x=mpp[0], y=mpp[1])))
    with pytest.raises(StudyError):
        study.journal.commit(
            session.slide.info.fingerprint, Edit.state("Set", None, replace(HALF, x=mpp[0], y=mpp[1]))
        )
    assert (session.scale.stated, session.history.can_undo) == (None, False)
    assert study.journal.verify() == []


def test_an_edit_of_what_is_not_stated_is_refused(study: Study, session: Session) -> None:
    edit = Edit.state("Set", HALF, replace(HALF, x=0.25))
    with pytest.raises(EditConflictError, match="not what the edit expects"):
        session.history.do(edit)
    with pytest.raises(EditConflictError, match="another pixel size"):
        study.journal.commit(session.slide.info.fingerprint, edit)
    assert study.journal.verify() == []


def test_an_edit_of_both_is_one_step(study: Study, session: Session) -> None:
    shape = _square()
    both = replace(Edit.state("Import", None, HALF), changes=Edit.add("", shape).changes)
    session.history.do(both)
    assert (list(session.annotations), session.scale.stated) == ([shape], HALF)
    session.history.undo()
    assert (list(session.annotations), session.scale.stated) == ([], None)
    assert study.journal.verify() == []


def test_joined_edits_keep_the_first_before_and_the_last_after() -> None:
    other = replace(HALF, x=0.25)
    first, second = Edit.state("Set", None, HALF), Edit.state("Set", HALF, other)
    assert first.then(second) == Edit.state("Set", None, other)
    assert second.then(Edit.add("Draw", _square())).mpp == second.mpp
    assert first.then(first.inverse()).empty


def test_it_is_stored_before_anybody_hears_of_it_and_the_slide_has_it_then(
    study: Study, session: Session
) -> None:
    key, heard = session.slide.info.fingerprint, []
    session.scale.changed.connect(lambda: heard.append((study.journal.load_mpp(key), session.slide.info.mpp)))
    session.state_mpp((0.5, 0.5))
    stated = session.scale.stated
    session.history.undo()
    assert heard == [(stated, (0.5, 0.5)), (None, None)]


def test_when_storing_fails_nothing_changes(study: Study, session: Session) -> None:
    session.state_mpp((0.5, 0.5))
    study._connection.execute("PRAGMA query_only = ON")
    for act in (lambda: session.state_mpp((0.25, 0.25)), session.history.undo):
        with pytest.raises(StudyError, match="was not saved"):
            act()
        assert session.slide.info.mpp == (0.5, 0.5)
        assert (session.history.can_undo, session.history.can_redo) == (True, False)


def test_a_study_that_can_only_be_looked_at_shows_it_and_refuses_another(
    study: Study, session: Session
) -> None:
    session.state_mpp((0.5, 0.5))
    with Study.open(study.folder) as second:
        slide = Slide(session.slide._reader)
        looking = second.session(slide)
        assert slide.info.mpp == (0.5, 0.5)
        with pytest.raises(StudyError, match="only be looked at"):
            looking.state_mpp((0.25, 0.25))
        assert slide.info.mpp == (0.5, 0.5)


def test_two_sessions_of_a_slide_go_by_the_same(study: Study, session: Session) -> None:
    second = study.session(Slide(session.slide._reader))
    second.state_mpp((0.5, 0.5))
    assert session.slide.info.mpp == second.slide.info.mpp == (0.5, 0.5)
    session.history.undo()
    assert second.slide.info.mpp is None


def test_the_journal_tells_who_stated_what_in_place_of_what(
    study: Study, session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LOGNAME", "anna")
    session.state_mpp((0.5, 0.5))
    monkeypatch.setenv("LOGNAME", "boris")
    session.state_mpp((0.25, 0.25))
    session.history.undo()
    rows = study._connection.execute("SELECT label, made_at, payload FROM edit ORDER BY seq").fetchall()
    told = [json.loads(payload)[0] for _, _, payload in rows]
    assert [label for label, _, _ in rows] == ["Set pixel size"] * 3
    assert [entry["by"] for entry in told] == ["anna", "boris", "boris"]
    assert [entry["before"] for entry in told] == [None, 1, 2]
    values = [
        [entry[when] and (entry[when]["x"], entry[when]["by"]) for when in ("old", "after")] for entry in told
    ]
    assert values == [
        [None, (0.5, "anna")],
        [(0.5, "anna"), (0.25, "boris")],
        [(0.25, "boris"), (0.5, "anna")],
    ]
    assert all(made_at >= entry["after"]["at"] for (_, made_at, _), entry in zip(rows, told, strict=True))


@pytest.mark.parametrize(
    ("statement", "problem"),
    [
        ("UPDATE stated_mpp SET x = 9", "the stated pixel size of slide"),
        ("UPDATE stated_mpp SET stated_by = 'nobody'", "the stated pixel size of slide"),
        ("DELETE FROM stated_mpp", "the stated pixel size of slide"),
        ("UPDATE edit SET payload = replace(payload, '0.5', '0.6')", "edit 1 is not what was written"),
    ],
)
def test_tampering_is_found(study: Study, session: Session, statement: str, problem: str) -> None:
    session.state_mpp((0.5, 0.5))
    assert study.journal.verify() == []
    other = sqlite3.connect(study.folder / "study.sqlite")
    other.execute("DROP TRIGGER edit_is_never_changed")
    other.execute(statement)
    other.commit()
    other.close()
    (found,) = study.journal.verify()
    assert found.startswith(problem)


def test_damage_to_it_is_a_study_error(study: Study, session: Session) -> None:
    session.state_mpp((0.5, 0.5))
    study._connection.execute("PRAGMA ignore_check_constraints = ON")
    study._connection.execute("UPDATE stated_mpp SET y = 1e308")
    with pytest.raises(StudyError, match=r"the stated pixel size cannot be read: 0\.5 x 1e"):
        study.journal.load_mpp(session.slide.info.fingerprint)


def test_a_user_without_a_name_may_state_it(session: Session, monkeypatch: pytest.MonkeyPatch) -> None:
    def nobody() -> str:
        raise KeyError("getpwuid(): uid not found")

    monkeypatch.setattr(getpass, "getuser", nobody)
    session.state_mpp((0.5, 0.5))
    assert session.scale.stated is not None
    assert session.scale.stated.by == "unknown"
    monkeypatch.setattr(getpass, "getuser", lambda: "j\udcf6rg")
    session.state_mpp((0.25, 0.25))
    assert session.scale.stated.by == "j?rg"


class MixedEdits(RuleBasedStateMachine):
    """Any mix of drawing, stating, undo and redo leads back to every state, in memory and in the study."""

    def __init__(self) -> None:
        super().__init__()
        self.folder = tempfile.TemporaryDirectory()
        self.study = Study.open(Path(self.folder.name))
        # What a power cut would take is not asked here, and an fsync a step takes minutes.
        self.study._connection.execute("PRAGMA synchronous = OFF")
        self.slide = Slide(MadeReader((2000, 1000), mpp=0.25))
        self.numbers = itertools.count(1)
        self.past: list[tuple[object, ...]] = []
        self.future: list[tuple[object, ...]] = []

    @initialize()
    def open(self) -> None:
        self.session = self.study.session(self.slide)
        self.past = [self.state]

    @property
    def state(self) -> tuple[object, ...]:
        return self.session.scale.stated, self.slide.info.mpp, tuple(self.session.annotations)

    def _note(self) -> None:
        if self.state != self.past[-1]:
            self.past.append(self.state)
            self.future.clear()

    @rule()
    def draw(self) -> None:
        self.session.history.do(Edit.add("Draw", _square()))
        self._note()

    @rule(x=st.floats(0.02, 100), y=st.floats(0.02, 100))
    def state_mpp(self, x: float, y: float) -> None:
        self.session.state_mpp((x, y))
        assert self.slide.info.mpp == (x, y)
        self._note()

    @rule()
    def take_back(self) -> None:
        self.session.state_mpp(None)
        assert self.slide.info.mpp == (0.25, 0.25)
        self._note()

    @precondition(lambda self: len(self.past) > 1)
    @rule()
    def undo(self) -> None:
        self.session.history.undo()
        self.future.append(self.past.pop())

    @precondition(lambda self: self.future)
    @rule()
    def redo(self) -> None:
        self.session.history.redo()
        self.past.append(self.future.pop())

    @invariant()
    def all_is_as_it_was_then(self) -> None:
        if self.past:
            assert self.state == self.past[-1]
            assert self.session.history.can_undo == (len(self.past) > 1)
            assert self.session.history.can_redo == bool(self.future)
            key = self.slide.info.fingerprint
            assert self.study.journal.load_mpp(key) == self.session.scale.stated
            assert self.study.journal.load(key) == list(self.session.annotations)

    def teardown(self) -> None:
        assert self.study.journal.verify() == []
        self.study.close()
        self.folder.cleanup()


MixedEdits.TestCase.settings = settings(max_examples=25, stateful_step_count=20, deadline=None)
TestMixedEdits = MixedEdits.TestCase
