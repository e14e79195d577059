"""OME-Zarr 0.4 and 0.5, as a folder or in a zip file, sharded or not."""

from __future__ import annotations

import hashlib
import json
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from pathview.core.errors import SlideOpenError, TileReadError
from pathview.core.files import fingerprint
from pathview.core.geometry import Box
from pathview.slides.channels import (
    MAX_CHANNELS,
    Channel,
    Samples,
    are_colours,
    default_colours,
    red_green_blue,
)
from pathview.slides.gate import ReadGate
from pathview.slides.multiscales import Multiscales, ZarrError, parse
from pathview.slides.reader import Level, SlideInfo
from pathview.slides.rendered import RenderedReader

if TYPE_CHECKING:
    from zarr import Array, Group
    from zarr.abc.store import Store

    type _Array = Array[Any]

_MAX_SIDE = 1 << 24
_MAX_CHUNK_BYTES = 1 << 28
_MAX_CHUNKS_PER_SHARD = 1 << 22
_MAX_UNPACKED_BYTES = 1 << 28
_METADATA = ("zarr.json", ".zgroup", ".zattrs")
_IDENTITY_BYTES = 1 << 20


def open_ome_zarr(path: Path) -> RenderedReader | None:
    """Return a reader, or None when `path` holds no Zarr group.

    Parameters
    ----------
    path
        A Zarr folder, the metadata file at its root, or a zip file of one.

    Raises
    ------
    SlideOpenError
        If it is Zarr and is damaged, no OME-Zarr, or has pixels that cannot be shown.
    """
    if path.name in _METADATA:
        path = path.parent
    try:
        root = _root_in_folder(path) if path.is_dir() else _root_in_zip(path)
        return None if root is None else RenderedReader(ZarrReader(path, *root))
    except (ZarrError, zipfile.BadZipFile, OSError, ValueError, NotImplementedError) as error:
        raise SlideOpenError(path, _sentence(error)) from error


class ZarrReader:
    """Reads the levels of one OME-Zarr image; safe from many threads.

    Chunks that are not stored have the array's fill value, as the format says. Of several times the first is
    shown.

    Parameters
    ----------
    path
        A folder or a zip file.
    prefix
        Where in it the group lies, "" for the top.
    zarr_format
        2 (OME-Zarr 0.4 and before) or 3 (0.5).

    Raises
    ------
    ZarrError
        If the metadata are damaged, or the pixels cannot be shown.
    """

    def __init__(self, path: Path, prefix: str, zarr_format: int) -> None:
        self._path = path
        self._gate = ReadGate(path)
        self._store = _store(path)
        try:
            group, picture = _image(self._store, prefix, zarr_format)
            self._arrays, levels = _levels(group, picture)
            self._axes = picture.axes
            self._root = path / group.path if path.is_dir() else None
            self._marker = "zarr.json" if zarr_format == 3 else ".zattrs"
            self._info = _info(path, picture, levels, self._arrays)
        except BaseException:
            self._store.close()
            raise

    @property
    def info(self) -> SlideInfo:
        """What is known about the slide."""
        return self._info

    def read_samples(self, level: int, x: int, y: int, w: int, h: int, plane: int) -> Samples:
        """Read a window of level pixels as (h, w, channels); only the chunks that it meets are read.

        Raises
        ------
        TileReadError
            If a chunk is damaged, the folder is gone, or the reader is closed.
        """
        where = f"level {level}, {w} x {h} pixels at ({x}, {y})"
        array, size = self._arrays[level], self._info.levels[level].size
        if not (0 <= x < x + w <= size[0] and 0 <= y < y + h <= size[1]):
            raise TileReadError(self._path, where, f"the level is {size[0]} x {size[1]} pixels large")
        with self._open(where):
            try:
                pixels = np.asarray(array[self._window(array, x, y, w, h, plane)])
            except Exception as error:  # whatever a codec raises on damaged bytes
                raise TileReadError(self._path, where, _sentence(error)) from error
        kept = [axis for axis in self._axes if axis in "cyx"]
        if "c" not in kept:
            kept.append("c")
            pixels = pixels[..., None]
        pixels = pixels.transpose([kept.index(axis) for axis in "yxc"])
        if not self._info.channels and pixels.shape[2] == 1:
            return np.repeat(pixels, 3, axis=2)
        return np.ascontiguousarray(pixels)

    def close(self) -> None:
        """Refuse new reads, wait for those under way, then release the file."""
        if self._gate.shut():
            self._store.close()

    @contextmanager
    def _open(self, where: str) -> Iterator[None]:
        with self._gate.reading(where):
            # In a folder that is gone every chunk would read as "not stored", and the slide as plain black.
            if self._root is not None and not (self._root / self._marker).exists():
                raise TileReadError(self._path, where, "the folder is gone")
            yield

    def _window(self, array: _Array, x: int, y: int, w: int, h: int, plane: int) -> tuple[int | slice, ...]:
        places: dict[str, int | slice] = {"x": slice(x, x + w), "y": slice(y, y + h), "t": 0}
        places["c"] = slice(None)
        if "z" in self._axes:
            # Some writers halve the planes with the levels.
            places["z"] = plane * array.shape[self._axes.index("z")] // self._info.planes
        return tuple(places[axis] for axis in self._axes)


