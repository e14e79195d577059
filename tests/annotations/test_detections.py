from __future__ import annotations

import numpy as np
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st

from pathview.annotations.detections import BIN, Detections, count_inside
from pathview.annotations.objects import Objects
from pathview.core.geometry import Box

type Places = list[tuple[float, float, int]]

PLACES = st.lists(st.tuples(st.floats(-100, 9000), st.floats(-100, 9000), st.integers(0, 1)), max_size=60)


def objects(places: Places, score: float = 0.5) -> Objects:
    return Objects.of(
        [place[:2] for place in places], [place[2] for place in places], np.full(len(places), score)
    )


@given(PLACES, PLACES, st.tuples(*(st.floats(-200, 9100) for _ in range(4))))
def test_within_a_box_lies_what_was_added_there(
    first: Places, second: Places, sides: tuple[float, ...]
) -> None:
    box = Box(
        min(sides[0], sides[2]), min(sides[1], sides[3]), max(sides[0], sides[2]), max(sides[1], sides[3])
    )
    detections = Detections(("a", "b"))
    detections.extend(objects(first))
    detections.extend(objects(second))
    expected = sorted(place[:2] for place in first + second if box.contains(*place[:2]))
    assert sorted(map(tuple, detections.within(box).centers)) == expected
    assert len(detections) == len(first) + len(second)
    numbers = [place[2] for place in first + second]
    assert detections.counts().tolist() == [numbers.count(0), numbers.count(1)]


@given(st.lists(st.floats(0, 1, width=32), max_size=50), st.integers(0, 100))
def test_counts_go_by_the_score_exactly(scores: list[float], percent: int) -> None:
    detections = Detections(("a",))
    detections.extend(Objects.of(np.zeros((len(scores), 2)), np.zeros(len(scores)), scores))
    least = np.float32(percent / 100)
    assert detections.counts(percent / 100).tolist() == [sum(np.float32(score) >= least for score in scores)]


def test_listeners_hear_which_squares_have_more() -> None:
    detections = Detections(("a",))
    heard: list[frozenset[tuple[int, int]]] = []
    detections.changed.connect(heard.append)
    detections.extend(objects([(10, 10, 0), (BIN + 1, 10, 0), (BIN, BIN, 0)]))
    detections.extend(Objects.none())
    assert heard == [{(0, 0), (1, 0), (1, 1)}]
    assert detections.revision((0, 0)) == 1
    assert detections.revision((5, 5)) == 0


def test_a_class_that_there_is_not_is_refused() -> None:
    with pytest.raises(ValueError, match="class 1 of 1"):
        Detections(("a",)).extend(objects([(0, 0, 1)]))


def test_the_object_under_the_cursor_is_the_one_whose_outline_holds_it() -> None:
    large = np.array(shapely.box(0, 0, 100, 100).exterior.coords)
    small = np.array(shapely.box(80, 40, 90, 60).exterior.coords)
    detections = Detections(("large", "small"))
    detections.extend(Objects.of([[50, 50], [85, 50]], [0, 1], [0.9, 0.4], outlines=[large, small]))
    at = detections.at
    assert [found and found.class_name for found in (at(84, 50, 1), at(75, 50, 1), at(101, 50, 1))] == [
        "small",
        "large",
        None,
    ]
    assert (hidden := at(84, 50, 1, least=0.5)) is not None
    assert hidden.class_name == "large"


def test_an_object_without_outline_is_found_near_its_centre() -> None:
    detections = Detections(("a", "b"))
    detections.extend(objects([(BIN - 1, 0, 0), (BIN + 3, 0, 1)]))
    assert (found := detections.at(BIN, 0, 4)) is not None
    assert found.class_name == "a"
    assert detections.at(BIN + 20, 0, 4) is None


def test_what_lies_in_an_area_is_counted_by_class_and_score() -> None:
    detections = Detections(("a", "b"))
    detections.extend(objects([(10, 10, 0), (30, 10, 1), (3000, 10, 1)], 0.4))
    detections.extend(objects([(12, 10, 0)], 0.8))
    area = shapely.box(0, 0, 4000, 20).difference(shapely.box(20, 0, 40, 20))
    parts = detections.parts(Box(*area.bounds))
    assert count_inside(parts, area, 2, 0.0).tolist() == [2, 1]
    assert count_inside(parts, area, 2, 0.5).tolist() == [1, 0]


def test_many_small_additions_take_no_more_room_than_one() -> None:
    detections = Detections(("a",))
    for number in range(500):
        detections.extend(objects([(number, number, 0)]))
    assert detections.nbytes == objects([(0, 0, 0)] * 500).nbytes
