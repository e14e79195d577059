"""From the words of a microscope to a downsample."""

from __future__ import annotations

import math

from pathview.slides.reader import SlideInfo

POWERS = (1.0, 2.0, 5.0, 10.0, 20.0, 40.0)
"""Magnifications that have an action of their own."""

# An objective of power p gives pixels of about 10 / p um: a 20x scan has 0.5 um/px.
_UM_TIMES_POWER = 10.0


def downsample_at(power: float, info: SlideInfo) -> float | None:
    """Return the downsample that looks like an objective of `power`, or None where the scale is unknown.

    One physical screen pixel shows what a scanner's pixel would at that power: an objective's own pixel where
    the slide names its objective, else 10 / `power` um.
    """
    if info.objective_power is not None:
        return info.objective_power / power
    if info.mpp is not None:
        return _UM_TIMES_POWER / power / math.sqrt(info.mpp[0] * info.mpp[1])
    return None
