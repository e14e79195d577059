"""The readers that plugins offer to this process; who starts it says where they come from."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathview.slides.plugin_reader import ReaderSource

_find: Callable[[], tuple[ReaderSource, ...]] | None = None


def offer_readers(find: Callable[[], Iterable[ReaderSource]]) -> None:
    """Say how the readers of plugins are found: when one is needed, once."""
    global _find
    _find = cache(lambda: tuple(find()))


def has_offer() -> bool:
    """Tell whether this process has been told."""
    return _find is not None


def offered_readers() -> tuple[ReaderSource, ...]:
    """Return the readers that plugins offer, in the order found."""
    return () if _find is None else _find()
