"""Judge the committed weights, and print every figure of CARD.md.

From the repository's root::

    python -m plugins.pcam_tumour.evaluate --data FOLDER_WITH_THE_ZIPS --skin CMU-1-Small-Region.svs
"""

from __future__ import annotations

import argparse
import tomllib
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from pathview.inference.engines.limits import Limits

from . import stress
from .calibration import AS_TRAINED, Calibration, calibration_error, cross_fitted
from .data import VALID, Tiles, read_tiles
from .limits import listening, look
from .metrics import auc, auc_interval, colour_groups, grouped_interval
from .network import load_limits, load_network
from .pictures import write_reliability, write_roc

# Of the validation tiles, for what is asked again and again.
_EVERY = 3
_STRANGE = 500


@dataclass(frozen=True)
class Shipped:
    """The committed model: network, what tells its limits, and the numbers of its manifest."""

    network: nn.Module
    limits: Limits
    calibration: Calibration
    threshold: float
    ood_threshold: float

    @classmethod
    def of(cls, plugin: Path) -> Shipped:
        """Read the plugin's folder."""
        card = tomllib.loads((plugin / "plugin.toml").read_text("utf-8"))["model"][0]
        file = plugin / card["weights"]
        calibration = Calibration(card["temperature"], card["bias"])
        network = load_network(file)
        limits = listening(network, load_limits(file))
        return cls(network, limits, calibration, card["threshold"], card["ood_threshold"])

    def probability(self, pixels: NDArray[np.uint8]) -> NDArray[np.float64]:
        """Return the probability of tumour (n,)."""
        return self.calibration.probability(self.look(pixels)[0])

    def ood(self, pixels: NDArray[np.uint8]) -> NDArray[np.float64]:
        """Return out-of-distribution scores (n,)."""
        return self.look(pixels)[1]

    def look(self, pixels: NDArray[np.uint8]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Return logits (n, 2) and out-of-distribution scores (n,)."""
        return look(self.network, self.limits, pixels)


def evaluate(data: Path, plugin: Path, skin: Path | None = None, pictures: Path | None = None) -> None:
    """Print the figures of the weights in `plugin` on the validation tiles in `data`.

    Parameters
    ----------
    data : Path
        Folder with pcam_valid.zip.
    plugin : Path
        Folder with plugin.toml and the weights.
    skin : Path or None
        A slide that is no lymph node, to see whether its tiles are told from the validation tiles.
    pictures : Path or None
        Folder for the ROC curve and the reliability diagram.
    """
    shipped, tiles = Shipped.of(plugin), read_tiles(data, VALID)
    values, near = shipped.look(tiles.pixels)
    print_quality(shipped, tiles, values, pictures)
    print_limits(shipped, tiles, near, skin)
    print_stress(shipped, tiles, values)


def print_quality(shipped: Shipped, tiles: Tiles, values: NDArray[np.float64], pictures: Path | None) -> None:
    """Print AUC, sensitivity, specificity and calibration."""
    labels, said = tiles.labels, shipped.calibration.probability(values)
    raw = AS_TRAINED.probability(values)
    print(f"tiles {len(labels)} ({tiles.repeats} repeats left out), {int(labels.sum())} tumour")
    low, high = auc_interval(labels, said)
    print(f"AUC {auc(labels, said):.4f} (95 % bootstrap over tiles {low:.4f}-{high:.4f})", flush=True)
    low, high = grouped_interval(labels, said, colour_groups(tiles.pixels))
    print(f"AUC, 95 % bootstrap over 24 groups of like stain: {low:.3f}-{high:.3f}")
    called = said >= shipped.threshold
    found, spared = called[labels == 1], ~called[labels == 0]
    print(
        f"threshold {shipped.threshold:g}: sensitivity {found.mean():.3f} ({_interval(found)}), "
        f"specificity {spared.mean():.3f} ({_interval(spared)})"
    )
    before, after = calibration_error(labels, raw), calibration_error(labels, said)
    held = calibration_error(labels, cross_fitted(values, labels))
    print(
        f"ECE {before:.3f} as trained, {after:.3f} calibrated "
        f"(temperature {shipped.calibration.temperature}, bias {shipped.calibration.bias}), "
        f"{held:.3f} with each half calibrated on the other",
        flush=True,
    )
    if pictures is not None:
        title = f"Validation tiles, AUC {auc(labels, said):.3f}"
        write_roc(pictures / "model-roc.svg", labels, said, shipped.threshold, title)
        title = f"Reliability, ECE {before:.3f} before, {after:.3f} after"
        write_reliability(pictures / "model-reliability.svg", labels, raw, said, title)


def print_limits(shipped: Shipped, tiles: Tiles, near: NDArray[np.float64], skin: Path | None) -> None:
    """Print how well strange tiles are told from validation tiles, and what is said of them."""
    flagged = near > shipped.ood_threshold
    print(f"validation tiles: {flagged.mean():.1%} unlike the training tiles")
    some = tiles.pixels[:: max(1, len(tiles.pixels) // _STRANGE)]
    strange = {
        "glass": stress.glass(_STRANGE),
        "pen": stress.pen(some),
        "blur, sigma 1.5 px": stress.blurred(1.5)(some),
        "blur, sigma 3 px": stress.blurred(3.0)(some),
    }
    if skin is not None:
        strange = {f"skin ({skin.stem})": stress.of_slide(skin)} | strange
    for name, pixels in strange.items():
        values, far = shipped.look(pixels)
        truth = np.concatenate([np.zeros(len(near), np.int64), np.ones(len(far), np.int64)])
        called = shipped.calibration.probability(values) >= shipped.threshold
        unlike = far > shipped.ood_threshold
        print(
            f"{name}: {len(far)} tiles, AUROC {auc(truth, np.concatenate([near, far])):.3f}, "
            f"{unlike.mean():.0%} flagged, {called.mean():.0%} called tumour, "
            f"{(called & ~unlike).mean():.0%} called tumour and not flagged",
            flush=True,
        )


def print_stress(shipped: Shipped, tiles: Tiles, values: NDArray[np.float64]) -> None:
    """Print the AUC under mild and strong changes, its loss, and how many tiles are flagged."""
    labels, pixels = tiles.labels[::_EVERY], tiles.pixels[::_EVERY]
    clean = auc(labels, AS_TRAINED.probability(values[::_EVERY]))
    print(f"stress, on {len(labels)} validation tiles with AUC {clean:.4f} as they are")
    worst = [0.0, 0.0]
    for name, forms in stress.STRESS.items():
        parts = []
        for column, (words, change) in enumerate(forms):
            said, far = shipped.look(change(pixels))
            score, flagged = auc(labels, AS_TRAINED.probability(said)), (far > shipped.ood_threshold).mean()
            worst[column] = max(worst[column], clean - score)
            parts.append(f"{words}: {score:.3f} ({score - clean:+.3f}), {flagged:.0%} flagged")
        print(f"{name} | {' | '.join(parts)}", flush=True)
    print(f"largest loss: mild {worst[0]:.3f}, strong {worst[1]:.3f}")


def _interval(right: NDArray[np.bool_], rounds: int = 2000) -> str:
    draws = np.random.default_rng(0).integers(len(right), size=(rounds, len(right)))
    low, high = np.percentile(right[draws].mean(axis=1), [2.5, 97.5])
    return f"{low:.3f}-{high:.3f}"


def main() -> None:
    """Read the options and print."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--data", type=Path, required=True, help="folder with pcam_valid.zip")
    parser.add_argument(
        "--plugin", type=Path, default=Path(__file__).parent, help="folder with plugin.toml and the weights"
    )
    parser.add_argument("--skin", type=Path, help="a slide that is no lymph node")
    parser.add_argument("--pictures", type=Path, help="folder for the ROC curve and the reliability diagram")
    parser.add_argument("--threads", type=int, default=1)
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    evaluate(options.data, options.plugin, options.skin, options.pictures)


if __name__ == "__main__":
    main()
