"""OME-Zarr on servers: folders chunk by chunk, zip files by their parts."""

from __future__ import annotations

import threading
import time
import zipfile
from collections import OrderedDict
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future
from functools import partial
from itertools import islice
from typing import TYPE_CHECKING, Any

from fsspec import AbstractFileSystem
from fsspec.implementations.asyn_wrapper import AsyncFileSystemWrapper

from pathview.core.files import fingerprint_of
from pathview.core.place import Address
from pathview.slides.remote.blocks import BlockCache
from pathview.slides.remote.calls import Calls, wait
from pathview.slides.remote.file import RemoteFile
from pathview.slides.remote.look import version_of, zarr_folder
from pathview.slides.remote.source import NotThereError, RemoteError, ReplacedError, Stamp, open_source
from pathview.slides.zarr_files import Root, Stored, ZarrFiles, identity_of, root_in_zip, stored_names

if TYPE_CHECKING:
    from zarr import Array
    from zarr.abc.store import Store

_LOOK_S = 2.0
_MAX_OBJECT_BYTES = 1 << 28
_MAX_OPEN_SHARDS = 64
# A coarsest level of more files than this is no overview, and asking for each would take minutes.
_MAX_IDENTITY_FILES = 64


def remote_files(address: Address) -> ZarrFiles | None:
    """Return the files of a Zarr on a server, None where the address leads to something else.

    Raises
    ------
    RemoteError
        If the server does not give what is needed.
    ZarrError, zipfile.BadZipFile
        If they are damaged.
    """
    folder = zarr_folder(address)
    if folder is not None:
        return RemoteFolder(folder)
    if address.suffix.lower() != ".zip":
        return None
    file = RemoteFile.open(address)
    try:
        with file.stream(ahead=0) as stream:
            root = root_in_zip(stream)
        if root is not None:
            return RemoteZip(address, file, root)
    except BaseException:
        file.close()
        raise
    file.close()
    return None


class RemoteFolder:
    """A Zarr folder on a server.

    Chunks are kept on disk under the fingerprint and the validator of the metadata and not asked for again;
    metadata and the coarsest level, which tell whether it is still the same, are asked for each time.

    Parameters
    ----------
    folder
        Its address.

    Raises
    ------
    RemoteError
        If there are no metadata, or the server does not give them.
    """

    def __init__(self, folder: Address) -> None:
        self.place = folder
        self._stamp = version_of(folder)
        self._looking = threading.Lock()
        self._looked_at = time.monotonic()
        self._objects = _Objects(folder, self._check)
        try:
            self.root: Root = "", 3 if self._objects.get("zarr.json") is not None else 2
        except BaseException:
            self.close()
            raise
        self.store = _store(self._objects.cat)

    def identity(self, sizes: list[tuple[int, int]], coarsest: Array[Any]) -> str:
        """Return the fingerprint: that of the folder on this machine, unless its coarsest level is huge."""
        names = list(islice(stored_names(coarsest), _MAX_IDENTITY_FILES + 1))
        stored = list(self._stored(sorted(names, key=lambda name: name.split("/"))))
        identity = identity_of(sizes, stored)
        if self._stamp.validator:
            self._objects.keep_as(Stamp(0, f"{identity} {self._stamp.validator}"))
        return identity

    def there(self, group: str) -> bool:
        """Return True: a chunk that is missing makes the folder be looked at."""
        return True

    def interrupt(self) -> None:
        """Let reads fail that would have to wait for the server."""
        self._objects.calls.hang_up()

    def close(self) -> None:
        """Let everything go."""
        self.interrupt()
        self._objects.close()

    def _stored(self, names: Iterable[str]) -> Iterator[Stored]:
        for name in names:
            content = self._objects.get(name)
            if content is not None:
                yield name, len(content), partial(_beginning, content)

    def _check(self) -> None:
        """Raise unless the folder is what it was: in one that is gone, no chunk would seem to be stored."""
        with self._looking:
            if time.monotonic() - self._looked_at < _LOOK_S:
                return
            try:
                stamp = version_of(self.place)
            except NotThereError:
                raise RemoteError("the folder is gone from the server") from None
            if stamp != self._stamp:
                raise ReplacedError("the folder on the server was replaced by another one; open it again")
            self._looked_at = time.monotonic()


