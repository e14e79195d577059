"""The atlas: tiles of one kind and size in a few large textures."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Container, Iterable
from dataclasses import dataclass
from typing import Any, Literal
from weakref import ref

import numpy as np
from vispy import gloo

from pathview.core.pyramid import TileKey
from pathview.tiles.source import Rgb, Scalar, TileSource


@dataclass(slots=True)
class Slot:
    """Where a tile lies: page number and texel rectangle; and what is in it."""

    page: int
    x: int
    y: int
    width: int
    height: int
    used: int
    pixels: ref[Rgb | Scalar]

    @property
    def texels(self) -> tuple[int, int, int, int]:
        """x, y, width and height inside the page."""
        return self.x, self.y, self.width, self.height


class Atlas:
    """Slots for tiles in up to `pages` square textures, which are made as they are needed.

    A page that grew in place would lose its content and flash; a further page costs one more draw call.

    Parameters
    ----------
    kind
        "rgb" pages hold 8-bit colour, "scalar" pages one float32 per texel.
    edge
        Edge of a slot in texels; tiles may be smaller.
    side
        Slots along each edge of a page.
    pages
        The most pages there may be.
    """

    def __init__(self, kind: Literal["rgb", "scalar"], edge: int, side: int, pages: int) -> None:
        self.kind = kind
        self.edge = edge
        self.side = side
        self.pages: list[Any] = []
        self._max_pages = pages
        self._free: list[tuple[int, int, int]] = []
        self._slots: OrderedDict[tuple[TileSource, TileKey], Slot] = OrderedDict()
        self._resident: dict[TileSource, set[TileKey]] = {}
        self._tick = 0

    @property
    def page_edge(self) -> int:
        """Edge of a page in texels."""
        return self.edge * self.side

    def resident(self, source: TileSource) -> Container[TileKey]:
        """Return the keys of `source` that have a slot."""
        return self._resident.get(source, frozenset())

    def slot(self, source: TileSource, key: TileKey) -> Slot | None:
        """Return where a tile lies, or None."""
        return self._slots.get((source, key))

    def begin(self) -> None:
        """Start a frame: what is touched or put from now on is not evicted before the next one."""
        self._tick += 1

    def touch(self, source: TileSource, keys: Iterable[TileKey]) -> None:
        """Mark tiles as used in this frame."""
        for key in keys:
            slot = self._slots.get((source, key))
            if slot is not None:
                slot.used = self._tick
                self._slots.move_to_end((source, key))

    def put(self, source: TileSource, key: TileKey, pixels: Rgb | Scalar, patience: int = 0) -> bool:
        """Upload a tile, replacing an older version of it or the tile that was unused for longest.

        Parameters
        ----------
        source, key
            Which tile it is.
        pixels
            (h, w, 3) uint8 or (h, w) float32, no larger than a slot.
        patience
            Evict only what was unused for more than this many frames.

        Returns
        -------
        bool
            False when every slot is in use, and nothing was uploaded.
        """
        place = self._place(source, key, patience)
        if place is None:
            return False
        page, x, y = place
        height, width = pixels.shape[:2]
        self.pages[page].set_data(pixels, offset=(y, x))
        self._slots[source, key] = Slot(page, x, y, width, height, self._tick, ref(pixels))
        self._slots.move_to_end((source, key))
        self._resident.setdefault(source, set()).add(key)
        return True

    def forget(self, source: TileSource) -> None:
        """Free all slots of `source`."""
        for key in self._resident.pop(source, set()):
            slot = self._slots.pop((source, key))
            self._free.append((slot.page, slot.x, slot.y))

    def _place(self, source: TileSource, key: TileKey, patience: int) -> tuple[int, int, int] | None:
        if (own := self._slots.get((source, key))) is not None:
            return own.page, own.x, own.y
        if not self._free and len(self.pages) < self._max_pages:
            self._add_page()
        return self._free.pop() if self._free else self._evict(patience)

    def _evict(self, patience: int) -> tuple[int, int, int] | None:
        (source, key), slot = next(iter(self._slots.items()))
        if slot.used >= self._tick - patience:
            return None
        del self._slots[source, key]
        self._resident[source].discard(key)
        return slot.page, slot.x, slot.y

    def _add_page(self) -> None:
        page = len(self.pages)
        self.pages.append(_texture(self.kind, self.page_edge))
        steps = np.arange(self.side - 1, -1, -1) * self.edge
        self._free.extend((page, int(x), int(y)) for y in steps for x in steps)


def _texture(kind: str, edge: int) -> Any:
    if kind == "rgb":
        return gloo.Texture2D((edge, edge, 3), interpolation="linear", internalformat="rgb8")
    return gloo.Texture2D((edge, edge), format="red", interpolation="nearest", internalformat="r32f")
