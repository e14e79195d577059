"""Vary training tiles as other scanners, stains and coverslips would."""

from __future__ import annotations

import io
import math

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image
from torch.nn import functional

# Optical-density colours of haematoxylin, eosin and the rest (Ruifrok and Johnston, 2001), one stain a row.
STAINS = ((0.650, 0.704, 0.286), (0.072, 0.990, 0.105), (0.268, 0.570, 0.776))

YIQ = ((0.299, 0.587, 0.114), (0.596, -0.274, -0.322), (0.211, -0.523, 0.312))

# Shares of a batch: with colours as they are, zoomed and shifted, blurred, through JPEG, without tissue.
_AS_IS = 0.15
_ZOOMED = 0.5
_BLURRED = 0.2
_CODED = 0.3
_EMPTY = 0.02


def augment(
    pixels: torch.Tensor,
    labels: torch.Tensor,
    side: int,
    generator: torch.Generator,
    *,
    strength: float = 1.0,
) -> tuple[torch.Tensor, torch.Tensor]:
    """Turn, mirror, zoom, crop, restain, recolour, blur and recompress tiles; each gets its draw.

    Two hospitals and two scanners made the tiles and a third will make the user's, so colour varies most. A
    few become glass or pen, which hold no tumour.

    Parameters
    ----------
    pixels : Tensor of uint8, shape (n, 96, 96, 3)
    labels : Tensor of int64, shape (n,)
    side : int
        Edge of the middle that is kept, pixels; at least 36, for the labels speak of the middle 32.
    generator : Generator
        The only source of chance, on the device of the tiles.
    strength : float
        How much colours vary: 1 is much, 0 leaves them, and sharpness too, as they are.

    Returns
    -------
    tuple of Tensor
        Float32 (n, 3, side, side), channels last, -1..1, as the network takes them, and int64 (n,) labels.
    """
    x = _move(pixels.permute(0, 3, 1, 2).float().div(255.0), generator)
    rim = (x.shape[-1] - side) // 2
    x = x[:, :, rim : rim + side, rim : rim + side]
    if not strength:
        return x.sub(0.5).div(0.5).contiguous(memory_format=torch.channels_last), labels
    varied = (_uniform(len(x), 0.0, 1.0, generator) >= _AS_IS).float() * strength
    x = _recolour(_restain(x, varied, generator), varied, generator)
    x = _recode(_blur(x, generator), generator)
    x, labels = _empty(x, labels, generator)
    return x.sub(0.5).div(0.5).contiguous(memory_format=torch.channels_last), labels


def _uniform(n: int, low: float, high: float, generator: torch.Generator, columns: int = 1) -> torch.Tensor:
    return torch.rand(n, columns, generator=generator, device=generator.device) * (high - low) + low


def _around_one(
    varied: torch.Tensor, most: float, generator: torch.Generator, columns: int = 1
) -> torch.Tensor:
    """Draw factors from 1 / most to most, as often above 1 as below."""
    limit = math.log(most)
    return torch.exp(_uniform(len(varied), -limit, limit, generator, columns) * varied)


def _some(n: int, share: float, generator: torch.Generator) -> torch.Tensor:
    return (_uniform(n, 0.0, 1.0, generator)[:, 0] < share).nonzero()[:, 0]


def _move(x: torch.Tensor, generator: torch.Generator) -> torch.Tensor:
    """Turn by quarters and mirror (exact), then zoom by up to 15 % and shift by up to 4 px half of them."""
    n, edge = len(x), x.shape[-1]
    eighth = torch.randint(8, (n,), generator=generator, device=x.device)
    out = torch.empty_like(x)
    for k in range(8):
        turned = torch.rot90(x[eighth == k], k % 4, (2, 3))
        out[eighth == k] = turned.flip(3) if k >= 4 else turned
    some = _some(n, _ZOOMED, generator)
    zoom = _around_one(x.new_ones(len(some), 1), 1.15, generator)
    shift = _uniform(len(some), -4 * 2 / edge, 4 * 2 / edge, generator, columns=2)
    matrix = torch.cat([torch.eye(2, device=x.device)[None] * zoom[:, :, None], shift[:, :, None]], dim=2)
    grid = functional.affine_grid(matrix, [len(some), 3, edge, edge], align_corners=False)
    out[some] = functional.grid_sample(out[some], grid, padding_mode="reflection", align_corners=False)
    return out


