"""The readers that plugins offer to this process; who starts it says where they come from."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import cache
from typing import Any

_find: Callable[[], tuple[Any, ...]] | None = None


def offer_readers(find: Callable[[], Iterable[Any]]) -> None:
    """Say how the readers of plugins are found, as `ReaderSource`; asked when one is needed, once."""
    global _find
    _find = cache(lambda: tuple(find()))


def has_offer() -> bool:
    """Tell whether this process has been told."""
    return _find is not None


def offered_readers() -> tuple[Any, ...]:
    """Return the readers that plugins offer, as `ReaderSource`, in the order found."""
    return () if _find is None else _find()
