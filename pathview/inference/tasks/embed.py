"""Embedding: features of a patch for other programs to learn from; there are no classes and no map."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from pathview.inference.boundary import check_finite, checked_array
from pathview.inference.card import ModelCard
from pathview.inference.features import FeatureSink
from pathview.inference.heatmap import Heatmap
from pathview.inference.model import Features, Prediction
from pathview.inference.sink import Sink
from pathview.inference.tasks.kind import TaskKind

_WRONG = "wrong features"


class Embed(TaskKind[Features]):
    """A model returns (n, features) float32."""

    def of_kind(self, said: object, patches: int, card: ModelCard) -> Features:
        """Take (n, features) float32."""
        return checked_array(said, (patches, *card.output_shape), card, _WRONG, "(patches, features)")

    def check(self, said: Features, card: ModelCard) -> None:
        """Refuse what is not finite."""
        check_finite(said, card, _WRONG)

    def numbers(self, said: Features) -> NDArray[np.float32]:
        """Return the features."""
        return said

    def sink(self, heatmap: Heatmap, card: ModelCard) -> Sink | None:
        """Keep the features in the heatmap's folder."""
        return None if heatmap.path is None else FeatureSink(heatmap.path, heatmap.grid, card.features)

    def scores(self, said: Features, card: ModelCard) -> Prediction:
        """Return (n, 0): features have no map."""
        return np.empty((len(said), 0), np.float32)
