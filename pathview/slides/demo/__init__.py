"""A synthetic section to try the program on: drawn once, on this computer, with nothing to download."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from pathview.core.errors import PathViewError
from pathview.slides.demo.recipe import FULL_SIZE, Recipe

__all__ = ["DemoSlide", "DemoSlideError", "make_demo_slide"]

SLIDE_NAME = "demo-slide.tif"
TRUTH_NAME = "demo-slide_truth.geojson"

_STALE_SECONDS = 3600.0


@dataclass(frozen=True, slots=True)
class DemoSlide:
    """Where the demo slide lies.

    Attributes
    ----------
    slide
        Pyramidal TIFF.
    truth
        GeoJSON of its metastases ("Tumor") and of the tissue ("Tissue"), level-0 pixels.
    """

    slide: Path
    truth: Path


class DemoSlideError(PathViewError):
    """The demo slide cannot be written."""

    def __init__(self, path: Path, reason: str) -> None:
        self.path = path
        self.reason = reason
        super().__init__(f"Cannot make the demo slide {path}: {reason}")


def _silent(done: float) -> None:
    pass


def make_demo_slide(
    folder: Path,
    *,
    size: tuple[int, int] = FULL_SIZE,
    seed: int = 7,
    progress: Callable[[float], None] = _silent,
    workers: int | None = None,
) -> DemoSlide:
    """Draw the demo slide into a folder, unless the very same one is already there.

    May run in any thread. The files appear whole or not at all.

    Parameters
    ----------
    folder
        Where the two files go; made if need be.
    size
        Width and height, pixels of 0.25 um.
    seed
        Another seed gives another section.
    progress
        Called in this thread with 0 to 1, never less than before. What it raises ends the work without a
        trace, which is how to cancel.
    workers
        Threads to draw with; every number gives the same bytes. The number of processors when None.

    Raises
    ------
    DemoSlideError
        If the folder cannot be written, or the disk is full.
    """
    recipe = Recipe(size, seed)
    made = DemoSlide(folder / SLIDE_NAME, folder / TRUTH_NAME)
    if not _is_there(made, recipe):
        try:
            folder.mkdir(parents=True, exist_ok=True)
            _sweep(folder)
            _make(made, recipe, progress, workers or os.cpu_count() or 1)
        except OSError as error:
            raise DemoSlideError(made.slide, error.strerror or str(error)) from error
    progress(1.0)
    return made


def _make(made: DemoSlide, recipe: Recipe, progress: Callable[[float], None], workers: int) -> None:
    # numpy, scipy and shapely come in only when there is something to draw.
    from pathview.core.files import atomic_write, write_text
    from pathview.slides.demo.paint import make_section
    from pathview.slides.demo.truth import truth_geojson
    from pathview.slides.demo.write import write_slide

    progress(0.0)
    with atomic_write(made.slide) as file:
        section = make_section(recipe, lambda done: progress(0.2 * done))
        write_slide(file, section, workers, lambda done: progress(0.2 + 0.79 * done))
        # The truth goes first: a slide that is there is a slide whose truth is there.
        write_text(made.truth, truth_geojson(recipe, section.layout))


def _is_there(made: DemoSlide, recipe: Recipe) -> bool:
    """Whether a whole slide of this recipe is in place; anything unreadable counts as absent."""
    if not (made.slide.is_file() and made.truth.is_file()):
        return False
    import tifffile

    try:
        with tifffile.TiffFile(made.slide) as tiff:
            last = tiff.pages[-1].aspage()
            end = last.dataoffsets[-1] + last.databytecounts[-1]
            return bool(tiff.pages.first.description == recipe.text and end <= made.slide.stat().st_size)
    except (OSError, tifffile.TiffFileError, IndexError):
        return False


def _sweep(folder: Path) -> None:
    """Remove what a killed run left behind; a file that still grows is younger than that."""
    for part in folder.glob(f".{SLIDE_NAME}.*.part"):
        if time.time() - part.stat().st_mtime > _STALE_SECONDS:
            part.unlink(missing_ok=True)
