"""What tells one task from another: how a model is asked, what it may answer, and where that goes."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import Any, ClassVar, NamedTuple

import numpy as np
from numpy.typing import NDArray

from pathview.inference.boundary import called
from pathview.inference.card import ModelCard
from pathview.inference.heatmap import Heatmap
from pathview.inference.model import Patches, Prediction, TileModel
from pathview.inference.sink import Sink


class Said(NamedTuple):
    """What came of asking about n patches.

    Attributes
    ----------
    scores
        (n, classes): what the heatmap's cells get.
    extras
        (n, layers) by name: what else they get.
    payload
        What the task's sink takes; None where there is nothing beyond the cells.
    """

    scores: Prediction
    extras: Mapping[str, NDArray[np.float32]]
    payload: Any = None


class TaskKind[T](ABC):
    """One task; `T` is what a model of it returns for a batch.

    Attributes
    ----------
    probabilities
        Whether `numbers` are probabilities with the classes along axis 1.
    takes_views
        Whether a model can be asked about a patch turned and mirrored in all ways.
    may_find_nothing
        Whether saying the same of everything can be right: nothing is there to be found.
    """

    probabilities: ClassVar[bool] = False
    takes_views: ClassVar[bool] = False
    may_find_nothing: ClassVar[bool] = False

    @abstractmethod
    def of_kind(self, said: object, patches: int, card: ModelCard) -> T:
        """Return what a model returned if type and shape are right; values are not looked at.

        Raises
        ------
        ModelError
            If they are not; it names what is wrong.
        """

    @abstractmethod
    def check(self, said: T, card: ModelCard) -> None:
        """Refuse values that a model may not give, with a `ModelError`."""

    @abstractmethod
    def numbers(self, said: T) -> NDArray[np.float32]:
        """Return the answer as (n, ...): what answers are compared by, and looked at before a run."""

    @abstractmethod
    def scores(self, said: T, card: ModelCard) -> Prediction:
        """Return one value a class and patch, (n, classes): what the heatmap's cells get."""

    def extras(self, card: ModelCard, views: int) -> dict[str, int]:
        """Return how many layers each further array of the heatmap has, by its name."""
        return {}

    def sink(self, heatmap: Heatmap, card: ModelCard) -> Sink | None:
        """Open where the payload goes, in the heatmap's folder; None where there is nothing to keep.

        Raises
        ------
        HeatmapMismatchError
            If what is there belongs to something else.
        OSError
            If it cannot be made.
        """
        return None

    def ask_freely(self, model: TileModel, patches: Patches) -> T:
        """Return what a model says of patches; only type and shape are checked.

        Raises
        ------
        ModelError
            If it raises, or returns another kind of thing.
        MemoryError
            If the device has no room for so many patches.
        """
        return self.of_kind(called(model, model.predict, patches), len(patches), model.card)

    def answer(self, model: TileModel, patches: Patches) -> T:
        """Return what a model says of patches, checked; raises as `ask_freely` and `check`."""
        said = self.ask_freely(model, patches)
        self.check(said, model.card)
        return said

    def ask(self, model: TileModel, patches: Patches, views: int = 1) -> Said:
        """Return what a run writes down of patches; raises as `answer`.

        Parameters
        ----------
        model, patches
            Who is asked about what.
        views
            Turned and mirrored views of each patch; 1 unless `takes_views`.
        """
        said = self.answer(model, patches)
        return Said(self.scores(said, model.card), {}, said)
