from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from pathview.annotations.objects import Objects
from pathview.render.detection_vertices import LEVELS, dots, edges

SOME = st.lists(
    st.tuples(st.integers(0, 2000), st.integers(0, 2000), st.integers(0, 2), st.integers(0, 10)), max_size=80
)


def made(some: list[tuple[int, int, int, int]]) -> Objects:
    columns = np.array(some, float).reshape(-1, 4)
    return Objects.of(columns[:, :2], columns[:, 2], columns[:, 3] / 10)


@given(SOME, st.integers(0, LEVELS - 1))
def test_a_prefix_has_the_best_of_each_class_in_each_square(
    some: list[tuple[int, int, int, int]], level: int
) -> None:
    drawn = dots(made(some), (0.0, 0.0))
    prefix = drawn.vertices[: drawn.enough[level]]
    found: dict[tuple[int, int, int], float] = {}
    for (x, y), score, kind in zip(prefix["a_at"], prefix["a_score"], prefix["a_class"], strict=True):
        key = (int(x) >> level, int(y) >> level, int(kind))
        found[key] = max(found.get(key, 0.0), float(score))
    best: dict[tuple[int, int, int], float] = {}
    for x, y, kind, score in some:
        key = (x >> level, y >> level, kind)
        best[key] = max(best.get(key, 0.0), float(np.float32(score / 10)))
    assert found == best
    assert len(prefix) == (len(best) if level else len(some))


def test_places_are_relative_to_the_corner_and_exact() -> None:
    at = np.array([[262_144.25, 131_072.5]])
    drawn = dots(Objects.of(at, [0], [1.0]), (262_144.0, 131_072.0))
    assert drawn.vertices["a_at"].tolist() == [[0.25, 0.5]]


def test_outlines_are_closed_and_keep_to_their_object() -> None:
    rings = [
        np.array([[0, 0], [4, 0], [4, 4]]),
        np.empty((0, 2)),
        np.array([[9, 9], [9, 12], [12, 12], [9, 12]]),
    ]
    shape = edges(
        Objects.of([[2, 2], [5, 5], [10, 10]], [0, 1, 2], [0.1, 0.2, 0.3], outlines=rings), (1.0, 1.0)
    )
    segments = shape.vertices[::4]
    assert segments["a_class"].tolist() == [0, 0, 0, 2, 2, 2, 2]
    assert segments["a_at"][:3].tolist() == [[-1, -1], [3, -1], [3, 3]]
    ends = segments["a_at"] + segments["a_delta"]
    assert ends[2].tolist() == segments["a_at"][0].tolist()
    assert ends[6].tolist() == segments["a_at"][3].tolist()
    assert len(shape.triangles) == 6 * len(segments)
    assert shape.triangles.max() == 4 * len(segments) - 1


def test_no_objects_are_nothing_to_draw() -> None:
    assert dots(Objects.none(), (0, 0)).enough.tolist() == [0] * LEVELS
    assert len(edges(Objects.none(), (0, 0)).vertices) == 0