def _root_in_folder(folder: Path) -> tuple[str, int] | None:
    if (folder / "zarr.json").is_file():
        return "", 3
    return ("", 2) if any((folder / name).is_file() for name in _METADATA) else None


def _root_in_zip(path: Path) -> tuple[str, int] | None:
    """Return where in the zip file the Zarr group begins, and its format."""
    with path.open("rb") as file:
        if file.read(4) != b"PK\3\4":
            return None
    with zipfile.ZipFile(path) as archive:
        names = [name for name in archive.namelist() if name.endswith(_METADATA) and name.count("/") <= 1]
        if not names:
            return None
        for member in archive.infolist():
            if member.compress_type != zipfile.ZIP_STORED and member.file_size > _MAX_UNPACKED_BYTES:
                raise ZarrError(
                    f"the zip file's part {member.filename} unpacks to {member.file_size:,} bytes"
                )
    # Some programs zip the folder's content, others the folder.
    top = min((name.rpartition("/")[0] for name in names), key=len)
    inside = {name.rpartition("/")[2] for name in names if name.rpartition("/")[0] == top}
    return top, 3 if "zarr.json" in inside else 2


def _store(path: Path) -> Store:
    from zarr.storage import LocalStore, ZipStore

    return LocalStore(path, read_only=True) if path.is_dir() else ZipStore(path, mode="r", read_only=True)


def _image(store: Store, prefix: str, zarr_format: int) -> tuple[Group, Multiscales]:
    """Return the group of the image to show, and what its metadata say."""
    group = _group(store, prefix, zarr_format)
    attributes = group.attrs.asdict()
    ome = attributes.get("ome", attributes)
    if isinstance(ome, dict) and "multiscales" not in ome and "bioformats2raw.layout" in ome:
        # A collection of images: the first is the slide, the others are label and macro.
        group = _group(store, f"{prefix}/0".lstrip("/"), zarr_format)
        attributes = group.attrs.asdict()
    return group, parse(attributes)


def _group(store: Store, prefix: str, zarr_format: int) -> Group:
    import zarr

    try:
        wanted: Any = zarr_format
        return zarr.open_group(store, mode="r", path=prefix, zarr_format=wanted, use_consolidated=False)
    except Exception as error:  # bad JSON, missing keys, wrong types: each has its own exception
        raise ZarrError(f"its metadata are damaged ({_sentence(error)})") from error


def _levels(group: Group, picture: Multiscales) -> tuple[list[_Array], list[Level]]:
    """Return the arrays and levels that can be shown; the format wants the finest first."""
    arrays = [_array(group, path, picture.axes) for path in picture.paths]
    full = _size(arrays[0], picture.axes)
    kept: list[_Array] = []
    levels: list[Level] = []
    for array in arrays:
        size = _size(array, picture.axes)
        alike = _count(array, picture.axes, "c") == _count(arrays[0], picture.axes, "c")
        downsample = _downsample(full, size) if alike and array.dtype == arrays[0].dtype else None
        if downsample is not None and (not levels or downsample > levels[-1].downsample):
            chunk = dict(zip(picture.axes, array.chunks, strict=True))
            tile = (min(chunk["x"], size[0]), min(chunk["y"], size[1]))
            kept.append(array)
            levels.append(Level(size, downsample, tile))
    return kept, levels


def _array(group: Group, path: str, axes: str) -> _Array:
    import zarr

    try:
        array = group[path]
    except KeyError as error:
        raise ZarrError(f"its level {path!r} is missing") from error
    except Exception as error:
        raise ZarrError(f"the metadata of its level {path!r} are damaged ({_sentence(error)})") from error
    if not isinstance(array, zarr.Array):
        raise ZarrError(f"its level {path!r} is no array")
    _judge(array, path, axes)
    return array


