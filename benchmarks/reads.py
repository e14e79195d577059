"""Native tiles and random regions: PathView against OpenSlide, tiffslide and the bare JPEG decoders.

Two slides are made of real slides' own compressed tiles, too large for any cache. Every figure is a ratio
within one round, in which all take turns at the same places; the median of the rounds and the quartiles are
printed. On one thread its processor time counts, which other work on the machine disturbs least; two threads
need the clock. The bare decoders get the tiles' streams from memory, with the shared tables in front and the
colours stated, and put nothing together. What is not installed is left out. Memory is the peak of a child.
"""

from __future__ import annotations

import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.repeated import GRID, write_repeated
from pathview.core.geometry import Box
from pathview.core.region import Region
from pathview.slides.open import open_slide
from pathview.slides.raw_file import RawFile
from pathview.slides.tiff_codec import _jpeg_body, _jpeg_head
from pathview.slides.tiff_layout import read_layout
from pathview.slides.tiff_reader import open_tiff

SLIDES = {
    "Aperio": ("aperio/CMU-1-Small-Region.svs", "a.svs"),
    "pyramid": ("generic_tiff/CMU-1-Small-Region_pyr.tif", "a.tif"),
}
EDGE = 512
TILES, REGIONS = 128, 16
ROUNDS = 11

Place = tuple[int, int]
Read = Callable[[int, Place], object]


class Contender:
    """Reads tiles (level, place of the tile in the grid) and regions (level, place in level pixels)."""

    def __init__(self, tile: Read, region: Read) -> None:
        self.tile, self.region = tile, region


def pathview(path: Path) -> Contender:
    reader, slide = open_tiff(path), open_slide(path)
    assert reader is not None
    levels = reader.info.levels

    def tile(level: int, at: Place) -> object:
        w, h = levels[level].tile
        return reader.read_level(level, at[0] * w, at[1] * h, w, h)

    def region(level: int, at: Place) -> object:
        d = levels[level].downsample
        return slide.read(Region(Box(at[0] * d, at[1] * d, (at[0] + EDGE) * d, (at[1] + EDGE) * d), d))

    return Contender(tile, region)


def _like_openslide(path: Path, slide: Any) -> Contender:
    edges = [page.tile for page in read_layout(path, RawFile(path)).pages]
    downs = [round(d) for d in slide.level_downsamples]

    def tile(level: int, at: Place) -> object:
        (w, h), d = edges[level], downs[level]
        return slide.read_region((at[0] * w * d, at[1] * h * d), level, (w, h))

    def region(level: int, at: Place) -> object:
        return slide.read_region((at[0] * downs[level], at[1] * downs[level]), level, (EDGE, EDGE))

    return Contender(tile, region)


def openslide(path: Path) -> Contender:
    import openslide

    return _like_openslide(path, openslide.OpenSlide(path))


def tiffslide(path: Path) -> Contender:
    import importlib

    return _like_openslide(path, importlib.import_module("tiffslide").TiffSlide(path))


