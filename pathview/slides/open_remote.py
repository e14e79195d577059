"""How slides on servers are looked at and read, for `pathview.slides.open` alone."""

from __future__ import annotations

from collections.abc import Callable

from pathview.core.errors import SlideOpenError
from pathview.core.place import Address
from pathview.slides.preflight import check_stream
from pathview.slides.probe import ensure_readable
from pathview.slides.reader import SlideReader
from pathview.slides.remote.file import RemoteFile
from pathview.slides.remote.look import version_of, zarr_folder
from pathview.slides.tiff_reader import open_remote_tiff
from pathview.slides.zarr_reader import open_remote_ome_zarr

REMOTE_READERS: dict[str, Callable[[Address], SlideReader | None]] = {
    "ome-zarr": open_remote_ome_zarr,
    "tiff": open_remote_tiff,
}
"""The readers of what lies on servers, as `READERS`; only the name of a Zarr tells it from a file."""


def look_at_server(address: Address, probe: bool) -> None:
    """Refuse what needs no reader to refuse, and what would harm one.

    Parameters
    ----------
    address
        Where a slide is said to be.
    probe
        Try it in a child process unless it is known to be good.

    Raises
    ------
    SlideOpenError
        If it is empty, damaged or harmful.
    RemoteError
        If the server does not give it.
    """
    if zarr_folder(address) is not None:
        stamp = version_of(address)
    else:
        file = RemoteFile.open(address)
        stamp = file.stamp
        try:
            if not file.size:
                raise SlideOpenError(address, "the file on the server is empty")
            with file.stream() as stream:
                if (reason := check_stream(stream, file.size)) is not None:
                    raise SlideOpenError(address, f"the file is damaged: {reason}")
        finally:
            file.close()
    if probe:
        ensure_readable(address, version=f"{stamp.size} {stamp.validator}" if stamp.validator else "")
