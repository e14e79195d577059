"""OME-Zarr 0.4 and 0.5, as a folder or in a zip file, sharded or not."""

from __future__ import annotations

import zipfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from pathview.core.errors import SlideOpenError, TileReadError, in_a_sentence
from pathview.core.geometry import Box
from pathview.core.place import Address
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
from pathview.slides.remote.source import RemoteError
from pathview.slides.rendered import RenderedReader
from pathview.slides.zarr_files import METADATA, ZarrFiles, local_files

if TYPE_CHECKING:
    from zarr import Array, Group
    from zarr.abc.store import Store

    type _Array = Array[Any]

_MAX_SIDE = 1 << 24
_MAX_CHUNK_BYTES = 1 << 28
_MAX_CHUNKS_PER_SHARD = 1 << 22


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
    if path.name in METADATA:
        path = path.parent
    return _open(path, local_files)


def open_remote_ome_zarr(address: Address) -> RenderedReader | None:
    """Return a reader of what lies on a server, None where that is no Zarr group.

    Raises
    ------
    SlideOpenError
        As `open_ome_zarr`.
    RemoteError
        If the server does not give what is needed.
    """
    from pathview.slides.remote.zarr import remote_files

    return _open(address, remote_files)


def _open[P: (Path, Address)](place: P, files: Callable[[P], ZarrFiles | None]) -> RenderedReader | None:
    try:
        found = files(place)
        return None if found is None else RenderedReader(ZarrReader(found))
    except RemoteError:
        raise
    except (ZarrError, zipfile.BadZipFile, OSError, ValueError, NotImplementedError) as error:
        raise SlideOpenError(place, in_a_sentence(error)) from error


class ZarrReader:
    """Reads the levels of one OME-Zarr image; safe from many threads.

    Chunks that are not stored have the array's fill value, as the format says. Of several times the first is
    shown.

    Parameters
    ----------
    files
        Where it lies; closed with this.

    Raises
    ------
    ZarrError
        If the metadata are damaged, or the pixels cannot be shown.
    OSError
        If it cannot be read.
    """

    def __init__(self, files: ZarrFiles) -> None:
        self._files = files
        self._path = files.place
        self._gate = ReadGate(files.place)
        try:
            group, picture = _image(files.store, *files.root)
            self._arrays, levels = _levels(group, picture)
            self._axes = picture.axes
            self._group = group.path
            self._info = _info(files, picture, levels, self._arrays)
        except BaseException:
            files.close()
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
                raise TileReadError(self._path, where, in_a_sentence(error)) from error
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
        self._files.interrupt()
        if self._gate.shut():
            self._files.close()

    @contextmanager
    def _open(self, where: str) -> Iterator[None]:
        with self._gate.reading(where):
            # In a folder that is gone every chunk would read as "not stored", and the slide as plain black.
            if not self._files.there(self._group):
                raise TileReadError(self._path, where, "the folder is gone")
            yield

    def _window(self, array: _Array, x: int, y: int, w: int, h: int, plane: int) -> tuple[int | slice, ...]:
        places: dict[str, int | slice] = {"x": slice(x, x + w), "y": slice(y, y + h), "t": 0}
        places["c"] = slice(None)
        if "z" in self._axes:
            # Some writers halve the planes with the levels.
            places["z"] = plane * array.shape[self._axes.index("z")] // self._info.planes
        return tuple(places[axis] for axis in self._axes)


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
    except RemoteError:
        raise
    except Exception as error:  # bad JSON, missing keys, wrong types: each has its own exception
        raise ZarrError(f"its metadata are damaged ({in_a_sentence(error)})") from error


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
    except RemoteError:
        raise
    except Exception as error:
        raise ZarrError(f"the metadata of its level {path!r} are damaged ({in_a_sentence(error)})") from error
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


def _info(files: ZarrFiles, picture: Multiscales, levels: list[Level], arrays: list[_Array]) -> SlideInfo:
    finest, coarsest = arrays[0], arrays[-1]
    channels = _channels(finest, picture)
    return SlideInfo(
        path=files.place,
        format="ome-zarr",
        fingerprint=files.identity([level.size for level in levels], coarsest),
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
