"""Make one network of two that started from the same weights.

The average of the weights of two fine-tunings is often better on other slides than either (Wortsman et al.,
Model Soups, ICML 2022), and costs no more to run than one.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from .network import batches

# Tiles that the statistics of the batch norms are measured on.
_MEASURED = 3072


def merged(first: Mapping[str, torch.Tensor], second: Mapping[str, torch.Tensor]) -> dict[str, torch.Tensor]:
    """Return the mean of two states of the same network.

    Parameters
    ----------
    first, second : mapping of str to Tensor
        Float tensors are averaged; counters are the first's.

    Returns
    -------
    dict of str to Tensor
    """
    return {
        key: (value + second[key]) / 2 if value.is_floating_point() else value for key, value in first.items()
    }


def measure_norms(network: nn.Module, pixels: NDArray[np.uint8], seed: int = 0) -> None:
    """Measure the batch norms' means and variances anew, on tiles as slides show them.

    Those of training are of varied colours, and those of two networks are not their average's.

    Parameters
    ----------
    network : Module
        Changed in place, and left in evaluation mode.
    pixels : ndarray of uint8, shape (n, 96, 96, 3)
        Training tiles; some are taken.
    seed : int
        Which.
    """
    some = pixels[np.random.default_rng(seed).permutation(len(pixels))[:_MEASURED]]
    network.train()
    for module in network.modules():
        if isinstance(module, nn.BatchNorm2d):
            module.reset_running_stats()
            # A plain mean over all batches.
            module.momentum = None
        elif isinstance(module, nn.Dropout):
            module.eval()
    with torch.no_grad():
        for x in batches(network, some):
            network(x)
    network.eval()
