"""How a model run is put into words."""

from __future__ import annotations

from pathview.inference.forecast import duration, in_words
from pathview.inference.run_status import RunState, RunStatus

_WORDS = {
    RunState.READY: "Starting …",
    RunState.RUNNING: "Running",
    RunState.PAUSED: "Paused",
    RunState.DONE: "Done",
    RunState.CANCELLED: "Stopped; run again to go on from here",
    RunState.FAILED: "Failed",
}


def state_words(status: RunStatus) -> str:
    """Return where a run stands: what it is doing while it does not score yet, else its state."""
    if status.phase and status.state in (RunState.READY, RunState.RUNNING):
        return f"{status.phase} …"
    return _WORDS[status.state]


def describe(status: RunStatus) -> str:
    """Return one line on a run: state, rate, time left, and what went wrong."""
    parts = [state_words(status)]
    if status.state is RunState.RUNNING and status.patches_per_s > 0:
        parts.append(f"{status.patches_per_s:.0f} tiles/s")
    if status.state is RunState.RUNNING and status.seconds_left is not None:
        parts.append(f"{duration(status.seconds_left)} left")
    if status.skipped:
        parts.append(f"{status.skipped} without tissue")
    if status.failed:
        parts.append(f"{status.failed} failed")
    if status.error is not None:
        parts.append(str(status.error))
    return " · ".join(parts)


def brief(status: RunStatus) -> str:
    """Return the few words that fit the status bar."""
    if status.state is RunState.RUNNING and status.seconds_left is not None:
        return f"Model: {duration(status.seconds_left)} left"
    words = state_words(status)
    return f"Model: {words[:1].lower()}{words[1:]}"


def foreseen(status: RunStatus) -> str:
    """Return what is expected of a run that goes on, as a sentence; "" where that is not known."""
    if status.forecast is None or status.state.final:
        return ""
    words = in_words(status.forecast)
    return f"The whole run takes {words}."


def is_starting(status: RunStatus) -> bool:
    """Tell whether the run does not know its total yet: it looks for tissue, or loads the model."""
    return status.state is RunState.READY or (status.total == 0 and not status.state.final)