def _bare(path: Path, decode: Callable[[bytes], object]) -> Contender:
    """Return what decodes the same tiles and no more; the streams lie ready in memory."""
    pages, raw = read_layout(path, RawFile(path)).pages, path.read_bytes()

    def stream(level: int, number: int) -> bytes:
        page = pages[level]
        offset, length = int(page.offsets[number]), int(page.lengths[number])
        return _jpeg_head(page.coding) + _jpeg_body(raw[offset : offset + length], *page.tile, 3)

    ready = [[stream(level, n) for n in range(len(page.offsets))] for level, page in enumerate(pages)]

    def tile(level: int, at: Place) -> object:
        return decode(ready[level][at[1] * pages[level].columns + at[0]])

    def region(level: int, at: Place) -> None:
        (w, h), (x, y) = pages[level].tile, at
        for row in range(y // h, (y + EDGE - 1) // h + 1):
            for column in range(x // w, (x + EDGE - 1) // w + 1):
                tile(level, (column, row))

    return Contender(tile, region)


def simplejpeg(path: Path) -> Contender:
    import simplejpeg

    return _bare(path, simplejpeg.decode_jpeg)


def imagecodecs(path: Path) -> Contender:
    import imagecodecs

    return _bare(path, imagecodecs.jpeg8_decode)


CONTENDERS: dict[str, Callable[[Path], Contender]] = {
    make.__name__: make for make in (pathview, openslide, tiffslide, simplejpeg, imagecodecs)
}


def seconds(read: Read, level: int, places: list[Place], threads: int) -> tuple[float, float]:
    """Return the time by the clock and, on one thread, the processor time that the places take."""
    start, worked = time.perf_counter(), time.process_time()
    if threads == 1:
        for place in places:
            read(level, place)
    else:
        shares = [places[first::threads] for first in range(threads)]
        with ThreadPoolExecutor(threads) as pool:
            list(pool.map(lambda share: [read(level, place) for place in share], shares))
    clock = time.perf_counter() - start
    return clock, time.process_time() - worked if threads == 1 else clock


def places_of(rng: np.random.Generator, kind: str, level: int, tile: Place) -> list[Place]:
    """Return the places of one round: no two rounds read the same, so that caches hold little of use."""
    across, down = GRID[0] >> level, GRID[1] >> level
    if kind == "tile":
        chosen = rng.choice(across * down, TILES, replace=False)
        return [(int(n) % across, int(n) // across) for n in chosen]
    right, bottom = across * tile[0] - EDGE, down * tile[1] - EDGE
    return [(int(rng.integers(0, right)), int(rng.integers(0, bottom))) for _ in range(REGIONS)]


def compare(name: str, path: Path, present: dict[str, Contender]) -> None:
    rng = np.random.default_rng(1)
    for level, page in enumerate(read_layout(path, RawFile(path)).pages):
        for kind in ("tile", "region"):
            taken: dict[tuple[str, int], list[tuple[float, float]]] = {}
            for _ in range(ROUNDS):
                for threads in (1, 2):
                    places = places_of(rng, kind, level, page.tile)
                    # Whoever is first finds the machine's cores in other hands.
                    for who in rng.permutation(list(present)).tolist():
                        spent = seconds(getattr(present[who], kind), level, places, threads)
                        taken.setdefault((who, threads), []).append(spent)
            report(f"{name}, level {level}, {kind}s", taken)


def report(what: str, taken: dict[tuple[str, int], list[tuple[float, float]]]) -> None:
    for threads in (1, 2):
        ours = [work for _, work in taken["pathview", threads]]
        parts = [
            f"{who} {ratio([work for _, work in theirs], ours)}"
            for (who, number), theirs in taken.items()
            if number == threads and who != "pathview"
        ]
        print(f"{what}, {threads} thread(s), PathView's rate over that of: {', '.join(parts)}")
    scaled = [
        f"{who} {ratio([clock for clock, _ in taken[who, 1]], [clock for clock, _ in taken[who, 2]])}"
        for who, number in taken
        if number == 1
    ]
    print(f"{what}, two threads over one: {', '.join(scaled)}", flush=True)


def ratio(slower: list[float], faster: list[float]) -> str:
    low, middle, high = statistics.quantiles((a / b for a, b in zip(slower, faster, strict=True)), n=4)
    return f"{middle:.2f} ({low:.2f}-{high:.2f})"


def read_in_child(name: str, path: Path) -> float:
    """Return the peak memory in MiB of a process that reads tiles and regions of every level."""
    command = [sys.executable, __file__, "--child", name, str(path)]
    return float(subprocess.run(command, capture_output=True, text=True, check=True).stdout)


def child(name: str, path: Path) -> None:
    rng = np.random.default_rng(2)
    contender = CONTENDERS[name](path)
    for level, page in enumerate(read_layout(path, RawFile(path)).pages):
        for kind in ("tile", "region"):
            seconds(getattr(contender, kind), level, places_of(rng, kind, level, page.tile), 2)
    # Not `ru_maxrss`, which a child begins with its parent's; Linux only.
    peak = next(line for line in Path("/proc/self/status").read_text().splitlines() if "VmHWM" in line)
    print(int(peak.split()[1]) / 1024)


def main(data: Path) -> None:
    names = [name for name in CONTENDERS if name == "pathview" or find_spec(name)]
    with tempfile.TemporaryDirectory() as folder:
        for name, (source, target) in SLIDES.items():
            path = write_repeated(data / "wsi" / source, Path(folder) / target)
            compare(name, path, {who: CONTENDERS[who](path) for who in names})
            peaks = {
                who: read_in_child(who, path)
                for who in ("pathview", "openslide", "tiffslide")
                if who in names
            }
            ours = peaks.pop("pathview")
            print(
                f"{name}: peak memory over that of: "
                + ", ".join(f"{who} {ours / theirs:.2f}" for who, theirs in peaks.items())
            )


if __name__ == "__main__":
    if sys.argv[1] == "--child":
        child(sys.argv[2], Path(sys.argv[3]))
    else:
        main(Path(sys.argv[1]))
