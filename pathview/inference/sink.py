"""Where a run puts what a model says beyond one value a class and cell."""

from __future__ import annotations

from typing import Any, Protocol

from pathview.inference.order import Cells


class Sink(Protocol):
    """The product of a run beside its heatmap; belongs to the run's thread.

    The heatmap stays the ledger: it flushes the sink before it writes the state of the cells that were put,
    so a state on disk always has its product. What was put after the last flush is put again by the next run,
    so putting the same cells twice must come to the same as once. A sink lies in the heatmap's own folder,
    which refuses the values of another model, slide or grid.
    """

    def put(self, cells: Cells, payload: Any) -> None:
        """Take what the task's `Said.payload` holds for `cells` (n, 2)."""
        ...

    def flush(self) -> None:
        """Bring what was put to disk."""
        ...
