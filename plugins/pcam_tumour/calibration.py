"""From logits to probabilities that mean what they say."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, slots=True)
class Calibration:
    """A line through the logits (Platt, 1999): it never changes the order of tiles, so no AUC either.

    Attributes
    ----------
    temperature : float
        The difference of the logits is divided by it; above 1 softens.
    bias : float
        Added to that difference before.
    """

    temperature: float = 1.0
    bias: float = 0.0

    def probability(self, values: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return the probability of tumour (n,) for logits (n, 2)."""
        margin = (values[:, 1] - values[:, 0] + self.bias) / self.temperature
        return 1.0 / (1.0 + np.exp(-margin))


AS_TRAINED = Calibration()


def fit_calibration(values: NDArray[np.float64], labels: NDArray[np.int64]) -> Calibration:
    """Find the line of the smallest log loss, by Newton's method.

    Parameters
    ----------
    values : ndarray of float64, shape (n, 2)
        Logits.
    labels : ndarray of int64, shape (n,)

    Returns
    -------
    Calibration
        Rounded to three digits.
    """
    margin = values[:, 1] - values[:, 0]
    design = np.stack([margin, np.ones_like(margin)], axis=1)
    # Newton's method only goes where it should from a line that is flat enough.
    line = np.array([1.0 / max(1.0, float(margin.std())), 0.0])
    for _ in range(50):
        said = 1.0 / (1.0 + np.exp(-design @ line))
        slope = design.T @ (said - labels)
        bend = (design * (said * (1 - said))[:, None]).T @ design
        line = line - np.linalg.solve(bend + 1e-9 * np.eye(2), slope)
    return Calibration(round(1.0 / float(line[0]), 3), round(float(line[1] / line[0]), 3))


def cross_fitted(
    values: NDArray[np.float64], labels: NDArray[np.int64], seed: int = 0
) -> NDArray[np.float64]:
    """Return probabilities (n,) of tumour, each half of the tiles calibrated on the other.

    What is then said of calibration was not fitted to the tiles that it is said of.

    Parameters
    ----------
    values : ndarray of float64, shape (n, 2)
    labels : ndarray of int64, shape (n,)
    seed : int
        Of the halves.

    Returns
    -------
    ndarray of float64, shape (n,)
    """
    first = np.random.default_rng(seed).permutation(len(labels)) < len(labels) // 2
    said = np.empty(len(labels))
    for half in (first, ~first):
        said[half] = fit_calibration(values[~half], labels[~half]).probability(values[half])
    return said


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


def best_threshold(labels: NDArray[np.int64], probability: NDArray[np.float64]) -> float:
    """Return where sensitivity plus specificity is largest (Youden's index), in steps of 0.01."""
    candidates = np.arange(5, 96) / 100
    sums = [
        (probability[labels == 1] >= t).mean() + (probability[labels == 0] < t).mean() for t in candidates
    ]
    return float(candidates[int(np.argmax(sums))])
