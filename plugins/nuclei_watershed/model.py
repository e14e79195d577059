"""A classical detector of nuclei: stain separation, a local threshold, a watershed. Nothing is trained."""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import contourpy
import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from pathview.core.stains import DARKEST, HE
from pathview.inference import ModelCard, Patches, PatchObjects

Picture = NDArray[np.float32]
Labels = NDArray[np.intp]

# Optical density of each grey level, and how much of it is haematoxylin in red, green and blue.
_DENSITY = -np.log(np.maximum(np.arange(256) / 255, DARKEST)).astype(np.float32)
_HAEMATOXYLIN = np.linalg.inv(HE.vectors)[:, 0].astype(np.float32)

# All in pixels of 0.5 um.
_BLUR = 1.0
_SURROUNDINGS = 20.0
_HILL_BLUR = 1.5
_HILL_REACH = 3
_OUTLINE_BLUR = 0.8
_MARGIN = 3
# A traced line has a corner at each pixel that it crosses; every fourth is enough.
_EVERY = 4

# Paler than this is no nucleus, whatever surrounds it: the rim of cytoplasm about an empty space is not.
_PALEST = 0.4
# Red blood cells absorb far more blue than red; nuclei about as much, and a third more in old stains.
_MOST_BLUE = 1.45
# A step of stain counts as much for where touching nuclei part as three pixels of distance from the rim.
_STAIN_WEIGHT = 3.0
# How far over the threshold, in optical density, the score is one half.
_HALF_SCORE = 0.3


class NucleiWatershed:
    """Finds nuclei in sections stained with haematoxylin and eosin, at 0.5 um/px.

    Parameters
    ----------
    card
        Its card.
    min_area, max_area
        Of a nucleus, um2.
    contrast
        How much more haematoxylin than its surroundings a nucleus has, as optical density.
    """

    def __init__(self, card: ModelCard, min_area: float, max_area: float, contrast: float) -> None:
        self.card = card
        self._pixels = (min_area / card.mpp**2, max_area / card.mpp**2)
        self._contrast = contrast
        self._pool: ThreadPoolExecutor | None = None

    def load(self, device: str) -> None:
        """Make ready; it runs on the CPU whatever the device."""
        self._pool = ThreadPoolExecutor(os.cpu_count() or 1)

    def predict(self, patches: Patches) -> list[PatchObjects]:
        """Return the nuclei in each of the patches (n, h, w, 3) uint8."""
        if self._pool is None or len(patches) == 1:
            return [self._find(patch) for patch in patches]
        return list(self._pool.map(self._find, patches))

    def unload(self) -> None:
        """Let the threads go."""
        if self._pool is not None:
            self._pool.shutdown()
            self._pool = None

    def _find(self, patch: NDArray[np.uint8]) -> PatchObjects:
        density = _DENSITY[patch]
        stain = density @ _HAEMATOXYLIN
        over = ndimage.gaussian_filter(stain, _BLUR) - _level(stain, self._contrast)
        mask = ndimage.binary_fill_holes(ndimage.binary_opening(over > 0, iterations=2))
        labels = _parted(mask, stain)
        numbers = np.flatnonzero(self._plausible(labels, density))
        if not len(numbers):
            return PatchObjects(np.empty((0, 2)))
        above = ndimage.mean(over, labels, numbers)
        rows, cols = np.array(ndimage.center_of_mass(mask, labels, numbers)).T
        return PatchObjects(
            np.stack([cols, rows], axis=1) + 0.5,
            scores=np.clip(above / (above + _HALF_SCORE), 0, 1).astype(np.float32),
            outlines=_outlines(labels, numbers),
        )

    def _plausible(self, labels: Labels, density: Picture) -> NDArray[np.bool_]:
        flat = labels.ravel()
        sizes = np.bincount(flat)
        red, blue = (np.bincount(flat, density[..., band].ravel()) for band in (0, 2))
        fits = (sizes >= self._pixels[0]) & (sizes <= self._pixels[1]) & (blue < _MOST_BLUE * red)
        fits[0] = False
        return np.asarray(fits)


def _level(stain: Picture, contrast: float) -> Picture:
    """Return how much stain a pixel of a nucleus has at least."""
    around = ndimage.gaussian_filter(stain, _SURROUNDINGS, truncate=2.0)
    return np.asarray(np.maximum(around + np.float32(contrast), np.float32(_PALEST)))


