"""Files on disk: atomic replacement, fingerprints, and the folders the program owns."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO
from uuid import uuid4

import pathview

_EDGE_BYTES = 1 << 20


@contextmanager
def atomic_write(target: Path) -> Iterator[IO[bytes]]:
    """Write a file beside its target and move it there only when all of it is on disk.

    Parameters
    ----------
    target
        The file to create or replace; its folder must exist.

    Yields
    ------
    file
        Open for writing bytes; if the block raises, the target stays as it was and nothing is left behind.
    """
    with atomic_path(target) as part, part.open("xb") as file:
        yield file
        file.flush()
        os.fsync(file.fileno())


@contextmanager
def atomic_path(target: Path) -> Iterator[Path]:
    """Yield the name of a file beside a target, to be written there and moved to the target at the end.

    Parameters
    ----------
    target
        The file to create or replace; its folder must exist.

    Yields
    ------
    Path
        Of nothing yet; if the block raises, the target stays as it was and nothing is left behind.
    """
    part = target.with_name(f".{target.name}.{uuid4().hex}.part")
    try:
        yield part
        part.replace(target)
    except BaseException:
        part.unlink(missing_ok=True)
        raise


def write_text(target: Path, text: str) -> None:
    """Replace `target` by `text` (UTF-8) atomically."""
    with atomic_write(target) as file:
        file.write(text.encode("utf-8"))


def fingerprint(path: Path) -> str:
    """Return an identity of a slide file that survives moving and renaming it.

    It is the SHA-256 of the size and of the first and last MiB, as 32 hex digits: reading a whole slide of
    gigabytes would take minutes, and header plus index at the ends differ between any two scans. For a
    folder, the sorted names and sizes of the files in it are taken.

    Raises
    ------
    OSError
        If the path cannot be read.
    """
    if path.is_dir():
        digest = hashlib.sha256()
        for child in sorted(p for p in path.rglob("*") if p.is_file()):
            digest.update(f"{child.relative_to(path).as_posix()}\0{child.stat().st_size}\0".encode())
        return digest.hexdigest()[:32]
    with path.open("rb") as file:

        def read(offset: int, length: int) -> bytes:
            file.seek(offset)
            return file.read(length)

        return fingerprint_of(path.stat().st_size, read)


def fingerprint_of(size: int, read: Callable[[int, int], bytes]) -> str:
    """Return the `fingerprint` of a file wherever it lies.

    Parameters
    ----------
    size
        Bytes.
    read
        Returns the bytes at an offset, of a length.
    """
    digest = hashlib.sha256(size.to_bytes(8, "little"))
    digest.update(read(0, _EDGE_BYTES))
    if size > _EDGE_BYTES:
        digest.update(read(max(_EDGE_BYTES, size - _EDGE_BYTES), _EDGE_BYTES))
    return digest.hexdigest()[:32]


def sha256_of(path: Path) -> str:
    """Return the SHA-256 of a whole file as 64 hex digits."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _home(kind: str) -> Path:
    # PATHVIEW_HOME makes the program portable: everything it owns lies under one folder.
    root = os.environ.get("PATHVIEW_HOME")
    folder = Path(root) / kind if root else _usual(kind)
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def _usual(kind: str) -> Path:
    # On use: the Python of another environment, which a plugin may run in, need not have it.
    import platformdirs

    folders = {
        "cache": platformdirs.user_cache_path,
        "data": platformdirs.user_data_path,
        "config": platformdirs.user_config_path,
    }
    return folders[kind]("pathview", appauthor=False)


def cache_folder() -> Path:
    """Return the folder for what can be made again, created if need be."""
    return _home("cache")


def data_folder() -> Path:
    """Return the folder for what must be kept (studies, plugins), created if need be."""
    return _home("data")


def config_folder() -> Path:
    """Return the folder for settings, created if need be."""
    return _home("config")


def bundled_folder(name: str) -> Path:
    """Return a folder that ships with the program: "plugins" or "resources".

    In a wheel it lies inside the package, in a checkout beside it.
    """
    package = Path(pathview.__file__).parent
    installed = package / "_bundled" / name
    return installed if installed.is_dir() else package.parent / name
