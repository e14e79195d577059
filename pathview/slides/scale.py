"""How large a pixel is: believe a file only when it can be true."""

from __future__ import annotations

import math
from collections.abc import Mapping

from pathview.slides.reader import SlideInfo

VALID_MPP = (0.02, 100.0)
"""um/px that a microscope slide can have."""

# Image software that knows no scale writes these into TIFF files; they say how to print a picture.
_PRINT_DPI = (72, 96, 150, 300)
_INCH_UM = 25_400.0

_UNEQUAL = 1.1
_UM_TIMES_POWER = 10.0
_CONTRADICTION = 1.5

_SOURCES = {"aperio": "aperio.MPP", "dicom": "DICOM PixelSpacing", "generic-tiff": "TIFF resolution"}


def openslide_mpp(properties: Mapping[str, str]) -> tuple[tuple[float, float] | None, str]:
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


def judge_mpp(x: str | float, y: str | float, source: str) -> tuple[tuple[float, float] | None, str]:
    """Accept (x, y) in um/px if both can be true; see `openslide_mpp` for what is returned."""
    try:
        values = float(x), float(y)
    except ValueError:
        return None, f"unknown: {source} is not a number ({str(x)[:40]!r})"
    for value in values:
        if dpi := _print_dpi(value):
            return None, f"unknown: {source} is a {dpi}-dpi default"
        if not VALID_MPP[0] <= value <= VALID_MPP[1]:
            return None, f"unknown: {source} of {value:g} um/px cannot be true"
    if max(values) > _UNEQUAL * min(values):
        source += f" (x and y differ: {values[0]:g} and {values[1]:g} um/px)"
    return values, source


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
        expected = _UM_TIMES_POWER / info.objective_power
        mean = math.sqrt(x * y)
        if not expected / _CONTRADICTION <= mean <= expected * _CONTRADICTION:
            warnings.append(
                f"{mean:g} um/px does not fit an objective of {info.objective_power:g}x, "
                f"which gives about {expected:g}"
            )
    return warnings


def _print_dpi(mpp: float) -> int | None:
    for dpi in _PRINT_DPI:
        if math.isclose(mpp, _INCH_UM / dpi, rel_tol=1e-3):
            return dpi
    return None


def _why_absent(properties: Mapping[str, str]) -> str:
    if "tiff.XResolution" in properties and properties.get("tiff.ResolutionUnit") == "none":
        return "TIFF resolution has no unit"
    return "the file does not state it"
