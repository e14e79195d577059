"""Segmentation: a probability a class and pixel of a patch; a cell's value is the mean of its pixels."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from pathview.inference.boundary import check_range, checked_array
from pathview.inference.card import ModelCard
from pathview.inference.heatmap import Heatmap
from pathview.inference.model import DenseMaps, Prediction
from pathview.inference.sink import Sink
from pathview.inference.tasks.kind import TaskKind

_WRONG = "a wrong segmentation"
_AXES = "(patches, classes, rows, columns)"


class Segment(TaskKind[DenseMaps]):
    """A model returns (n, classes, h, w) float32 probabilities, ``h = w = patch / output_stride``."""

    probabilities = True

    def of_kind(self, said: object, patches: int, card: ModelCard) -> DenseMaps:
        """Take (n, classes, h, w) float32."""
        return checked_array(said, (patches, *card.output_shape), card, _WRONG, _AXES)

    def check(self, said: DenseMaps, card: ModelCard) -> None:
        """Refuse what is not finite or not within 0 to 1."""
        check_range(said, card, _WRONG, "no probabilities")

    def numbers(self, said: DenseMaps) -> NDArray[np.float32]:
        """Return the probabilities of all pixels."""
        return said

    def sink(self, heatmap: Heatmap, card: ModelCard) -> Sink | None:
        """Blend the maps in the heatmap's folder."""
        if heatmap.path is None:
            return None
        # The window asks what tasks there are when it starts, and blends nothing itself.
        from pathview.inference.dense_sink import DenseSink

        return DenseSink(heatmap.path, heatmap, card)

    def scores(self, said: DenseMaps, card: ModelCard) -> Prediction:
        """Return the mean over the cell, which is the middle of the patch."""
        rim = (card.patch - card.stride) // 2 // card.output_stride
        middle = said[:, :, rim : said.shape[2] - rim, rim : said.shape[3] - rim]
        return np.asarray(middle.mean(axis=(2, 3), dtype=np.float32))
