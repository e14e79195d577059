"""Opening a slide that is known to be good: what PathView adds to the reader's own open.

Each round opens every file with the bare reader and as the program does, in turn; medians and the worst round
are printed, in milliseconds, and beside them the first open, which tries the slide out in a child process.
"""

from __future__ import annotations

import os
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

FILES = (
    "aperio/CMU-1-Small-Region.svs",
    "generic_tiff/CMU-1-Small-Region_pyr.tif",
    "ome_tiff/CMU-1-Small-Region.ome.tif",
    "hamamatsu/test3-DAPI-2-387.ndpi",
    "ome_zarr/CMU-1-Small-Region_v0.5.ome.zarr.zip",
    "dicom/CMU-1-Small-Region",
    "pcam/pcam_valid_mosaic.tif",
)
ROUNDS = 15


def milliseconds(work: Callable[[], object]) -> float:
    start = time.perf_counter()
    work()
    return 1e3 * (time.perf_counter() - start)


def main(data: Path) -> None:
    from pathview.slides.open import READERS, open_slide

    def bare(path: Path) -> None:
        readers = (accept(path) for accept in READERS.values())
        next(reader for reader in readers if reader is not None).close()

    def opened(path: Path) -> None:
        open_slide(path).close()

    print(f"{'':34}{'first':>8}{'bare':>8}{'known':>8}{'added':>8}{'worst':>8}  ms")
    for name in FILES:
        path = data / "wsi" / name
        bare(path)  # imports
        first = milliseconds(partial(opened, path))
        pairs = [
            (
                milliseconds(partial(bare, path)),
                milliseconds(partial(opened, path)),
            )
            for _ in range(ROUNDS)
        ]
        own, known = (statistics.median(column) for column in zip(*pairs, strict=True))
        added = [ours - theirs for theirs, ours in pairs]
        figures = (first, own, known, statistics.median(added), max(added))
        print(f"{path.name[:33]:34}" + "".join(f"{figure:8.1f}" for figure in figures))


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as home:
        # A cache of its own: what this computer knows of the files shall not help.
        os.environ["PATHVIEW_HOME"] = home
        main(Path(sys.argv[1]))
