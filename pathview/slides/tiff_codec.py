"""From the bytes of one TIFF tile to pixels, equal to what libtiff and OpenSlide make of them."""

from __future__ import annotations

import struct
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from pathview.slides.reader import Rgb

if TYPE_CHECKING:
    from tifffile import TiffPage

_JPEG = 7
_JPEG2000_RGB = 33005  # Aperio's; its 33003 is left to OpenSlide, see docs/decisions/006
_WHITE_IS_ZERO, _BLACK_IS_ZERO, _RGB, _YCBCR = 0, 1, 2, 6
_SEPARATE = 2

# Codec of imagecodecs by TIFF compression number; each is told how many bytes to give at most.
_CODECS = {5: "lzw", 8: "deflate", 32946: "deflate", 32773: "packbits", 34926: "zstd", 50000: "zstd"}

_SOI, _EOI = b"\xff\xd8", b"\xff\xd9"
_FRAMES = (0xC0, 0xC1, 0xC2)  # baseline, extended and progressive Huffman
_APPS = range(0xE0, 0xF0)
_SOC_SIZ = 0xFF4FFF51
_EIGHT_BITS_EACH = b"\x07\x01\x01" * 3  # unsigned, not subsampled


class DeclinedError(Exception):
    """Why a file is left to another reader."""


class DamagedTileError(Exception):
    """Why a tile cannot be decoded."""


@dataclass(frozen=True, slots=True)
class Coding:
    """How the tiles of one level are stored.

    Attributes
    ----------
    tile
        (width, height) in pixels.
    compression, photometric, predictor
        The TIFF tags of that name.
    samples
        1 (grey) or 3.
    planes
        Separate streams per tile: 3 where the colours are stored one after another, else 1.
    tables
        Shared JPEG tables, b"" where each tile has its own.
    """

    tile: tuple[int, int]
    compression: int
    photometric: int
    predictor: int
    samples: int
    planes: int
    tables: bytes

    @classmethod
    def of(cls, page: TiffPage) -> Coding:
        """Return how a page is stored.

        Raises
        ------
        DeclinedError
            If it is stored in a way that is not read here.
        """
        bits = page.bitspersample
        if bits != 8 or page.sampleformat != 1 or page.fillorder != 1:
            raise DeclinedError(f"its samples have {bits} bits or are no plain numbers")
        samples = page.samplesperpixel
        if samples not in (1, 3):
            raise DeclinedError(f"it has {samples} samples per pixel")
        planes = samples if page.planarconfig == _SEPARATE else 1
        coding = cls(
            (page.tilewidth, page.tilelength),
            int(page.compression),
            int(page.photometric),
            int(page.predictor),
            samples,
            planes,
            page.jpegtables or b"",
        )
        coding._judge()
        return coding

    def decoder(self) -> Decode:
        """Return the function that makes pixels of a tile.

        Raises
        ------
        DeclinedError
            If the shared JPEG tables are damaged.
        """
        if self.compression == _JPEG and self.planes == 1:
            return _jpeg_decoder(self)
        if self.compression == _JPEG2000_RGB:
            return _jpeg2000_decoder(self)
        return _plane_decoder(self)

    def _judge(self) -> None:
        if self.compression not in (1, _JPEG, _JPEG2000_RGB, *_CODECS):
            raise DeclinedError(f"its compression {self.compression} is not read here")
        if self.compression == _JPEG2000_RGB and (self.samples, self.planes) != (3, 1):
            raise DeclinedError(f"its JPEG 2000 tiles have {self.samples} samples in {self.planes} planes")
        jpeg = self.compression == _JPEG
        colours = (_RGB, _YCBCR) if jpeg and self.planes == 1 else (_RGB,)
        greys = (_BLACK_IS_ZERO,) if jpeg else (_BLACK_IS_ZERO, _WHITE_IS_ZERO)
        if self.photometric not in (colours if self.samples == 3 else greys):
            raise DeclinedError(f"its colours are of kind {self.photometric}")
        if not jpeg and self.predictor not in (1, 2):
            raise DeclinedError(f"its predictor {self.predictor} is not read here")


