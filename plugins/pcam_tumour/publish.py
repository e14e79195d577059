"""Make what is shipped of what was trained: weights with their limits, and the lines of plugin.toml."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from torch import nn

from .calibration import Calibration, best_threshold, fit_calibration
from .data import Tiles
from .limits import fit_limits, statistics
from .merge import measure_norms, merged
from .network import load_network, logits, save_weights


def publish(members: tuple[Path, Path], train: Tiles, valid: Tiles, plugin: Path) -> None:
    """Merge two networks, calibrate on the validation tiles, fit the limits, and write weights and manifest.

    Parameters
    ----------
    members : tuple of Path
        Weights as two trainings left them.
    train, valid : Tiles
        The limits are fitted to the first and their extent set on the second.
    plugin : Path
        Folder with plugin.toml, for the weights.
    """
    network = load_network(members[0])
    network.load_state_dict(merged(network.state_dict(), load_network(members[1]).state_dict()))
    measure_norms(network, train.pixels)
    limits, _ = fit_limits(statistics(network, train.pixels), statistics(network, valid.pixels))
    sha256 = save_weights(network, plugin / "weights.safetensors", limits)
    network = load_network(plugin / "weights.safetensors")
    values = logits(network, valid.pixels)
    calibration = fit_calibration(values, valid.labels)
    threshold = best_threshold(valid.labels, calibration.probability(values))
    toml = plugin / "plugin.toml"
    record(
        toml,
        sha256=sha256,
        temperature=calibration.temperature,
        bias=calibration.bias,
        threshold=threshold,
    )
    rescore(toml, network, calibration)
    print(f"temperature {calibration.temperature} bias {calibration.bias} threshold {threshold} {sha256}")


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
        text, found = re.subn(rf'(?m)^({key} = )("[^"]*"|-?[0-9.]+)', rf"\g<1>{shown}", text)
        if found != 1:
            raise ValueError(f"{toml} has {found} lines for {key}, not one")
    toml.write_text(text, "utf-8")


def rescore(toml: Path, network: nn.Module, calibration: Calibration) -> None:
    """Write what the network says of the reference tiles into plugin.toml.

    Parameters
    ----------
    toml : Path
        Its reference tiles stand a line each, and lie beside it.
    network : Module
        In evaluation mode.
    calibration : Calibration
        Of its probabilities.
    """

    def line(found: re.Match[str]) -> str:
        tumour = float(calibration.probability(logits(network, _pixels(toml.parent / found[2])))[0])
        return f"{found[1]}{tumour if found[3] == 'Tumor' else 1 - tumour:.3f}"

    pattern = r'(tile = "([^"]+)", class = "([^"]+)", score = )[0-9.]+'
    toml.write_text(re.sub(pattern, line, toml.read_text("utf-8")), "utf-8")


def _pixels(file: Path) -> NDArray[np.uint8]:
    with Image.open(file) as tile:
        return np.array(tile.convert("RGB"))[None]
