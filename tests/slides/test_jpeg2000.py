"""Aperio's JPEG 2000: OpenSlide's pixels to the bit, or OpenSlide itself."""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import imagecodecs
import numpy as np
import pytest

from pathview.core.errors import TileReadError
from pathview.core.geometry import Box
from pathview.core.region import Region
from pathview.slides.made import level_pixels
from pathview.slides.open import open_slide
from pathview.slides.openslide_reader import OpenSlideReader
from pathview.slides.reader import Rgb
from pathview.slides.tiff_codec import Coding, DamagedTileError
from pathview.slides.tiff_reader import TiffReader, open_tiff

TILE = 240
GRID = (3, 2)
SIZE = (GRID[0] * TILE - 50, GRID[1] * TILE - 70)
RGB, YCBCR = 33005, 33003

Encode = Callable[[Rgb], bytes]


def encode(pixels: Rgb, **how: Any) -> bytes:
    return bytes(imagecodecs.jpeg2k_encode(pixels, codecformat="J2K", **how))


def lossless(pixels: Rgb) -> bytes:
    return encode(pixels, level=0, reversible=True)


def picture() -> Rgb:
    """Return GRID tiles of soft colours with some noise, as tissue has."""
    height, width = GRID[1] * TILE, GRID[0] * TILE
    y, x = np.mgrid[0:height, 0:width]
    waves = [128 + 90 * np.sin(x / 31 + c) * np.cos(y / (23 + 7 * c)) for c in range(3)]
    noise = np.random.default_rng(5).normal(0, 6, (height, width, 3))
    return np.clip(np.stack(waves, axis=2) + noise, 0, 255).astype(np.uint8)


def write_aperio(path: Path, streams: Iterator[bytes], compression: int = RGB) -> Path:
    """Write streams as the tiles of a slide that says what Aperio's scanners say."""
    import tifffile

    with tifffile.TiffWriter(path) as file:
        file.write(
            streams,
            shape=(SIZE[1], SIZE[0], 3),
            dtype="uint8",
            tile=(TILE, TILE),
            photometric="rgb",
            compression=compression,
            description="Aperio Image Library v11.2.1\r\n670x410 J2K/KDU Q=30|AppMag = 20|MPP = 0.499",
            metadata=None,
        )
    return path


def tiles(pixels: Rgb) -> Iterator[Rgb]:
    for top in range(0, pixels.shape[0], TILE):
        for left in range(0, pixels.shape[1], TILE):
            yield np.ascontiguousarray(pixels[top : top + TILE, left : left + TILE])


@pytest.mark.parametrize(
    "how",
    [
        {"level": 32, "reversible": False, "mct": True},
        {"level": 38, "reversible": False, "mct": False},
        {"level": 30, "reversible": False, "resolutions": 3},
        {"level": 0, "reversible": True},
    ],
    ids=["lossy", "lossy without colour transform", "few resolutions", "lossless"],
)
def test_the_pixels_are_openslides(tmp_path: Path, how: dict[str, Any]) -> None:
    path = write_aperio(tmp_path / "a.svs", (encode(tile, **how) for tile in tiles(picture())))
    ours, theirs = open_tiff(path), OpenSlideReader(path)
    assert ours is not None
    assert (ours.info.format, ours.info.mpp, ours.info.levels) == (
        "aperio",
        (0.499, 0.499),
        theirs.info.levels,
    )
    random = np.random.default_rng(6)
    for _ in range(40):
        x, y = (int(random.integers(0, side - 1)) for side in SIZE)
        w, h = int(random.integers(1, SIZE[0] - x + 1)), int(random.integers(1, SIZE[1] - y + 1))
        np.testing.assert_array_equal(ours.read_level(0, x, y, w, h), theirs.read_level(0, x, y, w, h))
    for reader in (ours, theirs):
        reader.close()


def test_lossless_gives_the_pixels_back(tmp_path: Path) -> None:
    known = level_pixels(1, 0, 0, GRID[0] * TILE, GRID[1] * TILE, (GRID[0] * TILE, GRID[1] * TILE))
    path = write_aperio(tmp_path / "a.svs", (lossless(tile) for tile in tiles(known)))
    with open_slide(path) as slide:
        got = slide.read(Region(Box(0, 0, *SIZE), 1.0))
    np.testing.assert_array_equal(got, known[: SIZE[1], : SIZE[0]])


def segments(stream: bytes) -> tuple[dict[int, bytes], bytes]:
    """Return the segments of a main header by marker, and the packets of the only tile."""
    at, found = 2, {}
    while (marker := struct.unpack_from(">H", stream, at)[0]) != 0xFF90:
        length = 2 + struct.unpack_from(">H", stream, at + 2)[0]
        found[marker] = stream[at : at + length]
        at += length
    return found, stream[stream.index(b"\xff\x93", at) + 2 : -2]


