"""`Slide.read` against OpenSlide's own `read_region` on the same regions, alternating within one run."""

from __future__ import annotations

import statistics
import sys
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np

from pathview.core.geometry import Box
from pathview.core.region import Region
from pathview.slides.open import open_slide

EDGE = 512
REGIONS = 60
ROUNDS = 5


def seconds(read: Callable[[tuple[int, int]], object], places: list[tuple[int, int]], threads: int) -> float:
    start = time.perf_counter()
    if threads == 1:
        for place in places:
            read(place)
    else:
        with ThreadPoolExecutor(threads) as pool:
            list(pool.map(read, places))
    return time.perf_counter() - start


def main(data: Path) -> None:
    import openslide

    path = data / "wsi" / "aperio" / "CMU-1-Small-Region.svs"
    rng = np.random.default_rng(1)
    with open_slide(path) as slide, openslide.OpenSlide(path) as bare:
        width, height = slide.info.size
        places = [
            (int(x), int(y))
            for x, y in zip(
                rng.integers(0, width - EDGE, REGIONS), rng.integers(0, height - EDGE, REGIONS), strict=True
            )
        ]

        def ours(place: tuple[int, int]) -> object:
            return slide.read(Region(Box(*place, place[0] + EDGE, place[1] + EDGE), 1.0))

        def theirs(place: tuple[int, int]) -> object:
            return bare.read_region(place, 0, (EDGE, EDGE))

        for threads in (1, 2):
            ratios = [
                seconds(theirs, places, threads) / seconds(ours, places, threads) for _ in range(ROUNDS)
            ]
            print(
                f"512-px regions a second, Slide.read / OpenSlide, {threads} thread(s): "
                f"{statistics.median(ratios):.2f} ({min(ratios):.2f}-{max(ratios):.2f})"
            )


if __name__ == "__main__":
    main(Path(sys.argv[1]))
