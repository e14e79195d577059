from __future__ import annotations

import math
import random
from dataclasses import replace

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from pathview.core.errors import LinkError
from pathview.view.landmarks import FITS, Fit, Glass, Link, Pair, Point, as_they_are
from pathview.view.linking import Transform, followed
from pathview.view.viewport import Viewport

A = Glass((40_000, 30_000), (0.25, 0.25))
B = Glass((20_000, 15_000), (0.5, 0.5))
UNKNOWN = Glass((20_000, 15_000), None)
CORNERS: tuple[Point, ...] = ((1000, 2000), (30_000, 3000), (15_000, 28_000), (5000, 9000))

turns = st.floats(0, 359.99)


def truth(
    turn: float, mirrored: bool, scale: float = 0.5, dx: float = 700.0, dy: float = -300.0
) -> Transform:
    """A map of A onto B, in level-0 pixels; 0.5 is their true size."""
    xx, xy, yx, yy = Viewport((0, 0), 1.0, (1, 1), turn, mirrored).matrix
    return Transform(scale * xx, scale * xy, scale * yx, scale * yy, dx, dy)


def pairs_of(transform: Transform, points: tuple[Point, ...] = CORNERS) -> tuple[Pair, ...]:
    return tuple(Pair(point, transform.apply(*point)) for point in points)


def same(a: Transform, b: Transform, tolerance: float = 1e-3) -> bool:
    return all(math.dist(a.apply(*at), b.apply(*at)) < tolerance for at in CORNERS)


# none and one ------------------------------------------------------
def test_without_landmarks_corners_meet_in_true_size() -> None:
    wide = Glass((25_000, 15_000), (0.5, 0.5))
    transform = Link().transform(A, wide)
    assert transform.apply(0, 0) == (0, 0)
    assert transform.apply(400, 800) == pytest.approx((200, 400))  # 100 um to the right, 200 um down


def test_without_landmarks_the_slide_may_be_turned_and_mirrored_about_its_middle() -> None:
    turned = Link(turn=90.0).transform(A, B)
    assert turned.apply(*A.middle) == pytest.approx(B.middle)
    assert turned.apply(20_400, 15_000) == pytest.approx((10_000, 7700))  # right has become below
    mirrored = Link(mirrored=True).transform(A, B)
    assert mirrored.apply(20_400, 15_000) == pytest.approx((9800, 7500))


def test_one_pair_shifts() -> None:
    transform = Link((Pair((1000, 1000), (900, 800)),)).transform(A, B)
    assert transform.apply(1000, 1000) == pytest.approx((900, 800))
    assert transform.apply(1400, 1000) == pytest.approx((1100, 800))


def test_pixels_that_are_no_squares_keep_their_true_size() -> None:
    oblong = Glass((20_000, 15_000), (0.5, 1.0))
    transform = Link((Pair((0, 0), (0, 0)),)).transform(A, oblong)
    assert transform.apply(400, 400) == pytest.approx((200, 100))


def test_an_unknown_pixel_size_is_never_guessed() -> None:
    for link in (Link(), Link((Pair((0, 0), (0, 0)),))):
        with pytest.raises(LinkError, match="pixel size"):
            link.transform(A, UNKNOWN)
    assert replace(Link(), scale=0.25).transform(A, UNKNOWN).apply(400, 800) == pytest.approx((100, 200))


# two ---------------------------------------------------------------
@given(turns, st.booleans())
def test_two_pairs_give_the_turn(turn: float, mirrored: bool) -> None:
    true = truth(turn, mirrored)
    link = Link(pairs_of(true, CORNERS[:2]), mirrored=mirrored)
    assert same(link.transform(A, B), true)


def test_two_pairs_give_the_scale_where_no_pixel_size_does() -> None:
    true = truth(20.0, False, scale=0.3)
    link = Link(pairs_of(true, CORNERS[:2]))
    assert link.possible_fit(A, UNKNOWN) == "similarity"
    assert same(link.transform(A, UNKNOWN), true)


