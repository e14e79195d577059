"""Open a file as a slide, or say in one sentence why not."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path

from pathview.core.errors import SlideOpenError, TileReadError
from pathview.slides.dicom_reader import open_dicom
from pathview.slides.image_reader import open_image
from pathview.slides.openslide_reader import open_with_openslide
from pathview.slides.planes_reader import open_planes
from pathview.slides.preflight import check
from pathview.slides.probe import ensure_readable
from pathview.slides.reader import SlideReader
from pathview.slides.slide import Slide
from pathview.slides.tiff_reader import open_tiff
from pathview.slides.watch import WatchedReader
from pathview.slides.zarr_reader import open_ome_zarr

READERS: dict[str, Callable[[Path], SlideReader | None]] = {
    "dicom": open_dicom,
    "tiff": open_tiff,
    "planes": open_planes,
    "openslide": open_with_openslide,
    "ome-zarr": open_ome_zarr,
    "image": open_image,
}
"""Readers by name, asked in this order; each returns None for a format that is not its own."""

_TRIAL_PIXELS = 8


def open_slide(path: Path | str, *, probe: bool = True) -> Slide:
    """Open a slide with the first reader that accepts it.

    Parameters
    ----------
    path
        A slide file, an OME-Zarr folder, or a folder of DICOM files.
    probe
        Try a slide that is not known to be good in a child process first, see `pathview.slides.probe`.

    Raises
    ------
    SlideOpenError
        If it is not there, is no slide, or is too damaged to read; the message says which in one sentence.
    """
    path = Path(path)
    _look(path, probe)
    for name, accept in READERS.items():
        reader = accept(path)
        if reader is not None:
            try:
                _try_out(reader)
            except TileReadError as error:
                reader.close()
                raise SlideOpenError(
                    path, f"its pixels cannot be read ({error.reason}); the file is damaged", (name,)
                ) from error
            return Slide(WatchedReader(reader, path, partial(_again, path, accept)))
    what = "folder for a slide" if path.is_dir() else "format"
    raise SlideOpenError(path, f"no reader knows this {what}", tuple(READERS))


def _again(path: Path, accept: Callable[[Path], SlideReader | None]) -> SlideReader | None:
    """Open a file that has come back, which need not be the one that was open."""
    _look(path, probe=True)
    return accept(path)


def _look(path: Path, probe: bool) -> None:
    """Refuse what needs no reader to refuse, and what would harm one."""
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
        elif (reason := check(path)) is not None:
            raise SlideOpenError(path, f"the file is damaged: {reason}")
        if probe:
            ensure_readable(path)
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
