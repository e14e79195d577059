"""A virtual screen whose pixels another process looks at: what a user would see, and when."""

from __future__ import annotations

import mmap
import os
import struct
import subprocess
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import Self

import numpy as np
from numpy.typing import NDArray

Area = tuple[int, int, int, int]
"""x, y, width, height"""

_LOOK_EVERY_S = 0.004


class Screen:
    """An Xvfb with software GL that ends with the context.

    Parameters
    ----------
    size
        Width and height in pixels.
    """

    def __init__(self, size: tuple[int, int]) -> None:
        self._size = size

    def __enter__(self) -> Self:
        # In memory where there is such a folder, since it is looked at often.
        self._folder = tempfile.TemporaryDirectory(dir="/dev/shm" if os.path.isdir("/dev/shm") else None)
        read, write = os.pipe()
        width, height = self._size
        self._server = subprocess.Popen(
            ["Xvfb", "-displayfd", str(write), "-screen", "0", f"{width}x{height}x24", "+extension", "GLX",
             "-fbdir", self._folder.name, "-nolisten", "tcp"],
            pass_fds=(write,), stderr=subprocess.DEVNULL,
        )  # fmt: skip
        os.close(write)
        with os.fdopen(read) as told:
            self.name = f":{told.readline().strip()}"
        self._pixels = _mapped(Path(self._folder.name) / "Xvfb_screen0")
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.terminate()
        self._server.wait()
        self._folder.cleanup()

    @property
    def environment(self) -> dict[str, str]:
        """What a program needs to show itself here."""
        ours = {"DISPLAY": self.name, "LIBGL_ALWAYS_SOFTWARE": "1", "QT_QPA_PLATFORM": "xcb"}
        return {**os.environ, **ours}

    def look(self, area: Area) -> NDArray[np.uint8]:
        """Return a copy of what an area shows, (height, width, 3) RGB."""
        x, y, width, height = area
        return self._pixels[y : y + height, x : x + width, 2::-1].copy()

    def until(
        self, area: Area, seen: Callable[[NDArray[np.uint8]], bool], limit_s: float = 120.0
    ) -> float | None:
        """Return the moment at which an area shows what is waited for, by `time.monotonic`; None if never."""
        limit = time.monotonic() + limit_s
        while (now := time.monotonic()) < limit:
            if seen(self.look(area)):
                return now
            time.sleep(_LOOK_EVERY_S)
        return None

    def changes(self, area: Area, rest_s: float, done: Callable[[], bool] = lambda: True) -> list[float]:
        """Return when an area changed, until `done` holds and it has been the same for `rest_s` seconds."""
        moments: list[float] = []
        known, last = self.look(area)[::4], time.monotonic()
        while not done() or time.monotonic() - last < rest_s:
            now, shown = time.monotonic(), self.look(area)[::4]
            if not np.array_equal(known, shown):
                known, last = shown, now
                moments.append(now)
            time.sleep(_LOOK_EVERY_S)
        return moments


def tissue(pixels: NDArray[np.uint8]) -> bool:
    """Whether a picture shows stained tissue, which is more red than green, in a good part of it."""
    red, green = pixels[::4, ::4, 0].astype(int), pixels[::4, ::4, 1].astype(int)
    return bool((red - green > 12).mean() > 0.15)


def _mapped(file: Path) -> NDArray[np.uint8]:
    """Return the screen's memory, an XWD file, as (height, width, 4) BGRX."""
    descriptor = os.open(file, os.O_RDONLY)
    try:
        memory = mmap.mmap(descriptor, 0, prot=mmap.PROT_READ)
    finally:
        os.close(descriptor)
    header = struct.unpack(">25I", memory[:100])
    height, row, colours = header[5], header[12], header[19]
    pixels = np.frombuffer(memory, np.uint8, row * height, header[0] + 12 * colours)
    return pixels.reshape(height, row // 4, 4)
