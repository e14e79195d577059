"""What a server must be able to do, and what may go wrong with it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from pathview.core.place import Address

SMALL_BYTES = 32 << 20
"""A file of at most so many bytes is fetched whole from a server that sends no parts."""


class RemoteError(OSError):
    """What a server cannot, or will not, give; its text is a clause for the user and holds no secrets."""


class NotThereError(RemoteError, FileNotFoundError):
    """The server says that there is no such file."""


class ReplacedError(RemoteError):
    """The file on the server is not the one that was opened."""


@dataclass(frozen=True, slots=True)
class Stamp:
    """What tells one version of a remote file from another.

    Attributes
    ----------
    size
        Bytes.
    validator
        The server's ETag, or its time of the last change; "" where it tells neither.
    """

    size: int
    validator: str


@dataclass(frozen=True, slots=True)
class Part:
    """Bytes as they came, which may be more than were asked for.

    Attributes
    ----------
    stamp
        Of the file that they are from.
    start
        Where in the file `data` begins.
    data
        At least what was asked for, as far as the file goes.
    """

    stamp: Stamp
    start: int
    data: bytes


class RemoteSource(Protocol):
    """Gives parts of one file on a server; safe from many threads."""

    @property
    def address(self) -> Address:
        """Which file."""
        ...

    def part(self, start: int, stop: int) -> Part:
        """Ask the server for the bytes from `start` up to, without, `stop`; it takes a bounded time.

        Raises
        ------
        RemoteError
            If they cannot be had.
        """
        ...

    def sibling(self, address: Address) -> RemoteSource:
        """Return another file of the same server, which uses the connections of this one."""
        ...

    def close(self) -> None:
        """Let connections go."""
        ...


def open_source(address: Address) -> RemoteSource:
    """Return what reads the file at an address; the server is not asked anything yet.

    Raises
    ------
    RemoteError
        If addresses of this kind cannot be opened.
    """
    if not address.host:
        raise RemoteError("the address names no server; it should look like https://server/folder/slide.svs")
    if address.scheme in ("http", "https"):
        from pathview.slides.remote.http import HttpSource

        return HttpSource(address)
    if address.scheme == "s3":
        from pathview.slides.remote.s3 import S3Source

        return S3Source(address)
    raise RemoteError(
        f"addresses that begin with {address.scheme}:// cannot be opened; http://, https:// and s3:// can"
    )
