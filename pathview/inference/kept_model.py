"""The model of the last run, kept loaded for the next one, and the tissue of the slides."""

from __future__ import annotations

from pathview.core.inbox import Inbox
from pathview.inference.known_tissue import KnownTissue
from pathview.inference.run import InferenceRun
from pathview.inference.source import ModelSource
from pathview.inference.spec import RunSpec, build_run


class KeptModel:
    """Builds one run after another; of the same model only the first one loads it. One thread.

    Attributes
    ----------
    tissue
        What is known of the slides, for any thread.
    """

    def __init__(self) -> None:
        self.tissue = KnownTissue()
        self._last: tuple[ModelSource, InferenceRun] | None = None

    def build(self, spec: RunSpec, inbox: Inbox) -> InferenceRun:
        """Return a run as `build_run` does, with the model of the one before where it is the same."""
        if self._last is not None and self._last[0] != spec.model:
            self.close()
        earlier = self._last[1] if self._last else None
        run = build_run(spec, inbox, earlier=earlier, tissue=self.tissue.of)
        self._last = (spec.model, run)
        return run

    def close(self) -> None:
        """Give the model's memory back."""
        if self._last is not None:
            self._last[1].model.unload()
        self._last = None

    def forget(self) -> None:
        """Make the model anew for the next run, whatever state it is in."""
        self._last = None
