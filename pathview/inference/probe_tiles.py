"""Tiles that every model is asked about before it runs: glass, black, tissue, tissue out of focus."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from pathview.inference.model import Patches

GLASS, BLACK, TISSUE, BLURRED, DENSE, NOISE = (
    "bare glass", "black", "tissue", "blurred tissue", "dense tissue", "noise",
)  # fmt: skip

# RGB as an H&E slide has them: eosin, haematoxylin, glass.
_PINK = np.array([228, 168, 200], np.float32)
_BLUE = np.array([96, 62, 138], np.float32)
_GLASS = np.array([243, 242, 244], np.float32)


def probe_tiles(edge: int) -> dict[str, Patches]:
    """Return the tiles by what they show, each (edge, edge, 3), the same at every call.

    Parameters
    ----------
    edge
        Of the patch in pixels.
    """
    from scipy.ndimage import gaussian_filter

    rng = np.random.default_rng(7)
    return {
        GLASS: _bytes(_GLASS + rng.normal(0, 1, (edge, edge, 1))),
        BLACK: np.zeros((edge, edge, 3), np.uint8),
        TISSUE: _bytes(tissue := _tissue(rng, edge, 0.15)),
        BLURRED: _bytes(gaussian_filter(tissue, (edge / 24, edge / 24, 0))),
        DENSE: _bytes(_tissue(rng, edge, 0.6)),
        NOISE: rng.integers(0, 256, (edge, edge, 3)).astype(np.uint8),
    }


def _tissue(rng: np.random.Generator, edge: int, nuclei: float) -> NDArray[np.float64]:
    """Return pink ground with blue blots over the share `nuclei` of it."""
    from scipy.ndimage import gaussian_filter

    blots = gaussian_filter(rng.normal(0, 1, (edge, edge)), max(1.0, edge / 40), mode="wrap")
    inside = (blots > np.quantile(blots, 1 - nuclei))[..., None]
    fibres = gaussian_filter(rng.normal(0, 1, (edge, edge)), (edge / 60, edge / 8), mode="wrap")
    ground = _PINK + 14 * (fibres / (fibres.std() or 1))[..., None]
    return np.where(inside, _BLUE, ground) + rng.normal(0, 5, (edge, edge, 3))


def _bytes(values: NDArray[np.floating]) -> Patches:
    tile: Patches = np.clip(np.broadcast_to(values, (*values.shape[:2], 3)), 0, 255).astype(np.uint8)
    return tile
