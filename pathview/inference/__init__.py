"""Models, runs and heatmaps. What a plugin needs is named here and stays; importing it imports no torch."""

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
