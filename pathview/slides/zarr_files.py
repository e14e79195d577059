"""Where the files of an OME-Zarr lie: in a folder or in a zip file; those on servers are in `remote.zarr`."""

from __future__ import annotations

import hashlib
import json
import zipfile
from collections.abc import Callable, Iterable
from functools import partial
from itertools import product
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, Protocol

from pathview.core.files import fingerprint
from pathview.core.place import Place
from pathview.slides.multiscales import ZarrError

if TYPE_CHECKING:
    from zarr import Array
    from zarr.abc.store import Store

METADATA = ("zarr.json", ".zgroup", ".zattrs")
"""Files at the root of a Zarr folder, which say that it is one."""

_MAX_UNPACKED_BYTES = 1 << 28
_IDENTITY_BYTES = 1 << 20

type Root = tuple[str, int]
"""Where the Zarr group begins, "" for the top, and its format: 2 or 3."""

type Stored = tuple[str, int, Callable[[int], bytes]]
"""A file's name from the top, its size in bytes, and what returns as many of its first bytes as asked for."""


class ZarrFiles(Protocol):
    """What a Zarr reader needs to know of where it reads from; safe from many threads."""

    @property
    def place(self) -> Place:
        """The folder or file, or its address."""
        ...

    @property
    def store(self) -> Store:
        """What zarr reads from."""
        ...

    @property
    def root(self) -> Root:
        """Where in it the group is."""
        ...

    def identity(self, sizes: list[tuple[int, int]], coarsest: Array[Any]) -> str:
        """Return the fingerprint of an image of these level sizes.

        Raises
        ------
        OSError
            If it cannot be read.
        """
        ...

    def there(self, group: str) -> bool:
        """Whether the metadata of a group are still where they were."""
        ...

    def interrupt(self) -> None:
        """Let reads fail that would have to wait for a server."""
        ...

    def close(self) -> None:
        """Release what is open; nobody may be reading."""
        ...


class LocalFolder:
    """A Zarr folder on this machine.

    Parameters
    ----------
    folder
        Where it is.
    root
        From `root_in_folder`.
    """

    def __init__(self, folder: Path, root: Root) -> None:
        from zarr.storage import LocalStore

        self.place, self.root = folder, root
        self.store = LocalStore(folder, read_only=True)
        self._marker = "zarr.json" if root[1] == 3 else ".zattrs"

    def identity(self, sizes: list[tuple[int, int]], coarsest: Array[Any]) -> str:
        """Return the fingerprint: of the sizes and the stored bytes of the coarsest level."""

        def stored() -> Iterable[Stored]:
            # Metadata are rewritten by tools that change no pixels.
            for file in sorted(p for p in (self.place / coarsest.path).rglob("*") if p.is_file()):
                if not file.name.startswith((".z", "zarr.json")):
                    name = file.relative_to(self.place).as_posix()
                    yield name, file.stat().st_size, partial(_beginning, file)

        return identity_of(sizes, stored())

    def there(self, group: str) -> bool:
        """Whether the metadata of a group are still where they were."""
        return (self.place / group / self._marker).exists()

    def interrupt(self) -> None:
        """Do nothing: a folder of this machine is not waited for."""

    def close(self) -> None:
        """Release the folder."""
        self.store.close()


class LocalZip:
    """A Zarr in a zip file on this machine.

    Parameters
    ----------
    path
        The file.
    root
        From `root_in_zip`.
    """

    def __init__(self, path: Path, root: Root) -> None:
        from zarr.storage import ZipStore

        self.place, self.root = path, root
        self.store = ZipStore(path, mode="r", read_only=True)

    def identity(self, sizes: list[tuple[int, int]], coarsest: Array[Any]) -> str:
        """Return the fingerprint of the file."""
        return fingerprint(self.place)

    def there(self, group: str) -> bool:
        """Return True: an open file stays readable."""
        return True

    def interrupt(self) -> None:
        """Do nothing: a file of this machine is not waited for."""

    def close(self) -> None:
        """Release the file."""
        self.store.close()


def local_files(path: Path) -> ZarrFiles | None:
    """Return the files of a Zarr on this machine, None where `path` holds none.

    Raises
    ------
    ZarrError, zipfile.BadZipFile, OSError
        If they are damaged, or cannot be read.
    """
    if path.is_dir():
        root = root_in_folder(path)
        return None if root is None else LocalFolder(path, root)
    with path.open("rb") as file:
        root = root_in_zip(file)
    return None if root is None else LocalZip(path, root)


def root_in_folder(folder: Path) -> Root | None:
    """Return where the group begins; None where there is none."""
    if (folder / "zarr.json").is_file():
        return "", 3
    return ("", 2) if any((folder / name).is_file() for name in METADATA) else None


def root_in_zip(file: IO[bytes]) -> Root | None:
    """Return where in a zip file the group begins; None for other files.

    Raises
    ------
    ZarrError
        If a part of it would unpack to a size that no chunk has.
    zipfile.BadZipFile
        If it is damaged.
    """
    if file.read(4) != b"PK\3\4":
        return None
    with zipfile.ZipFile(file) as archive:
        names = [name for name in archive.namelist() if name.endswith(METADATA) and name.count("/") <= 1]
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


def identity_of(sizes: list[tuple[int, int]], stored: Iterable[Stored]) -> str:
    """Return a fingerprint of a folder: of its level sizes and the stored bytes of the coarsest level.

    Uncompressed chunks of two slides have the same names and sizes, and level 0 can be a hundred thousand
    files: the coarsest level tells slides apart, and changes with the others.

    Parameters
    ----------
    sizes
        (width, height) of the levels.
    stored
        The coarsest level's files, sorted by the parts of their names.
    """
    digest = hashlib.sha256(json.dumps(sizes).encode())
    left = _IDENTITY_BYTES
    for name, size, read in stored:
        content = read(left)
        digest.update(f"{name}\0{size}\0".encode())
        digest.update(content)
        left -= len(content)
    return digest.hexdigest()[:32]


def _beginning(file: Path, length: int) -> bytes:
    with file.open("rb") as stored:
        return stored.read(length)


def stored_names(array: Array[Any]) -> Iterable[str]:
    """Yield the names of the files that an array may have, from the top of its store; in no order."""
    edges = array.shards or array.chunks
    grid = (range(-(-side // edge)) for side, edge in zip(array.shape, edges, strict=True))
    metadata: Any = array.metadata
    for place in product(*grid):
        yield f"{array.path}/{metadata.encode_chunk_key(place)}".lstrip("/")
