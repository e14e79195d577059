"""Which DICOM files belong to which slide, from the first elements of their headers alone."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

SLIDE_CLASS = "1.2.840.10008.5.1.4.1.1.77.1.6"
"""SOP class of VL Whole Slide Microscopy Image Storage, DICOM PS3.4 table B.5-1."""

# A folder with more files than this is no DICOM series, and looking into each would take minutes.
MAX_FILES = 5000

_IMPLICIT, _BIG_ENDIAN, _DEFLATED = "1.2.840.10008.1.2", "1.2.840.10008.1.2.2", "1.2.840.10008.1.2.1.99"
# Most headers fit in the first; the second is for those with long private elements in front.
_HEAD_BYTES = (1 << 16, 1 << 22)
_MATRIX_ROWS = (0x0048, 0x0007)
_ITEM, _SEQUENCE_END = (0xFFFE, 0xE000), (0xFFFE, 0xE0DD)
_UNDEFINED = 0xFFFFFFFF
# Representations whose length field has four bytes after two reserved ones, PS3.5 section 7.1.2.
_LONG = {b"OB", b"OD", b"OF", b"OL", b"OV", b"OW", b"SQ", b"SV", b"UC", b"UN", b"UR", b"UT", b"UV"}

Tag = tuple[int, int]


@dataclass(frozen=True, slots=True)
class DicomFile:
    """What the header of one instance says.

    Attributes
    ----------
    path
        The file.
    sop_class, modality, series, instance, syntax
        SOPClassUID, Modality, SeriesInstanceUID, SOPInstanceUID and TransferSyntaxUID; "" where absent.
    flavor
        Third value of ImageType: "VOLUME", "LABEL", "OVERVIEW", "THUMBNAIL"; "" where absent.
    size
        (columns, rows) of the total pixel matrix, 0 where absent.
    tile
        (columns, rows) of a frame, 0 where absent.
    bits, samples
        BitsAllocated and SamplesPerPixel, 0 where absent.
    photometric
        PhotometricInterpretation.
    """

    path: Path
    sop_class: str
    modality: str
    series: str
    instance: str
    syntax: str
    flavor: str
    size: tuple[int, int]
    tile: tuple[int, int]
    bits: int
    samples: int
    photometric: str

    @property
    def is_slide(self) -> bool:
        """Whether it is a whole-slide image of any flavour."""
        return self.sop_class == SLIDE_CLASS

    @property
    def rank(self) -> tuple[int, str]:
        """Sorts the instance that stands for a slide first: the largest, and of its parts always the same."""
        return -self.size[0] * self.size[1], self.instance


def read_header(path: Path) -> DicomFile | None:
    """Return what a file's header says, None when it is no DICOM file.

    Raises
    ------
    OSError
        If the file cannot be read.
    """
    with path.open("rb") as file:
        head = file.read(132)
        if head[128:] != b"DICM":
            return None
        found: dict[Tag, bytes] = {}
        for size in _HEAD_BYTES:
            file.seek(0)
            head = file.read(size)
            found = _collect(head)
            if _MATRIX_ROWS in found or len(head) < size:
                break
    return _file(path, found)


def slide_files(folder: Path) -> dict[str, list[DicomFile]]:
    """Return the whole-slide instances of a folder by series, those of a series in the order of `rank`.

    Files that cannot be read or are something else are passed over.

    Raises
    ------
    OSError
        If the folder cannot be listed.
    """
    series: dict[str, list[DicomFile]] = {}
    for path in islice(folder.iterdir(), MAX_FILES):
        try:
            file = read_header(path) if path.is_file() else None
        except OSError:
            continue
        if file is not None and file.is_slide:
            series.setdefault(file.series, []).append(file)
    return {uid: sorted(files, key=lambda file: file.rank) for uid, files in series.items()}


def _file(path: Path, found: dict[Tag, bytes]) -> DicomFile:
    def text(group: int, element: int) -> str:
        return found.get((group, element), b"").decode("ascii", "replace").strip("\0 ")

    def number(group: int, element: int) -> int:
        return int.from_bytes(found.get((group, element), b"")[:4], "little")

    kind = text(0x0008, 0x0008).split("\\")
    return DicomFile(
        path=path,
        sop_class=text(0x0008, 0x0016) or text(0x0002, 0x0002),
        modality=text(0x0008, 0x0060),
        series=text(0x0020, 0x000E),
        instance=text(0x0008, 0x0018),
        syntax=text(0x0002, 0x0010),
        flavor=kind[2] if len(kind) > 2 else "",
        size=(number(0x0048, 0x0006), number(0x0048, 0x0007)),
        tile=(number(0x0028, 0x0011), number(0x0028, 0x0010)),
        bits=number(0x0028, 0x0100),
        samples=number(0x0028, 0x0002),
        photometric=text(0x0028, 0x0004),
    )


def _collect(head: bytes) -> dict[Tag, bytes]:
    """Return the top-level elements up to the size of the pixel matrix, as far as the bytes go."""
    found: dict[Tag, bytes] = {}
    try:
        for tag, value in _elements(head):
            found.setdefault(tag, value)
            if tag >= _MATRIX_ROWS:
                break
    except struct.error:
        pass  # the bytes ended: what was found before counts
    return found


def _elements(head: bytes) -> Iterator[tuple[Tag, bytes]]:
    """Yield the top-level elements; sequences of undefined length are walked through, others stepped over."""
    position, depth, syntax = 132, 0, ""
    while position < len(head):
        in_meta = head[position : position + 2] == b"\x02\0"
        if not in_meta and syntax in (_BIG_ENDIAN, _DEFLATED):
            return  # retired, or compressed as a whole: no slide is written so
        tag, length, position = _element(head, position, explicit=in_meta or syntax != _IMPLICIT)
        if length == _UNDEFINED:
            depth += tag != _ITEM
        elif tag == _SEQUENCE_END:
            depth -= 1
        else:
            if depth == 0:
                value = head[position : position + length]
                if tag == (0x0002, 0x0010):
                    syntax = value.decode("ascii", "replace").strip("\0 ")
                yield tag, value
            position += length


def _element(head: bytes, position: int, *, explicit: bool) -> tuple[Tag, int, int]:
    """Return tag, length and where the value begins; encodings in DICOM PS3.5 sections 7.1 and 7.5."""
    group, element = struct.unpack_from("<HH", head, position)
    if group == 0xFFFE or not explicit:
        return (group, element), struct.unpack_from("<I", head, position + 4)[0], position + 8
    if head[position + 4 : position + 6] in _LONG:
        return (group, element), struct.unpack_from("<I", head, position + 8)[0], position + 12
    return (group, element), struct.unpack_from("<H", head, position + 6)[0], position + 8
