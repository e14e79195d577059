"""An image that can only be decoded whole."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

from numpy.typing import NDArray

from pathview.core.errors import TileReadError, in_a_sentence
from pathview.slides.reader import SlideInfo


class WholeImage:
    """An image that is decoded at the first read and kept; safe from many threads.

    Parameters
    ----------
    info
        What is known about it.
    decode
        Returns all pixels, (height, width, ...); called once.
    """

    def __init__(self, info: SlideInfo, decode: Callable[[], NDArray[Any]]) -> None:
        self.info = info
        self._decode = decode
        self._lock = threading.Lock()
        self._pixels: NDArray[Any] | None = None
        self._closed = False

    def window(self, level: int, x: int, y: int, w: int, h: int) -> NDArray[Any]:
        """Return a window of the image; `level` must be 0.

        Raises
        ------
        TileReadError
            If the window is not in the image, the image cannot be decoded, or is closed.
        """
        where = f"level {level}, {w} x {h} pixels at ({x}, {y})"
        width, height = self.info.size
        if level != 0 or not (0 <= x < x + w <= width and 0 <= y < y + h <= height):
            raise TileReadError(self.info.path, where, f"the image is {width} x {height} pixels large")
        return self._all(where)[y : y + h, x : x + w].copy()

    def close(self) -> None:
        """Refuse further reads and free the pixels."""
        with self._lock:
            self._closed = True
            self._pixels = None

    def _all(self, where: str) -> NDArray[Any]:
        # The first reader decodes for all: the lock makes the others wait for it.
        with self._lock:
            if self._closed:
                raise TileReadError(self.info.path, where, "the slide is closed")
            if self._pixels is None:
                try:
                    pixels = self._decode()
                except Exception as error:  # whatever a codec raises on damaged bytes
                    raise TileReadError(self.info.path, where, in_a_sentence(error)) from error
                width, height = self.info.size
                if pixels.shape != (height, width, len(self.info.channels) or 3):
                    raise TileReadError(self.info.path, where, "it has other pixels than its header says")
                self._pixels = pixels
            return self._pixels
