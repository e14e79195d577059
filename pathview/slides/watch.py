"""Notice that an open slide's file has gone, was cut off or replaced, and go on when it is back."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from pathview.core.errors import SlideOpenError, TileReadError
from pathview.core.place import Address, Place
from pathview.slides.channels import Look, Samples
from pathview.slides.reader import Adjustable, Rgb, SlideInfo, SlideReader, associated_sizes
from pathview.slides.remote.look import version_of
from pathview.slides.remote.source import RemoteError

LOOK_S = 2.0
"""How often the file is looked at while tiles are read without an error."""


@dataclass(frozen=True, slots=True)
class _Identity:
    """What tells one file from another without reading it; of a folder only which one it is."""

    size: int
    version: str

    @classmethod
    def of(cls, place: Place) -> _Identity:
        if isinstance(place, Address):
            stamp = version_of(place)
            return cls(stamp.size, stamp.validator)
        found = place.stat()
        # A file that is laid into the folder, annotations for example, is not another slide.
        if place.is_dir():
            return cls(0, str(found.st_ino))
        return cls(found.st_size, f"{found.st_mtime_ns} {found.st_ino}")


class WatchedReader:
    """A reader whose file may change under it; it blocks nobody but who reads.

    Pixels of two files are never mixed: as soon as a change is noticed, reads fail with a sentence that
    names it. When the file is back with the same fingerprint, it is opened again and reads go on.

    Parameters
    ----------
    reader
        Has just been opened; this one owns it from here on.
    path
        What was opened: a file, a folder, or the address of one. A server is looked at only when something is
        wrong, since each answer of it says which version it is from.
    reopen
        Opens the path again; raises `SlideOpenError` or returns None when it cannot.
    """

    def __init__(self, reader: SlideReader, path: Place, reopen: Callable[[], SlideReader | None]) -> None:
        self._reader = reader
        self._path = path
        self._reopen = reopen
        self._identity = _identity(path)
        self._local = isinstance(path, Path)
        # Another file that lies in the place of ours: what it is need not be found out twice.
        self._refused: _Identity | None = None
        self._trouble: str | None = None
        self._closed = False
        self._looking = threading.Lock()
        self._looked_at = time.monotonic()

    @property
    def trouble(self) -> str | None:
        """What is wrong with the file since the last look, as a sentence; None while all is well."""
        return self._trouble

    @property
    def info(self) -> SlideInfo:
        """What is known about the slide; the same after reopening."""
        return self._reader.info

    def read_level(self, level: int, x: int, y: int, w: int, h: int) -> Rgb:
        """Read a window of level pixels as (h, w, 3) uint8.

        Raises
        ------
        TileReadError
            If the pixels cannot be read; with what has happened to the file where that is why.
        """
        return self._watched((level, x, y, w, h), lambda reader: reader.read_level(level, x, y, w, h))

    def first_look(self) -> Look | None:
        """Return how the slide is shown at first, or None where there is but one way."""
        reader = self._reader
        return reader.first_look() if isinstance(reader, Adjustable) else None

    def read_look(self, level: int, x: int, y: int, w: int, h: int, look: Look) -> Rgb:
        """Read as `read_level` does, in a look of the user's; only where `first_look` gives one."""
        return self._watched(
            (level, x, y, w, h), lambda reader: _adjustable(reader).read_look(level, x, y, w, h, look)
        )

    def read_samples(self, level: int, x: int, y: int, w: int, h: int, plane: int) -> Samples:
        """Read as `read_level` does, the file's own numbers; only where `first_look` gives a look."""
        return self._watched(
            (level, x, y, w, h), lambda reader: _adjustable(reader).read_samples(level, x, y, w, h, plane)
        )

    def _watched[Pixels](
        self, window: tuple[int, int, int, int, int], read: Callable[[SlideReader], Pixels]
    ) -> Pixels:
        level, x, y, w, h = window
        where = f"level {level}, {w} x {h} pixels at ({x}, {y})"
        self._look(where, LOOK_S)
        reader = self._reader
        try:
            return read(reader)
        except TileReadError:
            self._look(where, 0.0)
            if reader is self._reader:
                raise
        # Another thread has opened the file again meanwhile.
        return read(self._reader)

    def associated_images(self) -> Mapping[str, Rgb]:
        """Return the label, macro and thumbnail images by name."""
        return self._reader.associated_images()

    def associated_sizes(self) -> Mapping[str, tuple[int, int]]:
        """Return (width, height) of the associated images by name."""
        return associated_sizes(self._reader)

    def icc_profile(self) -> bytes | None:
        """Return the embedded ICC profile, or None."""
        return self._reader.icc_profile()

    def close(self) -> None:
        """Release the file once the reads under way have ended."""
        self._closed = True
        self._reader.close()

    def _look(self, where: str, every_s: float) -> None:
        """Look at the file if that is due, and raise if there is something wrong with it."""
        if every_s and self._trouble is None and not self._local:
            return
        # One looks; who comes meanwhile goes by what was seen last, for a share may take its time.
        if time.monotonic() - self._looked_at >= every_s and self._looking.acquire(blocking=not every_s):
            try:
                if time.monotonic() - self._looked_at >= every_s:
                    self._trouble = self._what_is_wrong()
                    self._looked_at = time.monotonic()
            finally:
                self._looking.release()
        if self._trouble is not None:
            raise TileReadError(self._path, where, self._trouble)

    def _what_is_wrong(self) -> str | None:
        if self._closed or self._identity is None:
            return None
        try:
            there = _Identity.of(self._path)
        except RemoteError as error:
            return str(error)
        except FileNotFoundError:
            return "the file is gone; it was moved, or its drive was taken away"
        except OSError as error:
            return f"the file cannot be reached ({error.strerror or error})"
        if there == self._identity and self._trouble is None:
            return None
        if self._local and there.size < self._identity.size:
            return "the file was cut off while it was open; put the whole file back"
        if there != self._refused:
            self._refused = None
            return self._open_again(there)
        return self._trouble

    def _open_again(self, there: _Identity) -> str | None:
        changed = "the file was changed while it was open and cannot be opened any more"
        try:
            fresh = self._reopen()
        except SlideOpenError as error:
            return f"{changed} ({error.reason})"
        except RemoteError as error:
            return str(error)
        except OSError as error:
            return f"the file cannot be reached ({error.strerror or error})"
        if fresh is None:
            return changed
        if fresh.info.fingerprint != self.info.fingerprint:
            fresh.close()
            self._refused = there
            return "the file was replaced by another one; open it again"
        old, self._reader, self._identity = self._reader, fresh, there
        if self._closed:
            fresh.close()
        old.close()
        return None


def _adjustable(reader: SlideReader) -> Adjustable:
    assert isinstance(reader, Adjustable), "who asks for a look has been given one"
    return reader


def _identity(path: Place) -> _Identity | None:
    try:
        return _Identity.of(path)
    except OSError:
        return None
