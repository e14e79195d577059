"""PatchCamelyon tiles: read them from the zips, drop repeats, and vary them for training."""

from __future__ import annotations

import hashlib
import io
import zipfile
from collections.abc import Container
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from PIL import Image

if TYPE_CHECKING:
    import torch

TRAIN = ("pcam_train_a.zip", "pcam_train_b.zip")
VALID = ("pcam_valid.zip",)
SIDE = 96

# Optical-density colours of haematoxylin, eosin and the rest (Ruifrok and Johnston, 2001), one stain a row.
STAINS = ((0.650, 0.704, 0.286), (0.072, 0.990, 0.105), (0.268, 0.570, 0.776))


@dataclass(frozen=True, slots=True)
class Tiles:
    """Decoded tiles of one split.

    Attributes
    ----------
    pixels : ndarray of uint8, shape (n, 96, 96, 3)
        RGB at 0.972 um/px.
    labels : ndarray of int64, shape (n,)
        1 where the centre 32 x 32 px hold tumour, else 0.
    hashes : tuple of bytes, length n
        SHA-1 of each tile's file.
    repeats : int
        Tiles left out because the same bytes were already there, or were in `without`.
    """

    pixels: NDArray[np.uint8]
    labels: NDArray[np.int64]
    hashes: tuple[bytes, ...]
    repeats: int


def read_tiles(folder: Path, names: tuple[str, ...], *, without: Container[bytes] = frozenset()) -> Tiles:
    """Decode every distinct tile of some zips, whose folders `0` and `1` are the labels.

    Parameters
    ----------
    folder : Path
        Where the zips lie.
    names : tuple of str
        Which zips, in order.
    without : container of bytes
        SHA-1 of files to leave out: the validation tiles, when the training tiles are read.

    Returns
    -------
    Tiles
        In the order of the zips, so the same files always give the same arrays.
    """
    seen: dict[bytes, int] = {}
    pixels: list[NDArray[np.uint8]] = []
    repeats = 0
    for name in names:
        with zipfile.ZipFile(folder / name) as archive:
            for member in archive.namelist():
                if not member.endswith(".jpg"):
                    continue
                data = archive.read(member)
                key = hashlib.sha1(data, usedforsecurity=False).digest()
                if key in seen or key in without:
                    repeats += 1
                    continue
                seen[key] = int(member.split("/")[-2])
                with Image.open(io.BytesIO(data)) as image:
                    pixels.append(np.asarray(image.convert("RGB")))
    return Tiles(np.stack(pixels), np.array(list(seen.values()), dtype=np.int64), tuple(seen), repeats)


def augment(pixels: torch.Tensor, generator: torch.Generator) -> torch.Tensor:
    """Turn, mirror, zoom, restain and blur a batch; every tile gets its own draw.

    Two hospitals and two scanners made the tiles and a third will make the user's, so colour varies most.

    Parameters
    ----------
    pixels : Tensor of uint8, shape (n, 96, 96, 3)
    generator : Generator
        The only source of chance.

    Returns
    -------
    Tensor of float32, shape (n, 3, 96, 96), channels last, -1..1
        What the network takes: (value / 255 - 0.5) / 0.5.
    """
    import torch

    x = _move(pixels.permute(0, 3, 1, 2).float().div(255.0), generator)
    x = _recolour(_restain(x, generator), generator)
    return _blur(x, generator).sub(0.5).div(0.5).contiguous(memory_format=torch.channels_last)


def _uniform(n: int, low: float, high: float, generator: torch.Generator, columns: int = 1) -> torch.Tensor:
    import torch

    return torch.rand(n, columns, generator=generator) * (high - low) + low


def _move(x: torch.Tensor, generator: torch.Generator) -> torch.Tensor:
    """Turn by quarters and mirror (exact), then zoom 0.9-1.1 and shift up to 4 px on half the tiles."""
    import torch
    from torch.nn import functional

    n = len(x)
    eighth = torch.randint(8, (n,), generator=generator)
    out = torch.empty_like(x)
    for k in range(8):
        turned = torch.rot90(x[eighth == k], k % 4, (2, 3))
        out[eighth == k] = turned.flip(3) if k >= 4 else turned
    some = (torch.rand(n, generator=generator) < 0.5).nonzero()[:, 0]
    zoom = _uniform(len(some), 0.9, 1.1, generator)
    shift = _uniform(len(some), -4 * 2 / SIDE, 4 * 2 / SIDE, generator, columns=2)
    matrix = torch.cat([torch.eye(2)[None] * zoom[:, :, None], shift[:, :, None]], dim=2)
    grid = functional.affine_grid(matrix, [len(some), 3, SIDE, SIDE], align_corners=False)
    out[some] = functional.grid_sample(out[some], grid, padding_mode="reflection", align_corners=False)
    return out


def _restain(x: torch.Tensor, generator: torch.Generator) -> torch.Tensor:
    """Give more or less of each stain: optical density is linear in the amount of dye."""
    import torch

    n = len(x)
    stains = torch.tensor(STAINS)
    stains = stains / stains.norm(dim=1, keepdim=True)
    gain = _uniform(n, 0.75, 1.3, generator, columns=3)
    mix = torch.linalg.inv(stains)[None] * gain[:, None, :] @ stains[None]
    density = -torch.log(x.clamp_min(1 / 255))
    return torch.exp(-torch.einsum("nchw,ncd->ndhw", density, mix)).clamp(0, 1)


def _recolour(x: torch.Tensor, generator: torch.Generator) -> torch.Tensor:
    """Change brightness, contrast, saturation and hue: one 3 x 3 matrix and offset a tile."""
    import torch

    n = len(x)
    luma = torch.tensor([0.299, 0.587, 0.114])
    to_yiq = torch.stack([luma, torch.tensor([0.596, -0.274, -0.322]), torch.tensor([0.211, -0.523, 0.312])])
    angle = _uniform(n, -0.45, 0.45, generator)[:, 0]
    chroma = _uniform(n, 0.65, 1.4, generator)[:, 0]
    turn = torch.zeros(n, 3, 3)
    turn[:, 0, 0] = 1
    turn[:, 1, 1] = turn[:, 2, 2] = chroma * angle.cos()
    turn[:, 2, 1] = chroma * angle.sin()
    turn[:, 1, 2] = -turn[:, 2, 1]
    matrix = torch.linalg.inv(to_yiq)[None] @ turn @ to_yiq[None]
    contrast = _uniform(n, 0.75, 1.3, generator)[:, :, None, None]
    brightness = _uniform(n, -0.12, 0.12, generator)[:, :, None, None]
    x = torch.einsum("nchw,ndc->ndhw", x, matrix)
    middle = x.mean(dim=(1, 2, 3), keepdim=True)
    return ((x - middle) * contrast + middle + brightness).clamp(0, 1)


def _blur(x: torch.Tensor, generator: torch.Generator) -> torch.Tensor:
    """Mix in a 3 x 3 binomial filter on a third of the tiles: scanners differ in sharpness."""
    import torch
    from torch.nn import functional

    line = torch.tensor([0.25, 0.5, 0.25])
    kernel = (line[:, None] * line[None, :]).expand(3, 1, 3, 3)
    soft = functional.conv2d(functional.pad(x, (1, 1, 1, 1), mode="replicate"), kernel, groups=3)
    amount = _uniform(len(x), -2.0, 1.0, generator).clamp_min(0)[:, :, None, None]
    return torch.lerp(x, soft, amount)
