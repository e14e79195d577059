"""A small sample of a slide's tissue, near enough to see single stains in it."""

from __future__ import annotations

import numpy as np

from pathview.core.geometry import Box
from pathview.core.region import Region, downsample_for
from pathview.inference.tissue import coloured
from pathview.slides.reader import Rgb
from pathview.slides.slide import Slide

# At 1 um/px a nucleus is some eight pixels wide; a thumbnail's pixels are all mixtures.
_MPP = 1.0
_UNKNOWN_SCALE_DOWNSAMPLE = 4.0
_EDGE = 96
_PLACES = 32


def tissue_sample(slide: Slide, thumbnail: Rgb) -> Rgb | None:
    """Read small squares of tissue from all over a slide; the same slide gives the same sample always.

    Parameters
    ----------
    slide
        An open slide.
    thumbnail
        The whole of it, (h, w, 3) uint8, which tells where tissue is.

    Returns
    -------
    ndarray or None
        (n, 96, 3) uint8 in the file's own colours at about 1 um/px, at most 32 squares one under the other;
        None where there is no tissue.

    Raises
    ------
    TileReadError
        If the pixels cannot be read.
    """
    rows, columns = np.nonzero(coloured(thumbnail))
    if not len(rows):
        return None
    # By random, since equal steps through rows of cells could fall into one column of a regular tissue array.
    chosen = np.random.default_rng(0).permutation(len(rows))[:_PLACES]
    scale = slide.info.size[0] / thumbnail.shape[1], slide.info.size[1] / thumbnail.shape[0]
    downsample = max(1.0, downsample_for(_MPP, slide.info.mpp) or _UNKNOWN_SCALE_DOWNSAMPLE)
    centers = [((columns[n] + 0.5) * scale[0], (rows[n] + 0.5) * scale[1]) for n in chosen]
    return np.concatenate([slide.read(Region(_around(*at, downsample), downsample)) for at in centers])


def _around(x: float, y: float, downsample: float) -> Box:
    half = _EDGE * downsample / 2
    return Box(x - half, y - half, x + half, y + half)
