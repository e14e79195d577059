"""Tiles in memory, bounded by bytes."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Collection
from typing import NamedTuple

from pathview.core.pyramid import TileKey
from pathview.tiles.source import Rgb, Scalar, TileSource

Address = tuple[TileSource, TileKey]
"""One tile of one source."""


class CachedTile(NamedTuple):
    """A tile's pixels and the revision they had when they were read."""

    pixels: Rgb | Scalar
    revision: int


class TileCache:
    """Forgets what was used longest ago, but never what is on the screen; main thread only.

    Parameters
    ----------
    limit_bytes
        How much to keep. Protected tiles stay even beyond it.
    """

    def __init__(self, limit_bytes: int) -> None:
        self.limit_bytes = limit_bytes
        self._tiles: OrderedDict[Address, CachedTile] = OrderedDict()
        self._protected: frozenset[Address] = frozenset()
        self._bytes = 0

    @property
    def bytes(self) -> int:
        """Bytes of pixels held."""
        return self._bytes

    def __len__(self) -> int:
        return len(self._tiles)

    def __contains__(self, address: Address) -> bool:
        return address in self._tiles

    def peek(self, address: Address) -> CachedTile | None:
        """Return a tile without counting that as a use."""
        return self._tiles.get(address)

    def get(self, address: Address) -> CachedTile | None:
        """Return a tile and mark it as just used."""
        tile = self._tiles.get(address)
        if tile is not None:
            self._tiles.move_to_end(address)
        return tile

    def put(self, address: Address, tile: CachedTile) -> None:
        """Add or replace a tile, then forget until the rest fits; the new one goes if nothing else may."""
        self._drop(address)
        self._tiles[address] = tile
        self._bytes += tile.pixels.nbytes
        self._shrink()

    def protect(self, addresses: Collection[Address]) -> None:
        """Say what is on the screen or waited for, in place of what was said before."""
        self._protected = frozenset(addresses)
        self._shrink()

    def forget(self, source: TileSource) -> None:
        """Drop all tiles of a source."""
        for address in [address for address in self._tiles if address[0] is source]:
            self._drop(address)
        self._protected = frozenset(address for address in self._protected if address[0] is not source)

    def _drop(self, address: Address) -> None:
        tile = self._tiles.pop(address, None)
        if tile is not None:
            self._bytes -= tile.pixels.nbytes

    def _shrink(self) -> None:
        if self._bytes <= self.limit_bytes:
            return
        for address in list(self._tiles):
            if address not in self._protected:
                self._drop(address)
                if self._bytes <= self.limit_bytes:
                    return
