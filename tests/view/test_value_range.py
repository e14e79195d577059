import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from pathview.view.value_range import spread_range


def test_the_range_leaves_single_extremes_out() -> None:
    values = np.linspace(0.2, 0.4, 1001, dtype=np.float32)
    values[0], values[-1] = 0.0, 1.0
    low, high = spread_range(values.reshape(77, 13))
    assert low == pytest.approx(0.202, abs=1e-3)
    assert high == pytest.approx(0.398, abs=1e-3)


def test_without_values_it_is_the_whole_scale() -> None:
    assert spread_range(np.full((3, 3), np.nan, np.float32)) == (0.0, 1.0)


@given(arrays(np.float32, (4, 4), elements=st.floats(0, 1, width=32) | st.just(float("nan"))))
def test_it_lies_in_the_scale_and_never_is_too_narrow(values: np.ndarray) -> None:
    low, high = spread_range(values)
    assert -1e-6 <= low < high <= 1 + 1e-6
    assert high - low >= 0.05 - 1e-6
