"""From bytes to probabilities as one network, so that every engine does all of it in the same way."""

from __future__ import annotations

import torch
from torch.nn.functional import interpolate

from pathview.inference.engines.limits import Limits
from pathview.inference.recipe import Activation, Recipe


class Scoring(torch.nn.Module):
    """A network that gives one number a class, with all that stands before and after it.

    Parameters
    ----------
    network
        Gives (n, classes) logits, or probabilities where the recipe's activation is "none".
    recipe
        From patches to what it takes, and from what it gives to probabilities.
    limits
        What tells how far a patch is from the training tissue; None for a network that cannot tell.
    """

    def __init__(self, network: torch.nn.Module, recipe: Recipe, limits: Limits | None = None) -> None:
        super().__init__()
        self.network = network
        self.limits = limits
        self._transform = transform = recipe.transform
        self._activation = recipe.activation
        self._temperature = recipe.temperature
        std = torch.tensor(transform.std)
        self.register_buffer("bias", torch.tensor(recipe.bias or (0.0,)))
        self.bias: torch.Tensor
        self.register_buffer("scale", (1 / (255 * std)).view(1, 3, 1, 1))
        self.register_buffer("shift", (torch.tensor(transform.mean) / std).view(1, 3, 1, 1))
        self.scale: torch.Tensor
        self.shift: torch.Tensor

    def forward(self, patches: torch.Tensor) -> torch.Tensor:
        """Return probabilities (n, classes) float32 for patches (n, h, w, 3) uint8.

        With `limits` there is one column more, the out-of-distribution score: engines have one output.
        """
        probabilities = self._activated((self.logits(patches).float() + self.bias) / self._temperature)
        if self.limits is None:
            return probabilities
        return torch.cat([probabilities, self.limits()], dim=1)

    def logits(self, patches: torch.Tensor) -> torch.Tensor:
        """Return what the network itself gives."""
        pixels = self._fitted(patches.permute(0, 3, 1, 2))
        output: torch.Tensor = self.network(torch.addcmul(-self.shift, pixels, self.scale))
        return output

    def _activated(self, output: torch.Tensor) -> torch.Tensor:
        if self._activation is Activation.SOFTMAX:
            return torch.softmax(output, dim=1)
        return torch.sigmoid(output) if self._activation is Activation.SIGMOID else output

    def _fitted(self, pixels: torch.Tensor) -> torch.Tensor:
        """Return bytes (n, 3, h, w) as floats of 0 to 255 in the size and order of the network."""
        transform = self._transform
        if transform.channels == "BGR":
            pixels = pixels.flip(1)
        if transform.resize is None or transform.resize == pixels.shape[-1]:
            return pixels.float()
        smooth = {} if transform.interpolation == "nearest" else {"align_corners": False, "antialias": True}
        edges = (transform.resize, transform.resize)
        resized = interpolate(pixels.float(), size=edges, mode=transform.interpolation, **smooth)
        return resized.clamp(0, 255)
