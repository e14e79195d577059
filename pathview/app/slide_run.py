"""A model run and the open slide that it looks at."""

from __future__ import annotations

from typing import TYPE_CHECKING

from psygnal import Signal

from pathview.inference.heatmap import Heatmap
from pathview.inference.run_status import RunState, RunStatus

if TYPE_CHECKING:
    from pathview.app.open_slide import OpenSlide
    from pathview.inference.remote import RemoteRun

_GOING = (RunState.READY, RunState.RUNNING, RunState.PAUSED)


class SlideRun:
    """Passes on what a run tells, with its slide, until it is let go; main thread only.

    Parameters
    ----------
    slide
        What the run looks at.
    run
        The run.
    layer
        Name of the layer that its heatmap gets.
    model
        What people call the model.
    """

    started = Signal(object, str, Heatmap, object)
    """The slide, the layer's name, the heatmap that is being filled, and `Detections` or None."""
    changed = Signal(object, RunStatus)
    """The slide and the newest status."""

    def __init__(self, slide: OpenSlide, run: RemoteRun, layer: str, model: str) -> None:
        self.slide = slide
        self.run = run
        self.model = model
        self._layer = layer
        run.started.connect(self._on_started)
        run.changed.connect(self._on_status)

    @property
    def status(self) -> RunStatus:
        """How far it is."""
        return self.run.status

    @property
    def going(self) -> bool:
        """Whether it is being prepared, running or paused."""
        return self.run.status.state in _GOING

    def let_go(self) -> None:
        """Hear no more of the run, which is cancelled if it goes on."""
        self.run.changed.disconnect(self._on_status)
        self.run.started.disconnect(self._on_started)
        if self.going:
            self.run.cancel()

    def _on_started(self) -> None:
        if self.run.heatmap is not None:
            self.started.emit(self.slide, self._layer, self.run.heatmap, self.run.detections)

    def _on_status(self, status: RunStatus) -> None:
        self.changed.emit(self.slide, status)