def _parted(mask: NDArray[np.bool_], stain: Picture) -> Labels:
    """Return the mask cut into nuclei, numbered from 1, by a watershed.

    The height is the distance from the rim and the stain: touching nuclei have a neck or a paler line
    between them. Each pixel goes to the hilltop that the steepest way up leads to; hilltops that are near to
    each other are one.
    """
    height = ndimage.distance_transform_edt(mask) + _STAIN_WEIGHT * np.minimum(stain, 2.0)
    tops = _tops(ndimage.gaussian_filter(height, _HILL_BLUR), mask)
    hills = np.zeros(mask.size, bool)
    hills[tops[mask]] = True
    near = ndimage.binary_dilation(hills.reshape(mask.shape), iterations=_HILL_REACH, mask=mask)
    numbers, _ = ndimage.label(near)
    return np.where(mask, numbers.ravel()[tops], 0)


def _tops(height: NDArray[np.float64], mask: NDArray[np.bool_]) -> Labels:
    """Return for each pixel of the mask the flat index of the hilltop above it; others are their own."""
    rows, cols = mask.shape
    best = np.where(mask, height, -np.inf)
    padded = np.pad(best, 1, constant_values=-np.inf)
    own = np.arange(mask.size).reshape(mask.shape)
    way = own
    for down, right in ((-1, -1), (-1, 0), (-1, 1), (0, -1), (0, 1), (1, -1), (1, 0), (1, 1)):
        there = padded[1 + down : 1 + down + rows, 1 + right : 1 + right + cols]
        higher = there > best
        best = np.where(higher, there, best)
        way = np.where(higher, own + down * cols + right, way)
    flat = way.ravel()
    while not np.array_equal(further := flat[flat], flat):
        flat = further
    return flat.reshape(mask.shape)


def _outlines(labels: Labels, numbers: NDArray[np.intp]) -> list[NDArray[np.float64]]:
    """Return smooth outlines, (m, 2) x and y each.

    All are laid side by side in one picture: smoothed and traced in one go, and none touches another.
    """
    windows = ndimage.find_objects(labels)
    starts = np.array([[side.start for side in windows[number - 1]] for number in numbers])
    stops = np.array([[side.stop for side in windows[number - 1]] for number in numbers])
    places, owner = _shelved(stops - starts + 2 * _MARGIN, labels.shape[1])
    of = np.full(int(labels.max()) + 1, -1)
    of[numbers] = np.arange(len(numbers))
    pixels = np.argwhere(of[labels] >= 0)
    nucleus = of[labels[tuple(pixels.T)]]
    alone = np.zeros(owner.shape, np.float32)
    alone[tuple((pixels + (places - starts + _MARGIN)[nucleus]).T)] = 1
    rings: list[NDArray[np.float64]] = [np.empty((0, 2))] * len(numbers)
    for line in contourpy.contour_generator(z=ndimage.gaussian_filter(alone, _OUTLINE_BLUR)).lines(0.5):
        ring = np.asarray(line)[::_EVERY]
        number = owner[int(ring[0, 1]), int(ring[0, 0])]
        if len(ring) > len(rings[number]):
            # From the middles of pixels of that picture to corners of the patch's.
            rings[number] = ring + (starts[number] - places[number] - _MARGIN + 0.5)[::-1]
    return rings


def _shelved(sizes: NDArray[np.intp], width: int) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Return where rectangles (n, 2) go, in rows of about the same height, and whose each pixel there is."""
    places = np.zeros_like(sizes)
    row = col = height = 0
    width = max(width, int(sizes[:, 1].max()))
    for number in np.argsort(-sizes[:, 0]):
        if col + sizes[number, 1] > width:
            row, col, height = row + height, 0, 0
        places[number] = row, col
        height = max(height, int(sizes[number, 0]))
        col += int(sizes[number, 1])
    owner = np.zeros((row + height, width), np.intp)
    for number, ((top, left), (down, right)) in enumerate(zip(places, sizes, strict=True)):
        owner[top : top + down, left : left + right] = number
    return places, owner


def make(
    folder: Path, card: ModelCard, min_area: float = 10.0, max_area: float = 250.0, contrast: float = 0.12
) -> NucleiWatershed:
    """Make the detector; what `factory` in plugin.toml names, with its parameters."""
    return NucleiWatershed(card, min_area, max_area, contrast)
