"""Decoded native tiles that neighbouring reads share."""

from __future__ import annotations

import threading
from collections import OrderedDict

from pathview.slides.channels import Samples


class TileCache:
    """Keeps the tiles used last, up to a number of bytes.

    Parameters
    ----------
    limit
        Bytes; a tile of more than an eighth of them is not kept, since it would push out all others.
    """

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._bytes = 0
        self._tiles: OrderedDict[tuple[int, int], Samples] = OrderedDict()
        self._lock = threading.Lock()

    def get(self, key: tuple[int, int]) -> Samples | None:
        """Return the tile (level, number), or None."""
        with self._lock:
            tile = self._tiles.get(key)
            if tile is not None:
                self._tiles.move_to_end(key)
            return tile

    def put(self, key: tuple[int, int], tile: Samples) -> None:
        """Keep a tile, which nobody may change from here on."""
        if tile.nbytes * 8 > self._limit:
            return
        with self._lock:
            old = self._tiles.pop(key, None)
            self._bytes += tile.nbytes - (0 if old is None else old.nbytes)
            self._tiles[key] = tile
            while self._bytes > self._limit:
                self._bytes -= self._tiles.popitem(last=False)[1].nbytes

    def clear(self) -> None:
        """Forget all tiles."""
        with self._lock:
            self._tiles.clear()
            self._bytes = 0
