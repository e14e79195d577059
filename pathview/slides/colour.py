"""Colours as the scanner meant them: from a slide's ICC profile to sRGB, for display only."""

from __future__ import annotations

import functools
import io
import threading

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageCms

from pathview.slides.reader import Rgb

MAX_PROFILE_BYTES = 4 << 20
"""Scanners embed 0.5 to 600 KB; what is longer is damaged or hostile."""

NO_PROFILE = "sRGB assumed: no profile"
OFF = "off"
_UNUSABLE = "profile cannot be used: "

# Largest change, in levels of 255, that counts as none: profiles that say sRGB differ in the last digit.
_SAME = 1
_GRID = np.linspace(0, 255, 33).round().astype(np.uint8)


class DisplayColour:
    """How a slide's pixels become the screen's; made once per slide, safe to use from many threads.

    The conversion is LittleCMS's: relative colorimetric, so that an unscanned white stays white, with black
    point compensation (ISO 18619), so that dark nuclei of a profile with a raised black keep their detail.

    Parameters
    ----------
    state
        What is done, in words for the user.
    converter
        Does it; None leaves pixels as they are.
    profile
        The ICC profile that says what the file's numbers mean; None where there is none that can be used.
    """

    def __init__(self, state: str, converter: _Converter | None = None, profile: bytes | None = None) -> None:
        self.state = state
        self.profile = profile
        self._converter = converter

    @classmethod
    def of(cls, profile: bytes | None) -> DisplayColour:
        """Return the conversion that a profile asks for; it never raises.

        Parameters
        ----------
        profile
            An ICC profile as it was embedded, or None. One that cannot be used is not, and `state` says why.
        """
        if not profile:
            return cls(NO_PROFILE)
        if len(profile) > MAX_PROFILE_BYTES:
            return cls.unknown(f"it is {len(profile) / 2**20:.0f} MiB large")
        try:
            converter = _converter(profile)
        except _UnusableError as error:
            return cls.unknown(str(error))
        if converter.changes_nothing:
            return cls(f"sRGB already: {converter.description}", profile=profile)
        return cls(f"converted from {converter.description}", converter, profile)

    @classmethod
    def unknown(cls, why: str) -> DisplayColour:
        """Return what is done where there is a profile that cannot be used: nothing."""
        return cls(f"{_UNUSABLE}{why}")

    @classmethod
    def off(cls) -> DisplayColour:
        """Return the conversion of somebody who wants to see the file's own numbers."""
        return cls(OFF)

    @property
    def unusable(self) -> bool:
        """Whether there is a profile that cannot be used, so that nobody knows what the numbers mean."""
        return self.state.startswith(_UNUSABLE)

    @property
    def converts(self) -> bool:
        """Whether `apply` changes anything."""
        return self._converter is not None

    def apply(self, pixels: Rgb) -> Rgb:
        """Return pixels for the screen.

        Parameters
        ----------
        pixels
            (h, w, 3) uint8 as the file has them; not changed.

        Returns
        -------
        Rgb
            (h, w, 3) uint8 sRGB; the very same array where nothing is converted.
        """
        return pixels if self._converter is None else self._converter.apply(pixels)


def srgb_profile() -> bytes:
    """Return an ICC profile of sRGB, to go with pixels that `DisplayColour.apply` has converted."""
    return ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()


class _UnusableError(Exception):
    """Why a profile cannot be used."""


@functools.lru_cache(maxsize=2)
def _converter(profile: bytes) -> _Converter:
    # A scanner's slides carry the same profile, and what one of them has looked up serves the next.
    return _Converter(profile)