def test_a_rigid_fit_keeps_true_size_whatever_the_clicks_say() -> None:
    link = Link(pairs_of(truth(0.0, False, scale=0.55), CORNERS[:2]))
    assert link.transform(A, B).determinant == pytest.approx(0.25)
    # The pair is 29 017 px of 0.25 um apart, and too long by a tenth; each end is off by half of that.
    assert link.residuals(A, B) == pytest.approx([29_017.2 * 0.25 * 0.1 / 2] * 2, rel=1e-3)
    shrunk = replace(link, fit="similarity")
    assert shrunk.transform(A, B).determinant == pytest.approx(0.55**2)
    assert shrunk.residuals(A, B) == pytest.approx([0, 0], abs=1e-6)


# three and more ----------------------------------------------------
@given(turns, st.booleans(), st.sampled_from(FITS))
def test_three_pairs_find_turn_and_mirror(turn: float, mirrored: bool, fit: Fit) -> None:
    true = truth(turn, mirrored)
    link = replace(Link(pairs_of(true)), fit=fit)
    assert same(link.transform(A, B), true)
    assert max(link.residuals(A, B)) < 1e-3


@given(st.floats(0.4, 0.7), st.floats(-0.2, 0.2), st.floats(-0.2, 0.2), st.floats(-0.7, -0.4))
def test_an_affine_fit_finds_any_affine_map(xx: float, xy: float, yx: float, yy: float) -> None:
    true = Transform(xx, xy, yx, yy, 100.0, 200.0)
    link = Link(pairs_of(true), "affine")
    assert same(link.transform(A, UNKNOWN), true)


@given(st.integers(0, 10_000), turns)
def test_a_fit_is_the_best_of_its_kind(seed: int, turn: float) -> None:
    chance = random.Random(seed)
    true = truth(turn, False)
    pairs = tuple(
        Pair(pair.a, (pair.b[0] + chance.gauss(0, 20), pair.b[1] + chance.gauss(0, 20)))
        for pair in pairs_of(true)
    )
    rigid = Link(pairs)
    best = sum(off**2 for off in rigid.residuals(A, B))
    assert best <= sum((math.dist(true.apply(*p.a), p.b) * 0.5) ** 2 for p in pairs) + 1e-6
    assert sum(off**2 for off in replace(rigid, fit="similarity").residuals(A, B)) <= best + 1e-6
    assert sum(off**2 for off in replace(rigid, fit="affine").residuals(A, B)) <= best + 1e-6


def test_residuals_are_micrometres_where_they_can_be() -> None:
    pairs = (*pairs_of(truth(0.0, False)), Pair((20_000, 15_000), (10_700.0, 7200.0 + 40.0)))
    known, unknown = Link(pairs).residuals(A, B), Link(pairs, "similarity").residuals(A, UNKNOWN)
    assert 14 < known[-1] < 20  # 40 px of 0.5 um, of which the fit takes a fifth
    assert known[-1] == max(known)
    assert 28 < unknown[-1] < 40


# what cannot be ----------------------------------------------------
def test_pairs_in_one_place_are_refused() -> None:
    with pytest.raises(LinkError, match="first slide are in one place"):
        Link((Pair((5, 5), (0, 0)), Pair((5.5, 5), (900, 0)))).transform(A, B)
    with pytest.raises(LinkError, match="second slide are in one place"):
        Link((Pair((5, 5), (0, 0)), Pair((900, 5), (0, 1)))).transform(A, B)


def test_an_affine_fit_of_a_line_is_refused() -> None:
    line = ((0.0, 0.0), (1000.0, 1000.0), (2000.0, 2010.0))
    link = Link(pairs_of(truth(10.0, False), line), "affine")
    with pytest.raises(LinkError, match="one line"):
        link.transform(A, B)
    assert replace(link, fit="rigid").transform(A, B).determinant == pytest.approx(0.25)


