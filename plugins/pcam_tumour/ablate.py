"""Print what the two trainings, their average and the batch norms' statistics are each worth.

From the repository's root, with the folder that train.py was given::

    python -m plugins.pcam_tumour.ablate --data FOLDER_WITH_THE_ZIPS --work FOLDER
"""

from __future__ import annotations

import argparse
from pathlib import Path

import torch

from . import stress
from .calibration import AS_TRAINED
from .data import TRAIN, VALID, read_tiles
from .fit import WEIGHTS
from .merge import measure_norms, merged
from .metrics import auc
from .network import load_network, logits

# Of the validation tiles, for the changed ones.
_EVERY = 3
_CHANGES = {
    "hue 25°": stress.hue(25),
    "other stain vectors": stress.restained(1.0),
    "blur": stress.blurred(1.5),
}


def main() -> None:
    """Print the AUC of each on the validation tiles, as they are and changed."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--data", type=Path, required=True, help="folder with the three zips")
    parser.add_argument("--work", type=Path, required=True, help="folder with gentle/ and strong/")
    options = parser.parse_args()
    torch.set_num_threads(1)
    valid = read_tiles(options.data, VALID)
    train = read_tiles(options.data, TRAIN, without=frozenset(valid.hashes))
    states = {name: load_network(options.work / name / WEIGHTS).state_dict() for name in ("gentle", "strong")}
    states["average of both"] = merged(states["gentle"], states["strong"])
    network = load_network(options.work / "gentle" / WEIGHTS)
    for name, state in states.items():
        for measured in (False, True):
            network.load_state_dict(state)
            if measured:
                measure_norms(network, train.pixels)
            parts = [f"{auc(valid.labels, AS_TRAINED.probability(logits(network, valid.pixels))):.4f}"]
            if measured:
                labels, pixels = valid.labels[::_EVERY], valid.pixels[::_EVERY]
                parts += [
                    f"{words} {auc(labels, AS_TRAINED.probability(logits(network, change(pixels)))):.3f}"
                    for words, change in _CHANGES.items()
                ]
            norms = "norms measured anew" if measured else "norms of training"
            print(f"{name}, {norms}: AUC {'; '.join(parts)}", flush=True)


if __name__ == "__main__":
    main()
