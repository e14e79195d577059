"""What the OME-XML of an OME-TIFF says: scale, objective, channels, distance of the focal planes."""

from __future__ import annotations

import math
from dataclasses import dataclass
from xml.etree import ElementTree

from pathview.slides.channels import MAX_CHANNELS, Channel, default_colours
from pathview.slides.scale import Scale, judge_mpp, positive

_ABSENT = "unknown: the file does not state it"
_MAX_XML = 1 << 26

# Micrometres in a unit of length of the OME schema (2016-06); both code points of the micro sign are in use.
_OME_UM = {
    "\u00b5m": 1.0,
    "\u03bcm": 1.0,
    "um": 1.0,
    "micron": 1.0,
    "pm": 1e-6,
    "\u00c5": 1e-4,
    "nm": 1e-3,
    "mm": 1e3,
    "cm": 1e4,
    "dm": 1e5,
    "m": 1e6,
    "in": 25_400.0,
    "pt": 25_400.0 / 72,
    "thou": 25.4,
}


@dataclass(frozen=True, slots=True)
class OmeFacts:
    """What is known of one image.

    Attributes
    ----------
    scale
        As `judge_mpp` returns it.
    power
        Magnification of the objective, or None.
    channels
        In the file's order; may be fewer than there are.
    plane_um
        Distance of one focal plane to the next in um, or None.
    """

    scale: Scale
    power: float | None = None
    channels: tuple[Channel, ...] = ()
    plane_um: float | None = None


def ome_facts(xml: str, size: tuple[int, int]) -> OmeFacts:
    """Read OME-XML (schema 2016-06 and before); what is damaged or absent is unknown.

    Parameters
    ----------
    xml
        As the first page's description has it.
    size
        Level-0 (width, height), which finds the right image among several.
    """
    try:
        # Entities have no place in OME-XML and are how an XML file takes down its reader.
        if len(xml) > _MAX_XML or "<!DOCTYPE" in xml or "<!ENTITY" in xml:
            raise ElementTree.ParseError
        root = ElementTree.fromstring(xml.strip("\0 \r\n\t\ufeff").encode("utf-8", "replace"))
    except (ElementTree.ParseError, ValueError, RecursionError):
        return OmeFacts((None, "unknown: the OME metadata is damaged"))
    images = root.findall("{*}Image")
    chosen = next((image for image in images if _size(image) == size), images[0] if images else None)
    if chosen is None:
        return OmeFacts((None, _ABSENT))
    pixels = chosen.find("{*}Pixels")
    if pixels is None:
        return OmeFacts((None, _ABSENT), _power(root, chosen))
    return OmeFacts(_mpp(pixels), _power(root, chosen), _channels(pixels), _plane_um(pixels))


def _size(image: ElementTree.Element) -> tuple[int, int] | None:
    pixels = image.find("{*}Pixels")
    try:
        return None if pixels is None else (int(pixels.get("SizeX", "")), int(pixels.get("SizeY", "")))
    except ValueError:
        return None


def _mpp(pixels: ElementTree.Element) -> Scale:
    values = []
    for axis in "XY":
        value = _micrometres(pixels, axis)
        if value is None:
            return None, _ABSENT
        unit = pixels.get(f"PhysicalSize{axis}Unit", "\u00b5m")
        if unit not in _OME_UM:
            return None, f"unknown: OME PhysicalSize is in {unit[:20]!r}"
        values.append(value)
    return judge_mpp(values[0], values[1], "OME PhysicalSize")


def _plane_um(pixels: ElementTree.Element) -> float | None:
    value = _micrometres(pixels, "Z")
    return value if isinstance(value, float) and 0 < value < math.inf else None


def _micrometres(pixels: ElementTree.Element, axis: str) -> str | float | None:
    """Return the physical size of a pixel along "X", "Y" or "Z" in um; as text where it is no number."""
    text = pixels.get(f"PhysicalSize{axis}")
    if text is None:
        return None
    try:
        return float(text) * _OME_UM.get(pixels.get(f"PhysicalSize{axis}Unit", "\u00b5m"), math.nan)
    except ValueError:
        return text


def _power(root: ElementTree.Element, image: ElementTree.Element) -> float | None:
    settings = image.find("{*}ObjectiveSettings")
    wanted = None if settings is None else settings.get("ID")
    objectives = root.findall("{*}Instrument/{*}Objective")
    for objective in objectives:
        if objective.get("ID") == wanted or len(objectives) == 1:
            return positive(objective.get("NominalMagnification") or "")
    return None


def _channels(pixels: ElementTree.Element) -> tuple[Channel, ...]:
    stated = pixels.findall("{*}Channel")[:MAX_CHANNELS]
    colours = [_colour(channel.get("Color")) for channel in stated]
    if len(colours) > 1 and len(set(colours)) == 1:
        # Many writers call all channels white, which tells nothing.
        colours = [None] * len(stated)
    return tuple(
        Channel((channel.get("Name") or f"Channel {number + 1}")[:80], colour or default)
        for number, (channel, colour, default) in enumerate(
            zip(stated, colours, default_colours(len(stated)), strict=True)
        )
    )


def _colour(text: str | None) -> tuple[int, int, int] | None:
    """Return the colour of a signed 32-bit RGBA number; black is no colour for light."""
    try:
        red, green, blue, _ = (int(text or "") & 0xFFFFFFFF).to_bytes(4, "big")
    except ValueError:
        return None
    return (red, green, blue) if red or green or blue else None
