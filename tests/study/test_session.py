from __future__ import annotations

from pathlib import Path

import pytest
import shapely
from psygnal import EmitLoopError

from pathview.annotations.annotation import Annotation
from pathview.annotations.edit import Edit
from pathview.core.errors import EditConflictError, StudyError
from pathview.slides.slide import Slide
from pathview.study.study import Study


def _square(x: float = 0) -> Annotation:
    return Annotation(shapely.box(x, 0, x + 10, 10), "Tumor", name="ROI", note="look", locked=False)


def test_what_was_done_is_there_after_reopening(folder: Path, slide: Slide) -> None:
    kept, undone = _square(), _square(50)
    with Study.open(folder) as study:
        session = study.session(slide)
        session.history.do(Edit.add("Draw", kept))
        session.history.do(Edit.add("Draw", undone))
        session.history.undo()
    with Study.open(folder) as study:
        assert list(study.session(slide).annotations) == [kept]


def test_an_edit_is_in_the_database_before_any_listener_hears_of_it(study: Study, slide: Slide) -> None:
    session = study.session(slide)
    stored: list[list[Annotation]] = []
    session.annotations.changed.connect(
        lambda edit: stored.append(study.journal.load(slide.info.fingerprint))
    )
    shape = _square()
    session.history.do(Edit.add("Draw", shape))
    session.history.undo()
    session.history.redo()
    assert stored == [[shape], [], [shape]]


def test_when_storing_fails_nothing_changes(
    study: Study, slide: Slide, monkeypatch: pytest.MonkeyPatch
) -> None:
    session = study.session(slide)
    session.history.do(Edit.add("Draw", _square()))
    before = list(session.annotations)

    def refuse(fingerprint: str, edit: Edit) -> None:
        raise StudyError(study.folder, "the disk is full")

    with monkeypatch.context() as patch:
        patch.setattr(study.journal, "commit", refuse)
        for act in (lambda: session.history.do(Edit.add("Draw", _square())), session.history.undo):
            with pytest.raises(StudyError):
                act()
            assert list(session.annotations) == before
            assert (session.history.undo_label, session.history.can_redo) == ("Draw", False)
    session.history.undo()
    assert len(session.annotations) == 0


def test_an_edit_that_does_not_fit_is_not_stored(study: Study, slide: Slide) -> None:
    session = study.session(slide)
    with pytest.raises(EditConflictError):
        session.history.do(Edit.remove("Delete", _square()))
    assert study.journal.verify() == []
    assert study.journal.load(slide.info.fingerprint) == []
    assert not session.history.can_undo


def test_a_failing_listener_does_not_cost_the_step(study: Study, slide: Slide) -> None:
    session = study.session(slide)

    def fail(edit: Edit) -> None:
        raise RuntimeError("a broken dock")

    session.annotations.changed.connect(fail)
    with pytest.raises(EmitLoopError):
        session.history.do(Edit.add("Draw", _square()))
    session.annotations.changed.disconnect(fail)
    assert session.history.can_undo
    session.history.undo()
    assert len(session.annotations) == 0
    assert study.journal.load(slide.info.fingerprint) == []


def test_slides_do_not_see_each_others_annotations(study: Study, slide: Slide, other_slide: Slide) -> None:
    first, second = study.session(slide), study.session(other_slide)
    first.history.do(Edit.add("Draw", _square()))
    assert len(second.annotations) == 0
    assert first.heatmap_folder("m") != second.heatmap_folder("m")


def test_two_sessions_of_a_slide_share_what_they_hold(study: Study, slide: Slide) -> None:
    first = study.session(slide)
    assert study.session(slide) is first
    second = study.session(Slide(slide._reader))
    first.history.do(Edit.add("Draw", _square()))
    assert second is not first
    assert len(second.annotations) == 1
    second.history.undo()
    assert len(first.annotations) == 0


@pytest.mark.parametrize(
    "model", ["..", "../../etc", "/abs", "a/b", "C:\\x", "nul\0byte", "", "tumör", "x" * 40]
)
def test_heatmaps_lie_in_the_study_whatever_a_model_is_called(study: Study, slide: Slide, model: str) -> None:
    place = study.session(slide).heatmap_folder(model)
    assert place.resolve().parent == (study.folder / "heatmaps" / slide.info.fingerprint).resolve()
    assert place.parent.is_dir()
