"""Blocks of remote files, kept on disk between openings."""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import threading
import zlib
from pathlib import Path
from uuid import uuid4

from pathview.core.files import cache_folder
from pathview.core.place import Address
from pathview.slides.remote.source import Stamp

BLOCK_BYTES = 1 << 16
MAX_CACHE_BYTES = 2 << 30
"""What the blocks of all files together may take; those used longest ago go first."""

_FOLDER = "remote"
_SUM_BYTES = 4


class BlockCache:
    """The blocks of one version of one file; safe from many threads and processes.

    Each block is a file of its own, with a checksum before its bytes: it is there whole or not at all, and
    what a failing disk has made of it counts as absent. Nothing here raises; without a cache all is slower.

    Parameters
    ----------
    address
        Whose query counts only where it says which file is meant.
    stamp
        Of the version; the blocks of one without a validator are never found again.
    """

    def __init__(self, address: Address, stamp: Stamp) -> None:
        version = stamp.validator or uuid4().hex
        key = hashlib.sha256(json.dumps([address.identity, stamp.size, version]).encode()).hexdigest()[:32]
        self._folder: Path | None = None
        with contextlib.suppress(OSError):
            self._folder = cache_folder() / _FOLDER / key
            self._folder.mkdir(parents=True, exist_ok=True)

    def get(self, name: str) -> bytes | None:
        """Return a block by its number or name, or None."""
        if self._folder is None:
            return None
        file = self._folder / _file_name(name)
        try:
            kept = file.read_bytes()
            os.utime(file)  # the cache forgets by this time
        except OSError:
            return None
        block = kept[_SUM_BYTES:]
        return block if kept[:_SUM_BYTES] == _sum(block) else None

    def put(self, name: str, block: bytes) -> None:
        """Keep a block."""
        if self._folder is None:
            return
        part = self._folder / f".{uuid4().hex}.part"
        try:
            self._folder.mkdir(exist_ok=True)
            part.write_bytes(_sum(block) + block)
            part.replace(self._folder / _file_name(name))
        except OSError:
            with contextlib.suppress(OSError):
                part.unlink(missing_ok=True)
            return
        _limit.note(len(block))


class _Limit:
    """Looks through the cache each time that a sixteenth of what it may hold has been written."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._written = 0

    def note(self, size: int) -> None:
        with self._lock:
            self._written += size
            if self._written < MAX_CACHE_BYTES // 16:
                return
            self._written = 0
        with contextlib.suppress(OSError):
            prune(cache_folder() / _FOLDER, MAX_CACHE_BYTES)


def prune(folder: Path, limit: int) -> None:
    """Remove the blocks used longest ago until the rest takes at most `limit` bytes.

    Raises
    ------
    OSError
        If the folder cannot be listed.
    """
    there = []
    for version in folder.iterdir():
        with contextlib.suppress(OSError), os.scandir(version) as entries:
            for entry in entries:
                with contextlib.suppress(OSError):
                    found = entry.stat()
                    there.append((found.st_mtime_ns, found.st_size, entry.path))
    left = limit
    for _, size, path in sorted(there, reverse=True):
        left -= size
        if left < 0:
            with contextlib.suppress(OSError):
                os.unlink(path)
    for version in folder.iterdir():
        with contextlib.suppress(OSError):
            version.rmdir()  # only where nothing is left in it


def _file_name(name: str) -> str:
    return name if name.isalnum() else hashlib.sha256(name.encode()).hexdigest()[:32]


def _sum(block: bytes) -> bytes:
    return zlib.crc32(block).to_bytes(_SUM_BYTES, "little")


_limit = _Limit()
