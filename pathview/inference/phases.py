"""What a run is doing before its first cell, said from wherever it is done."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from enum import StrEnum


class Phase(StrEnum):
    """What takes its time, in words for people."""

    WAITING = "Waiting for the run before it"
    TISSUE = "Looking for tissue"
    LOADING = "Loading the model"
    COMPARING = "Comparing engines for this model, once on this machine"
    CHECKING = "Checking the model on known tiles"
    SCORING = ""


type Listener = Callable[[Phase], None]

_listener: ContextVar[Listener | None] = ContextVar("listener", default=None)


def announce(phase: Phase) -> None:
    """Tell whoever listens in this thread that a phase begins."""
    listener = _listener.get()
    if listener is not None:
        listener(phase)


@contextmanager
def heard_by(listener: Listener) -> Iterator[None]:
    """Let `listener` hear what is announced in this thread while the block lasts."""
    token = _listener.set(listener)
    try:
        yield
    finally:
        _listener.reset(token)
