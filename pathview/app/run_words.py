"""How a model run is put into words."""

from __future__ import annotations

from pathview.inference.run import RunState, RunStatus

_WORDS = {
    RunState.READY: "Starting …",
    RunState.RUNNING: "Running",
    RunState.PAUSED: "Paused",
    RunState.DONE: "Done",
    RunState.CANCELLED: "Stopped; run again to go on from here",
    RunState.FAILED: "Failed",
}


def describe(status: RunStatus) -> str:
    """Return one line on a run: state, rate, time left, and what went wrong."""
    parts = [_WORDS[status.state]]
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
    return f"Model: {_WORDS[status.state].lower()}"


def is_starting(status: RunStatus) -> bool:
    """Tell whether the run does not know its total yet: it looks for tissue, or loads the model."""
    return status.state is RunState.READY or (status.total == 0 and not status.state.final)


def duration(seconds: float) -> str:
    """Return a time in words, no finer than it is known."""
    minutes = seconds / 60
    if minutes >= 90:
        return f"{minutes / 60:.1f} h"
    return f"{minutes:.0f} min" if minutes >= 1.5 else f"{seconds:.0f} s"
