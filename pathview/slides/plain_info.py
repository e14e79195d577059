"""What is known about a slide that has no more to tell than its sizes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from pathview.core.files import fingerprint
from pathview.core.geometry import Box
from pathview.slides.reader import Level, SlideInfo

_WHITE = (255, 255, 255)


def plain_info(
    path: Path,
    sizes: Sequence[tuple[int, int]],
    *,
    mpp: tuple[float, float] | None = None,
    mpp_source: str = "",
    format: str = "",
    tile: tuple[int, int] = (512, 512),
    identity: str = "",
    properties: Mapping[str, str] | None = None,
) -> SlideInfo:
    """Return the facts of a slide: bright-field, all of it scanned.

    Parameters
    ----------
    path
        The file or folder.
    sizes
        (width, height) of each level in its own pixels, finest first.
    mpp
        (x, y) um/px of level 0; None where the file does not say. Never a guess: models run by it.
    mpp_source
        Where that comes from, or why it is unknown.
    format
        For people; default: the reader's name.
    tile
        (width, height) in which the file is best read.
    identity
        16 characters or more that no other slide has, and that stay when it is renamed: annotations are kept
        under it. Default: `pathview.core.files.fingerprint`, by the size and the ends of the file.
    properties
        The file's own metadata.

    Raises
    ------
    OSError
        If the file cannot be read.
    """
    width, height = sizes[0]
    levels = tuple(Level(size, (width / size[0] + height / size[1]) / 2, tile) for size in sizes)
    return SlideInfo(
        path=path,
        format=format,
        fingerprint=identity or fingerprint(path),
        levels=levels,
        mpp=mpp,
        mpp_source=mpp_source or ("the file" if mpp else "the file does not say"),
        objective_power=None,
        bounds=Box(0, 0, width, height),
        background=_WHITE,
        properties=dict(properties or {}),
    )
