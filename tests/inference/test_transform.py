from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pathview.inference.transform import Transform, read_transform

NORMALIZE = {"name": "Normalize", "arguments": {"mean": [0.7, 0.5, 0.6], "std": [0.2, 0.25, 0.3]}}
GOOD: list[Any] = [{"name": "Resize", "arguments": {"size": 224}}, {"name": "ToTensor"}, NORMALIZE]


def test_what_wsinfer_writes_is_read() -> None:
    defects: list[str] = []
    found = read_transform(GOOD, None, defects)
    assert (found, defects) == (Transform((0.7, 0.5, 0.6), (0.2, 0.25, 0.3), 224), [])


@pytest.mark.parametrize(
    ("arguments", "size", "interpolation"),
    [
        ({"size": [96, 96]}, 96, "bilinear"),
        ({"size": 96, "interpolation": 3, "antialias": True}, 96, "bicubic"),
        ({"size": 96, "interpolation": "NEAREST"}, 96, "nearest"),
    ],
)
def test_resize_in_all_its_spellings(arguments: Any, size: int, interpolation: str) -> None:
    defects: list[str] = []
    found = read_transform([{"name": "Resize", "arguments": arguments}, *GOOD[1:]], "BGR", defects)
    assert found is not None, defects
    assert (found.resize, found.interpolation, found.channels) == (size, interpolation, "BGR")


JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-300, 300) | st.floats() | st.sampled_from(["size", "Resize"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(
        st.sampled_from(["name", "arguments", "size", "mean", "std", "interpolation"]), inner, max_size=4
    ),
    max_leaves=12,
)  # fmt: skip


@given(JSON, st.integers(0, 3), st.sampled_from([None, "RGB", "BGR", "GRB", 1]))
def test_anything_is_read_or_refused_in_words(step: Any, place: int, channels: Any) -> None:
    steps = [*GOOD[:place], step, *GOOD[place:]]
    defects: list[str] = []
    found = read_transform(steps, channels, defects)
    # A step too many is never right, whatever it says.
    assert found is None
    assert defects


@given(JSON)
def test_any_arguments_of_normalize(arguments: Any) -> None:
    defects: list[str] = []
    found = read_transform([GOOD[1], {"name": "Normalize", "arguments": arguments}], None, defects)
    assert (found is None) == bool(defects)
    if found is not None:
        assert all(0 < value <= 1 for value in found.std)
