"""The whole code of a model plugin: say which network, which weights, which scaling."""

from __future__ import annotations

import tomllib
from pathlib import Path

from pathview.inference.card import ModelCard
from pathview.inference.model import TileModel
from pathview.inference.timm_model import TimmModel


def make(folder: Path, card: ModelCard) -> TileModel:
    """Make the model that `plugin.toml` in this folder describes; nothing is loaded yet."""
    extra = tomllib.loads((folder / "plugin.toml").read_text("utf-8"))["model"][0]
    return TimmModel(
        card,
        architecture="tf_efficientnet_lite0",
        weights=folder / extra["weights"],
        mean=(0.5, 0.5, 0.5),
        std=(0.5, 0.5, 0.5),
        temperature=extra["temperature"],
        bias=(0.0, extra["bias"]),
        ood_layers=("blocks.1", "blocks.2", "blocks.3"),
    )
