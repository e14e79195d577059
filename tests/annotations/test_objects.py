from __future__ import annotations

import numpy as np
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st

from pathview.annotations.objects import Objects

type Made = list[tuple[int, int, int, list[tuple[int, int]]]]

CORNERS = st.lists(st.tuples(st.integers(-40, 40), st.integers(-40, 40)), max_size=6)
SOME = st.lists(st.tuples(st.integers(0, 400_000), st.integers(0, 300_000), st.integers(0, 3), CORNERS))


def made(some: Made) -> Objects:
    centers = np.array([one[:2] for one in some], float).reshape(-1, 2) + 0.1
    outlines = [np.array(one[3], float).reshape(-1, 2) + at for one, at in zip(some, centers, strict=True)]
    return Objects.of(centers, [one[2] for one in some], np.full(len(some), 0.5), outlines=outlines)


def same(one: Objects, other: Objects) -> bool:
    names = ("centers", "classes", "scores", "cells", "ring", "ends")
    return all(np.array_equal(getattr(one, name), getattr(other, name)) for name in names)


@given(SOME, SOME, st.data())
def test_taking_from_what_was_joined_gives_the_parts(first: Made, second: Made, data: st.DataObject) -> None:
    one, other = made(first), made(second)
    whole = Objects.joined([one, other])
    assert len(whole) == len(one) + len(other)
    assert same(whole.take(np.arange(len(whole)) < len(one)), one)
    assert same(whole.take(np.arange(len(one), len(whole))), other)
    order = np.array(data.draw(st.permutations(range(len(whole)))), np.intp)
    back = whole.take(order).take(np.argsort(order))
    assert same(back, whole)


@given(SOME)
def test_an_outline_is_kept_to_an_eighth_of_a_pixel(some: Made) -> None:
    objects = made(some)
    for number, (x, y, _, corners) in enumerate(some):
        ring = np.array(corners, float).reshape(-1, 2) + np.array((x + 0.1, y + 0.1))
        if len(ring) > 1 and (ring[0] == ring[-1]).all():
            ring = ring[:-1]
        assert len(objects.outline(number)) == len(ring)
        assert np.abs(objects.outline(number) - ring).max(initial=0) <= 0.126


def test_centres_are_exact_on_the_largest_slides() -> None:
    at = np.array([[399_999.99, 299_999.01]])
    assert (Objects.of(at, [0], [1.0]).centers == at).all()


def test_areas_are_those_of_the_polygons() -> None:
    squares = [np.array(shapely.box(0, 0, n, 2 * n).exterior.coords) for n in (1, 5)]
    objects = Objects.of(
        [[0, 0], [9, 9], [1, 1]], [0, 0, 0], [1, 1, 1], outlines=[squares[0], np.empty((0, 2)), squares[1]]
    )
    assert objects.areas().tolist() == [2, 0, 50]


def test_outlines_that_do_not_fit_the_objects_are_refused() -> None:
    with pytest.raises(ValueError, match="1 outlines for 2 objects"):
        Objects.of([[0, 0], [1, 1]], [0, 0], [1, 1], outlines=[np.zeros((3, 2))])