def _restain(x: torch.Tensor, varied: torch.Tensor, generator: torch.Generator) -> torch.Tensor:
    """Give more, less and other dyes: optical density is linear in the amount of each."""
    n = len(x)
    stains = torch.tensor(STAINS, device=x.device)
    stains = stains / stains.norm(dim=1, keepdim=True)
    noise = torch.randn(n, 3, 3, generator=generator, device=x.device) * 0.05 * varied[:, :, None]
    others = stains[None] + noise
    others = others / others.norm(dim=2, keepdim=True)
    gain = _around_one(varied, 1.5, generator, columns=3)
    mix = torch.linalg.inv(stains)[None] * gain[:, None, :] @ others
    veil = _uniform(n, -0.05, 0.1, generator, columns=3) * varied
    offset = torch.einsum("ns,nsd->nd", veil, others)[:, :, None, None]
    density = -torch.log(x.clamp_min(1 / 255))
    return torch.exp(-torch.einsum("nchw,ncd->ndhw", density, mix) - offset).clamp(0, 1)


def _recolour(x: torch.Tensor, varied: torch.Tensor, generator: torch.Generator) -> torch.Tensor:
    """Change brightness, contrast, saturation and hue: one 3 x 3 matrix and offset a tile."""
    n = len(x)
    to_yiq = torch.tensor(YIQ, device=x.device)
    angle = _uniform(n, -0.4, 0.4, generator)[:, 0] * varied[:, 0]
    chroma = _around_one(varied, 1.5, generator)[:, 0]
    turn = x.new_zeros(n, 3, 3)
    turn[:, 0, 0] = 1
    turn[:, 1, 1] = turn[:, 2, 2] = chroma * angle.cos()
    turn[:, 2, 1] = chroma * angle.sin()
    turn[:, 1, 2] = -turn[:, 2, 1]
    matrix = torch.linalg.inv(to_yiq)[None] @ turn @ to_yiq[None]
    contrast = _around_one(varied, 1.3, generator)[:, :, None, None]
    brightness = (_uniform(n, -0.12, 0.12, generator) * varied)[:, :, None, None]
    x = torch.einsum("nchw,ndc->ndhw", x, matrix)
    middle = x.mean(dim=(1, 2, 3), keepdim=True)
    return ((x - middle) * contrast + middle + brightness).clamp(0, 1)


def _blur(x: torch.Tensor, generator: torch.Generator) -> torch.Tensor:
    """Soften a share of the tiles by a Gaussian of up to 1.5 px: scanners differ in sharpness and focus."""
    some = _some(len(x), _BLURRED, generator)
    sigma = _uniform(len(some), 0.3, 1.5, generator)
    offsets = torch.arange(-4, 5, device=x.device)
    line = torch.exp(-0.5 * (offsets / sigma) ** 2)
    line = line / line.sum(dim=1, keepdim=True)
    n, edge = len(some), x.shape[-1]
    flat = functional.pad(x[some], (4, 4, 4, 4), mode="reflect").transpose(0, 1)
    flat = functional.conv2d(flat, line[:, None, None, :], groups=n) if n else flat
    flat = functional.conv2d(flat, line[:, None, :, None], groups=n) if n else flat
    out = x.clone()
    out[some] = flat.transpose(0, 1) if n else x.new_empty(0, 3, edge, edge)
    return out


def _recode(x: torch.Tensor, generator: torch.Generator) -> torch.Tensor:
    """Send a share of the tiles through JPEG of a quality from 30 to 95: slides are stored in many."""
    some = _some(len(x), _CODED, generator)
    qualities = torch.randint(30, 96, (len(some),), generator=generator, device=x.device).tolist()
    for place, quality in zip(some.tolist(), qualities, strict=True):
        tile = (x[place] * 255).round().to(torch.uint8).permute(1, 2, 0).contiguous().cpu().numpy()
        x[place] = torch.from_numpy(jpeg(tile, quality)).to(x.device).permute(2, 0, 1).float() / 255
    return x


def jpeg(tile: NDArray[np.uint8], quality: int) -> NDArray[np.uint8]:
    """Return a tile (h, w, 3) uint8 as it comes out of JPEG of a quality from 1 to 95."""
    stream = io.BytesIO()
    Image.fromarray(tile).save(stream, "JPEG", quality=quality)
    with Image.open(stream) as image:
        return np.array(image)


def _empty(
    x: torch.Tensor, labels: torch.Tensor, generator: torch.Generator
) -> tuple[torch.Tensor, torch.Tensor]:
    """Put glass, bare or under a pen's ink, in the place of some tiles: PatchCamelyon left it out."""
    some = _some(len(x), _EMPTY, generator)
    n, edge = len(some), x.shape[-1]
    colour = _uniform(n, 0.0, 1.0, generator, columns=3)[:, :, None, None]
    inked = (_uniform(n, 0.0, 1.0, generator) < 0.5).float()[:, :, None, None]
    white = _uniform(n, 0.88, 1.0, generator, columns=3)[:, :, None, None]
    grain = 0.015 * torch.randn(n, 3, edge, edge, generator=generator, device=x.device)
    x[some] = (white * (1 - inked) + colour * inked + grain).clamp(0, 1)
    labels = labels.clone()
    labels[some] = 0
    return x, labels
