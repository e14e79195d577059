"""Parts of files over HTTP, by Range requests (RFC 9110, section 14)."""

from __future__ import annotations

import logging
import re
import time
from collections.abc import Mapping
from urllib.request import getproxies, proxy_bypass

import urllib3
from urllib3.exceptions import (
    ConnectTimeoutError,
    HTTPError,
    LocationParseError,
    LocationValueError,
    MaxRetryError,
    NameResolutionError,
    NewConnectionError,
    ProxyError,
    ReadTimeoutError,
    SSLError,
)

from pathview.core.place import Address
from pathview.slides.remote.source import SMALL_BYTES, NotThereError, Part, RemoteError, Stamp

CONNECT_S = 5.0
SILENCE_S = 10.0
"""How long a server may say nothing in the middle of an answer."""
PATIENCE_S = 20.0
"""How long all attempts at one part may take before no further one is made."""
PAUSES_S = (0.2, 1.0)
"""Waits before the second and the third attempt."""

_REDIRECTS = 5
_CHUNK = 1 << 16
_CONTENT_RANGE = re.compile(r"bytes (\d+)-(\d+)/(\d+)$")
_EMPTY_RANGE = re.compile(r"bytes \*/(\d+)$")
_LATER = frozenset({429, 500, 502, 503, 504})

# It logs addresses whole, and their queries are secrets.
logging.getLogger("urllib3").setLevel(logging.CRITICAL)


class _LaterError(RemoteError):
    """Another attempt may succeed."""


class HttpSource:
    """One file on a web server.

    Parameters
    ----------
    address
        With scheme http or https; a query goes to the server, user and password as basic authentication.
    pool
        Connections to share with others; default: its own, which `close` lets go.
    """

    def __init__(self, address: Address, pool: urllib3.PoolManager | None = None) -> None:
        self.address = address
        self._owns_pool = pool is None
        self._pool = connections(address) if pool is None else pool
        # What is packed on the way cannot be asked for in parts.
        self._headers = {"Accept-Encoding": "identity", "User-Agent": "PathView"}
        if address.login is not None:
            self._headers |= urllib3.make_headers(basic_auth=":".join(address.login))

    def part(self, start: int, stop: int) -> Part:
        """Ask for the bytes from `start` up to, without, `stop`.

        Raises
        ------
        RemoteError
            If they cannot be had; three attempts are made where that may help.
        """
        until = time.monotonic() + PATIENCE_S
        for pause in (*PAUSES_S, None):
            try:
                return self._attempt(start, stop, until)
            except _LaterError as error:
                if pause is None or time.monotonic() + pause > until:
                    raise RemoteError(str(error)) from None
                time.sleep(pause)
        raise AssertionError("the last attempt returns or raises")

    def sibling(self, address: Address) -> HttpSource:
        """Return another file of the same server, which uses the connections of this one."""
        return HttpSource(address, self._pool)

    def close(self) -> None:
        """Let connections go."""
        if self._owns_pool:
            self._pool.clear()

    def _attempt(self, start: int, stop: int, until: float) -> Part:
        headers = {**self._headers, "Range": f"bytes={start}-{stop - 1}"}
        response = None
        try:
            response = self._pool.request(
                "GET",
                self.address.request,
                headers=headers,
                preload_content=False,
                timeout=urllib3.Timeout(connect=CONNECT_S, read=SILENCE_S),
                retries=urllib3.Retry(total=_REDIRECTS, connect=0, read=0, status=0, other=0),
            )
            part = self._read(response, start, stop, until)
            response.release_conn()
            return part
        except HTTPError as error:
            # Without their chain: the texts of these errors hold the whole address.
            raise self._in_words(error) from None
        finally:
            # What was not read to its end cannot serve another request.
            if response is not None:
                response.close()

    def _read(self, response: urllib3.BaseHTTPResponse, start: int, stop: int, until: float) -> Part:
        status, headers = response.status, response.headers
        if status == 416 and (empty := _EMPTY_RANGE.match(headers.get("Content-Range", ""))):
            return Part(_stamp(int(empty[1]), headers), start, b"")
        if status not in (200, 206):
            raise _refusal(status)
        if headers.get("Content-Encoding", "identity") != "identity":
            raise RemoteError("the server packs the file on the way; download it and open it from there")
        if status == 206:
            found = _CONTENT_RANGE.match(headers.get("Content-Range", ""))
            if found is None or int(found[1]) != start:
                raise RemoteError("the server sends other parts of the file than it was asked for")
            first, size, wanted = start, int(found[3]), min(stop, int(found[3])) - start
        else:
            first, size, wanted = 0, *[_whole_size(headers)] * 2
        data = self._body(response, wanted, until)
        return Part(_stamp(size, headers), first, data)

    def _body(self, response: urllib3.BaseHTTPResponse, wanted: int, until: float) -> bytes:
        body = bytearray()
        for chunk in response.stream(_CHUNK, decode_content=False):
            body += chunk
            if len(body) > wanted:
                raise RemoteError("the server sends more bytes than it was asked for")
            if time.monotonic() > until + SILENCE_S:
                raise RemoteError(f"the server {self.address.host} is too slow; try again")
        if len(body) < wanted:
            raise _LaterError("the connection broke off; try again")
        return bytes(body)

    def _in_words(self, error: HTTPError) -> RemoteError:
        cause: BaseException | None = error
        while isinstance(cause, MaxRetryError | ProxyError):
            cause = cause.reason if isinstance(cause, MaxRetryError) else cause.original_error
        host = self.address.host
        match cause:
            case NameResolutionError():
                return RemoteError(f"no server is called {host}; check the address and the network")
            case NewConnectionError():
                return _LaterError(f"the server {host} cannot be reached; check that it and the network work")
            case ConnectTimeoutError():
                return _LaterError(f"the server {host} did not answer within {CONNECT_S:g} s; try again")
            case ReadTimeoutError():
                return _LaterError(f"the server {host} sent nothing for {SILENCE_S:g} s; try again")
            case SSLError():
                return RemoteError(f"there is no safe connection to {host}: its certificate is not trusted")
            case LocationParseError() | LocationValueError():
                return RemoteError("the address is malformed")
        if isinstance(error, MaxRetryError) and not isinstance(cause, HTTPError | OSError):
            return RemoteError("the server sends from one address to the next without end")
        return _LaterError(f"the connection to {host} broke off; try again")


