"""Models, runs and heatmaps. What a plugin needs is named here and stays; importing it imports no torch."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathview.core.errors import ModelError
    from pathview.inference.card import ModelCard, Task
    from pathview.inference.model import DenseMaps, Features, Patches, Prediction, TileModel
    from pathview.inference.patch_objects import PatchObjects
    from pathview.inference.timm_model import TimmModel

__all__ = [
    "DenseMaps",
    "Features",
    "ModelCard",
    "ModelError",
    "PatchObjects",
    "Patches",
    "Prediction",
    "Task",
    "TileModel",
    "TimmModel",
]

_PLACES = {
    "DenseMaps": "pathview.inference.model",
    "Features": "pathview.inference.model",
    "ModelCard": "pathview.inference.card",
    "ModelError": "pathview.core.errors",
    "PatchObjects": "pathview.inference.patch_objects",
    "Patches": "pathview.inference.model",
    "Prediction": "pathview.inference.model",
    "Task": "pathview.inference.card",
    "TileModel": "pathview.inference.model",
    "TimmModel": "pathview.inference.timm_model",
}


def __getattr__(name: str) -> object:
    """Import what a plugin asks for when it asks: the window shows slides without any of it."""
    if name not in _PLACES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(_PLACES[name]), name)
