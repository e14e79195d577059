"""How long a run will take, from its first patches."""

from __future__ import annotations

import time
from dataclasses import dataclass

BENCHMARK = 32
"""Patches that are timed at least."""
LEAST_S = 0.5
"""And for how long: those of a fast model are done before a machine has settled."""


@dataclass(frozen=True, slots=True)
class Forecast:
    """What is to be expected of a run.

    Attributes
    ----------
    seconds
        From its start to its end, at the speed of its first patches.
    coarse_seconds
        Until a coarse map of all of it stands, where that comes first.
    coarse_first
        Whether it does.
    device
        What it runs on: "CPU", "GPU".
    """

    seconds: float
    coarse_seconds: float
    coarse_first: bool
    device: str


class Stopwatch:
    """Times the first patches of a run after those that warm it up; what they yield is kept."""

    def __init__(self) -> None:
        self._began: float | None = None
        self._patches = 0
        self.rate: float | None = None

    def lap(self, patches: int) -> bool:
        """Count patches that are done now; tell whether the rate has just become known.

        The first batch starts the watch and does not count: it pays for warming up.
        """
        now = time.monotonic()
        if self.rate is not None:
            return False
        if self._began is None:
            self._began = now
            return False
        self._patches += patches
        if self._patches < BENCHMARK or now <= self._began or now - self._began < LEAST_S:
            return False
        self.rate = self._patches / (now - self._began)
        return True

    def stop(self) -> None:
        """Begin again with the next batch: the run was paused."""
        self._began, self._patches = None, 0


def device_word(device: str) -> str:
    """Return what people call a device."""
    return "CPU" if device == "cpu" else "GPU"


def in_words(forecast: Forecast) -> str:
    """Return a forecast as one sentence."""
    words = f"about {duration(forecast.seconds)} on this {forecast.device}"
    if forecast.coarse_first:
        return f"{words}, {duration(forecast.coarse_seconds)} of it for a coarse map first"
    return f"{words}; coarse first, a rough map would stand after {duration(forecast.coarse_seconds)}"


def duration(seconds: float) -> str:
    """Return a time in words, no finer than it is known."""
    minutes = seconds / 60
    if minutes >= 90:
        return f"{minutes / 60:.1f} h"
    return f"{minutes:.0f} min" if minutes >= 1.5 else f"{seconds:.0f} s"
