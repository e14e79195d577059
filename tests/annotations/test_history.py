from __future__ import annotations

from uuid import UUID

import pytest
import shapely
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from pathview.annotations.annotation import Annotation
from pathview.annotations.edit import Change, Edit
from pathview.annotations.history import History
from pathview.annotations.store import AnnotationStore
from pathview.core.errors import EditConflictError


def _square(x: float = 0) -> Annotation:
    return Annotation(shapely.box(x, 0, x + 10, 10))


def _moved(annotation: Annotation, x: float) -> Annotation:
    return Annotation(shapely.box(x, 0, x + 10, 10), id=annotation.id)


def _move(before: Annotation, x: float) -> Edit:
    return Edit.replace("Move", (before, _moved(before, x)))


def test_labels_are_those_of_the_next_steps() -> None:
    store = AnnotationStore()
    history = History(store.apply)
    assert (history.undo_label, history.redo_label) == (None, None)
    shape = _square()
    history.do(Edit.add("Draw", shape))
    history.do(_move(shape, 5))
    history.undo()
    assert (history.undo_label, history.redo_label) == ("Draw", "Move")
    assert (history.can_undo, history.can_redo) == (True, True)


def test_a_new_edit_clears_redo() -> None:
    history = History(AnnotationStore().apply)
    history.do(Edit.add("Draw", _square()))
    history.undo()
    history.do(Edit.add("Draw", _square()))
    assert history.redo() is None


def test_the_moves_of_one_drag_are_one_step() -> None:
    shape = _square()
    store = AnnotationStore([shape])
    history = History(store.apply)
    for x in (1, 2, 3):
        history.do(_move(store[shape.id], x), join="drag 1")
    history.do(_move(store[shape.id], 9), join="drag 2")
    history.undo()
    assert store[shape.id] == _moved(shape, 3)
    history.undo()
    assert store[shape.id] == shape
    assert not history.can_undo


def test_a_drag_back_to_the_start_is_no_step_and_joins_nothing() -> None:
    shape = _square()
    store = AnnotationStore([shape])
    history = History(store.apply)
    history.do(_move(shape, 1), join="drag")
    history.do(_move(store[shape.id], 0), join="drag")
    assert not history.can_undo
    history.do(_move(store[shape.id], 4), join="drag")
    history.undo()
    assert store[shape.id] == shape


def test_undo_ends_a_join() -> None:
    shape = _square()
    store = AnnotationStore([shape])
    history = History(store.apply)
    history.do(_move(shape, 1), join="drag")
    history.do(_move(store[shape.id], 2), join="other")
    history.undo()
    history.do(_move(store[shape.id], 3), join="drag")
    history.undo()
    assert store[shape.id] == _moved(shape, 1)


def test_an_edit_of_nothing_is_no_step() -> None:
    history = History(AnnotationStore().apply)
    history.do(Edit("Nothing", ()))
    assert not history.can_undo


def test_the_oldest_steps_are_forgotten() -> None:
    store = AnnotationStore()
    history = History(store.apply, limit=2)
    for _ in range(3):
        history.do(Edit.add("Draw", _square()))
    assert history.undo() is not None
    assert history.undo() is not None
    assert history.undo() is None
    assert len(store) == 1


def test_large_shapes_push_old_steps_out_sooner() -> None:
    history = History(AnnotationStore().apply, max_points=12)  # a square has five points
    for label in ("one", "two", "three"):
        history.do(Edit.add(label, _square()))
    assert [step.label for step in (history.undo(), history.undo(), history.undo()) if step] == [
        "three",
        "two",
    ]
    history.do(Edit.add("huge", *(_square() for _ in range(9))))
    assert history.undo_label == "huge"


def test_a_refused_edit_leaves_the_history_as_it_was() -> None:
    history = History(AnnotationStore().apply)
    history.do(Edit.add("Draw", _square()))
    history.undo()
    with pytest.raises(EditConflictError):
        history.do(Edit.remove("Delete", _square()))
    assert (history.can_undo, history.redo_label) == (False, "Draw")


class StoreAndHistory(RuleBasedStateMachine):
    """Any mix of edits, undo and redo leads back to every state that was passed, drawing order included."""

    def __init__(self) -> None:
        super().__init__()
        self.store = AnnotationStore()
        self.history = History(self.store.apply, limit=1000)
        self.past: list[list[Annotation]] = [[]]
        self.future: list[list[Annotation]] = []
        self.gone: list[Annotation] = []

    def _do(self, edit: Edit) -> None:
        self.history.do(edit)
        self.past.append(list(self.store))
        self.future.clear()

    def _pick(self, data: st.DataObject) -> list[Annotation]:
        return data.draw(st.lists(st.sampled_from(list(self.store)), min_size=1, unique_by=lambda a: a.id))

    @rule(count=st.integers(1, 3), x=st.floats(0, 1e5))
    def add(self, count: int, x: float) -> None:
        self._do(Edit.add("Add", *(_square(x + place) for place in range(count))))

    @precondition(lambda self: len(self.store) > 0)
    @rule(data=st.data())
    def remove(self, data: st.DataObject) -> None:
        chosen = self._pick(data)
        self.gone.extend(chosen)
        self._do(Edit.remove("Remove", *chosen))

    @precondition(lambda self: len(self.store) > 0)
    @rule(data=st.data(), x=st.floats(0, 1e5))
    def move(self, data: st.DataObject, x: float) -> None:
        pairs = [(a, _moved(a, x)) for a in self._pick(data)]
        self._do(Edit("Move", tuple(Change(a, b) for a, b in pairs)))

    @precondition(lambda self: any(a.id not in self.store for a in self.gone))
    @rule(data=st.data())
    def bring_back(self, data: st.DataObject) -> None:
        lost = {a.id: a for a in self.gone if a.id not in self.store}
        self._do(Edit.add("Paste", lost[data.draw(st.sampled_from(sorted(lost)))]))

    @rule()
    def undo(self) -> None:
        done = self.history.undo()
        assert (done is None) == (len(self.past) == 1)
        if done is not None:
            self.future.append(self.past.pop())

    @rule()
    def redo(self) -> None:
        done = self.history.redo()
        assert (done is None) == (not self.future)
        if done is not None:
            self.past.append(self.future.pop())

    @rule()
    def all_the_way_back_and_forth(self) -> None:
        steps = len(self.past) - 1
        for _ in range(steps):
            self.history.undo()
        assert list(self.store) == []
        for _ in range(steps):
            self.history.redo()

    @invariant()
    def store_is_what_it_was_then(self) -> None:
        assert list(self.store) == self.past[-1]
        assert {a.id for a in self.store} == _ids(self.past[-1])
        assert self.history.can_undo == (len(self.past) > 1)
        assert self.history.can_redo == bool(self.future)


def _ids(annotations: list[Annotation]) -> set[UUID]:
    return {annotation.id for annotation in annotations}


StoreAndHistory.TestCase.settings = settings(max_examples=60, stateful_step_count=30, deadline=None)
TestStoreAndHistory = StoreAndHistory.TestCase
