"""How well scores tell two classes apart."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray


def auc(labels: NDArray[np.int64], scores: NDArray[np.float64]) -> float:
    """Area under the ROC curve: how often a tumour tile scores above a normal one, ties counting half.

    Parameters
    ----------
    labels : ndarray of int64, shape (n,)
    scores : ndarray of float64, shape (n,)

    Returns
    -------
    float, 0..1
    """
    _, inverse, counts = np.unique(scores, return_inverse=True, return_counts=True)
    rank = (np.cumsum(counts) - (counts - 1) / 2.0)[inverse]
    positives = int(labels.sum())
    above = rank[labels == 1].sum() - positives * (positives + 1) / 2.0
    return float(above / (positives * (len(labels) - positives)))


def auc_interval(
    labels: NDArray[np.int64], scores: NDArray[np.float64], rounds: int = 2000, seed: int = 0
) -> tuple[float, float]:
    """Bootstrap a 95 % interval of the AUC over tiles.

    Tiles of one slide resemble each other and PatchCamelyon does not say which slide a tile is from, so the
    true interval is wider than this one.

    Parameters
    ----------
    labels : ndarray of int64, shape (n,)
    scores : ndarray of float64, shape (n,)
    rounds : int
        Samples drawn with replacement.
    seed : int
        Same seed, same interval.

    Returns
    -------
    tuple of float
        2.5th and 97.5th percentile.
    """
    rng = np.random.default_rng(seed)
    draws = rng.integers(len(labels), size=(rounds, len(labels)))
    low, high = np.percentile([auc(labels[d], scores[d]) for d in draws], [2.5, 97.5])
    return float(low), float(high)


def grouped_interval(
    labels: NDArray[np.int64],
    scores: NDArray[np.float64],
    groups: NDArray[np.intp],
    rounds: int = 500,
    seed: int = 0,
) -> tuple[float, float]:
    """Bootstrap a 95 % interval of the AUC over groups of tiles that resemble each other.

    Parameters
    ----------
    labels, scores : ndarray, shape (n,)
    groups : ndarray of intp, shape (n,)
        Group of each tile; whole groups are drawn.
    rounds, seed : int
        As for `auc_interval`.

    Returns
    -------
    tuple of float
        2.5th and 97.5th percentile, over the draws that hold both classes.
    """
    rng = np.random.default_rng(seed)
    members = [np.flatnonzero(groups == group) for group in np.unique(groups)]
    found = []
    for draw in rng.integers(len(members), size=(rounds, len(members))):
        which = np.concatenate([members[group] for group in draw])
        if 0 < labels[which].sum() < len(which):
            found.append(auc(labels[which], scores[which]))
    low, high = np.percentile(found, [2.5, 97.5])
    return float(low), float(high)


def colour_groups(pixels: NDArray[np.uint8], count: int = 24, seed: int = 0) -> NDArray[np.intp]:
    """Sort tiles into groups of like stain: the nearest thing to slides that the tiles themselves tell.

    Parameters
    ----------
    pixels : ndarray of uint8, shape (n, h, w, 3)
    count : int
        Groups; k-means (Lloyd, 1982) on the mean and spread of optical density where it is stained.
    seed : int

    Returns
    -------
    ndarray of intp, shape (n,)
    """
    facts = np.stack([_stain_facts(tile) for tile in pixels])
    facts = (facts - facts.mean(axis=0)) / (facts.std(axis=0) + 1e-9)
    middles = facts[np.random.default_rng(seed).choice(len(facts), count, replace=False)]
    for _ in range(30):
        nearest = ((facts[:, None] - middles[None]) ** 2).sum(axis=2).argmin(axis=1)
        middles = np.stack(
            [facts[nearest == k].mean(axis=0) if (nearest == k).any() else middles[k] for k in range(count)]
        )
    return nearest


def _stain_facts(tile: NDArray[np.uint8]) -> NDArray[np.float64]:
    density = -np.log((tile.reshape(-1, 3).astype(np.float64) + 1) / 256)
    stained = density[density.sum(axis=1) > 0.45]
    stained = stained if len(stained) > 50 else density
    shares = stained / (stained.sum(axis=1, keepdims=True) + 1e-9)
    return np.concatenate([np.median(shares, axis=0)[:2], [np.log(np.median(stained) + 0.01)]])