Decode = Callable[[Sequence[bytes], Rgb | None], Rgb]
"""Takes the streams of one tile and optionally an array to fill; returns that or another, (h, w, 3) uint8.

Raises DamagedTileError.
"""


def _jpeg_decoder(coding: Coding) -> Decode:
    """Return a decoder of whole JPEG tiles."""
    import simplejpeg

    width, height = coding.tile
    head = _jpeg_head(coding)
    # An encoder begins all its tiles alike: what was looked through once is known by its bytes from then on.
    known: tuple[bytes, bytes] = (b"", b"")

    def decode(streams: Sequence[bytes], into: Rgb | None) -> Rgb:
        nonlocal known
        data = streams[0]
        begin, front = known
        if begin and data.startswith(begin):
            stream = front + data[len(begin) :]
        else:
            body = _jpeg_body(data, width, height, coding.samples)
            stream = head + body
            known = _beginning(data, stream)
        try:
            pixels: Rgb = simplejpeg.decode_jpeg(stream, buffer=into)
        except ValueError as error:
            return _forgive(stream, str(error))
        return pixels

    return decode


def _beginning(data: bytes, stream: bytes) -> tuple[bytes, bytes]:
    """Return how `data` begins, up to the end of its frame header, and how the `stream` made of it does."""
    body = _without_apps(data)
    at = len(body[0]) - body[1]  # bytes from the frame header's marker to the end
    length = 2 + (data[-at + 2] << 8 | data[-at + 3])
    rest = at - length
    return (data[:-rest], stream[:-rest]) if rest > 0 else (b"", b"")


def _forgive(stream: bytes, complaint: str) -> Rgb:
    """Decode once more what is untidy but whole: bytes too many, or no end marker."""
    import simplejpeg

    untidy, unended = "extraneous bytes" in complaint, "Premature end of JPEG file" in complaint
    if not untidy and not unended:
        raise DamagedTileError(complaint)
    try:
        pixels: Rgb = simplejpeg.decode_jpeg(stream + _EOI * unended, strict=not untidy)
    except ValueError as error:
        raise DamagedTileError(str(error)) from error
    return pixels


def _jpeg_head(coding: Coding) -> bytes:
    """Return what goes in front of each tile: a marker that states the colours, and the tables.

    The TIFF's word counts, not what the stream says or what a decoder would guess: Aperio stores RGB without
    a marker, which decoders take for YCbCr.
    """
    transform = 1 if coding.photometric == _YCBCR else 0
    adobe = b"\xff\xee\x00\x0eAdobe\x00\x64\x00\x00\x00\x00" + bytes([transform])
    try:
        body = _without_apps(coding.tables)[0] if coding.tables else b""
    except IndexError as error:
        raise DeclinedError("its JPEG tables are damaged") from error
    return _SOI + (adobe if coding.samples == 3 else b"") + body.removesuffix(_EOI)


def _jpeg_body(data: bytes, width: int, height: int, samples: int) -> bytes:
    """Return a tile's stream without start and application markers, once its size is what the TIFF says."""
    try:
        body, frame = _without_apps(data)
        bits, high, wide, number = struct.unpack_from(">BHHB", body, frame + 4)
    except (IndexError, struct.error) as error:
        raise DamagedTileError("it is no JPEG stream") from error
    if body[frame + 1] not in _FRAMES or bits != 8:
        raise DamagedTileError("its JPEG stream is of an unknown kind")
    if (wide, high, number) != (width, height, samples):
        raise DamagedTileError(
            f"its JPEG stream is {wide} x {high} x {number} large instead of {width} x {height} x {samples}"
        )
    return body


def _without_apps(data: bytes) -> tuple[bytes, int]:
    """Drop start and application segments before the frame header; return the rest, and where that is."""
    if data[:2] != _SOI:
        raise IndexError
    at, kept, first = 2, b"", 2
    while at < len(data):
        if data[at] != 0xFF:
            raise IndexError
        marker = data[at + 1]
        if marker in _APPS:
            kept += data[first:at]
            at = first = at + 2 + (data[at + 2] << 8 | data[at + 3])
        elif 0xC0 <= marker <= 0xCF and marker not in (0xC4, 0xC8, 0xCC):
            return kept + data[first:], len(kept) + at - first
        elif marker == 0xD9:
            break
        elif marker == 0xFF:
            at += 1
        else:
            at += 2 + (data[at + 2] << 8 | data[at + 3])
    return kept + data[first:], len(data)


