"""How far a patch lies from what a network was trained on."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

import torch

PREFIX = "ood."
"""Before the names of its tensors in a file of weights."""

# The root of what rounding may leave below zero.
_TINY = 1e-6


class Limits(torch.nn.Module):
    """The Mahalanobis distance of a patch from the training tiles, by what early layers make of it.

    The mean and the standard deviation of each channel over the patch tell stain, sharpness and texture. Late
    layers are no good for this: they keep what tells the classes apart and drop what is strange. See Lee et
    al., A Simple Unified Framework for Detecting Out-of-Distribution Samples and Adversarial Attacks, 2018.

    Parameters
    ----------
    network
        Whose layers are listened to.
    layers
        Their names in it, such as "blocks.1".
    tensors
        `center` (d,), the mean of the training tiles; `whitening` (d, d), a square root of the inverse of
        their covariance; `limit` (), the distance that counts as far.

    Raises
    ------
    AttributeError
        If the network has no such layer.
    KeyError
        If a tensor is missing.
    """

    def __init__(
        self, network: torch.nn.Module, layers: Sequence[str], tensors: dict[str, torch.Tensor]
    ) -> None:
        super().__init__()
        self._layers = tuple(layers)
        self._seen: dict[str, torch.Tensor] = {}
        for name in self._layers:
            network.get_submodule(name).register_forward_hook(partial(self._note, name))
        for name in ("center", "whitening", "limit"):
            self.register_buffer(name, tensors[name].float())
        self.center: torch.Tensor
        self.whitening: torch.Tensor
        self.limit: torch.Tensor

    def forward(self) -> torch.Tensor:
        """Return the out-of-distribution score (n, 1) of what the network has just looked at.

        It is distance / (distance + limit): 0 for the average training tile, 0.5 at the limit, 1 far away.
        """
        # In float32 also under autocast: small directions count as much as large ones here.
        with torch.autocast(self.center.device.type, enabled=False):
            offset = (self.statistics() - self.center) @ self.whitening
            distance = (offset.square().mean(dim=1, keepdim=True) + _TINY).sqrt()
            return distance / (distance + self.limit)

    def statistics(self) -> torch.Tensor:
        """Return mean and standard deviation (n, d) of the channels of all layers, of the latest patches."""
        return torch.cat([self._seen[name] for name in self._layers], dim=1)

    def _note(self, name: str, layer: torch.nn.Module, given: object, output: torch.Tensor) -> None:
        self._seen[name] = channel_statistics(output)


def channel_statistics(maps: torch.Tensor) -> torch.Tensor:
    """Return the means and then the standard deviations (n, 2 c) of the channels of maps (n, c, h, w)."""
    with torch.autocast(maps.device.type, enabled=False):
        maps = maps.float()
        mean = maps.mean(dim=(2, 3))
        variance = (maps - mean[:, :, None, None]).square().mean(dim=(2, 3))
        return torch.cat([mean, (variance + _TINY).sqrt()], dim=1)
