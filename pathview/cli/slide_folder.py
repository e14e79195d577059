"""The folder of a slide's results: for one process at a time, and in order however a run ends."""

from __future__ import annotations

import contextlib
import shutil
from collections.abc import Iterator
from pathlib import Path

from pathview.core.errors import ExportError
from pathview.core.lock import WriterLock, holder_of
from pathview.core.place import Place
from pathview.export.run_folder import RunFolder
from pathview.inference.run import InferenceRun


@contextlib.contextmanager
def alone(path: Place, place: RunFolder, patience_s: float) -> Iterator[None]:
    """Keep every other process from the slide's results.

    Raises
    ------
    ExportError
        If another one is at them, or the folder cannot be locked.
    """
    place.lock.parent.mkdir(parents=True, exist_ok=True)
    lock = WriterLock.acquire(place.lock, patience_s=patience_s)
    if lock is None:
        holder = holder_of(place.lock)
        why = (
            "the folder cannot be locked; is it writable, on a drive with file locks?"
            if holder is None
            else f"{holder} works on {path.name}; wait for it, or give another --output"
        )
        raise ExportError(place.folder, why)
    try:
        yield
    finally:
        lock.release()


def put_aside(place: RunFolder) -> Path | None:
    """Move old results out of the way; they are deleted when new ones are there."""
    if not place.heatmap.exists():
        return None
    old = place.heatmap.with_name(f".{place.heatmap.name}.old")
    remove(old)
    place.heatmap.rename(old)
    return old


def settle(place: RunFolder, old: Path | None, current: InferenceRun | None) -> None:
    """Leave the folder in order after a run that did not reach its end.

    A run that computed nothing, since its model cannot be loaded for example, leaves nothing behind, and old
    results come back. Of one that computed something the new values stay, to be gone on with, and the files
    made from the old ones go.
    """
    if current is not None:
        current.close()
        if current.heatmap.progress.done:
            for path in (place.table, place.preview, place.record, old):
                if old is not None and path is not None:
                    remove(path)
            return
    if current is not None or old is not None:
        remove(place.heatmap)
    if old is not None:
        old.rename(place.heatmap)


def remove(path: Path) -> None:
    """Delete a file, or a folder with all in it."""
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)
