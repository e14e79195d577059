"""Levels that a file lacks: exact, built once, never half there."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
import time
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from pathview.core.errors import TileReadError
from pathview.core.files import cache_folder
from pathview.core.geometry import Box
from pathview.core.region import Region
from pathview.slides import overview
from pathview.slides.made import MadeReader, level_pixels
from pathview.slides.overview import missing_levels, open_overview
from pathview.slides.reader import Rgb
from pathview.slides.slide import Slide

SIZE = (9001, 3007)


def nothing(share: float) -> None: ...


def never() -> bool:
    return False


def flat(size: tuple[int, int] = SIZE, **how: object) -> MadeReader:
    return MadeReader(size, downsamples=(1,), **how)  # type: ignore[arg-type]


def exact(size: tuple[int, int], block: int) -> NDArray[np.float64]:
    """Return the means of a made slide's blocks, unrounded."""

    def means(values: NDArray[np.int64]) -> NDArray[np.float64]:
        starts = np.arange(0, len(values), block)
        sums = np.add.reduceat(values, starts)
        return sums / np.diff(np.append(starts, len(values)))

    x, y = (np.arange(side) for side in size)
    red, green = np.broadcast_arrays(means(x & 255), means(y & 255)[:, None])
    blue = 16 * means((x >> 8) & 15) + means((y >> 8) & 15)[:, None]
    return np.dstack([red, green, blue])


def cached() -> list[Path]:
    return sorted((cache_folder() / "overviews").glob("*"))