def connections(address: Address) -> urllib3.PoolManager:
    """Return a pool of connections to where an address leads, through the system's proxy if it has one."""
    proxy = getproxies().get(address.scheme)
    if proxy is None or proxy_bypass(address.host):
        return urllib3.PoolManager(maxsize=8)
    try:
        return urllib3.ProxyManager(proxy if "://" in proxy else f"http://{proxy}", maxsize=8)
    except HTTPError:
        raise RemoteError("the system's proxy settings are malformed") from None


def _whole_size(headers: Mapping[str, str]) -> int:
    """Return the size of a file that comes whole, though a part was asked for."""
    stated = headers.get("Content-Length", "")
    if not stated.isdecimal() or int(stated) > SMALL_BYTES:
        raise RemoteError(
            "the server sends files only whole (it knows no Range requests), and this one is too large "
            "for that; download it and open it from there"
        )
    return int(stated)


def _stamp(size: int, headers: Mapping[str, str]) -> Stamp:
    return Stamp(size, headers.get("ETag") or headers.get("Last-Modified") or "")


def _refusal(status: int) -> RemoteError:
    if status in (404, 410):
        return NotThereError("there is no such file on the server; it may have been moved or renamed")
    if status in (401, 403):
        return RemoteError(
            f"the server refuses access ({status}); a signed address may have run out, or a user and a "
            "password are needed"
        )
    if status in _LATER:
        return _LaterError(f"the server answers with an error ({status}); try again later")
    return RemoteError(f"the server answers with status {status}; check the address")