def _jpeg2000_decoder(coding: Coding) -> Decode:
    """Return a decoder of whole JPEG 2000 tiles whose components are red, green and blue."""
    import imagecodecs

    width, height = coding.tile

    def decode(streams: Sequence[bytes], into: Rgb | None) -> Rgb:
        _judge_codestream(streams[0], width, height)
        try:
            pixels: Rgb = imagecodecs.jpeg2k_decode(streams[0], numthreads=1, out=into)
        except (RuntimeError, ValueError) as error:
            raise DamagedTileError(str(error)) from error
        return pixels

    return decode


def _judge_codestream(data: bytes, width: int, height: int) -> None:
    """Raise where the SIZ segment (ISO/IEC 15444-1, A.5.1) is not the tile's, before memory is asked for.

    Components of other sizes would be taken for YCbCr by the decoder, and converted.
    """
    try:
        start, _, _, right, bottom, left, top, *_, count = struct.unpack_from(">IHH8IH", data)
    except struct.error as error:
        raise DamagedTileError("it is no JPEG 2000 stream") from error
    if start != _SOC_SIZ:
        raise DamagedTileError("it is no JPEG 2000 stream")
    if (right - left, bottom - top, count) != (width, height, 3):
        size = f"{right - left} x {bottom - top} x {count}"
        raise DamagedTileError(f"its JPEG 2000 stream is {size} large instead of {width} x {height} x 3")
    if data[42:51] != _EIGHT_BITS_EACH:
        raise DamagedTileError("its JPEG 2000 components are not of 8 bits and of one size")


def _plane_decoder(coding: Coding) -> Decode:
    """Return a decoder of everything that is no whole JPEG: grey, separate planes, lossless."""
    width, height = coding.tile
    samples = coding.samples // coding.planes
    unpack = _unpacker(coding, samples)

    def decode(streams: Sequence[bytes], into: Rgb | None) -> Rgb:
        parts = [unpack(stream).reshape(height, width, samples) for stream in streams]
        if coding.samples == 3 and len(parts) == 1:
            return parts[0]
        result = np.empty((height, width, 3), np.uint8) if into is None else into
        for channel in range(3):
            result[..., channel] = parts[channel % len(parts)][..., 0]
        return result

    return decode


def _unpacker(coding: Coding, samples: int) -> Callable[[bytes], Rgb]:
    """Return the function that makes one stream (height, width, samples) uint8, flat or not."""
    if coding.compression == _JPEG:
        return _jpeg_plane(coding)
    import imagecodecs

    width, height = coding.tile
    size = width * height * samples
    name = _CODECS.get(coding.compression)
    expand = getattr(imagecodecs, f"{name}_decode") if name else lambda data, out: data[:out]

    def unpack(data: bytes) -> Rgb:
        try:
            raw = expand(data, out=size)
        except (RuntimeError, ValueError) as error:
            raise DamagedTileError(str(error)) from error
        if len(raw) != size:
            raise DamagedTileError(f"it holds {len(raw)} bytes instead of {size}")
        pixels: Rgb = np.frombuffer(raw, np.uint8).reshape(height, width, samples)
        if coding.predictor == 2:
            pixels = np.cumsum(pixels, axis=1, dtype=np.uint8)
        return ~pixels if coding.photometric == _WHITE_IS_ZERO else pixels

    return unpack


def _jpeg_plane(coding: Coding) -> Callable[[bytes], Rgb]:
    """Return a decoder of JPEG streams of one sample."""
    import simplejpeg

    width, height = coding.tile
    head = _jpeg_head(Coding(coding.tile, _JPEG, _BLACK_IS_ZERO, 1, 1, 1, coding.tables))

    def unpack(data: bytes) -> Rgb:
        try:
            pixels: Rgb = simplejpeg.decode_jpeg(head + _jpeg_body(data, width, height, 1), colorspace="GRAY")
        except ValueError as error:
            raise DamagedTileError(str(error)) from error
        return pixels

    return unpack