def _judge(array: _Array, path: str, axes: str) -> None:
    """Refuse an array that cannot be true, or cannot be shown."""
    if array.ndim != len(axes):
        raise ZarrError(f"its level {path!r} has {array.ndim} axes, and its metadata name {len(axes)}")
    if not all(0 < side <= _MAX_SIDE for side in (*array.shape, *array.chunks)):
        raise ZarrError(f"its level {path!r} claims a size of {' x '.join(map(str, array.shape))}")
    chunk = int(np.prod(array.chunks, dtype=object)) * array.dtype.itemsize
    shard = int(np.prod(array.shards or array.chunks, dtype=object)) * array.dtype.itemsize
    if chunk > _MAX_CHUNK_BYTES or shard // chunk > _MAX_CHUNKS_PER_SHARD:
        raise ZarrError(f"its level {path!r} claims chunks of {' x '.join(map(str, array.chunks))}")
    if array.dtype.kind not in "uif" or array.dtype.itemsize > 8:
        raise ZarrError(f"its pixels are of type {array.dtype}; whole numbers and floats can be shown")
    if _count(array, axes, "c") > MAX_CHANNELS:
        raise ZarrError(f"its level {path!r} claims {_count(array, axes, 'c')} channels")


def _channels(array: _Array, picture: Multiscales) -> tuple[Channel, ...]:
    """Return what is no colour: 8-bit grey and 8-bit red, green and blue are."""
    count, stated = _count(array, picture.axes, "c"), picture.channels
    if len(stated) != count:
        stated = tuple(
            Channel(f"Channel {number + 1}", colour) for number, colour in enumerate(default_colours(count))
        )
    plain = array.dtype == np.uint8 and (
        (count == 1 and stated[0].colour == (255, 255, 255))
        or (count == 3 and (len(picture.channels) != count or are_colours(stated)))
    )
    if plain:
        return ()
    return stated if len(picture.channels) == count or count != 3 else red_green_blue()


def _count(array: _Array, axes: str, axis: str) -> int:
    return array.shape[axes.index(axis)] if axis in axes else 1


def _size(array: _Array, axes: str) -> tuple[int, int]:
    return array.shape[axes.index("x")], array.shape[axes.index("y")]


def _downsample(full: tuple[int, int], size: tuple[int, int]) -> float | None:
    """Return the ratio of the widths, or the whole number that it stands for; None if the height is another.

    A level of 1483 pixels under one of 2967 is half of it, rounded: 2.0007 would drift at the far edge.
    """
    stated = full[0] / size[0]
    whole = max(1, round(stated))
    if all(abs(a / whole - b) < 1 for a, b in zip(full, size, strict=True)):
        return float(whole)
    return stated if abs(full[1] / stated - size[1]) < 1.5 else None


def _info(path: Path, picture: Multiscales, levels: list[Level], arrays: list[_Array]) -> SlideInfo:
    finest, coarsest = arrays[0], arrays[-1]
    channels = _channels(finest, picture)
    return SlideInfo(
        path=path,
        format="ome-zarr",
        fingerprint=_identity(path, levels, coarsest) if path.is_dir() else fingerprint(path),
        levels=tuple(levels),
        mpp=picture.mpp,
        mpp_source=picture.mpp_source,
        objective_power=None,
        bounds=Box(0, 0, *levels[0].size),
        background=(0, 0, 0) if channels and not are_colours(channels) else (255, 255, 255),
        properties=picture.properties,
        channels=channels,
        planes=_count(finest, picture.axes, "z"),
        plane_um=picture.plane_um,
    )


def _identity(path: Path, levels: list[Level], coarsest: _Array) -> str:
    """Return a fingerprint of a folder: its sizes and the stored bytes of the coarsest level.

    Uncompressed chunks of two slides have the same names and sizes, and level 0 can be a hundred thousand
    files: the coarsest level tells slides apart, and changes with the others.
    """
    digest = hashlib.sha256(json.dumps([level.size for level in levels]).encode())
    left = _IDENTITY_BYTES
    for file in sorted(p for p in (path / coarsest.path).rglob("*") if p.is_file()):
        if file.name.startswith((".z", "zarr.json")):
            continue  # rewritten by tools that change no pixels
        digest.update(f"{file.relative_to(path).as_posix()}\0{file.stat().st_size}\0".encode())
        with file.open("rb") as stored:
            content = stored.read(left)
        digest.update(content)
        left -= len(content)
    return digest.hexdigest()[:32]


def _sentence(error: BaseException) -> str:
    text = " ".join(str(error).split()).rstrip(".")
    return text[:200] if text else type(error).__name__
