from __future__ import annotations

from typing import Any

import pytest
import shapely

from pathview.annotations.annotation import Annotation
from pathview.annotations.store import AnnotationStore
from pathview.view.pointer import PointerEvent
from pathview.view.tools import ToolStep
from pathview.view.tools.select import Select

XY = tuple[float, float]
BIG = Annotation(shapely.box(0, 0, 100, 100), "Tumor")
SMALL = Annotation(shapely.box(40, 40, 60, 60), "Stroma")
AWAY = Annotation(shapely.box(200, 0, 250, 50))
LOCKED = Annotation(shapely.box(300, 0, 350, 50), locked=True)


@pytest.fixture
def store() -> AnnotationStore:
    return AnnotationStore([SMALL, BIG, AWAY, LOCKED])


@pytest.fixture
def tool() -> Select:
    return Select()


class Hand:
    def __init__(self, tool: Select, store: AnnotationStore) -> None:
        self.tool, self.store = tool, store

    def send(self, kind: Any, at: XY, *held: str) -> ToolStep:
        return self.tool.pointer(PointerEvent(kind, *at, 1.0, "left", frozenset(held)), self.store)

    def click(self, at: XY, *held: str) -> ToolStep:
        self.send("press", at, *held)
        return self.send("release", at, *held)

    def drag(self, start: XY, end: XY, *held: str) -> ToolStep:
        self.send("press", start, *held)
        self.send("move", end, *held)
        return self.send("release", end, *held)


@pytest.fixture
def hand(tool: Select, store: AnnotationStore) -> Hand:
    return Hand(tool, store)


def test_a_click_picks_the_smallest_and_beside_it_the_larger(hand: Hand) -> None:
    hand.click((50, 50))
    assert hand.tool.selection == {SMALL.id}
    hand.click((10, 10))
    assert hand.tool.selection == {BIG.id}
    hand.click((50, 50))
    assert hand.tool.selection == {SMALL.id}


def test_a_click_beside_everything_clears(hand: Hand) -> None:
    hand.click((50, 50))
    assert hand.send("press", (500, 500)).selection == frozenset()


def test_a_line_can_be_picked_a_few_pixels_beside_it(tool: Select) -> None:
    line = Annotation(shapely.LineString([(0, 0), (100, 0)]))
    hand = Hand(tool, AnnotationStore([line]))
    hand.click((50, 4))
    assert tool.selection == {line.id}


def test_shift_adds_and_takes_away(hand: Hand) -> None:
    hand.click((50, 50))
    hand.click((220, 20), "shift")
    assert hand.tool.selection == {SMALL.id, AWAY.id}
    hand.click((50, 50), "shift")
    assert hand.tool.selection == {AWAY.id}
    hand.click((500, 500), "shift")
    assert hand.tool.selection == {AWAY.id}


def test_a_drag_moves_what_is_selected_in_one_edit(hand: Hand, store: AnnotationStore) -> None:
    hand.click((220, 20))
    hand.click((50, 50), "shift")
    hand.send("press", (50, 50))
    preview = hand.send("move", (60, 45)).preview
    assert preview is not None
    assert shapely.box(*preview.bounds).equals(shapely.box(50, -5, 260, 55))
    step = hand.send("release", (60, 45))
    assert step.edit is not None
    assert (step.edit.label, len(step.edit.changes), step.done) == ("Move", 2, True)
    store.apply(step.edit)
    assert store[SMALL.id].geometry.equals(shapely.box(50, 35, 70, 55))
    assert store[BIG.id] is BIG


def test_a_drag_of_something_unselected_moves_only_that(hand: Hand) -> None:
    hand.click((220, 20))
    step = hand.drag((10, 10), (30, 10))
    assert step.edit is not None
    assert [change.id for change in step.edit.changes] == [BIG.id]


def test_a_selected_annotation_can_be_dragged_by_a_smaller_one_on_it(hand: Hand) -> None:
    hand.click((10, 10))
    step = hand.drag((50, 50), (70, 50))
    assert step.edit is not None
    assert [change.id for change in step.edit.changes] == [BIG.id]


def test_a_trembling_click_moves_nothing(hand: Hand) -> None:
    assert hand.drag((50, 50), (51, 51)).edit is None
    assert hand.tool.selection == {SMALL.id}


def test_what_is_locked_stays(hand: Hand) -> None:
    step = hand.drag((320, 20), (400, 20))
    assert hand.tool.selection == {LOCKED.id}
    assert step.edit is None
    assert hand.tool.key("Delete", hand.store) == ToolStep()


def test_a_rubber_band_selects_what_it_holds(hand: Hand) -> None:
    hand.send("press", (-10, -10))
    preview = hand.send("move", (260, 110)).preview
    assert preview is not None
    assert preview.equals(shapely.box(-10, -10, 260, 110))
    assert hand.send("release", (260, 110)).selection == frozenset({BIG.id, SMALL.id, AWAY.id})
    hand.drag((290, -10), (360, 60), "shift")
    assert LOCKED.id in hand.tool.selection
    assert BIG.id in hand.tool.selection


@pytest.mark.parametrize("key", ["Delete", "Backspace"])
def test_deleting_removes_what_is_not_locked(hand: Hand, store: AnnotationStore, key: str) -> None:
    hand.click((220, 20))
    hand.click((320, 20), "shift")
    step = hand.tool.key(key, store)
    assert step.edit is not None
    store.apply(step.edit)
    assert AWAY.id not in store
    assert step.selection == frozenset({LOCKED.id})
    assert hand.tool.key(key, store).edit is None


def test_escape_gives_up_a_drag_first_and_then_the_selection(hand: Hand, store: AnnotationStore) -> None:
    hand.click((50, 50))
    hand.send("press", (50, 50))
    hand.send("move", (80, 80))
    assert hand.tool.key("Escape", store) == ToolStep(done=True)
    assert hand.send("release", (80, 80)) == ToolStep()
    assert hand.tool.selection == {SMALL.id}
    assert hand.tool.key("Escape", store).selection == frozenset()


def test_what_was_deleted_elsewhere_is_no_longer_moved(hand: Hand, store: AnnotationStore) -> None:
    hand.click((50, 50))
    step = hand.tool.key("Delete", store)
    assert step.edit is not None
    hand.tool.selection = frozenset({SMALL.id})
    store.apply(step.edit)
    assert hand.tool.key("Delete", store) == ToolStep()
