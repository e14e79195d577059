"""Readers of plugins: named by manifests, run in processes of their own, and checked word by word."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pathview.core.errors import PluginError, SlideOpenError, TileReadError
from pathview.core.plugins.process import NUMPY, PluginProcess
from pathview.slides.plugin_answers import checked_images, checked_info, checked_profile, checked_tile
from pathview.slides.probe import DEADLINE_S, MEMORY_BYTES
from pathview.slides.reader import Rgb, SlideInfo

READ_S = 30.0
"""How long a plugin may take over one read; the screen goes on meanwhile with what it has."""

_MOST_DEATHS = 3


@dataclass(frozen=True, slots=True)
class ReaderSource:
    """A reader of a plugin: enough to make it in any process, and nothing imported yet.

    Attributes
    ----------
    name
        Its id, which is told as the slide's format where the reader does not tell one.
    folder
        The plugin's folder.
    factory
        "module:function" inside it; called with the path, it returns a reader, or None for a file that is not
        its own.
    endings
        Of the names of files or folders that it takes, in lower case with their dots.
    magic
        What the files that it takes begin with, whatever their names.
    title
        For people.
    sample
        A small slide of this format, which `pathview plugins check` tries.
    python
        The interpreter that it runs in; None for the one that PathView runs in.
    """

    name: str
    folder: Path
    factory: str
    endings: tuple[str, ...] = ()
    magic: tuple[bytes, ...] = ()
    title: str = ""
    sample: Path | None = None
    python: Path | None = None

    def takes(self, path: Path) -> bool:
        """Tell whether a file or folder is one for this reader, by its name or its first bytes.

        Raises
        ------
        OSError
            If its first bytes cannot be read.
        """
        if path.name.lower().endswith(self.endings):
            return True
        if not self.magic or not path.is_file():
            return False
        with path.open("rb") as file:
            return file.read(max(map(len, self.magic))).startswith(self.magic)

    def open(self, path: Path) -> PluginReader | None:
        """Open a slide in a process of its own; None if the reader says that it is none of its own.

        Raises
        ------
        SlideOpenError
            If it cannot, breaks, or tells of a slide that cannot be; it names the plugin.
        """
        reader = PluginReader(self, path)
        return reader if reader.accepts else None


class PluginReader:
    """A plugin's reader behind a process of its own, with the face of any other.

    A read that the process does not survive fails, and the next one gets a new process; after the third in a
    row it is given up. All methods may be called from any thread; reads come one after the other.

    Parameters
    ----------
    source
        Where the reader comes from.
    path
        A file or folder.

    Raises
    ------
    SlideOpenError
        See `ReaderSource.open`.
    """

    def __init__(self, source: ReaderSource, path: Path) -> None:
        self._source = source
        self._path = path.absolute()
        self._lock = threading.Lock()
        self._deaths = 0
        self._closed = False
        self._process, info = self._start()
        self._info = info
        self.accepts = info is not None
        if info is None:
            self.close()

    @property
    def info(self) -> SlideInfo:
        """What the plugin tells about the slide, checked."""
        assert self._info is not None
        return self._info

    def read_level(self, level: int, x: int, y: int, w: int, h: int) -> Rgb:
        """Read a window of level pixels as (h, w, 3) uint8.

        Raises
        ------
        TileReadError
            If the plugin raises, returns something else, takes too long or dies of it; it names the plugin.
        """
        where = f"level {level}, {w} x {h} pixels at ({x}, {y})"
        tile = self._call(where, "read_level", level, x, y, w, h)
        try:
            return checked_tile(tile, w, h)
        except ValueError as error:
            raise self._failed(where, str(error)) from error

    def associated_images(self) -> Mapping[str, Rgb]:
        """Return the label, macro and thumbnail images by name.

        Raises
        ------
        TileReadError
            As `read_level`.
        """
        images = self._call("the other images", "associated_images")
        try:
            return checked_images(images)
        except ValueError as error:
            raise self._failed("the other images", str(error)) from error

    def icc_profile(self) -> bytes | None:
        """Return the embedded ICC profile, or None.

        Raises
        ------
        TileReadError
            As `read_level`.
        """
        profile = self._call("the colour profile", "icc_profile")
        try:
            return checked_profile(profile)
        except ValueError as error:
            raise self._failed("the colour profile", str(error)) from error

    def close(self) -> None:
        """End the process; a read under way fails."""
        self._closed = True
        if self._process is not None:
            self._process.close()

    def _start(self) -> tuple[PluginProcess | None, SlideInfo | None]:
        source = self._source
        process: PluginProcess | None = None
        try:
            process = PluginProcess(
                source.name,
                "pathview.slides.plugin_service:ReaderService",
                source.folder,
                source.factory,
                self._path,
                python=source.python,
                needs=NUMPY,
                memory_bytes=MEMORY_BYTES,
            )
            told = process.call("open", deadline_s=DEADLINE_S)
            return process, None if told is None else checked_info(told, self._path, source.name)
        except (PluginError, ValueError) as error:
            if process is not None:
                process.close()
            raise SlideOpenError(self._path, self._words(error), (source.name,)) from error

    def _call(self, where: str, method: str, *arguments: int) -> Any:
        with self._lock:
            if self._closed:
                raise TileReadError(self._path, where, "the slide is closed")
            if self._process is None:
                self._start_again(where)
            process = self._process
        assert process is not None
        try:
            answer = process.call(method, *arguments, deadline_s=READ_S)
        except PluginError as error:
            if not error.kind:
                self._bury(process)
            raise self._failed(where, error.reason) from error
        self._deaths = 0
        return answer

    def _start_again(self, where: str) -> None:
        if self._deaths >= _MOST_DEATHS:
            raise self._failed(
                where, f"its process ended {_MOST_DEATHS} times; open the slide again to try once more"
            )
        try:
            process, info = self._start()
        except SlideOpenError as error:
            self._deaths += 1
            raise TileReadError(self._path, where, error.reason) from error
        if process is None or info is None or info.fingerprint != self.info.fingerprint:
            if process is not None:
                process.close()
            self._deaths = _MOST_DEATHS
            raise self._failed(where, "it opens another slide now; open this one again")
        self._process = process
        if self._closed:
            process.close()

    def _bury(self, process: PluginProcess) -> None:
        with self._lock:
            if self._process is process:
                self._process = None
                self._deaths += 1
        process.close()

    def _failed(self, where: str, reason: str) -> TileReadError:
        return TileReadError(self._path, where, f"the plugin {self._source.name}: {reason}")

    def _words(self, error: PluginError | ValueError) -> str:
        reason = error.reason if isinstance(error, PluginError) else str(error)
        return f"the plugin {self._source.name}: {reason}"
