"""Where one has looked: back and forward, as in a browser."""

from __future__ import annotations

import math

from pathview.view.viewport import Viewport

_KEPT = 200
# A view that has moved by less than this part of the screen, or zoomed by less than this factor, is the same.
_MOVED = 0.25
_ZOOMED = 1.25


class ViewHistory:
    """The views that one has rested at, and a place among them."""

    def __init__(self) -> None:
        self._views: list[Viewport] = []
        self._at = -1

    @property
    def can_go_back(self) -> bool:
        """Whether there is an earlier view."""
        return self._at > 0

    @property
    def can_go_forward(self) -> bool:
        """Whether one has gone back."""
        return self._at + 1 < len(self._views)

    def rested(self, viewport: Viewport) -> None:
        """Remember a view and forget what lay ahead; one that is nearly the present one changes nothing."""
        if self._at >= 0 and alike(self._views[self._at], viewport):
            return
        self._views = [*self._views[: self._at + 1], viewport][-_KEPT:]
        self._at = len(self._views) - 1

    def back(self) -> Viewport | None:
        """Go to the earlier view and return it, or None where there is none."""
        return self._go(-1) if self.can_go_back else None

    def forward(self) -> Viewport | None:
        """Go to the later view and return it, or None where there is none."""
        return self._go(1) if self.can_go_forward else None

    def _go(self, by: int) -> Viewport:
        self._at += by
        return self._views[self._at]


def alike(a: Viewport, b: Viewport) -> bool:
    """Whether two views show nearly the same."""
    if (a.rotation, a.flipped) != (b.rotation, b.flipped):
        return False
    if not 1 / _ZOOMED < a.downsample / b.downsample < _ZOOMED:
        return False
    moved = math.dist(a.center, b.center) / max(a.downsample, b.downsample)
    return moved < _MOVED * min(*a.size, *b.size)
