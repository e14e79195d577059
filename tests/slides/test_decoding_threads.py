"""Tiles are decoded side by side: no lock of ours is held meanwhile, and none of the interpreter's."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import imagecodecs
import numpy as np
import pytest
import simplejpeg

from pathview.slides.made import level_pixels
from pathview.slides.reader import Rgb
from pathview.slides.tiff_reader import open_tiff

PATIENCE_S = 20
EDGE = 3000


@pytest.mark.parametrize("window", [(0, 0, 256, 256), (10, 10, 200, 200)], ids=["native tile", "part of one"])
def test_two_threads_decode_at_once(made_tiff: Path, window: tuple[int, int, int, int]) -> None:
    reader = open_tiff(made_tiff)
    assert reader is not None
    decode, both = reader._decode[0], threading.Barrier(2)

    def meet(streams: Sequence[bytes], into: Rgb | None) -> Rgb:
        both.wait(PATIENCE_S)  # passes only when the other one is in here, too
        return decode(streams, into)

    reader._decode[0] = meet
    x, y, w, h = window
    with ThreadPoolExecutor(2) as pool:
        reads = [pool.submit(reader.read_level, 0, x + 256 * tile, y, w, h) for tile in range(2)]
        for tile, read in enumerate(reads):
            want = level_pixels(1, x + 256 * tile, y, w, h, (1500, 1100))
            np.testing.assert_array_equal(read.result(PATIENCE_S), want)
    reader.close()


def longest_wait(work: Callable[[], object]) -> float:
    """Return for how much of the time this thread got no turn at a stretch, while another did its work.

    The work is one call of C code; what is as long as all of it did not let go of the interpreter.
    """
    done = threading.Event()
    took = [0.0]

    def run() -> None:
        start = time.perf_counter()
        work()
        took[0] = time.perf_counter() - start
        done.set()

    thread = threading.Thread(target=run)
    longest, last = 0.0, time.perf_counter()
    thread.start()  # may come back only when the work is done
    while True:
        now = time.perf_counter()
        longest, last = max(longest, now - last), now
        if done.is_set():
            break
        time.sleep(0.0002)
    thread.join()
    return longest / took[0]


def noise() -> Rgb:
    return np.random.default_rng(1).integers(0, 256, (EDGE, EDGE, 3), np.uint8)


def codecs() -> dict[str, Callable[[], Callable[[], object]]]:
    def jpeg() -> Callable[[], object]:
        stream = simplejpeg.encode_jpeg(noise(), quality=80)
        return lambda: simplejpeg.decode_jpeg(stream)

    def jpeg2000() -> Callable[[], object]:
        stream = imagecodecs.jpeg2k_encode(noise()[:600, :600], level=30, codecformat="J2K")
        return lambda: imagecodecs.jpeg2k_decode(stream, numthreads=1)

    def lzw() -> Callable[[], object]:
        stream = imagecodecs.lzw_encode(noise().tobytes())
        return lambda: imagecodecs.lzw_decode(stream, out=EDGE * EDGE * 3)

    def deflate() -> Callable[[], object]:
        stream = imagecodecs.deflate_encode(noise() >> 4)
        return lambda: imagecodecs.deflate_decode(stream, out=EDGE * EDGE * 3)

    return {"jpeg": jpeg, "jpeg 2000": jpeg2000, "lzw": lzw, "deflate": deflate}


@pytest.mark.parametrize("name", codecs())
def test_a_codec_lets_other_threads_run(name: str) -> None:
    work = codecs()[name]()
    # A busy machine may keep this thread waiting, too, but hardly three times for most of the work.
    assert min(longest_wait(work) for _ in range(3)) < 0.5


def test_what_does_not_let_them_is_told_from_it() -> None:
    assert longest_wait(lambda: (3**4_000_000).bit_length()) > 0.8