def subsampled(luma: Rgb, blue: Rgb, red: Rgb) -> bytes:
    """Return a stream of luma (h, w) and chroma (h, w/2), put together from a stream of each.

    Without a wavelet transform a component is one packet, so that three of them just follow each other.
    """
    parts = [segments(encode(c, level=0, reversible=True, resolutions=1)) for c in (luma, blue, red)]
    header = parts[0][0]
    size = header[0xFF51]
    components = struct.pack(">H", 3) + b"\x07\x01\x01" + b"\x07\x02\x01" * 2
    size = size[:2] + struct.pack(">H", 36 + len(components)) + size[4:38] + components
    packets = b"".join(packets for _, packets in parts)
    tile = struct.pack(">HHHIBB", 0xFF90, 10, 0, 14 + len(packets), 0, 1) + b"\xff\x93" + packets
    return b"\xff\x4f" + size + header[0xFF52] + header[0xFF5C] + tile + b"\xff\xd9"


def chroma(tile: Rgb) -> tuple[Rgb, Rgb, Rgb]:
    """Return luma (h, w) and two chroma components (h, w/2)."""
    return tile[..., 0].copy(), tile[:, ::2, 1].copy(), tile[:, ::2, 2].copy()


@pytest.mark.parametrize("compression", [YCBCR, RGB])
def test_subsampled_chroma_is_left_to_openslide(tmp_path: Path, compression: int) -> None:
    streams = (subsampled(*chroma(tile)) for tile in tiles(picture()))
    path = write_aperio(tmp_path / "a.svs", streams, compression)
    assert open_tiff(path) is None
    with open_slide(path) as slide:
        got = slide.read(Region(Box(0, 0, *SIZE), 1.0)).astype(int)
        assert slide.info.format == "aperio"
    if compression == YCBCR:
        luma, blue, red = (np.repeat(c, n, axis=1) for c, n in zip(chroma(picture()), (1, 2, 2), strict=True))
        y, cb, cr = (c[: SIZE[1], : SIZE[0]].astype(float) for c in (luma, blue, red))
        rows = [
            y + 1.402 * (cr - 128),
            y - 0.34414 * (cb - 128) - 0.71414 * (cr - 128),
            y + 1.772 * (cb - 128),
        ]
        assert np.abs(got - np.clip(np.stack(rows, axis=2), 0, 255)).max() <= 1


def test_full_luma_and_chroma_are_left_to_openslide(tmp_path: Path) -> None:
    path = write_aperio(tmp_path / "a.svs", (lossless(tile) for tile in tiles(picture())), YCBCR)
    assert open_tiff(path) is None
    with open_slide(path) as slide:
        assert slide.read(Region(Box(0, 0, 100, 100), 1.0)).shape == (100, 100, 3)


CODING = Coding((TILE, TILE), RGB, 2, 1, 3, 1, b"")
GOOD = lossless(picture()[:TILE, :TILE])


def with_bytes(at: int, *values: int) -> bytes:
    return GOOD[:at] + bytes(values) + GOOD[at + len(values) :]


@pytest.mark.parametrize(
    ("stream", "why"),
    [
        (b"", "no JPEG 2000"),
        (b"\xff\xd8\xff\xe0" + bytes(200), "no JPEG 2000"),
        (GOOD[:30], "no JPEG 2000"),
        (GOOD[:45], "not of 8 bits"),
        (with_bytes(8, 0xFF), "large instead of 240 x 240 x 3"),
        (with_bytes(40, 0, 4), "240 x 240 x 4 large"),
        (with_bytes(46, 2), "not of 8 bits and of one size"),
        (with_bytes(42, 15), "not of 8 bits"),
        (GOOD[:-300], "opj_decode"),
        (GOOD[:200] + bytes(400) + GOOD[600:], None),
    ],
)
def test_a_damaged_stream_is_an_error_or_pixels(stream: bytes, why: str | None) -> None:
    decode = CODING.decoder()
    if why is None:  # damaged packets are concealed, by OpenSlide as well
        assert decode([stream], None).shape == (TILE, TILE, 3)
        return
    with pytest.raises(DamagedTileError, match=why):
        decode([stream], None)


def test_a_damaged_tile_costs_that_tile_only(tmp_path: Path) -> None:
    streams = [lossless(tile) for tile in tiles(picture())]
    streams[1] = streams[1][: len(streams[1]) // 2]
    reader = open_tiff(write_aperio(tmp_path / "a.svs", iter(streams)))
    assert isinstance(reader, TiffReader)
    with pytest.raises(TileReadError):
        reader.read_level(0, TILE, 0, TILE, TILE)
    np.testing.assert_array_equal(reader.read_level(0, 0, 0, TILE, TILE), picture()[:TILE, :TILE])
    reader.close()