class RemoteZip:
    """A Zarr in a zip file on a server.

    Parameters
    ----------
    address
        Its address.
    file
        Its bytes; closed with this.
    root
        From `root_in_zip`.
    """

    def __init__(self, address: Address, file: RemoteFile, root: Root) -> None:
        self.place, self.root = address, root
        self._file = file
        self._stream = file.stream(ahead=0)
        self._archive = zipfile.ZipFile(self._stream)
        self.store = _store(self._cat)

    def identity(self, sizes: list[tuple[int, int]], coarsest: Array[Any]) -> str:
        """Return the fingerprint of the file."""
        return fingerprint_of(self._file.size, self._file.read)

    def there(self, group: str) -> bool:
        """Return True: reads of a file that is gone fail by themselves."""
        return True

    def interrupt(self) -> None:
        """Let reads fail that would have to wait for the server."""
        self._file.interrupt()

    def close(self) -> None:
        """Let everything go."""
        self._archive.close()
        self._stream.close()
        self._file.close()

    def _cat(self, name: str, start: int | None, end: int | None) -> bytes:
        try:
            member = self._archive.getinfo(name)
        except KeyError:
            raise FileNotFoundError(name) from None
        first, stop, _ = slice(start, end).indices(member.file_size)
        with self._archive.open(member) as content:
            content.seek(first)
            return content.read(stop - first)


def _beginning(content: bytes, length: int) -> bytes:
    return content[:length]


class _Objects:
    """The files of a folder on a server, whole or by parts; what several threads want is asked for once."""

    def __init__(self, folder: Address, check: Callable[[], None]) -> None:
        self.calls = Calls()
        self._folder = folder
        self._top = open_source(folder)
        self._check = check
        self._cache: BlockCache | None = None
        self._lock = threading.Lock()
        self._asked: dict[str, Future[bytes]] = {}
        self._shards: OrderedDict[str, RemoteFile] = OrderedDict()

    def keep_as(self, version: Stamp) -> None:
        """Keep what is got from here on, and look for it among what was kept as the same version."""
        self._cache = BlockCache(self._folder, version)

    def get(self, name: str) -> bytes | None:
        """Return a whole file, None where there is none; raises `RemoteError`."""
        content = None if self._cache is None else self._cache.get(name)
        if content is None:
            with self._lock:
                if name not in self._asked:
                    self._asked[name] = self.calls.start(partial(self._fetch, name))
                call = self._asked[name]
            content = wait(call)
        return content or None  # an empty file is no chunk, and stands for none in the cache

    def cat(self, name: str, start: int | None, end: int | None) -> bytes:
        """Return a file or, of a shard, a part; raises `FileNotFoundError` where there is none."""
        if start is None and end is None:
            content = self.get(name)
            if content is None:
                raise FileNotFoundError(name)
            return content
        shard = self._shard(name)
        first, stop, _ = slice(start, end).indices(shard.size)
        return shard.read(first, stop - first)

    def close(self) -> None:
        """Let everything go."""
        for shard in self._shards.values():
            shard.close()
        self._top.close()

    def _fetch(self, name: str) -> bytes:
        """Ask the server for a file; on a thread of its own."""
        try:
            content = self._top.sibling(self._folder / name).part(0, _MAX_OBJECT_BYTES).data
        except NotThereError:
            self._check()
            content = b""
        finally:
            with self._lock:
                self._asked.pop(name, None)
        if self._cache is not None:
            self._cache.put(name, content)
        return content

    def _shard(self, name: str) -> RemoteFile:
        with self._lock:
            shard = self._shards.get(name)
            if shard is not None:
                self._shards.move_to_end(name)
                return shard
        try:
            shard = RemoteFile(self._top.sibling(self._folder / name), self.calls)
        except NotThereError:
            self._check()
            raise
        with self._lock:
            self._shards[name] = shard
            if len(self._shards) > _MAX_OPEN_SHARDS:
                self._shards.popitem(last=False)
        return shard


class _Files(AbstractFileSystem):  # type: ignore[misc]
    """As much of a file system as zarr needs to read."""

    cachable = False

    def __init__(self, cat: Callable[[str, int | None, int | None], bytes]) -> None:
        super().__init__()
        self._cat_part = cat

    def cat_file(self, path: str, start: int | None = None, end: int | None = None, **_: object) -> bytes:
        """Return a file or a part of it."""
        return self._cat_part(path, start, end)


def _store(cat: Callable[[str, int | None, int | None], bytes]) -> Store:
    from zarr.storage import FsspecStore

    return FsspecStore(AsyncFileSystemWrapper(_Files(cat), asynchronous=True), read_only=True)
