"""Where on a slider a number of an adjustment lies: neutral in the middle, either end a range's."""

from __future__ import annotations

import math

from pathview.view.adjust import NEUTRAL, RANGES

_ADDED = ("brightness", "saturation")


def value_at(name: str, place: float) -> float:
    """Return the number at `place`, -1 to 1; exactly the neutral one at 0.

    What is multiplied or a power goes in equal ratios, what is added in equal steps on either side.
    """
    neutral: float = getattr(NEUTRAL, name)
    end = RANGES[name][1] if place > 0 else RANGES[name][0]
    if place == 0:
        return neutral
    if name in _ADDED:
        return neutral + abs(place) * (end - neutral)
    return neutral * math.exp(abs(place) * math.log(end / neutral))


def place_of(name: str, value: float) -> float:
    """Return where a number lies, -1 to 1; the inverse of `value_at`."""
    neutral: float = getattr(NEUTRAL, name)
    if value == neutral:
        return 0.0
    end = RANGES[name][1] if value > neutral else RANGES[name][0]
    if name in _ADDED:
        share = (value - neutral) / (end - neutral)
    else:
        share = math.log(value / neutral) / math.log(end / neutral)
    return math.copysign(min(share, 1.0), value - neutral)


def in_words(name: str, value: float) -> str:
    """Return a number as a panel shows it: "+10 %" for brightness, "120 %" for saturation, "×1.20"."""
    if name == "brightness":
        percent = round(100 * value)
        return f"{percent:+d} %" if percent else "0 %"
    if name == "saturation":
        return f"{100 * value:.0f} %"
    return f"{value:.2f}" if name == "gamma" else f"×{value:.2f}"