class _Converter:
    """LittleCMS behind a table of every colour met so far, so that its answers cost one look-up.

    The answers are LittleCMS's own to the bit, in less time, and a look-up lets other threads
    run, which Pillow's `applyTransform` does not. A slide meets some hundred thousand colours; the table is
    64 MiB of address space, of which the system gives what is written to. LittleCMS's transform is used
    under the lock only: it may be shared between threads just when it keeps no cache (lcms2 API,
    cmsFLAGS_NOCACHE).
    """

    def __init__(self, profile: bytes) -> None:
        self.description, self._transform = _build(profile)
        grid = np.stack(np.meshgrid(_GRID, _GRID, _GRID, indexing="ij"), axis=-1).reshape(33, -1, 3)
        self.changes_nothing = int(np.abs(self._convert(grid).astype(int) - grid).max()) <= _SAME
        self._lock = threading.Lock()
        # Red, green, blue and 255 of each colour as one number, which is 0 for colours not met yet.
        self._table = np.zeros(0 if self.changes_nothing else 1 << 24, np.uint32)

    def apply(self, pixels: Rgb) -> Rgb:
        """Return converted pixels, (h, w, 3) uint8."""
        colours = pixels[..., 0].astype(np.uint32)
        for channel in (1, 2):
            colours <<= 8
            colours |= pixels[..., channel]
        found = self._table.take(colours)
        if not found.all():
            # Sorting puts the same colours side by side, in a tenth of the time of `np.unique`.
            new = np.sort(colours[found == 0])
            self._learn(new[np.diff(new, prepend=~new[:1]) != 0])
            found = self._table.take(colours)
        entries = found.view(np.uint8).reshape(*pixels.shape[:2], 4)
        converted = np.empty(pixels.shape, np.uint8)
        for channel in range(3):  # three times as fast as copying them at once
            converted[..., channel] = entries[..., channel]
        return converted

    def _learn(self, colours: NDArray[np.uint32]) -> None:
        """Fill the table for colours (n,), each 0xRRGGBB."""
        parts = np.stack([colours >> 16, colours >> 8 & 255, colours & 255], axis=-1).astype(np.uint8)
        entries = np.full((len(colours), 4), 255, np.uint8)
        with self._lock:
            for first in range(0, len(colours), _AT_ONCE):
                part = slice(first, first + _AT_ONCE)
                entries[part, :3] = self._convert(parts[None, part])[0]
        # Who reads meanwhile sees a whole entry or none, and then converts the colour once more.
        self._table[colours] = entries.view(np.uint32)[:, 0]

    def _convert(self, colours: Rgb) -> Rgb:
        image = ImageCms.applyTransform(Image.fromarray(colours), self._transform)
        return np.asarray(image)


# Pillow holds all other threads up while it converts: this many colours take half a millisecond.
_AT_ONCE = 1 << 15


def _build(profile: bytes) -> tuple[str, ImageCms.ImageCmsTransform]:
    """Return a profile's description and its transform to sRGB.

    Raises
    ------
    _UnusableError
        If it is none, not one of RGB pictures, or LittleCMS makes nothing of it.
    """
    try:
        source = ImageCms.ImageCmsProfile(io.BytesIO(profile))
        kind = source.profile.xcolor_space.strip()
    except (ImageCms.PyCMSError, OSError, ValueError):
        raise _UnusableError("it is damaged") from None
    if kind != "RGB":
        raise _UnusableError(f"it is for {_KINDS.get(kind, kind)} pictures")
    try:
        transform = ImageCms.buildTransform(
            source,
            ImageCms.createProfile("sRGB"),
            "RGB",
            "RGB",
            ImageCms.Intent.RELATIVE_COLORIMETRIC,
            ImageCms.Flags.NOCACHE | ImageCms.Flags.BLACKPOINTCOMPENSATION,
        )
    except (ImageCms.PyCMSError, OSError, ValueError) as error:
        raise _UnusableError("it does not say how its colours look") from error
    words = "".join(c for c in source.profile.profile_description or "" if c.isprintable())
    return words.strip()[:80] or "a profile without a name", transform


_KINDS = {"GRAY": "grey", "CMYK": "CMYK", "Lab": "Lab", "XYZ": "XYZ"}
