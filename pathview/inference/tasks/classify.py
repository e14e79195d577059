"""Tile classification: one probability a class and patch, which is all that a cell needs."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from pathview.inference.boundary import ask_all, check_prediction, check_shape
from pathview.inference.card import ModelCard
from pathview.inference.heatmap import OOD
from pathview.inference.model import Patches, Prediction, TileModel
from pathview.inference.tasks.kind import Said, TaskKind
from pathview.inference.views import UNCERTAINTY, ask_in_views


class Classify(TaskKind[Prediction]):
    """A model returns (n, classes) float32 probabilities."""

    probabilities = True
    takes_views = True

    def of_kind(self, said: object, patches: int, card: ModelCard) -> Prediction:
        """Take (n, classes) float32."""
        return check_shape(said, patches, card)

    def check(self, said: Prediction, card: ModelCard) -> None:
        """Refuse what is not finite or not within 0 to 1."""
        check_prediction(said, len(said), card)

    def numbers(self, said: Prediction) -> NDArray[np.float32]:
        """Return the probabilities."""
        return said

    def scores(self, said: Prediction, card: ModelCard) -> Prediction:
        """Return the probabilities."""
        return said

    def extras(self, card: ModelCard, views: int) -> dict[str, int]:
        """Keep the spread over several views, and the score of a model that knows its limits."""
        layers = {UNCERTAINTY: len(card.classes)} if views > 1 else {}
        return layers if card.ood_threshold is None else layers | {OOD: 1}

    def ask(self, model: TileModel, patches: Patches, views: int = 1) -> Said:
        """Return probabilities, with spread and out-of-distribution scores where there are any."""
        extras: dict[str, NDArray[np.float32]] = {}
        if views == 1:
            answer = ask_all(model, patches)
        else:
            answer, extras[UNCERTAINTY] = ask_in_views(model, patches)
        if answer.ood is not None:
            extras[OOD] = answer.ood[:, None]
        return Said(answer.prediction, extras)
