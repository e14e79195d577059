"""Magnifications as people type them: "10x", "0.5 um"."""

from __future__ import annotations

import math
import re

from pathview.slides.reader import SlideInfo
from pathview.view.magnification import downsample_at

_TYPED = re.compile(
    r"\s*(\d{1,4}(?:[.,]\d{1,4})?|[.,]\d{1,4})\s*(x|×|um|µm|μm|mpp)(?:\s*/\s*(?:px|pixel))?\s*", re.I
)


def parse_scale(text: str) -> tuple[float, str] | None:
    """Return the number and the unit of a magnification, or None where `text` is none.

    Parameters
    ----------
    text
        A number above 0 with "x" (the power of an objective), or with "um", "µm" or "mpp" (micrometres a
        screen pixel, "/px" may follow). A decimal comma is fine.

    Returns
    -------
    tuple
        The number, and "x" or "um".
    """
    found = _TYPED.fullmatch(text)
    if found is None:
        return None
    number = float(found[1].replace(",", "."))
    unit = "x" if found[2].lower() in ("x", "×") else "um"
    return (number, unit) if number > 0 else None


def downsample_for(number: float, unit: str, info: SlideInfo) -> float | None:
    """Return level-0 pixels per screen pixel at a magnification, or None where the slide's scale is unknown.

    Parameters
    ----------
    number, unit
        As from `parse_scale`.
    info
        The slide's; "x" is told as in `magnification.downsample_at`.
    """
    if unit == "x":
        return downsample_at(number, info)
    return None if info.mpp is None else number / math.sqrt(info.mpp[0] * info.mpp[1])
