"""How large a pixel is: believe a file only when it can be true."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import replace

from pathview.core.errors import ImpossibleScaleError
from pathview.slides.reader import SlideInfo

Scale = tuple[tuple[float, float] | None, str]
"""(x, y) in um/px or None, and where they come from or why they are unknown."""
VALID_MPP = (0.02, 100.0)
"""um/px that a microscope slide can have."""

# Image software that knows no scale writes these into TIFF files; they say how to print a picture.
_PRINT_DPI = (72, 96, 150, 300)
_INCH_UM = 25_400.0

_UNEQUAL = 1.1
_UM_TIMES_POWER = 10.0
_CONTRADICTION = 1.5
_SAME = 0.01

_SOURCES = {"aperio": "aperio.MPP", "dicom": "DICOM PixelSpacing", "generic-tiff": "TIFF resolution"}


def openslide_mpp(properties: Mapping[str, str]) -> Scale:
    """Judge the pixel size among OpenSlide's properties.

    Parameters
    ----------
    properties
        OpenSlide's properties of one slide.

    Returns
    -------
    mpp
        (x, y) in um/px, or None when it is missing or cannot be true.
    source
        Where it comes from, or "unknown: ..." with the reason.
    """
    source = _SOURCES.get(properties.get("openslide.vendor", ""), "openslide.mpp-x")
    texts = [properties.get(f"openslide.mpp-{axis}") for axis in "xy"]
    if texts[0] is None or texts[1] is None:
        return None, f"unknown: {_why_absent(properties)}"
    return judge_mpp(texts[0], texts[1], source)


def judge_mpp(x: str | float, y: str | float, source: str) -> Scale:
    """Accept (x, y) in um/px if both can be true; see `openslide_mpp` for what is returned."""
    try:
        values = float(x), float(y)
    except ValueError:
        return None, f"unknown: {source} is not a number ({str(x)[:40]!r})"
    for value in values:
        if dpi := _print_dpi(value):
            return None, f"unknown: {source} is a {dpi}-dpi default"
        if not can_be_true(value):
            return None, f"unknown: {source} of {value:g} um/px cannot be true"
    return values, _with_difference(values, source)


def can_be_true(mpp: float) -> bool:
    """Tell whether a pixel of a microscope slide can be that large, in um/px; see `VALID_MPP`."""
    return VALID_MPP[0] <= mpp <= VALID_MPP[1]


def with_stated_mpp(info: SlideInfo, mpp: tuple[float, float], source: str) -> SlideInfo:
    """Return `info` with a pixel size that was stated in place of what the file says or does not say.

    What a person states is not taken for a printer's default: a flatbed scanner does have 300 dpi.

    Parameters
    ----------
    info
        What the file says.
    mpp
        (x, y) in um/px at level 0.
    source
        Who stated it, for `SlideInfo.mpp_source`.

    Raises
    ------
    ImpossibleScaleError
        If x or y does not lie within `VALID_MPP`.
    """
    if not (can_be_true(mpp[0]) and can_be_true(mpp[1])):
        raise ImpossibleScaleError(info.path, mpp, VALID_MPP)
    return replace(info, mpp=mpp, mpp_source=_with_difference(mpp, source))


def expected_mpp(power: float) -> float:
    """Return about how many um/px scanners reach with an objective of that power: 0.5 with 20x."""
    return _UM_TIMES_POWER / power


def scale_warnings(info: SlideInfo) -> list[str]:
    """Return why the pixel size of a slide should be looked at again, as sentences; none when all agrees.

    Scanners put an objective of power p before pixels of about 10 / p um (20x and 0.5, 40x and 0.25 um/px):
    the physical pixels of their cameras differ, but not by more than half as much again.

    Parameters
    ----------
    info
        What is known about the slide.
    """
    if info.mpp is None:
        reason = info.mpp_source.removeprefix("unknown: ")
        return [f"the pixel size is unknown ({reason}); until it is stated, lengths are in pixels"]
    warnings = []
    x, y = info.mpp
    if max(x, y) > _UNEQUAL * min(x, y):
        warnings.append(f"the pixels are not square: {x:g} x {y:g} um/px")
    if info.objective_power is not None:
        expected = expected_mpp(info.objective_power)
        mean = math.sqrt(x * y)
        if not expected / _CONTRADICTION <= mean <= expected * _CONTRADICTION:
            warnings.append(
                f"{mean:g} um/px does not fit an objective of {info.objective_power:g}x, "
                f"which gives about {expected:g}"
            )
    return warnings


def stated_warnings(info: SlideInfo, own: SlideInfo) -> list[str]:
    """Return, as `scale_warnings` does, where a stated pixel size contradicts what the file itself says.

    Parameters
    ----------
    info
        With the stated pixel size.
    own
        What the file says.
    """
    if info.mpp is None or own.mpp is None:
        return []
    if all(abs(stated / its - 1) <= _SAME for stated, its in zip(info.mpp, own.mpp, strict=True)):
        return []
    return [
        f"{_in_words(info.mpp)} was stated, but the file says {_in_words(own.mpp)} um/px ({own.mpp_source})"
    ]


def _in_words(mpp: tuple[float, float]) -> str:
    return f"{mpp[0]:.4g} x {mpp[1]:.4g}"


def _with_difference(mpp: tuple[float, float], source: str) -> str:
    if max(mpp) <= _UNEQUAL * min(mpp):
        return source
    return f"{source} (x and y differ: {mpp[0]:g} and {mpp[1]:g} um/px)"


def positive(text: str) -> float | None:
    """Return a number above zero that is written as text, with a point or a comma, or None."""
    try:
        value = float(text.replace(",", "."))
    except ValueError:
        return None
    return value if 0 < value < math.inf else None


def _print_dpi(mpp: float) -> int | None:
    for dpi in _PRINT_DPI:
        if math.isclose(mpp, _INCH_UM / dpi, rel_tol=1e-3):
            return dpi
    return None


def _why_absent(properties: Mapping[str, str]) -> str:
    if "tiff.XResolution" in properties and properties.get("tiff.ResolutionUnit") == "none":
        return "TIFF resolution has no unit"
    return "the file does not state it"
