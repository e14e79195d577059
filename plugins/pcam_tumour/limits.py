"""Fit what tells how far a tile is from the training tiles."""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from pathview.inference.engines.limits import PREFIX, Limits

from .network import batches

LAYERS = ("blocks.1", "blocks.2", "blocks.3")
# Such a share of the validation tiles lies beyond the limit.
BEYOND = 0.01
_FLOOR = 1e-5


def statistics(network: nn.Module, pixels: NDArray[np.uint8]) -> NDArray[np.float64]:
    """Return mean and spread (n, d) of the channels of the listened-to layers for tiles (n, 96, 96, 3)."""
    nothing = {"center": torch.zeros(1), "whitening": torch.zeros(1), "limit": torch.ones(())}
    limits = Limits(network, LAYERS, nothing)
    rows = []
    with torch.inference_mode():
        for x in batches(network, pixels):
            network(x)
            rows.append(limits.statistics().double().cpu().numpy())
    return np.concatenate(rows)


def fit_limits(
    train: NDArray[np.float64], valid: NDArray[np.float64]
) -> tuple[dict[str, torch.Tensor], NDArray[np.float64]]:
    """Fit one Gaussian to the training tiles, and set the limit on the validation tiles.

    Parameters
    ----------
    train, valid : ndarray of float64, shape (n, d)
        `statistics` of the two.

    Returns
    -------
    dict of str to Tensor
        What goes into the file of weights.
    ndarray of float64, shape (n,)
        Distances of the validation tiles.
    """
    center = train.mean(axis=0)
    values, vectors = np.linalg.eigh(np.cov((train - center).T, bias=True))
    whitening = vectors / np.sqrt(np.maximum(values, values.max() * _FLOOR))
    distances = np.sqrt((((valid - center) @ whitening) ** 2).mean(axis=1))
    limit = float(np.quantile(distances, 1 - BEYOND))
    found = {"center": center, "whitening": whitening, "limit": np.array(limit)}
    return {PREFIX + name: torch.tensor(value).float() for name, value in found.items()}, distances


def look(
    network: nn.Module, limits: Limits, pixels: NDArray[np.uint8]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return logits (n, 2) and out-of-distribution scores (n,), 0..1, of tiles (n, 96, 96, 3).

    `limits` listens to `network`, and is made once for it.
    """
    values, scores = [], []
    with torch.inference_mode():
        for x in batches(network, pixels):
            values.append(network(x).double().cpu().numpy())
            scores.append(limits()[:, 0].double().cpu().numpy())
    return np.concatenate(values), np.concatenate(scores)


def listening(network: nn.Module, tensors: dict[str, torch.Tensor]) -> Limits:
    """Return what tells how far a tile is that the network looks at, from a file's tensors."""
    return Limits(network, LAYERS, {key.removeprefix(PREFIX): value for key, value in tensors.items()})