@pytest.mark.parametrize(
    ("size", "downsamples", "built"),
    [
        ((2048, 2000), (1,), []),
        ((2049, 20), (1,), [(513, 5)]),
        (SIZE, (1,), [(2251, 752), (563, 188)]),
        ((40_003, 30_001), (1, 4, 16), [(626, 469)]),
        ((40_003, 30_001), (1, 4, 32), []),
        ((40_003, 30_001), (1,), [(10_001, 7501), (2501, 1876), (626, 469)]),
        ((100_000, 100_000), (1,), [(6250, 6250), (1563, 1563)]),
        ((1 << 24, 700), (1,), [(65_536, 3), (16_384, 1), (4096, 1)]),
    ],
)
def test_which_levels_are_missing(
    size: tuple[int, int], downsamples: tuple[int, ...], built: list[tuple[int, int]]
) -> None:
    slide = Slide(MadeReader(size, downsamples=downsamples))
    levels = missing_levels(slide.info)
    assert [level.size for level in levels] == built
    assert slide.overview_missing == bool(built)
    for level in levels:
        assert -(-size[0] // round(level.downsample)) == level.size[0]


@pytest.mark.parametrize("size", [SIZE, (3001, 9005), (8192, 4096), (2500, 3)])
def test_built_levels_are_exact_means(size: tuple[int, int]) -> None:
    reader = flat(size)
    built = overview.build_overview(reader, nothing, never)
    assert built is not None
    for number, level in enumerate(missing_levels(reader.info)):
        got = built.read_level(number, 0, 0, *level.size)
        assert np.abs(got - exact(size, round(level.downsample))).max() <= 0.501
    built.close()


def test_a_pyramid_that_ends_too_early_goes_on() -> None:
    reader = MadeReader((40_003, 9001), downsamples=(1, 8))
    built = overview.build_overview(reader, nothing, never)
    assert built is not None
    got = built.read_level(0, 0, 0, 1251, 282)
    want = level_pixels(32, 0, 0, 1251, 282, reader.info.size)
    assert np.abs(got.astype(int) - want)[:-1, :-1].max() <= 1  # means of means of level 8
    built.close()


def test_the_slide_uses_them_and_says_the_same() -> None:
    reader = flat()
    slide = Slide(reader)
    plain = Slide(flat())
    assert slide.build_overview(nothing, never)
    assert not slide.overview_missing
    assert len(slide.info.levels) == 1
    reader.reads = 0
    for region in (
        Region(Box(0, 0, 9001, 3007), 40.0),
        Region(Box(4096, 1024, 8192, 3072), 16.0),
        Region(Box(1001.5, 3.25, 4001.5, 2003.25), 5.0),
    ):
        difference = np.abs(slide.read(region).astype(int) - plain.read(region))
        assert difference.max() <= 1 if region.downsample == 16 else np.median(difference) <= 1
    assert reader.reads == 0
    slide.read(Region(Box(0, 0, 512, 512), 2.0))
    assert reader.reads == 1
    slide.close()


def test_nothing_drifts_across_built_levels() -> None:
    class Edge(MadeReader):
        def read_level(self, level: int, x: int, y: int, w: int, h: int) -> Rgb:
            white = np.where(x + np.arange(w) >= 3011, 255, 0).astype(np.uint8)
            return np.broadcast_to(white[None, :, None], (h, w, 3)).copy()

    slide = Slide(Edge((9001, 2100), downsamples=(1,)))
    assert slide.build_overview(nothing, never)
    for scale in (4.0, 5.3, 16.0, 33.0):
        count = round(3000 / scale)
        row = slide.read(Region(Box(1500, 160, 1500 + count * scale, 160 + scale), scale))[0, :, 0]
        assert abs(1500 + scale * np.sum(1 - row / 255) - 3011) <= 0.02 * scale
    slide.close()


def test_they_are_built_once() -> None:
    first, second = Slide(flat()), Slide(flat())
    shares: list[float] = []
    assert first.build_overview(shares.append, never)
    assert shares == sorted(shares)
    assert shares[-1] == 1.0
    (file,) = cached()
    before = file.read_bytes()
    reads = second._reader.reads if isinstance(second._reader, MadeReader) else 0
    assert second.build_overview(shares.clear, never)  # type: ignore[arg-type]
    assert second._reader.reads == reads  # type: ignore[attr-defined]
    first.close()
    second.close()
    file.unlink()
    with Slide(flat()) as third:
        assert third.build_overview(nothing, never)
    assert file.read_bytes() == before


def test_cancelling_leaves_nothing() -> None:
    slide = Slide(flat())
    answers = iter((False, False, True))
    assert not slide.build_overview(nothing, lambda: next(answers))
    assert cached() == []
    assert slide.overview_missing
    assert slide.build_overview(nothing, never)
    slide.close()


def test_closing_the_slide_while_it_is_built() -> None:
    slide = Slide(flat(delay_s=0.02))
    closing = threading.Event()
    begun = threading.Event()
    results: list[bool] = []
    build = threading.Thread(
        target=lambda: results.append(slide.build_overview(lambda share: begun.set(), closing.is_set))
    )
    build.start()
    begun.wait(5)
    closing.set()
    slide.close()
    build.join()
    assert results == [False]
    assert cached() == []


_BUILD_SLOWLY = """
from pathview.slides.made import MadeReader
from pathview.slides.slide import Slide
slide = Slide(MadeReader((9001, 30_007), downsamples=(1,), delay_s=0.2))
slide.build_overview(lambda share: None, lambda: False)
"""


def test_a_killed_build_leaves_no_overview_and_is_swept_up_by_a_later_one() -> None:
    process = subprocess.Popen([sys.executable, "-c", _BUILD_SLOWLY])
    deadline = time.monotonic() + 30
    while not cached() and time.monotonic() < deadline:
        time.sleep(0.02)
    process.kill()
    process.wait()
    (left,) = cached()
    assert left.suffix == ".part"
    os.utime(left, (1, 1))
    with Slide(flat()) as slide:
        assert slide.build_overview(nothing, never)
    assert [file.suffix for file in cached()] == [".tif"]


def test_a_slide_is_read_while_it_is_built() -> None:
    slide = Slide(flat(delay_s=0.01))
    build = threading.Thread(target=slide.build_overview, args=(nothing, never))
    build.start()
    region = Region(Box(4096, 0, 8192, 2048), 16.0)
    seen = [slide.read(region)]
    while build.is_alive():
        seen.append(slide.read(region))
    build.join()
    seen.append(slide.read(region))
    assert all(np.abs(pixels.astype(int) - seen[0]).max() <= 1 for pixels in seen)
    slide.close()


def test_unreadable_pixels_make_no_overview() -> None:
    slide = Slide(flat(failing=[(0, 3, 3)]))
    with pytest.raises(TileReadError, match="made to fail"):
        slide.build_overview(nothing, never)
    assert cached() == []
    assert slide.read(Region(Box(0, 0, 64, 64), 1.0)).shape == (64, 64, 3)


def test_a_damaged_file_of_the_cache_is_built_again() -> None:
    with Slide(flat()) as slide:
        assert slide.build_overview(nothing, never)
        region = Region(slide.info.box, 50.0)
        want = slide.read(region)
    (file,) = cached()
    whole = file.read_bytes()
    file.write_bytes(whole[:3000])
    assert open_overview(slide.info) is None
    assert cached() == []
    with Slide(flat()) as again:
        assert again.build_overview(nothing, never)
        np.testing.assert_array_equal(again.read(region), want)
    assert file.read_bytes() == whole


def test_an_overview_that_fails_later_is_given_up() -> None:
    slide = Slide(flat())
    assert slide.build_overview(nothing, never)
    (file,) = cached()
    with file.open("r+b") as content:
        content.truncate(2000)
    pixels = slide.read(Region(slide.info.box, 50.0))
    assert pixels.shape == (60, 180, 3)
    assert slide.overview_missing
    assert cached() == []
    slide.close()


def test_the_cache_forgets_what_was_used_longest_ago(monkeypatch: pytest.MonkeyPatch) -> None:
    readers = [flat((5000 + n, 300)) for n in range(3)]
    for age, reader in zip((300, 100), readers, strict=False):
        built = overview.build_overview(reader, nothing, never)
        assert built is not None
        built.close()
        file = overview._file(reader.info)
        os.utime(file, (time.time() - age, time.time() - age))
    first = open_overview(readers[0].info)  # now the younger of the two
    assert first is not None
    first.close()
    left = cache_folder() / "overviews" / ".x.tif.0.part"
    left.touch()
    os.utime(left, (1, 1))
    monkeypatch.setattr(
        overview, "MAX_CACHE_BYTES", round(2.5 * overview._file(readers[0].info).stat().st_size)
    )
    third = overview.build_overview(readers[2], nothing, never)
    assert third is not None
    third.close()
    assert set(cached()) == {overview._file(readers[n].info) for n in (0, 2)}


def test_a_full_disk_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    (cache_folder() / "overviews").write_text("a file where the folder should be")
    slide = Slide(flat())
    with pytest.raises(OSError, match="overviews"):
        slide.build_overview(nothing, never)
