"""What lies at an address, without reading it."""

from __future__ import annotations

from pathview.core.place import Address
from pathview.slides.remote.calls import Calls
from pathview.slides.remote.source import NotThereError, Stamp, open_source
from pathview.slides.zarr_files import METADATA


def zarr_folder(address: Address) -> Address | None:
    """Return the Zarr folder that an address names, by its name alone; None for a file."""
    if address.name in METADATA:
        return address.parent
    names = str(address).lower().rstrip("/").split("/")
    return address if any(name.endswith(".zarr") for name in names) and address.suffix != ".zip" else None


def version_of(address: Address) -> Stamp:
    """Ask the server which version of a file lies at an address; of a Zarr folder, of its metadata.

    Raises
    ------
    RemoteError
        If it cannot be asked, or nothing is there.
    """
    folder = zarr_folder(address)
    if folder is None:
        return _stamp(address)
    for name in METADATA[:-1]:
        try:
            return _stamp(folder / name)
        except NotThereError:
            continue
    return _stamp(folder / METADATA[-1])


def _stamp(address: Address) -> Stamp:
    source = open_source(address)
    calls = Calls()
    try:
        return calls.run(lambda: source.part(0, 1)).stamp
    finally:
        calls.hang_up()
        source.close()
