"""Any timm network with a checkpoint that the user chooses."""

from __future__ import annotations

from pathlib import Path

from pathview.inference import ModelCard, ModelError, TimmModel

_NORMALISATIONS = {
    "ImageNet": ((0.485, 0.456, 0.406), (0.229, 0.224, 0.225)),
    "Inception": ((0.5, 0.5, 0.5), (0.5, 0.5, 0.5)),
    "none": ((0.0, 0.0, 0.0), (1.0, 1.0, 1.0)),
}


def make(folder: Path, card: ModelCard, architecture: str, checkpoint: str, normalisation: str) -> TimmModel:
    """Make the model; what `factory` in plugin.toml names, with its parameters."""
    if not checkpoint:
        reason = "choose its checkpoint first: under Model > Model parameters, or with --set checkpoint=FILE"
        raise ModelError(card.name, reason)
    mean, std = _NORMALISATIONS[normalisation]
    weights = Path(checkpoint).expanduser()
    return TimmModel(card, architecture=architecture, weights=weights, mean=mean, std=std)
