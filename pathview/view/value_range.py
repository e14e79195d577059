"""From which value to which the colours of a heatmap go, where that is not 0 to 1."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

_ENDS = (1.0, 99.0)
# Narrower ranges would show noise in all colours.
_NARROWEST = 0.05


def spread_range(values: NDArray[np.float32]) -> tuple[float, float]:
    """Return the range that spreads the colours over the values there are.

    Parameters
    ----------
    values
        Probabilities of one class; NaN in cells without a value.

    Returns
    -------
    tuple of float
        From the 1st percentile to the 99th, at least 0.05 apart and within 0 to 1; (0, 1) without any value.
    """
    known = values[~np.isnan(values)]
    if not known.size:
        return 0.0, 1.0
    low, high = (float(end) for end in np.percentile(known, _ENDS))
    if high - low < _NARROWEST:
        middle = min(max((low + high) / 2, _NARROWEST / 2), 1 - _NARROWEST / 2)
        low, high = middle - _NARROWEST / 2, middle + _NARROWEST / 2
    return low, high
