"""Check the geometry of a TIFF before a C library sees it.

A damaged header can ask OpenSlide for terabytes, and its allocator ends the process. So the directories are
walked here first, in plain Python: everything they point to must lie inside the file, and the picture they
describe must be one that the file can hold.
"""

from __future__ import annotations

import math
import struct
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO

MAX_DIRECTORIES = 1000
MAX_ENTRIES = 4096
MAX_SIDE = 1 << 24
MAX_TILE_BYTES = 1 << 28
MAX_TILES = 1 << 24

_WIDTH, _HEIGHT, _BITS, _SAMPLES, _ROWS = 256, 257, 258, 277, 278
_STRIPS, _STRIP_BYTES = 273, 279
_TILE_WIDTH, _TILE_HEIGHT, _TILES, _TILE_BYTES = 322, 323, 324, 325
_PLANAR, _SUBIFDS = 284, 330
_NDPI = 65420

_TYPE_BYTES = {1: 1, 2: 1, 3: 2, 4: 4, 5: 8, 6: 1, 7: 1, 8: 2, 9: 4, 10: 8, 11: 4, 12: 8, 13: 4}
_TYPE_BYTES |= {16: 8, 17: 8, 18: 8}
_INTEGERS = {1: "B", 3: "H", 4: "I", 13: "I", 16: "Q", 18: "Q"}


class _DamageError(Exception):
    """What is wrong with the file."""


@dataclass(slots=True)
class _Directory:
    """One IFD: where each tag's values are (type, count, offset), and where the next one is."""

    number: int
    entries: dict[int, tuple[int, int, int]] = field(default_factory=dict)
    next: int = 0


def check(path: Path) -> str | None:
    """Return what is wrong with a TIFF's geometry, or None when it is sound or the file is no TIFF.

    Raises
    ------
    OSError
        If the file cannot be read.
    """
    with path.open("rb") as file:
        return check_stream(file, path.stat().st_size)


def check_stream(file: IO[bytes], size: int) -> str | None:
    """Return what is wrong with a TIFF's geometry, as `check` does.

    Parameters
    ----------
    file
        At its beginning.
    size
        Bytes of the whole file.

    Raises
    ------
    OSError
        If the file cannot be read.
    """
    magic = file.read(4)
    order = {b"II": "<", b"MM": ">"}.get(magic[:2])
    if order is None or len(magic) < 4:
        return None
    version = struct.unpack(order + "H", magic[2:])[0]
    if version not in (42, 43):
        return None
    try:
        tiff = _Tiff(file, order, version == 43, size)
        for directory in tiff.directories():
            _judge(tiff, directory)
    except _DamageError as damage:
        return str(damage)
    return None


