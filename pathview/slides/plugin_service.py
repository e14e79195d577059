"""What the process of a plugin's reader serves."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pathview.core.plugins.code import plugin_function


class ReaderService:
    """A plugin's reader as it comes, nothing of it checked: the other side does that.

    Parameters
    ----------
    folder, factory
        Where the plugin's code is, and "module:function" there.
    path
        What is to be opened.
    """

    def __init__(self, folder: Path, factory: str, path: Path) -> None:
        # Here and not in `open`: an import on a cold disk may take longer than a slide may.
        self._make = plugin_function(folder, factory)
        self._path = path
        self._reader: Any = None

    def open(self) -> Any:
        """Return what the reader tells of the slide, or None where it is none of its own."""
        self._reader = self._make(self._path)
        return None if self._reader is None else self._reader.info

    def read_level(self, level: int, x: int, y: int, w: int, h: int) -> Any:
        """Return a window of level pixels."""
        return self._reader.read_level(level, x, y, w, h)

    def associated_images(self) -> Any:
        """Return the other images."""
        images = self._reader.associated_images()
        return dict(images) if isinstance(images, Mapping) else images

    def icc_profile(self) -> Any:
        """Return the colour profile."""
        return self._reader.icc_profile()
