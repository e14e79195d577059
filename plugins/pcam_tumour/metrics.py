"""Figures of a two-class model, from logits and labels."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray


def tumour_probability(values: NDArray[np.float64], temperature: float) -> NDArray[np.float64]:
    """Softmax of logits over a temperature, second class.

    Parameters
    ----------
    values : ndarray of float64, shape (n, 2)
    temperature : float
        Above 1 softens; it never changes the order, so no AUC either.

    Returns
    -------
    ndarray of float64, shape (n,), 0..1
    """
    margin = (values[:, 1] - values[:, 0]) / temperature
    return 1.0 / (1.0 + np.exp(-margin))


def fit_temperature(values: NDArray[np.float64], labels: NDArray[np.int64]) -> float:
    """Find the temperature of the smallest log loss.

    Parameters
    ----------
    values : ndarray of float64, shape (n, 2)
        Logits.
    labels : ndarray of int64, shape (n,)

    Returns
    -------
    float
        One of 400 between 0.2 and 5: one scalar needs no optimiser.
    """
    sign = np.where(labels == 1, 1.0, -1.0)
    margin = (values[:, 1] - values[:, 0]) * sign
    candidates = np.geomspace(0.2, 5.0, 400)
    losses = [np.logaddexp(0.0, -margin / t).mean() for t in candidates]
    return round(float(candidates[int(np.argmin(losses))]), 3)


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


def calibration_error(labels: NDArray[np.int64], probability: NDArray[np.float64], bins: int = 15) -> float:
    """Average the gap between stated and observed tumour rate over equal bins (the ECE).

    Parameters
    ----------
    labels : ndarray of int64, shape (n,)
    probability : ndarray of float64, shape (n,)
        Of tumour, 0..1.
    bins : int
        Of equal width.

    Returns
    -------
    float, 0..1
    """
    which = np.minimum((probability * bins).astype(np.intp), bins - 1)
    gap = np.bincount(which, weights=probability - labels, minlength=bins)
    return float(np.abs(gap).sum() / len(labels))