def test_pairs_on_a_line_are_mirrored_only_on_request() -> None:
    line = ((0.0, 0.0), (1000.0, 1000.0), (9000.0, 9000.0))
    link = Link(pairs_of(truth(10.0, False), line))
    assert link.transform(A, B).determinant > 0
    assert replace(link, mirrored=True).transform(A, B).determinant < 0


def test_a_place_that_is_none_is_refused() -> None:
    with pytest.raises(LinkError, match="no place"):
        Link((Pair((math.nan, 0), (0, 0)),)).transform(A, B)


# keeping -----------------------------------------------------------
points = st.tuples(st.floats(-1e5, 1e5), st.floats(-1e5, 1e5))
links = st.builds(
    Link,
    st.lists(st.builds(Pair, points, points), max_size=5).map(tuple),
    st.sampled_from(FITS),
    turns,
    st.booleans(),
    st.none() | st.floats(0.01, 100),
    st.booleans(),
)


@given(links)
def test_a_link_survives_as_text(link: Link) -> None:
    assert Link.from_json(link.to_json()) == link


@given(turns, st.booleans())
def test_seen_from_the_other_slide_it_is_the_same(turn: float, mirrored: bool) -> None:
    link = Link((Pair((1000, 2000), (700, 100)),), turn=turn, mirrored=mirrored)
    both = link.transform(A, B).then(link.swapped().transform(B, A))
    assert same(both, Transform())


@pytest.mark.parametrize(
    "text",
    [
        "", "{}", "[]",
        '{"pairs": [[1]], "fit": "rigid", "turn": 0, "mirrored": false, "scale": null, "placed": false}',
        '{"pairs": [], "fit": "loose", "turn": 0, "mirrored": false, "scale": null, "placed": false}',
        '{"pairs": [], "fit": "rigid", "turn": NaN, "mirrored": false, "scale": null, "placed": false}',
        '{"pairs": [], "fit": "rigid", "turn": 0, "mirrored": false, "scale": -1, "placed": false}',
    ],
)  # fmt: skip
def test_what_is_no_link_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="not a link"):
        Link.from_json(text)


def test_pairs_come_and_go() -> None:
    first, second = Pair((0, 0), (1, 1)), Pair((9, 9), (8, 8))
    assert Link().with_pair(first).with_pair(second).without_pairs({0}).pairs == (second,)


def test_the_first_landmark_takes_the_place_of_what_was_only_laid() -> None:
    view = Viewport((10, 20), 1.0, (8, 8))
    laid, pair = as_they_are(view, view.rotated(90), A, B), Pair((0, 0), (1, 1))
    assert laid.placed
    assert laid.swapped().placed
    assert laid.with_pair(pair) == Link((pair,), turn=laid.turn)
    assert laid.without_pairs({0}) == Link(turn=laid.turn)


# as they are -------------------------------------------------------
views = st.builds(
    Viewport,
    center=st.tuples(st.floats(0, 4e4), st.floats(0, 4e4)),
    downsample=st.floats(0.1, 64),
    size=st.just((800, 600)),
    rotation=turns,
    flipped=st.booleans(),
)


@given(views, views)
def test_views_linked_as_they_are_stay_as_they_are(a: Viewport, b: Viewport) -> None:
    link = as_they_are(a, b, A, UNKNOWN)
    other = followed(a, link.transform(A, UNKNOWN))
    assert other.center == pytest.approx(b.center, abs=1e-6)
    assert other.downsample == pytest.approx(b.downsample)
    assert other.flipped == b.flipped
    assert abs((other.rotation - b.rotation + 180) % 360 - 180) < 1e-6


@given(views, views)
def test_with_pixel_sizes_they_come_to_the_same_magnification(a: Viewport, b: Viewport) -> None:
    assume(a.downsample != b.downsample)
    other = followed(a, as_they_are(a, b, A, B).transform(A, B))
    assert other.center == pytest.approx(b.center, abs=1e-6)
    assert other.downsample * 0.5 == pytest.approx(a.downsample * 0.25)
    assert other.flipped == b.flipped
