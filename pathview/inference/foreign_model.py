"""A model that runs in the Python of another environment, with the face of one that runs here."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from pathview.core.errors import ModelError, PluginError
from pathview.core.memory import default_cap
from pathview.core.plugins.process import NUMPY, PluginProcess
from pathview.inference.card import ModelCard
from pathview.inference.model import OodScores, Patches, Prediction


class ForeignModel:
    """A plugin's model behind a process of its own; patches go down a pipe, and what it says comes up.

    That process belongs to the group of this one: what ends an inference host ends it, too.

    Parameters
    ----------
    card
        What it needs and gives.
    folder, factory, arguments
        Where its code is, "module:function" there, and what that takes besides folder and card.
    python
        The interpreter, or the folder of a virtual environment.
    """

    def __init__(
        self, card: ModelCard, folder: Path, factory: str, arguments: dict[str, Any], python: Path
    ) -> None:
        self.card = card
        self._python = python
        self._service = "pathview.inference.foreign_model:make_there", card, folder, factory, arguments
        self._process: PluginProcess | None = None

    def load(self, device: str) -> None:
        """Make the model there, and make it ready on "cpu", "cuda:N" or "mps".

        Raises
        ------
        ModelError
            If that interpreter cannot run a plugin, or the plugin's code fails in it.
        """
        if self._process is None:
            try:
                self._process = PluginProcess(
                    self.card.name,
                    *self._service,
                    python=self._python,
                    needs=NUMPY,
                    memory_bytes=default_cap(),
                    joins=True,
                )
            except PluginError as error:
                raise ModelError(self.card.name, error.reason) from error
        self._call("load", device)

    def predict(self, patches: Patches) -> Prediction:
        """Return what the model says of patches (n, patch, patch, 3) uint8; unchecked."""
        said: Prediction = self._call("predict", patches)
        return said

    def predict_with_ood(self, patches: Patches) -> tuple[Prediction, OodScores]:
        """Return what the model says, and how far the patches are from its training; unchecked."""
        said: tuple[Prediction, OodScores] = self._call("predict_with_ood", patches)
        return said

    def unload(self) -> None:
        """End the process, and with it all that the model holds."""
        if self._process is not None:
            self._process.close()
        self._process = None

    def _call(self, method: str, *arguments: object) -> Any:
        if self._process is None:
            raise ModelError(self.card.name, "is not loaded")
        try:
            return self._process.call(method, *arguments)
        except PluginError as error:
            if not error.kind:
                self.unload()
            # Out of memory is answered with smaller batches, there as here.
            if error.kind == "MemoryError":
                raise MemoryError(error.reason) from error
            raise ModelError(self.card.name, error.reason) from error


def make_there(card: ModelCard, folder: Path, factory: str, arguments: dict[str, Any]) -> Any:
    """Make the model; in its process."""
    from pathview.core.plugins.code import plugin_function

    return plugin_function(folder, factory)(folder, card, **arguments)
