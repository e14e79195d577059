"""Parts of files in S3 buckets, through fsspec and s3fs."""

from __future__ import annotations

import time
from typing import Any

from pathview.core.place import Address
from pathview.slides.remote.source import NotThereError, Part, RemoteError, Stamp

LOOK_S = 2.0
"""How often a file's ETag is asked for while its parts are read."""

_LIMITS = {"connect_timeout": 5, "read_timeout": 10, "retries": {"total_max_attempts": 3}}


class S3Source:
    """One file in a bucket.

    Credentials, region and endpoint are those of the AWS tools (environment, ``~/.aws``, roles), or key and
    secret from ``s3://KEY:SECRET@bucket/path``; who has none reads public buckets.

    Parameters
    ----------
    address
        With scheme s3.

    Raises
    ------
    RemoteError
        If s3fs is not installed.
    """

    def __init__(self, address: Address) -> None:
        self.address = address
        self._path = str(address).removeprefix("s3://")
        self._looked: tuple[float, Stamp | None] = (0.0, None)
        self._files: Any = None
        self._options: dict[str, Any] = {"config_kwargs": _LIMITS}
        if address.login is not None:
            self._options |= dict(zip(("key", "secret"), address.login, strict=True))
        self._connect()

    def part(self, start: int, stop: int) -> Part:
        """Ask for the bytes from `start` up to, without, `stop`.

        Raises
        ------
        RemoteError
            If they cannot be had.
        """
        try:
            return self._part(start, stop)
        except FileNotFoundError:
            raise NotThereError("there is no such file in the bucket; it may have been moved") from None
        except PermissionError:
            raise RemoteError("the bucket refuses access; check your AWS credentials") from None
        except Exception as error:  # noqa: BLE001  botocore has dozens of kinds, and their texts hold addresses
            if type(error).__name__ == "NoCredentialsError" and "anon" not in self._options:
                self._connect(anon=True)
                return self.part(start, stop)
            raise RemoteError(f"the bucket cannot be read ({type(error).__name__}); try again") from None

    def sibling(self, address: Address) -> S3Source:
        """Return another file, of this bucket or another."""
        return S3Source(address)

    def close(self) -> None:
        """Do nothing: fsspec keeps its connections for the next file."""

    def _connect(self, **options: object) -> None:
        import fsspec

        self._options |= options
        try:
            self._files = fsspec.filesystem("s3", **self._options)
        except ImportError:
            raise RemoteError('it needs the package s3fs: pip install "pathview[s3]"') from None

    def _part(self, start: int, stop: int) -> Part:
        looked_at, stamp = self._looked
        if stamp is None or time.monotonic() - looked_at > LOOK_S:
            facts = self._files.info(self._path, refresh=True)
            stamp = Stamp(int(facts["size"]), str(facts.get("ETag") or facts.get("LastModified") or ""))
            self._looked = time.monotonic(), stamp
        stop = min(stop, stamp.size)
        data = self._files.cat_file(self._path, start=start, end=stop) if start < stop else b""
        return Part(stamp, start, data)
