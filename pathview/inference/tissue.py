"""Where a slide holds tissue."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pathview.core.geometry import Box
from pathview.core.region import Region, downsample_for
from pathview.slides.reader import Rgb, SlideInfo
from pathview.slides.slide import Slide

_UNKNOWN_SCALE_DOWNSAMPLE = 16
_BLOCK = 256

# Otsu always finds two classes, also in the noise of plain glass or inside one big tissue. Glass has a chroma
# (largest minus smallest channel) under 6 on the slides at hand, the palest tissue starts at 8.
_CHROMA_LOW, _CHROMA_HIGH = 8.0, 15.0
# Silver stains and dark DAB have no colour, yet no glass is this dark; unscanned black is darker still.
_DARK, _BLACK = 170.0, 20.0

_SPECK_UM2 = 1_000.0
_HOLE_UM2 = 20_000.0


@dataclass(frozen=True, slots=True, eq=False)
class TissueMask:
    """A coarse picture of where tissue is.

    Attributes
    ----------
    mask
        (rows, columns) bool, cell (0, 0) at the slide's top-left corner.
    downsample
        Level-0 pixels per mask pixel.
    """

    mask: NDArray[np.bool_]
    downsample: float

    def fraction(self, boxes: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return which share of each box is tissue.

        Parameters
        ----------
        boxes
            (n, 4) level-0 (x0, y0, x1, y1); what lies outside the slide is not tissue.

        Returns
        -------
        ndarray
            (n,) from 0 to 1, exact also where a box cuts mask pixels.
        """
        table = np.zeros((self.mask.shape[0] + 1, self.mask.shape[1] + 1), np.int64)
        np.cumsum(self.mask, axis=1, out=table[1:, 1:])
        np.cumsum(table, axis=0, out=table)
        x0, y0, x1, y1 = np.asarray(boxes, np.float64).T / self.downsample
        upper = _between(table, y0, x1) - _between(table, y0, x0)
        lower = _between(table, y1, x1) - _between(table, y1, x0)
        share: NDArray[np.float64] = np.clip((lower - upper) / ((x1 - x0) * (y1 - y0)), 0, 1)
        return share


def tissue_mask(slide: Slide, *, mpp: float = 8.0) -> TissueMask:
    """Find the tissue of a slide by its colour.

    Parameters
    ----------
    slide
        An open slide.
    mpp
        Resolution to look at, in um/px, to the nearest whole downsample. Where nobody knows the slide's pixel
        size, a fixed downsample serves: finding tissue needs no exact scale.

    Returns
    -------
    TissueMask
        All True on a slide that is all tissue, all False on plain glass.
    """
    downsample = mask_downsample(slide.info, mpp=mpp)
    mask = coloured(_overview(slide, downsample))
    return TissueMask(_cleaned(mask, mpp if slide.info.mpp else 8.0), downsample)


def mask_downsample(info: SlideInfo, *, mpp: float = 8.0) -> float:
    """Return the level-0 pixels per pixel of the mask that `tissue_mask` finds."""
    # Whole, so that native pixels are averaged in blocks; the mask says which it is.
    return float(max(1, round(downsample_for(mpp, info.mpp) or _UNKNOWN_SCALE_DOWNSAMPLE)))


