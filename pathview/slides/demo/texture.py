"""Noise: endless-looking grain for the tissues, made once and looked up ever after.

The tiles repeat every half millimetre. Nobody sees it because each is used in sums with others whose period
differs, under region maps that never repeat.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from pathview.slides.demo.stains import Floats

GRAIN_UM = 0.5
"""Micrometres per pixel of the tiles, and of the background that is painted with them."""

_PERIODS = (1024, 886)

LARGEST_WINDOW = 576
"""Largest side of a window; tiles are kept with so much of their repetition, to cut without copying."""


def smooth_noise(
    shape: tuple[int, int], sigma: tuple[float, float] | float, rng: np.random.Generator
) -> Floats:
    """Periodic Gaussian noise of mean 0 and deviation 1, blurred by a Gaussian.

    Parameters
    ----------
    shape
        Height and width.
    sigma
        Of the blur along y and x, in samples. In the Fourier domain any size costs the same.
    rng
        Source of the white noise.

    Returns
    -------
    (height, width) float32.
    """
    across, along = sigma if isinstance(sigma, tuple) else (sigma, sigma)
    spectrum = np.fft.rfft2(rng.standard_normal(shape, dtype=np.float32))
    spectrum *= np.exp(-2 * (np.pi * across * np.fft.fftfreq(shape[0])) ** 2)[:, None]
    spectrum *= np.exp(-2 * (np.pi * along * np.fft.rfftfreq(shape[1])) ** 2)[None, :]
    spectrum[0, 0] = 0
    noise = np.fft.irfft2(spectrum, shape)
    return np.asarray(noise / noise.std(), np.float32)


def smoothstep(values: Floats, low: Floats | float, high: Floats | float) -> Floats:
    """0 below `low`, 1 above `high`, and a smooth S between."""
    t = np.asarray(values - low, np.float32)
    t *= np.float32(1) / np.asarray(high - low, np.float32)
    np.clip(t, 0, 1, out=t)
    rest = 3 - 2 * t
    t *= t
    t *= rest
    return t


def doubled(half: Floats) -> Floats:
    """Twice the resolution by linear interpolation, without the outermost pixel on each side.

    Parameters
    ----------
    half
        (channels, n + 2, n + 2) float32.

    Returns
    -------
    (channels, 2 n, 2 n) float32.
    """
    rows = np.empty((half.shape[0], 2 * half.shape[1] - 4, half.shape[2]), np.float32)
    near = np.float32(0.75) * half[:, 1:-1]
    rows[:, 0::2] = near + np.float32(0.25) * half[:, :-2]
    rows[:, 1::2] = near + np.float32(0.25) * half[:, 2:]
    both = np.empty((*rows.shape[:2], 2 * half.shape[2] - 4), np.float32)
    near = np.float32(0.75) * rows[:, :, 1:-1]
    both[:, :, 0::2] = near + np.float32(0.25) * rows[:, :, :-2]
    both[:, :, 1::2] = near + np.float32(0.25) * rows[:, :, 2:]
    return both


@dataclass(frozen=True, slots=True, eq=False)
class Sheet:
    """A periodic tile, laid out so that any window of it is a view.

    Parameters
    ----------
    period
        Of the tile, pixels.
    pixels
        (period + `LARGEST_WINDOW`, the same) float32.
    """

    period: int
    pixels: Floats

    @classmethod
    def of(cls, tile: Floats) -> Sheet:
        """Repeat a square tile."""
        return cls(tile.shape[0], np.pad(tile, (0, LARGEST_WINDOW), mode="wrap"))

    def window(self, left: int, top: int, side: int) -> Floats:
        """(side, side) view of the endless pattern with its corner at pixel (left, top)."""
        row, column = top % self.period, left % self.period
        return self.pixels[row : row + side, column : column + side]


@dataclass(frozen=True, slots=True, eq=False)
class Grain:
    """One kind of noise: two sheets whose sum has a period of half a metre."""

    sheets: tuple[Sheet, Sheet]

    @classmethod
    def of(cls, size_um: float, rng: np.random.Generator) -> Grain:
        """Grain whose lumps are about `size_um` across."""
        tiles = [smooth_noise((n, n), size_um / 2 / GRAIN_UM, rng) * np.float32(0.5**0.5) for n in _PERIODS]
        return cls((Sheet.of(tiles[0]), Sheet.of(tiles[1])))

    def window(self, left: int, top: int, side: int) -> Floats:
        """(side, side) float32 of deviation 1, with its corner at tile pixel (left, top) of the slide."""
        first, second = (sheet.window(left, top, side) for sheet in self.sheets)
        return first + second

    def at(self, x_um: Floats, y_um: Floats) -> Floats:
        """Values at any points, micrometres; nearest sample."""
        total = np.zeros(x_um.shape, np.float32)
        rows, columns = (np.floor(place / GRAIN_UM).astype(np.int64) for place in (y_um, x_um))
        for sheet in self.sheets:
            total += sheet.pixels[rows % sheet.period, columns % sheet.period]
        return total


@dataclass(frozen=True, slots=True, eq=False)
class Fibres:
    """Bundles of collagen: noise that is long one way and short the other, looked up along curves."""

    tile: Floats

    @classmethod
    def of(cls, rng: np.random.Generator) -> Fibres:
        """Strands of about 1.5, 4 and 12 um, 60 to 200 um long."""
        n = 1024
        tile = 0.55 * smooth_noise((n, n), (1.6, 50.0), rng)
        tile += 0.65 * smooth_noise((n, n), (4.0, 70.0), rng)
        tile += 0.50 * smooth_noise((n, n), (12.0, 110.0), rng)
        return cls(np.asarray(tile, np.float32))

    def along(self, across_um: Floats, along_um: Floats) -> Floats:
        """Fibre density where `across_um` is constant along a fibre; deviation about 1.

        Parameters
        ----------
        across_um, along_um
            (height, width) float32 coordinates in micrometres: any smooth map will do, such as the distance
            to a capsule and the place along it.
        """
        n = self.tile.shape[0]
        column = np.floor(along_um * np.float32(1 / GRAIN_UM)).astype(np.int32) & (n - 1)
        row = across_um * np.float32(1 / GRAIN_UM)
        whole = np.floor(row)
        part = row - whole
        index = whole.astype(np.int32)
        low = self.tile[index & (n - 1), column]
        return np.asarray(low + part * (self.tile[(index + 1) & (n - 1), column] - low), np.float32)


@dataclass(frozen=True, slots=True, eq=False)
class Textures:
    """Every texture the painter uses.

    ``grit`` are factors near 1 at full resolution, the granularity of stained protein; ``sensor`` is read-out
    noise in grey levels; the others have deviation 1 at half resolution.
    """

    dust: Grain
    fine: Grain
    cell: Grain
    mid: Grain
    coarse: Grain
    fibres: Fibres
    grit: Sheet
    sensor: Floats

    @classmethod
    def of(cls, seed: int) -> Textures:
        """All textures of a slide."""
        rng = np.random.default_rng([seed, 1])
        dust, fine, cell, mid, coarse = (Grain.of(size, rng) for size in (2.0, 3.0, 7.0, 18.0, 50.0))
        sensor = rng.normal(0, 1.3, (2048, 2048)).astype(np.float32)
        # Chromatin and protein lie in grains of about a micrometre, which are still seen at 10x.
        grit = 1 + 0.10 * smooth_noise((1536, 1536), 0.9, rng) + 0.22 * smooth_noise((1536, 1536), 2.2, rng)
        sheet = Sheet.of(np.asarray(np.maximum(grit, 0.1), np.float32))
        return cls(dust, fine, cell, mid, coarse, Fibres.of(rng), sheet, sensor)
