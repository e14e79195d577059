"""Where a run stands, as all that show it need to know: none of them needs what runs."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from pathview.inference.forecast import Forecast
from pathview.inference.phases import Phase


class RunState(StrEnum):
    """Where a run stands; the last three are final."""

    READY = "ready"
    RUNNING = "running"
    PAUSED = "paused"
    DONE = "done"
    CANCELLED = "cancelled"
    FAILED = "failed"

    @property
    def final(self) -> bool:
        """Whether nothing more will happen."""
        return self in (RunState.DONE, RunState.CANCELLED, RunState.FAILED)


@dataclass(frozen=True, slots=True)
class RunStatus:
    """A run at one moment.

    Attributes
    ----------
    state
        Where it stands.
    done, total, skipped, failed
        Cells of the heatmap; `total` are to be looked at, `skipped` hold no tissue.
    patches_per_s
        Over the last seconds, 0 before there is a measure.
    seconds_left
        At that rate, or None before there is a measure.
    error
        Why the state is FAILED.
    notes
        What the pre-flight of the model found that is worth knowing.
    phase
        What it does before its first cell; empty once it scores.
    forecast
        How long it will take, once that has been measured.
    """

    state: RunState
    done: int = 0
    total: int = 0
    skipped: int = 0
    failed: int = 0
    patches_per_s: float = 0.0
    seconds_left: float | None = None
    error: Exception | None = None
    notes: tuple[str, ...] = ()
    phase: Phase = Phase.SCORING
    forecast: Forecast | None = None
