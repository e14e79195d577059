"""How pixel sizes, where they come from and what speaks against them are put into words."""

from __future__ import annotations

from datetime import datetime

from pathview.core.stated import StatedMpp
from pathview.inference.facts import HeatmapFacts
from pathview.slides.reader import SlideInfo
from pathview.slides.scale import expected_mpp, scale_warnings, stated_warnings
from pathview.view.magnification import downsample_at
from pathview.view.viewport import Viewport

Mpp = tuple[float, float]


def in_um(mpp: Mpp) -> str:
    """Return (x, y) um/px as people read it, for example "0.25 × 0.25 µm"."""
    return f"{mpp[0]:.4g} × {mpp[1]:.4g} µm"


def of_file(own: SlideInfo) -> str:
    """Return what a slide file says of its pixel size, and why it is unknown."""
    if own.mpp is None:
        return f"unknown: {own.mpp_source.removeprefix('unknown: ')}"
    return f"{in_um(own.mpp)} ({own.mpp_source})"


def of_user(stated: StatedMpp) -> str:
    """Return a stated pixel size with who stated it and when, in the time of this place."""
    when = datetime.fromisoformat(stated.at).astimezone()
    return f"{in_um(stated.mpp)} (stated by {stated.by} on {when:%Y-%m-%d} at {when:%H:%M})"


def extent(info: SlideInfo, mpp: Mpp) -> str:
    """Return how large a slide is with that pixel size."""
    width, height = info.size
    return f"{width * mpp[0] / 1000:.2f} × {height * mpp[1] / 1000:.2f} mm"


def magnification(info: SlideInfo, downsample: float) -> str:
    """Return as through which objective a slide is seen, "20×", or "1:4" where its scale is unknown."""
    at_one = downsample_at(1.0, info)
    return f"1:{downsample:.3g}" if at_one is None else f"{at_one / downsample:.3g}×"


def area_words(pixels: float, mpp: Mpp | None) -> str:
    """Return an area of so many square level-0 pixels, in mm² or µm² where the pixel size is known."""
    if mpp is None:
        return f"{pixels:,.0f} px²"
    um2 = pixels * mpp[0] * mpp[1]
    return f"{um2 / 1e6:.3f} mm²" if um2 >= 1e5 else f"{um2:,.0f} µm²"


def place(info: SlideInfo, x: float, y: float) -> str:
    """Return where a level-0 place lies: in mm from the slide's corner, in pixels without a pixel size."""
    if info.mpp is None:
        return f"x {x:.0f}, y {y:.0f} px"
    return f"x {x * info.mpp[0] / 1000:.2f}, y {y * info.mpp[1] / 1000:.2f} mm"


def doubts(info: SlideInfo, own: SlideInfo) -> list[str]:
    """Return what speaks against the pixel size of `info`, as sentences; nothing where it is unknown.

    Parameters
    ----------
    info
        With the stated pixel size, where there is one.
    own
        What the file says.
    """
    if info.mpp is None:
        return []
    return [_sentence(text) for text in (*scale_warnings(info), *stated_warnings(info, own))]


def expectation(own: SlideInfo) -> str:
    """Return which pixel size the objective lets expect."""
    power = own.objective_power
    if power is None:
        usual = (expected_mpp(20), expected_mpp(40))
        return f"An objective of 20× gives about {usual[0]:g} µm/px, one of 40× about {usual[1]:g}."
    return f"The file names an objective of {power:g}×, which gives about {expected_mpp(power):.3g} µm/px."


def view_words(info: SlideInfo, viewport: Viewport) -> str:
    """Return how large a view shows a slide, and how it lies where that is not as scanned."""
    words = [_size_words(info, viewport.downsample)]
    if viewport.flipped:
        words.append("mirrored")
    if viewport.turned:
        words.append(f"turned {viewport.turned:.4g}°")
    return " · ".join(words)


def _size_words(info: SlideInfo, downsample: float) -> str:
    """Return um per screen pixel where the scale is known, else the downsample."""
    if info.mpp is None:
        return f"1:{downsample:.3g}, pixel size unknown"
    power = "" if info.objective_power is None else f"{info.objective_power / downsample:.3g}× · "
    return f"{power}{info.mpp[0] * downsample:.3g} µm/px"


def misfit(facts: HeatmapFacts, mpp: Mpp | None) -> str:
    """Return in what a heatmap's pixel size differs from the slide's present one, or "" where it does not."""
    if facts.fits_scale(mpp):
        return ""
    made = "an unknown pixel size" if facts.slide_mpp is None else in_um(facts.slide_mpp)
    now = "it is unknown now" if mpp is None else f"it is {in_um(mpp)} now"
    return f"Made with a pixel size of {made}; {now}."


def _sentence(text: str) -> str:
    return f"{text[:1].upper()}{text[1:]}.".replace(" um/px", " µm/px").replace(" x ", " × ")
