"""Judge the committed weights on the validation tiles.

From the repository's root::

    python -m plugins.pcam_tumour.evaluate --data FOLDER_WITH_THE_ZIPS
"""

from __future__ import annotations

import argparse
import tomllib
from pathlib import Path

from .data import VALID, read_tiles
from .metrics import auc, auc_interval, calibration_error, tumour_probability
from .network import load_network, logits


def main() -> None:
    """Print the figures of CARD.md."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--data", type=Path, required=True, help="folder with pcam_valid.zip")
    parser.add_argument(
        "--plugin", type=Path, default=Path(__file__).parent, help="folder with plugin.toml and the weights"
    )
    arguments = parser.parse_args()
    card = tomllib.loads((arguments.plugin / "plugin.toml").read_text("utf-8"))["model"][0]
    tiles = read_tiles(arguments.data, VALID)
    values = logits(load_network(arguments.plugin / card["weights"]), tiles.pixels)
    raw = tumour_probability(values, 1.0)
    probability = tumour_probability(values, card["temperature"])
    called = probability >= card["threshold"]
    low, high = auc_interval(tiles.labels, raw)
    print(f"tiles {len(tiles.labels)} ({tiles.repeats} repeats left out), {int(tiles.labels.sum())} tumour")
    print(f"AUC {auc(tiles.labels, raw):.4f} (95 % bootstrap {low:.4f}-{high:.4f})")
    print(
        f"threshold {card['threshold']}: sensitivity {called[tiles.labels == 1].mean():.3f}, "
        f"specificity {1.0 - called[tiles.labels == 0].mean():.3f}"
    )
    before, after = (calibration_error(tiles.labels, p) for p in (raw, probability))
    print(f"ECE {before:.3f} at temperature 1, {after:.3f} at {card['temperature']}")


if __name__ == "__main__":
    main()
