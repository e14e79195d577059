"""Where a slide lies: in a file or folder of this machine, or at an address on a server."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from urllib.parse import SplitResult, unquote, urlsplit, urlunsplit

SCHEMES = ("http", "https", "s3")
"""The kinds of addresses that can be opened."""

_ADDRESS = re.compile(r"[a-z][a-z0-9+.-]*://", re.IGNORECASE)
# AWS, Google and CloudFront call it Signature, Azure calls it sig.
_UNFIT = re.compile(r'[\\/:*?"<>|\x00-\x1f\x7f]')
_SIGNED = re.compile(r"(^|[&-])sig(nature)?=", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Address:
    """Where a slide lies on a server; it has `name`, `stem`, `suffix` and `str` as a path has.

    A query string is often a signature that opens the file to whoever has it, and a user's name comes with a
    password. So only `url` holds them, for opening; what is shown, logged or stored is `str`.

    Parameters
    ----------
    url
        As the user gave it, with its secrets; the fragment is dropped.
    """

    url: str = field(repr=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "url", self.url.strip().partition("#")[0])

    def __str__(self) -> str:
        parts = self._parts
        return urlunsplit((parts.scheme, parts.netloc.rpartition("@")[2], parts.path, "", ""))

    def __repr__(self) -> str:
        return f"Address({str(self)!r})"

    def __truediv__(self, key: str) -> Address:
        """Return the address of a part of what lies here, which is opened with the same secrets."""
        parts = self._parts
        path = f"{parts.path.rstrip('/')}/{key}" if key else parts.path
        return Address(urlunsplit((parts.scheme, parts.netloc, path, parts.query, "")))

    @property
    def scheme(self) -> str:
        """What comes before "://", in lower case."""
        return self._parts.scheme

    @property
    def host(self) -> str:
        """The server, or the bucket; without port, user and password."""
        return self._parts.hostname or ""

    @property
    def name(self) -> str:
        """The last part of the path in plain letters, fit to name a file; the host where there is none."""
        name = _UNFIT.sub("_", PurePosixPath(unquote(self._parts.path)).name)
        return self.host if name in ("", ".", "..") else name

    @property
    def stem(self) -> str:
        """The name without its ending."""
        return PurePosixPath(self.name).stem

    @property
    def suffix(self) -> str:
        """The name's ending with its dot, or ""."""
        return PurePosixPath(self.name).suffix

    @property
    def parent(self) -> Address:
        """The folder in which it lies."""
        parts = self._parts
        path = parts.path.rstrip("/").rpartition("/")[0]
        return Address(urlunsplit((parts.scheme, parts.netloc, path, parts.query, "")))

    @property
    def login(self) -> tuple[str, str] | None:
        """User and password, or None."""
        user, at, _ = self._parts.netloc.rpartition("@")
        name, _, password = user.partition(":")
        return (unquote(name), unquote(password)) if at else None

    @property
    def request(self) -> str:
        """What to ask the server for: the address with its query, without user and password."""
        parts = self._parts
        return urlunsplit((parts.scheme, parts.netloc.rpartition("@")[2], parts.path, parts.query, ""))

    @property
    def identity(self) -> str:
        """What tells one file from another: the address with a query that says what is wanted.

        A signed query says who may read, and is another one tomorrow.
        """
        return str(self) if _SIGNED.search(self._parts.query) else self.request

    @property
    def _parts(self) -> SplitResult:
        try:
            return urlsplit(self.url)
        except ValueError:  # brackets that are no IPv6 address: nothing of it can be trusted to be shown
            return SplitResult(self.url.partition(":")[0].lower(), "", "", "", "")


type Place = Path | Address
"""Where a slide lies; both have `name`, `stem`, `suffix` and a `str` that may be shown."""


def place_of(text: str) -> Place:
    """Return the place that a user, the settings or the study name.

    Parameters
    ----------
    text
        A path, or an address of any kind; which kinds can be opened is the opener's business.
    """
    text = text.strip() if _ADDRESS.match(text.lstrip()) else text
    return Address(text) if _ADDRESS.match(text) else Path(text)


def lasting(place: Place) -> str:
    """Return a place as it may be stored: a path made absolute, an address without its secrets."""
    return str(place.absolute()) if isinstance(place, Path) else str(place)
