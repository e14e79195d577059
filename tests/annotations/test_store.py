from __future__ import annotations

import time
from uuid import uuid4

import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from shapely.geometry.base import BaseGeometry

from pathview.annotations.annotation import Annotation
from pathview.annotations.edit import Change, Edit
from pathview.annotations.history import History
from pathview.annotations.store import AnnotationStore
from pathview.core.errors import EditConflictError
from pathview.core.geometry import Box


def _square(x: float = 0, size: float = 10) -> Annotation:
    return Annotation(shapely.box(x, 0, x + size, size))


def test_it_behaves_as_a_collection_in_drawing_order() -> None:
    first, second = _square(), _square(5)
    store = AnnotationStore([first])
    store.apply(Edit.add("Draw", second))
    assert list(store) == [first, second]
    assert len(store) == 2
    assert store[second.id] is second
    assert second.id in store
    assert uuid4() not in store
    with pytest.raises(KeyError):
        store[uuid4()]


def test_listeners_hear_the_edit_after_it_is_made() -> None:
    store = AnnotationStore()
    heard: list[tuple[Edit, int]] = []
    store.changed.connect(lambda edit: heard.append((edit, len(store))))
    edit = Edit.add("Draw", _square())
    store.apply(edit)
    assert heard == [(edit, 1)]


def test_what_an_undo_brings_back_lies_where_it_lay() -> None:
    bottom, middle, top = (_square(x) for x in (0, 5, 10))
    store = AnnotationStore([bottom, middle, top])
    edit = Edit.remove("Delete", middle, bottom)
    store.apply(edit)
    store.apply(edit.inverse())
    assert list(store) == [bottom, middle, top]
    assert store.within(Box(0, 0, 100, 100)) == [bottom, middle, top]


_here, _absent = _square(), _square(3)


@pytest.mark.parametrize(
    "changes",
    [
        [Change(None, _here)],
        [Change(_absent, None)],
        [Change(_absent, _absent)],
        [Change(Annotation(shapely.box(0, 0, 1, 1), id=_here.id), None)],
        [Change(_here, _absent)],
        [Change(None, None)],
        [Change(_here, None), Change(_here, None)],
        [Change(None, _absent), Change(None, _here)],
    ],
)
def test_an_edit_that_does_not_fit_changes_nothing(changes: list[Change]) -> None:
    store = AnnotationStore([_here])
    heard: list[Edit] = []
    store.changed.connect(heard.append)
    with pytest.raises(EditConflictError):
        store.apply(Edit("Bad", tuple(changes)))
    assert list(store) == [_here]
    assert heard == []


def test_before_is_compared_by_value() -> None:
    store = AnnotationStore([_here])
    same = Annotation(shapely.box(0, 0, 10, 10), id=_here.id)
    store.apply(Edit.remove("Delete", same))
    assert len(store) == 0


def test_putting_replaces_what_is_there_and_skips_what_is_equal() -> None:
    kept, changed, new = _square(), _square(5), _square(9)
    store = AnnotationStore([kept, changed])
    after = Annotation(shapely.box(0, 0, 1, 1), "Tumor", id=changed.id)
    edit = store.putting("Import", [kept, after, new])
    assert edit == Edit("Import", (Change(changed, after), Change(None, new)))
    store.apply(edit)
    assert list(store) == [kept, after, new]


def test_the_smallest_is_picked_first_then_the_topmost() -> None:
    large, small = _square(0, 100), _square(0, 10)
    lower, upper = Annotation(shapely.Point(5, 5)), Annotation(shapely.Point(5, 5))
    store = AnnotationStore([lower, small, upper, large])
    assert store.at(5, 5, 1) == [upper, lower, small, large]
    assert store.at(50, 50, 1) == [large]
    assert store.at(101, 50, 2) == [large]
    assert store.at(104, 50, 2) == []


def test_a_hole_is_not_picked() -> None:
    ring = Annotation(shapely.box(0, 0, 100, 100).difference(shapely.box(20, 20, 80, 80)))
    store = AnnotationStore([ring])
    assert store.at(50, 50, 1) == []
    assert store.at(79, 50, 2) == [ring]


_places = st.integers(-50, 50).map(float)
_shapes: st.SearchStrategy[BaseGeometry] = st.one_of(
    st.tuples(_places, _places, st.integers(1, 30), st.integers(1, 30)).map(
        lambda b: shapely.box(b[0], b[1], b[0] + b[2], b[1] + b[3])
    ),
    st.tuples(_places, _places).map(shapely.Point),
    st.lists(st.tuples(_places, _places), min_size=2, max_size=4, unique=True).map(shapely.LineString),
)


@settings(max_examples=40)
@given(st.data())
def test_looking_up_by_place_agrees_with_looking_at_all(data: st.DataObject) -> None:
    # Enough annotations that the tree is built, and enough edits that it is rebuilt on the way.
    shapes = data.draw(st.lists(_shapes, min_size=1, max_size=12))
    store = AnnotationStore([Annotation(shape) for shape in shapes * 12])
    for _ in range(data.draw(st.integers(1, 5))):
        present = list(store)
        chosen = data.draw(st.lists(st.sampled_from(present), max_size=80, unique_by=lambda a: a.id))
        pairs = (Change(a, Annotation(data.draw(_shapes), id=a.id)) for a in chosen[::2])
        store.apply(Edit("Mix", (*pairs, *(Change(a, None) for a in chosen[1::2]))))
        store.apply(Edit.add("Draw", Annotation(data.draw(_shapes))))
        x, y, reach = data.draw(st.tuples(_places, _places, st.integers(0, 40)))
        box = shapely.box(x, y, x + reach, y + reach)
        assert store.within(Box(x, y, x + reach, y + reach)) == [
            a for a in store if shapely.box(*a.geometry.bounds).intersects(box)
        ]
        near = [a for a in store if a.geometry.distance(shapely.Point(x, y)) <= reach]
        assert {a.id for a in store.at(x, y, reach)} == {a.id for a in near}


def test_undoing_ten_thousand_shapes_is_quick() -> None:
    shapes = [_square(x * 12.0) for x in range(10_000)]
    store = AnnotationStore()
    history = History(store.apply)
    history.do(Edit.add("Import", *shapes))
    started = time.perf_counter()
    history.undo()
    undone = time.perf_counter() - started
    assert len(store) == 0
    # The budget is 20 ms; ten times that keeps the test quiet on a busy machine and still finds a quadratic.
    assert undone < 0.2
