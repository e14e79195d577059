"""Nothing that a model returns passes unchecked: arrays of any shape, kind and value (fault F16)."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from pathview.core.errors import ModelError
from pathview.inference.boundary import ask
from pathview.inference.card import ModelCard

PATCHES = np.zeros((4, 8, 8, 3), np.uint8)
SHARED = [HealthCheck.function_scoped_fixture]  # a card is never changed
ODD = (np.nan, np.inf, -np.inf, -1.0, -1e-9, 0.0, 0.5, 1.0, 1.0 + 1e-9, 1.1, 1e30)

SHAPES = st.one_of(
    st.just((4, 2)),
    st.lists(st.integers(0, 5), max_size=4).map(tuple),
)
RETURNED = st.one_of(
    SHAPES.flatmap(
        lambda shape: arrays.arrays(np.float32, shape, elements=st.sampled_from(ODD).map(np.float32))
    ),
    SHAPES.flatmap(lambda shape: arrays.arrays(arrays.scalar_dtypes(), shape)),
    SHAPES.map(lambda shape: np.full(shape, None, object)),
    st.one_of(st.none(), st.text(), st.integers(), st.lists(st.floats()), st.binary()),
)


class Returning:
    def __init__(self, card: ModelCard, value: Any) -> None:
        self.card = card
        self._value = value

    def load(self, device: str) -> None: ...

    def predict(self, patches: Any) -> Any:
        return self._value

    def unload(self) -> None: ...


def passes_or_is_refused(card: ModelCard, value: Any) -> None:
    try:
        answer = ask(Returning(card, value), PATCHES)
    except ModelError:
        return
    assert answer.shape == (4, 2)
    assert answer.dtype == np.float32
    assert np.isfinite(answer).all()
    assert answer.min() >= -1e-4
    assert answer.max() <= 1 + 1e-4


@settings(deadline=None, max_examples=300, suppress_health_check=SHARED)
@given(value=RETURNED)
def test_what_passes_is_what_the_heatmap_can_hold(card: ModelCard, value: Any) -> None:
    passes_or_is_refused(card, value)


@pytest.mark.slow
@settings(deadline=None, max_examples=10_000, suppress_health_check=SHARED)
@given(value=RETURNED)
def test_ten_thousand_answers(card: ModelCard, value: Any) -> None:
    passes_or_is_refused(card, value)


@pytest.mark.parametrize(
    ("value", "words"),
    [
        (np.full((4, 2), np.nan, np.float32), "8 values are not finite"),
        (np.full((3, 2), 0.5, np.float32), r"shape \(3, 2\) is not \(patches, classes\) = \(4, 2\)"),
        (np.full((4, 2), 0.5), "dtype float64 is not float32"),
        (np.full((4, 2), 2.5, np.float32), "values from 2.5 to 2.5 are no probabilities"),
        ([[0.5, 0.5]] * 4, "a list is not an array"),
    ],
)
def test_the_refusal_says_what_is_wrong(card: ModelCard, value: Any, words: str) -> None:
    with pytest.raises(ModelError, match=words):
        ask(Returning(card, value), PATCHES)