class _Tiff:
    """Reads directories of classic TIFF, BigTIFF and NDPI (classic with 64-bit links)."""

    def __init__(self, file: IO[bytes], order: str, big: bool, size: int) -> None:
        self.file, self.order, self.big, self.size = file, order, big, size
        self.ndpi = False

    def unpack(self, offset: int, layout: str) -> tuple[int, ...]:
        """Read integers at an offset."""
        length = struct.calcsize(self.order + layout)
        if offset + length > self.size:
            raise _DamageError(f"its index points behind the end of the file (byte {offset})")
        self.file.seek(offset)
        return struct.unpack(self.order + layout, self.file.read(length))

    def directories(self) -> Iterator[_Directory]:
        """Yield every IFD and SubIFD once."""
        heads = [self.unpack(8, "Q")[0] if self.big else self.unpack(4, "I")[0]]
        seen: set[int] = set()
        for offset in heads:  # grows while it is walked
            chain: set[int] = set()
            # Children link to each other and are listed by their parent: meeting one twice is no loop.
            while offset and (offset in chain or offset not in seen):
                if offset in chain:
                    raise _DamageError("its image directories form a loop")
                chain.add(offset)
                seen.add(offset)
                if len(seen) > MAX_DIRECTORIES:
                    raise _DamageError(f"it has more than {MAX_DIRECTORIES} image directories")
                directory = self._directory(offset, len(seen) - 1)
                yield directory
                heads.extend(self.values(directory, _SUBIFDS, MAX_DIRECTORIES))
                offset = directory.next

    def _directory(self, offset: int, number: int) -> _Directory:
        head, entry, inline = (8, "HHQ8x", 8) if self.big else (2, "HHI4x", 4)
        count = self.unpack(offset, "Q" if self.big else "H")[0]
        if not 0 < count <= MAX_ENTRIES:
            raise _DamageError(f"image directory {number} has {count} entries")
        directory = _Directory(number)
        step = struct.calcsize(self.order + entry)
        end = offset + head + count * step
        for index in range(count):
            place = offset + head + index * step
            tag, kind, length = self.unpack(place, entry)
            self.ndpi |= tag == _NDPI
            value = place + step - inline
            if length * _TYPE_BYTES.get(kind, 1) > inline:
                value = self.unpack(value, "Q" if self.big else "I")[0]
                if self.ndpi and not self.big:
                    # NDPI keeps the upper halves of its offsets behind the directory.
                    value |= self.unpack(end + 8 + 4 * index, "I")[0] << 32
                if value + length * _TYPE_BYTES.get(kind, 1) > self.size:
                    raise _DamageError(
                        f"tag {tag} of image directory {number} points behind the end of the file"
                    )
            directory.entries.setdefault(tag, (kind, length, value))
        directory.next = self.unpack(end, "Q" if self.big or self.ndpi else "I")[0]
        return directory

    def values(self, directory: _Directory, tag: int, most: int = MAX_TILES) -> tuple[int, ...]:
        """Return the integers of a tag, none when it is absent."""
        kind, count, offset = directory.entries.get(tag, (0, 0, 0))
        if tag in directory.entries and kind not in _INTEGERS:
            raise _DamageError(f"tag {tag} of image directory {directory.number} is not a number")
        if count > most:
            raise _DamageError(f"tag {tag} of image directory {directory.number} has {count} values")
        return self.unpack(offset, f"{count}{_INTEGERS[kind]}") if count else ()

    def value(self, directory: _Directory, tag: int, default: int) -> int:
        """Return the only (or first) integer of a tag."""
        return next(iter(self.values(directory, tag)), default)


def _judge(tiff: _Tiff, directory: _Directory) -> None:
    """Raise if the picture that a directory describes cannot be true."""
    if _WIDTH not in directory.entries and _HEIGHT not in directory.entries:
        return  # EXIF, GPS and the like hang in the same chain
    name = f"image {directory.number}"
    width, height = tiff.value(directory, _WIDTH, 0), tiff.value(directory, _HEIGHT, 0)
    if not (0 < width <= MAX_SIDE and 0 < height <= MAX_SIDE):
        raise _DamageError(f"{name} claims to be {width} x {height} pixels large")
    samples = tiff.value(directory, _SAMPLES, 1)
    bits = max(tiff.values(directory, _BITS, 64), default=1)
    if not (0 < samples <= 64 and 0 < bits <= 64):
        raise _DamageError(f"{name} claims {samples} samples of {bits} bits")
    if _TILE_WIDTH in directory.entries or _TILES in directory.entries:
        block = tiff.value(directory, _TILE_WIDTH, 0), tiff.value(directory, _TILE_HEIGHT, 0)
        tags = _TILES, _TILE_BYTES
    else:
        block = width, min(tiff.value(directory, _ROWS, height), height)
        tags = _STRIPS, _STRIP_BYTES
    if block[0] <= 0 or block[1] <= 0:
        raise _DamageError(f"{name} has tiles of {block[0]} x {block[1]} pixels")
    # NDPI keeps a whole level in one strip, which OpenSlide reads by the restart markers inside.
    if not tiff.ndpi and block[0] * block[1] * samples * math.ceil(bits / 8) > MAX_TILE_BYTES:
        raise _DamageError(f"{name} has tiles of {block[0]} x {block[1]} pixels")
    planes = samples if tiff.value(directory, _PLANAR, 1) == 2 else 1
    needed = planes * math.ceil(width / block[0]) * math.ceil(height / block[1])
    _judge_blocks(tiff, directory, tags, needed)


def _judge_blocks(tiff: _Tiff, directory: _Directory, tags: tuple[int, int], needed: int) -> None:
    offsets, lengths = (tiff.values(directory, tag) for tag in tags)
    if len(offsets) < needed or len(lengths) < needed:
        raise _DamageError(
            f"image {directory.number} needs {needed} tiles and lists {min(len(offsets), len(lengths))}"
        )
    if tiff.ndpi:
        return  # its offsets are completed by upper halves that are not read here
    for offset, length in zip(offsets, lengths, strict=False):
        if offset + length > tiff.size:
            raise _DamageError(
                f"image {directory.number} has pixels behind the end of the file, which was not copied whole"
            )
