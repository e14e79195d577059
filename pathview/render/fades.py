"""Tiles that fade in over what stood in for them, so that sharpness comes instead of popping up."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping

from pathview.core.pyramid import TileKey
from pathview.tiles.source import TileSource

FADE_S = 0.12
"""How long it takes: long enough to be soft, too short to be waited for."""


class Fades:
    """How far each tile that has just come has faded in.

    Parameters
    ----------
    seconds
        How long a tile takes; 0 shows each at once.
    clock
        Seconds that never go back.
    """

    def __init__(self, seconds: float, clock: Callable[[], float] = time.perf_counter) -> None:
        self._seconds = seconds
        self._clock = clock
        self._came: dict[TileSource, dict[TileKey, float]] = {}

    @property
    def going(self) -> bool:
        """Whether some tile is still half transparent."""
        return any(self.shares(source) for source in list(self._came))

    def start(self, source: TileSource, key: TileKey) -> None:
        """Let a tile fade in from now on."""
        if self._seconds > 0:
            self._came.setdefault(source, {})[key] = self._clock()

    def shares(self, source: TileSource) -> Mapping[TileKey, float]:
        """Return the opacity, 0 to 1, of each tile of `source` that is still half transparent."""
        came = self._came.get(source)
        if came is None:
            return {}
        now = self._clock()
        shares = {key: (now - start) / self._seconds for key, start in came.items()}
        for key, share in shares.items():
            if share >= 1.0:
                del came[key]
        if not came:
            del self._came[source]
        return {key: share for key, share in shares.items() if share < 1.0}

    def forget(self, source: TileSource) -> None:
        """End all that concerns `source`."""
        self._came.pop(source, None)
