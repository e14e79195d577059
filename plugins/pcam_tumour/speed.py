"""Print how fast networks run on this CPU in the program's own engines, and what a smaller tile would cost.

From the repository's root::

    python -m plugins.pcam_tumour.speed --data FOLDER_WITH_THE_ZIPS
"""

from __future__ import annotations

import argparse
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import timm
import torch

from pathview.inference.engines.engine import Engine
from pathview.inference.engines.openvino_engine import OpenVinoEngine, convert
from pathview.inference.engines.scoring import Scoring
from pathview.inference.engines.torch_engine import TorchEngine
from pathview.inference.recipe import Format, Recipe
from pathview.inference.transform import Transform
from pathview.startup.manifest import read_manifest

from .calibration import AS_TRAINED
from .data import VALID, read_tiles
from .metrics import auc
from .network import load_network, logits

_BATCH = 64
_EDGE = 96
# Of the middle of a tile: what the shipped network sees of it, at the price of what is around.
_SMALLER = (64, 80)
_TURNS = 5
OTHERS = ("tf_efficientnet_lite2", "mobilenetv3_small_100", "mobilenetv3_large_100", "resnet18")


def main() -> None:
    """Print a line a network: patches a second in each engine and precision, the best of some turns."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--data", type=Path, help="folder with pcam_valid.zip, for the AUC of smaller tiles")
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    for name, scoring in _networks():
        _print(name, scoring, _EDGE)
    for edge in _SMALLER:
        _, scoring = next(_networks())
        _print(f"the shipped model, middle {edge} px", scoring, edge)
    if options.data is not None:
        _print_worth(options.data)


def _print(name: str, scoring: Scoring, edge: int) -> None:
    patches = np.random.default_rng(0).integers(0, 256, (_BATCH, edge, edge, 3), np.uint8)
    with tempfile.TemporaryDirectory() as folder:
        engines = _engines(scoring, edge, Path(folder) / "network")
        best = dict.fromkeys(engines, 0.0)
        for _ in range(_TURNS):
            for kind, engine in engines.items():
                began = time.perf_counter()
                engine.predict(patches)
                best[kind] = max(best[kind], _BATCH / (time.perf_counter() - began))
        for engine in engines.values():
            engine.close()
    rates = ", ".join(f"{kind} {rate:.0f}" for kind, rate in best.items())
    count = sum(p.numel() for p in scoring.network.parameters()) / 1e6
    print(f"{name}: {count:.1f} M parameters; patches/s: {rates}", flush=True)


def _print_worth(data: Path) -> None:
    valid = read_tiles(data, VALID)
    network = load_network(Path(__file__).parent / "weights.safetensors")
    for edge in (*_SMALLER, _EDGE):
        rim = (_EDGE - edge) // 2
        middle = np.ascontiguousarray(valid.pixels[:, rim : _EDGE - rim, rim : _EDGE - rim])
        value = auc(valid.labels, AS_TRAINED.probability(logits(network, middle)))
        print(f"AUC of the shipped model on the middle {edge} px of a tile: {value:.4f}", flush=True)


def _networks() -> Iterator[tuple[str, Scoring]]:
    from pathview.inference.file_model import FileModel
    from pathview.inference.networks import build_scoring

    (source,) = read_manifest(Path(__file__).parent / "plugin.toml").models
    model = source.make()
    assert isinstance(model, FileModel)
    yield "the shipped model", build_scoring(model.card, model.recipe).eval()
    recipe = Recipe("", Path(), Format.SAFETENSORS, Transform((0.5,) * 3, (0.5,) * 3))
    for name in ("tf_efficientnet_lite0", *OTHERS):
        yield f"{name}, probabilities only", Scoring(timm.create_model(name, num_classes=2), recipe).eval()


def _engines(scoring: Scoring, edge: int, folder: Path) -> dict[str, Engine]:
    convert(scoring, edge, folder)
    return {
        "OpenVINO bfloat16": OpenVinoEngine(folder, "bfloat16"),
        "OpenVINO float32": OpenVinoEngine(folder, "float32"),
        "torch float32": TorchEngine(scoring, "cpu"),
        "torch bfloat16": TorchEngine(scoring, "cpu", "bfloat16"),
    }


if __name__ == "__main__":
    main()