def _between(table: NDArray[np.int64], y: NDArray[np.float64], x: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return a summed-area table between its corners: bilinear, since the pixels of a mask are constant."""
    y, x = (np.clip(at, 0, length - 1) for at, length in zip((y, x), table.shape, strict=True))
    row, col = (np.minimum(at.astype(np.intp), n - 2) for at, n in zip((y, x), table.shape, strict=True))
    down, across = y - row, x - col
    above = table[row, col] * (1 - across) + table[row, col + 1] * across
    below = table[row + 1, col] * (1 - across) + table[row + 1, col + 1] * across
    return np.asarray(above * (1 - down) + below * down)


def _overview(slide: Slide, downsample: float) -> Rgb:
    # Read in blocks: a flat slide without coarse levels would otherwise decode gigabytes at once.
    width, height = slide.info.size
    rows, cols = math.ceil(height / downsample), math.ceil(width / downsample)
    image = np.empty((rows, cols, 3), np.uint8)
    for top in range(0, rows, _BLOCK):
        for left in range(0, cols, _BLOCK):
            bottom, right = min(rows, top + _BLOCK), min(cols, left + _BLOCK)
            box = Box(left * downsample, top * downsample, right * downsample, bottom * downsample)
            image[top:bottom, left:right] = slide.read(Region(box, downsample))
    return image


def coloured(image: Rgb) -> NDArray[np.bool_]:
    """Return where a coarse picture of a slide, (h, w, 3) uint8, shows tissue or specks: (h, w) bool."""
    # scipy takes most of a second to import, which the window's process is spared.
    from scipy import ndimage

    # Channel by channel: along an axis of three everything is several times slower.
    red, green, blue = (
        ndimage.gaussian_filter(image[..., channel] * share, 0.7, mode="nearest")
        for channel, share in enumerate(_white_balance(image))
    )
    chroma = np.maximum(np.maximum(red, green), blue) - np.minimum(np.minimum(red, green), blue)
    threshold = float(np.clip(_otsu(chroma), _CHROMA_LOW, _CHROMA_HIGH))
    light = (red + green + blue) / 3
    return np.asarray(((chroma > threshold) | (light < _DARK)) & (light > _BLACK), bool)


def glass_colour(image: Rgb) -> NDArray[np.float64] | None:
    """Return the colour of the bare glass in a coarse picture of a slide.

    Parameters
    ----------
    image
        (h, w, 3) uint8.

    Returns
    -------
    ndarray or None
        (3,) from 0 to 255, the median; None where no glass stands out.
    """
    pixels = image.reshape(-1, 3)[:: max(1, image.size // 3_000_000)]
    # A plane a channel: strided ones are several times slower.
    red, green, blue = planes = np.ascontiguousarray(pixels.T)
    darkest = np.minimum(np.minimum(red, green), blue)
    tint = np.maximum(np.maximum(red, green), blue) - darkest
    # By numbers, since looking through a mask once for each plane takes ten times as long.
    bright = planes.take(np.flatnonzero((darkest > 190) & (tint < 25)), axis=1)
    # Glass is one colour over much of the slide; pale tissue is textured and spreads over many.
    red, green, blue = (bright >> 3).astype(np.uint16)
    bins = red << 10 | green << 5 | blue
    counts = np.bincount(bins, minlength=1)
    if counts.max() < 0.05 * len(pixels):
        return None
    glass = bright.take(np.flatnonzero(bins == counts.argmax()), axis=1)
    return np.array([_median(channel) for channel in glass])


def _median(values: NDArray[np.uint8]) -> float:
    """Return the median, by counting: of bytes many times faster than by sorting."""
    below = np.bincount(values, minlength=256).cumsum()
    middle = np.searchsorted(below, [(len(values) - 1) // 2, len(values) // 2], side="right")
    return float(middle.mean())


def _white_balance(image: Rgb) -> NDArray[np.float32]:
    """Return the (3,) factors that make tinted glass gray; ones where no glass stands out."""
    glass = glass_colour(image)
    return np.ones(3, np.float32) if glass is None else np.asarray(glass.mean() / glass, np.float32)


def byte_counts(values: NDArray[np.float32]) -> NDArray[np.intp]:
    """Return what a histogram of 256 bins from 0 to 256 counts, without looking for the bin of each value."""
    counts = np.bincount(values.astype(np.uint16).ravel(), minlength=256)[:256]
    counts[255] += np.count_nonzero(values == 256)
    return counts


def _otsu(values: NDArray[np.float32]) -> float:
    counts = byte_counts(values)
    edges = np.arange(257)
    middle = edges[:-1] + 0.5
    below = counts.cumsum()
    above = below[-1] - below
    mass = (counts * middle).cumsum()
    with np.errstate(divide="ignore", invalid="ignore"):
        apart = np.nan_to_num(mass / below - (mass[-1] - mass) / above)
    return float(edges[1 + int(np.argmax(below * above * apart**2))])


def _cleaned(mask: NDArray[np.bool_], mpp: float) -> NDArray[np.bool_]:
    # A closing by squares of three: dilated, then eroded.
    dilated = _of_three(np.logical_or, np.pad(mask, 2))
    closed = _of_three(np.logical_and, dilated) | mask
    return ~_without_small(~_without_small(closed, _SPECK_UM2 / mpp**2), _HOLE_UM2 / mpp**2)


def _of_three(join: np.ufunc, mask: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Join each pixel with its eight neighbours; the result lacks the outermost pixels."""
    rows = join(join(mask[:-2], mask[1:-1]), mask[2:])
    return np.asarray(join(join(rows[:, :-2], rows[:, 1:-1]), rows[:, 2:]), bool)


def _without_small(mask: NDArray[np.bool_], pixels: float) -> NDArray[np.bool_]:
    from scipy import ndimage

    labels, count = ndimage.label(mask)
    if not count:
        return mask
    keep = np.bincount(labels.ravel()) >= pixels
    keep[0] = False
    return np.asarray(keep.take(labels), bool)
