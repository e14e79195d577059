"""What other scanners, stains and mishaps make of a tile, and what is no lymph node at all."""

from __future__ import annotations

import colorsys
from collections.abc import Callable
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageFilter

from .augment import STAINS, YIQ, jpeg

Pixels = NDArray[np.uint8]
Change = Callable[[Pixels], Pixels]

# Haematoxylin and eosin as measured on slides of other scanners (Macenko et al., 2009).
_OTHER_STAINS = ((0.5626, 0.7201, 0.4062), (0.2159, 0.8012, 0.5581))
_MPP = 0.972


def _each(change: Callable[[Image.Image], Image.Image]) -> Change:
    return lambda tiles: np.stack([np.asarray(change(Image.fromarray(tile))) for tile in tiles])


def _bytes(values: NDArray[np.floating]) -> Pixels:
    return np.clip(np.rint(values), 0, 255).astype(np.uint8)


def hue(degrees: float) -> Change:
    """Turn all hues."""
    to_yiq, angle = np.array(YIQ), np.deg2rad(degrees)
    turn = np.array([[1, 0, 0], [0, np.cos(angle), -np.sin(angle)], [0, np.sin(angle), np.cos(angle)]])
    matrix = np.linalg.inv(to_yiq) @ turn @ to_yiq
    return lambda tiles: _bytes(tiles @ matrix.T)


def saturation(factor: float) -> Change:
    """Move colours towards their grey, or away from it."""
    luma = np.array(YIQ[0])
    return lambda tiles: _bytes(np.asarray((tiles @ luma)[..., None] * (1 - factor) + tiles * factor))


def brightness(factor: float) -> Change:
    """Multiply all values."""
    return lambda tiles: _bytes(tiles * factor)


def recompressed(quality: int) -> Change:
    """Send tiles through JPEG."""
    return lambda tiles: np.stack([jpeg(tile, quality) for tile in tiles])


def blurred(sigma: float) -> Change:
    """Put tiles out of focus by a Gaussian, in pixels of 0.972 um."""
    return _each(lambda tile: tile.filter(ImageFilter.GaussianBlur(sigma)))


def scaled(factor: float) -> Change:
    """Show tissue larger (above 1) or smaller than it is, as a wrong pixel size would."""

    def change(tile: Image.Image) -> Image.Image:
        edge = tile.width
        padded = np.pad(np.asarray(tile), ((24, 24), (24, 24), (0, 0)), mode="reflect")
        wide = Image.fromarray(padded).resize((round((edge + 48) * factor),) * 2, Image.Resampling.BICUBIC)
        margin = (wide.width - edge) // 2
        return wide.crop((margin, margin, margin + edge, margin + edge))

    return _each(change)


def restained(share: float) -> Change:
    """Put dyes of other colours in the place of the two, all the way (1) or in part."""
    ours = np.array(STAINS)
    ours = ours / np.linalg.norm(ours, axis=1, keepdims=True)
    theirs = np.stack([*map(np.array, _OTHER_STAINS), ours[2]])
    mixed = ours * (1 - share) + theirs / np.linalg.norm(theirs, axis=1, keepdims=True) * share
    matrix = np.linalg.inv(ours) @ (mixed / np.linalg.norm(mixed, axis=1, keepdims=True))
    return lambda tiles: _bytes(255 * np.exp(np.log(np.maximum(tiles, 1) / 255) @ matrix))


STRESS: dict[str, tuple[tuple[str, Change], tuple[str, Change]]] = {
    "hue, one way": (("10°", hue(10)), ("25°", hue(25))),
    "hue, the other way": (("-10°", hue(-10)), ("-25°", hue(-25))),
    "paler": (("saturation x 0.75", saturation(0.75)), ("x 0.5", saturation(0.5))),
    "more colourful": (("saturation x 1.25", saturation(1.25)), ("x 1.6", saturation(1.6))),
    "darker": (("brightness x 0.9", brightness(0.9)), ("x 0.8", brightness(0.8))),
    "brighter": (("brightness x 1.1", brightness(1.1)), ("x 1.2", brightness(1.2))),
    "JPEG": (("quality 70", recompressed(70)), ("quality 30", recompressed(30))),
    "blur": (("sigma 0.7 px", blurred(0.7)), ("sigma 1.5 px", blurred(1.5))),
    "shown larger": (("10 %", scaled(1.10)), ("20 %", scaled(1.20))),
    "shown smaller": (("10 %", scaled(1 / 1.10)), ("20 %", scaled(1 / 1.20))),
    "other stain vectors": (("half way", restained(0.5)), ("all the way", restained(1.0))),
}
"""By name, the mild and the strong form, each with its words."""


def glass(count: int, seed: int = 0) -> Pixels:
    """Return tiles (count, 96, 96, 3) of bare glass: near white of one tint, with a camera's noise."""
    rng = np.random.default_rng(seed)
    return _bytes(rng.uniform(225, 252, (count, 1, 1, 3)) + rng.normal(0, 2, (count, 96, 96, 3)))


def pen(tiles: Pixels, seed: int = 0) -> Pixels:
    """Return tiles under a marker's ink, every other one of bare glass: ink lets through its colour alone."""
    rng = np.random.default_rng(seed)
    below = tiles.astype(np.float64)
    below[::2] = glass(len(below[::2]), seed)
    hues = rng.choice([0.60, 0.38, 0.97, 0.0], len(tiles))
    ink = np.array([colorsys.hsv_to_rgb(h, 0.0 if h == 0 else 0.8, 0.25 if h == 0 else 0.7) for h in hues])
    return _bytes(below * ink[:, None, None, :] + rng.normal(0, 3, tiles.shape))


def of_slide(path: Path, stride: int = 32) -> Pixels:
    """Return the tissue of a slide as overlapping tiles (n, 96, 96, 3), read as the product reads.

    Raises
    ------
    PathViewError
        If it cannot be read.
    """
    from pathview.core.place import place_of
    from pathview.inference.card import ModelCard, Task
    from pathview.inference.grid import MIN_TISSUE, make_grid
    from pathview.inference.read_ahead import ReadAhead
    from pathview.inference.tissue import tissue_mask
    from pathview.slides.open import open_slide

    slide = open_slide(place_of(str(path)))
    card = ModelCard("tiles", "1", Task.CLASSIFY, _MPP, 96, stride, ("no", "yes"), "yes")
    grid = make_grid(slide.info, card, tissue_mask(slide), None, min_tissue=MIN_TISSUE)
    ahead, found = ReadAhead(slide, grid, readers=1), []
    ahead.ask(np.argwhere(grid.selected))
    while len(ahead):
        if (loaded := ahead.take(1.0)) is not None:
            found.append(loaded.patches)
    ahead.close()
    slide.close()
    return np.concatenate(found)
