"""Back and forward through views."""

from __future__ import annotations

from pathview.view.view_history import ViewHistory
from pathview.view.viewport import Viewport

VIEWS = [Viewport((1000.0 * number, 500.0), 2.0, (800, 600)) for number in range(4)]


def visited() -> ViewHistory:
    history = ViewHistory()
    for view in VIEWS:
        history.rested(view)
    return history


def test_back_and_forward() -> None:
    history = visited()
    assert not history.can_go_forward
    assert history.back() == VIEWS[2]
    assert history.back() == VIEWS[1]
    assert history.forward() == VIEWS[2]
    assert [history.back(), history.back()] == [VIEWS[1], VIEWS[0]]
    assert history.back() is None
    assert not history.can_go_back


def test_a_new_view_forgets_what_lay_ahead() -> None:
    history = visited()
    history.back()
    history.back()
    other = Viewport((0.0, 9000.0), 2.0, (800, 600))
    history.rested(other)
    assert not history.can_go_forward
    assert history.back() == VIEWS[1]


def test_small_moves_are_no_new_view() -> None:
    history = visited()
    history.rested(VIEWS[3].panned(50, 20))
    history.rested(VIEWS[3].zoomed(1.1, (0, 0)))
    assert history.back() == VIEWS[2]
    history = visited()
    history.rested(VIEWS[3].rotated(1))
    assert history.back() == VIEWS[3]


def test_going_back_rests_where_one_was() -> None:
    history = visited()
    view = history.back()
    assert view is not None
    history.rested(view)
    assert history.can_go_forward
