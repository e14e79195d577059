from __future__ import annotations

from uuid import uuid4

from hypothesis import given
from hypothesis import strategies as st

from pathview.annotations.bookmark import Bookmark
from pathview.view.bookmarked import bookmark_of, fresh_name, neighbour, thumbnail_viewport, viewport_of
from pathview.view.viewport import Viewport

views = st.builds(
    Viewport,
    center=st.tuples(st.floats(-1e5, 3e5), st.floats(-1e5, 3e5)),
    downsample=st.floats(1 / 16, 512),
    size=st.just((800, 600)),
    rotation=st.floats(0, 360),
    flipped=st.booleans(),
)


@given(views)
def test_a_bookmark_leads_back_to_its_view(view: Viewport) -> None:
    assert viewport_of(bookmark_of(view, "x"), view.size) == view


def test_in_another_window_the_middle_and_the_magnification_are_kept() -> None:
    view = viewport_of(Bookmark(100, 200, 4.0), (300, 100))
    assert (view.center, view.downsample, view.size) == ((100, 200), 4.0, (300, 100))


def test_a_thumbnail_shows_about_what_the_window_did() -> None:
    view = thumbnail_viewport(Bookmark(100, 200, 4.0, 90.0), (80, 60))
    assert (view.center, view.rotation) == ((100, 200), 90.0)
    assert 2500 < 40 * view.downsample < 4000  # of level 0; a window of 800 px showed 3200


def test_names_are_counted_and_gaps_filled() -> None:
    named = [Bookmark(0, 0, 1, name=name) for name in ("Bookmark 1", "Bookmark 3", "edge")]
    assert fresh_name([]) == "Bookmark 1"
    assert fresh_name(named) == "Bookmark 2"


def test_steps_go_round() -> None:
    first, second, third = (Bookmark(0, 0, 1) for _ in range(3))
    marks = [first, second, third]
    assert neighbour([], None, 1) is None
    assert neighbour(marks, None, 1) is first
    assert neighbour(marks, None, -1) is third
    assert neighbour(marks, first.id, 1) is second
    assert neighbour(marks, first.id, -1) is third
    assert neighbour(marks, third.id, 1) is first
    assert neighbour(marks, uuid4(), 1) is first
