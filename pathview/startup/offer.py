"""Lets slides be opened by the readers of plugins; light, since every start goes by here."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pathview.core.plugins import offered

if TYPE_CHECKING:
    from collections.abc import Iterable

    from pathview.slides.plugin_reader import ReaderSource


def offer_readers() -> None:
    """Let slides be opened by the readers of plugins in this process, found when one is needed."""
    offered.offer_readers(_find)


def _find() -> Iterable[ReaderSource]:
    from pathview.startup.registry import known_registry
    from pathview.startup.settings import load_settings

    return known_registry(load_settings()).readers.values()
