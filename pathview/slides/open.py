"""Open a file as a slide, or say in one sentence why not."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path

from pathview.core.errors import SlideOpenError, TileReadError
from pathview.core.place import Address, Place, place_of
from pathview.core.plugins.offered import offered_readers
from pathview.slides.dicom_reader import open_dicom
from pathview.slides.find import ENDINGS
from pathview.slides.openslide_reader import open_with_openslide
from pathview.slides.plugin_reader import ReaderSource
from pathview.slides.preflight import check
from pathview.slides.probe import ensure_readable
from pathview.slides.reader import SlideReader
from pathview.slides.remote.source import RemoteError
from pathview.slides.slide import Slide
from pathview.slides.tiff_reader import open_tiff
from pathview.slides.watch import WatchedReader

# Most slides are TIFFs, and one is to be on the screen before the readers of all else have been imported.


def _planes(path: Path) -> SlideReader | None:
    from pathview.slides.planes_reader import open_planes

    return open_planes(path)


def _ome_zarr(path: Path) -> SlideReader | None:
    from pathview.slides.zarr_reader import open_ome_zarr

    return open_ome_zarr(path)


def _image(path: Path) -> SlideReader | None:
    from pathview.slides.image_reader import open_image

    return open_image(path)


READERS: dict[str, Callable[[Path], SlideReader | None]] = {
    "dicom": open_dicom,
    "tiff": open_tiff,
    "planes": _planes,
    "openslide": open_with_openslide,
    "ome-zarr": _ome_zarr,
    "image": _image,
}
"""Readers by name, asked in this order; each returns None for a format that is not its own."""

OWN_ENDINGS = (*ENDINGS, ".dcm", ".zarr", ".png", ".jpg", ".jpeg", ".bmp", ".webp")
"""Names of what the program reads itself."""

_TRIAL_PIXELS = 8


def open_slide(
    place: Place | str, *, probe: bool = True, plugins: Sequence[ReaderSource] | None = None
) -> Slide:
    """Open a slide with the first reader that accepts it.

    Files whose names say that they are the program's own go to its own readers, and to those of plugins only
    when these refuse them; all others the other way round.

    Parameters
    ----------
    place
        A slide file, an OME-Zarr folder, a folder of DICOM files; or the address of a TIFF or an OME-Zarr.
    probe
        Try a slide that is not known to be good in a child process first, see `pathview.slides.probe`. The
        readers of plugins always run in processes of their own.
    plugins
        The readers of plugins; default: those that were offered to this process.

    Raises
    ------
    SlideOpenError
        If it is not there, is no slide, or is too damaged to read; the message says which in one sentence.
    """
    if isinstance(place, str):
        place = place_of(place)
    if isinstance(place, Path):
        return _open_file(place, probe, offered_readers() if plugins is None else plugins)
    from pathview.slides.open_remote import REMOTE_READERS, look_at_server

    try:
        return _open(place, REMOTE_READERS, look_at_server, probe)
    except RemoteError as error:
        raise SlideOpenError(place, str(error)) from None


def _open_file(path: Path, probe: bool, plugins: Sequence[ReaderSource]) -> Slide:
    ours = path.name.lower().endswith(OWN_ENDINGS)
    if not ours and (slide := _open_with_plugin(path, plugins)) is not None:
        return slide
    try:
        return _open(path, READERS, _look, probe)
    except SlideOpenError:
        if ours and (slide := _open_with_plugin(path, plugins)) is not None:
            return slide
        raise


def _open_with_plugin(path: Path, plugins: Sequence[ReaderSource]) -> Slide | None:
    try:
        takers = {source.name: source.open for source in plugins if path.exists() and source.takes(path)}
    except OSError as error:
        raise SlideOpenError(path, f"the file cannot be read ({error.strerror or error})") from error
    return _first_that_accepts(path, takers, _look_if_there, False) if takers else None


def _open[P: (Path, Address)](
    place: P,
    readers: Mapping[str, Callable[[P], SlideReader | None]],
    look: Callable[[P, bool], None],
    probe: bool,
) -> Slide:
    slide = _first_that_accepts(place, readers, look, probe)
    if slide is None:
        raise _unknown(place)
    return slide


def _first_that_accepts[P: (Path, Address)](
    place: P,
    readers: Mapping[str, Callable[[P], SlideReader | None]],
    look: Callable[[P, bool], None],
    probe: bool,
) -> Slide | None:
    look(place, probe)
    for name, accept in readers.items():
        reader = accept(place)
        if reader is not None:
            try:
                _try_out(reader)
            except TileReadError as error:
                reader.close()
                if isinstance(error.__cause__, RemoteError):
                    raise error.__cause__ from None
                raise SlideOpenError(
                    place, f"its pixels cannot be read ({error.reason}); the file is damaged", (name,)
                ) from error
            return Slide(WatchedReader(reader, place, partial(_again, place, accept, look)))
    return None


def _again[P: (Path, Address)](
    place: P, accept: Callable[[P], SlideReader | None], look: Callable[[P, bool], None]
) -> SlideReader | None:
    """Open a file that has come back, which need not be the one that was open."""
    look(place, True)
    return accept(place)


def _unknown(place: Place) -> SlideOpenError:
    if isinstance(place, Path):
        what = "folder for a slide" if place.is_dir() else "format"
        return SlideOpenError(place, f"no reader knows this {what}", tuple(READERS))
    advice = "download the file and open it from there"
    return SlideOpenError(place, f"over the network, tiled TIFF and OME-Zarr can be shown; {advice}")


def _look(path: Path, probe: bool) -> None:
    """Refuse what needs no reader to refuse, and what would harm one."""
    _look_if_there(path, probe)
    try:
        if path.is_file() and (reason := check(path)) is not None:
            raise SlideOpenError(path, f"the file is damaged: {reason}")
        if probe:
            ensure_readable(path)
    except OSError as error:
        raise SlideOpenError(path, f"the file cannot be read ({error.strerror or error})") from error


def _look_if_there(path: Path, _probe: bool) -> None:
    try:
        if not path.exists():
            raise SlideOpenError(path, "there is no such file; it may have been moved or renamed")
        if path.is_dir():
            if not any(path.iterdir()):
                raise SlideOpenError(path, "the folder is empty")
        elif not path.is_file():
            raise SlideOpenError(path, "it is not a regular file")
        elif path.stat().st_size == 0:
            raise SlideOpenError(path, "the file is empty; copy it again from where it was scanned")
    except OSError as error:
        raise SlideOpenError(path, f"the file cannot be read ({error.strerror or error})") from error


def _try_out(reader: SlideReader) -> None:
    """Read a few pixels, coarsest first: some files open well and have nothing readable in them."""
    failed: TileReadError | None = None
    for number in reversed(range(len(reader.info.levels))):
        width, height = reader.info.levels[number].size
        for x, y in ((0, 0), (width // 2, height // 2)):
            try:
                reader.read_level(number, x, y, min(width - x, _TRIAL_PIXELS), min(height - y, _TRIAL_PIXELS))
            except TileReadError as error:
                failed = failed or error
            else:
                return
    if failed is not None:
        raise failed
