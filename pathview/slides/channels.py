"""Pixels that are no colours yet: fluorescence, 16 bits, focal planes, and how they come to be seen."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

Samples = NDArray[Any]
"""(height, width, channels) of unsigned or signed integers or floats, as the file has them."""
Colour = tuple[int, int, int]
"""(r, g, b), 0-255"""
Window = tuple[float, float]
"""The values that are shown as black and at full colour."""

MAX_CHANNELS = 256
"""More than any microscope has; a file that claims more is damaged."""

# Hues that can be told apart when they overlap; a lone channel is grey.
_CYCLE: tuple[Colour, ...] = (
    (64, 128, 255), (0, 255, 0), (255, 0, 0), (255, 255, 0), (255, 0, 255), (0, 255, 255), (255, 128, 0),
)  # fmt: skip
_WHITE: Colour = (255, 255, 255)
_PRIMARIES: tuple[Colour, ...] = ((255, 0, 0), (0, 255, 0), (0, 0, 255))
# More channels than this at once are a mush: the others wait for the user.
_SHOWN_AT_FIRST = 6
# A thousandth at either end: hot pixels and dust shall not make the tissue dark.
_PERCENTILES = (0.1, 99.9)


@dataclass(frozen=True, slots=True)
class Channel:
    """What a file says about one of its channels.

    Attributes
    ----------
    name
        For people.
    colour
        (r, g, b), 0-255, that full brightness has.
    window
        (black, full) values that the file wants shown, or None.
    """

    name: str
    colour: Colour
    window: Window | None = None


@dataclass(frozen=True, slots=True)
class ChannelLook:
    """How one channel is shown.

    Attributes
    ----------
    visible
        Whether it is shown at all.
    colour
        (r, g, b), 0-255, of the value `high`.
    low, high
        Values that are shown as black and at full colour; what is between is linear. ``low < high``.
    """

    visible: bool
    colour: Colour
    low: float
    high: float

    def __post_init__(self) -> None:
        if not (math.isfinite(self.low) and math.isfinite(self.high) and self.low < self.high):
            raise ValueError(f"a channel cannot be shown from {self.low} to {self.high}")


@dataclass(frozen=True, slots=True)
class Look:
    """How a slide is shown that has channels or focal planes.

    Attributes
    ----------
    plane
        Number of the focal plane, 0 the first.
    channels
        One entry a channel; none where the slide has plain colours.
    """

    plane: int
    channels: tuple[ChannelLook, ...]

    def with_channel(self, number: int, **changes: object) -> Look:
        """Return this look with fields of one channel changed."""
        changed = list(self.channels)
        changed[number] = replace(changed[number], **changes)  # type: ignore[arg-type]
        return replace(self, channels=tuple(changed))


def default_colours(count: int) -> tuple[Colour, ...]:
    """Return colours for channels of which the file says nothing."""
    return (_WHITE,) if count == 1 else tuple(_CYCLE[number % len(_CYCLE)] for number in range(count))


def are_colours(channels: Sequence[Channel]) -> bool:
    """Whether the channels are the red, green and blue of one picture, not stains."""
    return tuple(channel.colour for channel in channels) == _PRIMARIES


def red_green_blue() -> tuple[Channel, ...]:
    """Return the channels of a picture in colours with more than 8 bits."""
    return tuple(map(Channel, ("Red", "Green", "Blue"), _PRIMARIES))


def first_look(channels: Sequence[Channel], planes: int, samples: Samples) -> Look:
    """Return the look of a slide that nobody has adjusted yet.

    The windows are those that the file states, unless one spans all that the type can hold, which is what
    writers put who do not know; else `auto_window` of the samples. Colour pictures get one window for all
    three channels, from 0, since a window each would change their colours.

    Parameters
    ----------
    channels
        Of the slide.
    planes
        How many focal planes there are; the middle one is shown.
    samples
        (n, 1, channels) or (h, w, channels), taken from all over the slide; may be empty.
    """
    if are_colours(channels):
        window = (0.0, auto_window(samples)[1])
        windows = [channel.window or window for channel in channels]
    else:
        windows = [
            _stated(channel, samples.dtype) or auto_window(samples[..., number])
            for number, channel in enumerate(channels)
        ]
    looks = (
        ChannelLook(number < _SHOWN_AT_FIRST, channel.colour, *window)
        for number, (channel, window) in enumerate(zip(channels, windows, strict=True))
    )
    return Look(planes // 2, tuple(looks))


def _stated(channel: Channel, dtype: np.dtype[Any]) -> Window | None:
    window = channel.window
    if window is None or dtype.kind == "f":
        return window
    whole = np.iinfo(dtype)
    return None if window[0] <= whole.min and window[1] >= whole.max else window


def auto_window(values: Samples) -> Window:
    """Return the (black, full) values that show `values` well: their percentiles 0.1 and 99.9.

    Values that are no numbers do not count. Where all are alike, the window is one wide, so that nothing is
    blown up out of noise that is not there; where there are none, it is all that the type can hold.

    Parameters
    ----------
    values
        Any shape, integers or floats.
    """
    finite = values[np.isfinite(values)] if values.dtype.kind == "f" else values.reshape(-1)
    if finite.size == 0:
        return (0.0, 1.0) if values.dtype.kind == "f" else (0.0, float(np.iinfo(values.dtype).max))
    low, high = (float(value) for value in np.percentile(finite, _PERCENTILES))
    return (low, high) if low < high else (low, low + 1.0)


def render(samples: Samples, look: Look) -> NDArray[np.uint8]:
    """Return samples as they are seen: each visible channel stretched to its window, in its colour, added up.

    Parameters
    ----------
    samples
        (h, w, channels).
    look
        With as many channels; one without channels returns the samples, which must be colours then.

    Returns
    -------
    ndarray
        (h, w, 3) uint8.
    """
    if not look.channels:
        return samples
    total = np.zeros((*samples.shape[:2], 3), np.float32)
    for number, channel in enumerate(look.channels):
        if not channel.visible:
            continue
        share = samples[..., number].astype(np.float32)
        share -= np.float32(channel.low)
        share *= np.float32(1 / (channel.high - channel.low))
        # NaN is no light: a comparison with it is false.
        share = np.where(share > 0, np.minimum(share, 1), 0)
        for part, amount in enumerate(channel.colour):
            if amount:
                total[..., part] += share * np.float32(amount)
    np.minimum(total, 255, out=total)
    return (total + np.float32(0.5)).astype(np.uint8)
