"""The slides that a user names by files, folders, patterns and addresses."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from glob import glob, has_magic
from pathlib import Path

from pathview.core.place import Place
from pathview.core.plugins.offered import offered_readers
from pathview.slides.dicom_files import slide_files
from pathview.slides.zarr_files import METADATA

ENDINGS = frozenset(
    (".svs", ".tif", ".tiff", ".ndpi", ".mrxs", ".scn", ".bif", ".vms", ".vmu", ".svslide", ".zarr.zip")
)
"""What a slide among the files of a folder ends with, besides what readers of plugins name; pictures such as
PNG are taken when they are named."""

# A run of ours keeps its values in a Zarr too, and that is no slide.
_OURS = b'"pathview_heatmap"'


def find_slides(place: Place) -> list[Place]:
    """Return the slides at a place that a user named, in the order of their names.

    Parameters
    ----------
    place
        An address, a file or a slide's folder, each returned as it is; another folder, which is looked
        through to its depths; or a pattern such as ``slides/*.svs``, ``**`` being any number of folders.

    Returns
    -------
    list of Place
        Empty where a folder holds no slide or nothing fits a pattern. A file that is not there is returned:
        whoever opens it can say so.
    """
    if not isinstance(place, Path):
        return [place]
    if place.is_dir():
        return list(_in_folder(place))
    if place.exists() or not has_magic(str(place)):
        return [place]
    # A folder named by a pattern holds slides or is one; a file is what the user wants.
    found = (Path(name) for name in sorted(glob(str(place), recursive=True)))
    return without_doubles(slide for path in found if not _is_mirax_data(path) for slide in find_slides(path))


def without_doubles(slides: Iterable[Place]) -> list[Place]:
    """Return slides without those that have come before; links keep the names that they have."""
    kept: dict[str, Place] = {}
    for slide in slides:
        kept.setdefault(os.path.abspath(slide) if isinstance(slide, Path) else slide.url, slide)
    return list(kept.values())


def _in_folder(folder: Path) -> Iterator[Place]:
    if any((folder / name).is_file() for name in METADATA):
        if not _is_heatmap(folder):
            yield folder
        return
    try:
        entries = sorted(entry for entry in folder.iterdir() if not entry.name.startswith("."))
    except OSError:
        return  # a folder that may not be looked into holds nothing for this user
    endings = (*ENDINGS, *(ending for reader in offered_readers() for ending in reader.endings))
    if any(entry.suffix.lower() == ".dcm" for entry in entries):
        yield from _dicom_slides(folder)
    for entry in entries:
        if entry.is_dir():
            if not _is_mirax_data(entry):
                yield from _in_folder(entry)
        elif entry.name.lower().endswith(endings):
            yield entry


def _dicom_slides(folder: Path) -> list[Place]:
    series = sorted(files[0].path for files in slide_files(folder).values())
    return [folder] if len(series) == 1 else list(series)


def _is_heatmap(folder: Path) -> bool:
    try:
        return _OURS in (folder / "zarr.json").read_bytes()
    except OSError:
        return False


def _is_mirax_data(path: Path) -> bool:
    return path.is_dir() and path.with_name(f"{path.name}.mrxs").is_file()
