"""How a slide's picture is adjusted on the screen; nothing but the screen ever sees it.

`apply` is the reference that the shader `pathview/render/shaders/adjusted.frag` follows step by step:

1. white: each channel times its gain, at most 1;
2. stains: the optical density times a 3 x 3 matrix that leaves one stain, or the residual;
3. saturation about the luma of Rec. 709, Y = 0.2126 R + 0.7152 G + 0.0722 B of the encoded values;
4. contrast about middle grey, then brightness is added; kept from 0 to 1;
5. gamma: to the power of 1 / gamma.

Values are the encoded ones, as a picture viewer would take them: 0 to 1 for 0 to 255.
"""

from __future__ import annotations

import json
import math
from dataclasses import asdict, dataclass, fields, replace
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from pathview.core.stains import DARKEST, HE, Part, Stains

LUMA = (0.2126, 0.7152, 0.0722)
RANGES: dict[str, tuple[float, float]] = {
    "brightness": (-0.5, 0.5),
    "contrast": (0.25, 4.0),
    "gamma": (0.4, 2.5),
    "saturation": (0.0, 3.0),
    "red": (0.5, 2.0),
    "green": (0.5, 2.0),
    "blue": (0.5, 2.0),
}
"""The least and the greatest value of each number of an `Adjustment`."""
_PARTS: tuple[Part, ...] = ("all", "first", "second", "residual")


@dataclass(frozen=True, slots=True)
class Adjustment:
    """How the picture differs from the slide.

    Attributes
    ----------
    brightness
        Added to all channels, 1.0 from black to white.
    contrast
        Slope about middle grey.
    gamma
        Over 1 lightens the middle tones.
    saturation
        0 is grey, 1 as it is.
    red, green, blue
        Gains of the channels: the white balance.
    stains
        Which stains are told apart.
    part
        What of them is shown.
    grey
        Whether a single stain is shown in grey instead of its own colour.

    Raises
    ------
    ValueError
        If a number is outside its range of `RANGES`.
    """

    brightness: float = 0.0
    contrast: float = 1.0
    gamma: float = 1.0
    saturation: float = 1.0
    red: float = 1.0
    green: float = 1.0
    blue: float = 1.0
    stains: Stains = HE
    part: Part = "all"
    grey: bool = False

    def __post_init__(self) -> None:
        for name, (least, most) in RANGES.items():
            value = getattr(self, name)
            if not least <= value <= most:
                raise ValueError(f"{name} must be between {least:g} and {most:g}, not {value}")

    @property
    def neutral(self) -> bool:
        """Whether the picture is the slide's own, to the byte."""
        return self.part == "all" and all(getattr(self, name) == getattr(NEUTRAL, name) for name in RANGES)

    @property
    def gains(self) -> tuple[float, float, float]:
        """(red, green, blue)."""
        return self.red, self.green, self.blue

    @property
    def stain_matrix(self) -> NDArray[np.float64]:
        """(3, 3): ``density @ matrix`` is the density to show."""
        return self.stains.shown(self.part, grey=self.grey)

    def limited(self, **changes: float) -> Self:
        """Return the adjustment with numbers changed, each to the nearest that is allowed."""
        near: dict[str, Any] = {
            name: min(max(value, RANGES[name][0]), RANGES[name][1]) for name, value in changes.items()
        }
        return replace(self, **near)

    def without_stains(self) -> Self:
        """Return the adjustment with all stains shown."""
        return replace(self, part="all")

    def to_json(self) -> str:
        """Return the adjustment as text, for `from_json`."""
        return json.dumps(asdict(self))

    @classmethod
    def from_json(cls, text: str) -> Self:
        """Return the adjustment that `to_json` has written.

        Raises
        ------
        ValueError
            If the text is no adjustment.
        """
        try:
            values = json.loads(text)
            stains = values.pop("stains")
            first, second = ([float(part) for part in stains[name]] for name in ("first", "second"))
            names = (str(stains["names"][0]), str(stains["names"][1]))
            values["stains"] = Stains(
                str(stains["title"]), names, (first[0], first[1], first[2]), (second[0], second[1], second[2])
            )
            return cls(**_checked(values))
        except (TypeError, KeyError, IndexError, AttributeError, RecursionError) as error:
            raise ValueError(f"no adjustment of a picture: {error!r}") from error


def _checked(values: dict[str, Any]) -> dict[str, Any]:
    if set(values) != {field.name for field in fields(Adjustment)}:
        raise ValueError(f"no adjustment of a picture: it has {', '.join(sorted(values))}")
    if values["part"] not in _PARTS or not isinstance(values["grey"], bool):
        raise ValueError(f"no view of stains: {values['part']!r}, grey {values['grey']!r}")
    return values | {name: float(values[name]) for name in RANGES}


NEUTRAL = Adjustment()
"""The slide as it is."""


def apply(pixels: NDArray[np.uint8], adjustment: Adjustment) -> NDArray[np.uint8]:
    """Return (..., 3) uint8 pixels as they are shown; the very same bytes where it is neutral."""
    if adjustment.neutral:
        return pixels.copy()
    light = np.minimum(pixels / 255.0 * adjustment.gains, 1.0)
    if adjustment.part != "all":
        dense = -np.log(np.maximum(light, DARKEST))
        light = np.minimum(np.exp(-(dense @ adjustment.stain_matrix)), 1.0)
    luma = (light @ LUMA)[..., None]
    light = luma + adjustment.saturation * (light - luma)
    light = np.clip((light - 0.5) * adjustment.contrast + 0.5 + adjustment.brightness, 0.0, 1.0)
    light = light ** (1 / adjustment.gamma)
    return np.asarray(np.floor(light * 255.0 + 0.5), np.uint8)


def in_words(adjustment: Adjustment) -> str:
    """Return what is adjusted, for people: "haematoxylin only; brightness, white"; "" where nothing is."""
    changed = [
        name
        for name in ("brightness", "contrast", "gamma", "saturation")
        if not math.isclose(getattr(adjustment, name), getattr(NEUTRAL, name), abs_tol=1e-9)
    ]
    if adjustment.gains != NEUTRAL.gains:
        changed.append("white")
    first, second = (name if name.isupper() else name.lower() for name in adjustment.stains.names)
    shown = {
        "all": "",
        "first": f"{first} only",
        "second": f"{second} only",
        "residual": "residual of the stains only",
    }[adjustment.part]
    return "; ".join(part for part in (shown, ", ".join(changed)) if part)
