"""DICOM slides: a folder or any one file of it, through OpenSlide and, where that declines, wsidicom."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from pathview.core.errors import SlideOpenError, TileReadError
from pathview.core.files import fingerprint
from pathview.core.geometry import Box
from pathview.slides.dicom_files import DicomFile, read_header, slide_files
from pathview.slides.gate import ReadGate
from pathview.slides.openslide_reader import OpenSlideReader
from pathview.slides.preflight import MAX_SIDE, MAX_TILE_BYTES
from pathview.slides.reader import Level, Rgb, SlideInfo, SlideReader
from pathview.slides.scale import judge_mpp

if TYPE_CHECKING:
    from wsidicom import WsiDicom

_COLOURS = ("RGB", "YBR_FULL", "YBR_FULL_422", "YBR_ICT", "YBR_RCT")


def open_dicom(path: Path) -> SlideReader | None:
    """Return a reader for the slide that a DICOM file belongs to, or a folder holds; None for other files.

    Parameters
    ----------
    path
        A folder of instances, or any instance of a slide: also its label or a coarse level, since the
        files of a slide lie beside each other. Of several slides in a folder the largest is opened.

    Raises
    ------
    SlideOpenError
        If it is DICOM and no slide that can be read, or the folder holds several that are equally large.
    """
    files, notes = _from_folder(path) if path.is_dir() else _from_file(path)
    if not files:
        return None
    _refuse_unreadable(path, files)
    import openslide

    try:
        return OpenSlideReader(files[0].path, notes=notes)
    except openslide.OpenSlideError as error:
        return _with_wsidicom(path, files, notes, str(error).rpartition(": ")[2])


def _from_folder(path: Path) -> tuple[list[DicomFile], dict[str, str]]:
    """Return the files of the largest slide in a folder, none where there is no slide."""
    found = slide_files(path).values()
    if not found:
        return [], {}
    slides = sorted(
        (volume for files in found if (volume := _volume_first(files))), key=_pixels, reverse=True
    )
    if not slides:
        raise SlideOpenError(
            path, "its DICOM files are label or macro pictures; those of the slide are missing"
        )
    if len(slides) == 1:
        return slides[0], {}
    equal = sum(_pixels(files) == _pixels(slides[0]) for files in slides)
    if equal > 1:
        raise SlideOpenError(
            path, f"the folder holds {equal} equally large DICOM slides; open a file of the one you mean"
        )
    return slides[0], {
        "pathview.series": f"the largest of {len(slides)} in the folder ({slides[0][0].series})"
    }


def _from_file(path: Path) -> tuple[list[DicomFile], dict[str, str]]:
    """Return the files of the slide that a file belongs to, none when it is no DICOM file."""
    header = read_header(path)
    if header is None:
        return [], {}
    if not header.is_slide:
        raise SlideOpenError(
            path,
            f"it is a DICOM file of another kind ({header.modality or 'unknown'}), not a slide image",
        )
    files = _volume_first(slide_files(path.parent).get(header.series, [header]))
    if not files:
        raise SlideOpenError(
            path,
            f"it is the {header.flavor.lower()} picture of a DICOM slide whose files are missing",
        )
    return files, {}


def _volume_first(files: Iterable[DicomFile]) -> list[DicomFile]:
    """Return the files of a series, the one that stands for the slide first; none without a slide image."""
    ordered = sorted(files, key=lambda file: (file.flavor != "VOLUME", file.rank))
    return ordered if ordered and ordered[0].flavor == "VOLUME" else []


def _pixels(files: list[DicomFile]) -> int:
    return files[0].size[0] * files[0].size[1]


def _refuse_unreadable(path: Path, files: list[DicomFile]) -> None:
    """Raise for pixels that nothing here reads and sizes that cannot be true, before a library is asked."""
    for file in files:
        name = "" if file.path == path else f" of {file.path.name}"
        if file.flavor == "VOLUME" and (file.bits != 8 or not _is_colour_or_grey(file)):
            raise SlideOpenError(
                path,
                f"its pixels are {file.bits}-bit {file.photometric or 'of no stated kind'}; of DICOM slides "
                "8-bit colour and grey ones are read",
            )
        if not (0 < min(file.size) <= max(file.size) <= MAX_SIDE):
            raise SlideOpenError(
                path, f"the file is damaged: the size{name} is {file.size[0]} x {file.size[1]}"
            )
        if not 0 < file.tile[0] * file.tile[1] * max(1, file.samples) <= MAX_TILE_BYTES:
            raise SlideOpenError(
                path, f"the file is damaged: tiles{name} are {file.tile[0]} x {file.tile[1]}"
            )


def _is_colour_or_grey(file: DicomFile) -> bool:
    return file.photometric in _COLOURS if file.samples == 3 else file.photometric == "MONOCHROME2"


def _with_wsidicom(
    path: Path, files: list[DicomFile], notes: Mapping[str, str], declined: str
) -> SlideReader:
    try:
        import wsidicom  # noqa: F401 - only whether it is there
    except ImportError:
        raise SlideOpenError(
            path,
            f'OpenSlide declines it ({declined}); `pip install "pathview[dicom]"` adds a reader that may not',
        ) from None
    try:
        return WsidicomReader(files, notes)
    except Exception as error:  # damaged headers fail in it and in pydicom in ways without number
        raise SlideOpenError(
            path, f"OpenSlide declines it ({declined}), and so does wsidicom ({_reason(error)})"
        ) from error


class WsidicomReader:
    """Reads native levels through wsidicom, which decodes more than OpenSlide does, JPEG-LS for one.

    The first optical path and its middle focal plane are shown; a grey slide is shown as equal red, green
    and blue. wsidicom locks its files itself, so tiles are decoded in several threads.

    Parameters
    ----------
    files
        The instances of one slide, that of the finest level first.
    notes
        Properties to add.

    Raises
    ------
    Exception
        Of many kinds, when the files are damaged or unlike what the standard says.
    """

    def __init__(self, files: list[DicomFile], notes: Mapping[str, str]) -> None:
        self._path = files[0].path
        self._slide = _open(files)
        try:
            header = _header(self._path)
            self._icc = _icc(header)
            self._info = _info(files[0], self._slide, header, notes)
        except BaseException:
            self._slide.close()
            raise
        self._gate = ReadGate(self._path)

    @property
    def info(self) -> SlideInfo:
        """What is known about the slide."""
        return self._info

    def read_level(self, level: int, x: int, y: int, w: int, h: int) -> Rgb:
        """Read a window of level pixels as (h, w, 3) uint8.

        Raises
        ------
        TileReadError
            If wsidicom cannot read it, or the reader is closed.
        """
        where = f"level {level}, {w} x {h} pixels at ({x}, {y})"
        with self._gate.reading(where):
            try:
                number = self._slide.pyramid[level].level
                return _rgb(self._slide.read_region((x, y), number, (w, h), as_array=True))
            except Exception as error:  # codecs and file objects fail in ways without number
                raise TileReadError(self._path, where, _reason(error)) from error

    def associated_images(self) -> Mapping[str, Rgb]:
        """Return label and macro by name; one that cannot be read is left out."""
        images = {}
        with self._gate.reading("associated images"):
            for name in self._associated():
                read = self._slide.read_label if name == "label" else self._slide.read_overview
                try:
                    images[name] = _rgb(read(as_array=True))
                except Exception:  # noqa: BLE001 - a damaged label must not cost the slide
                    continue
        return images

    def associated_sizes(self) -> Mapping[str, tuple[int, int]]:
        """Return (width, height) of the associated images without decoding them."""
        return {
            name: (group[0].size.width, group[0].size.height) for name, group in self._associated().items()
        }

    def icc_profile(self) -> bytes | None:
        """Return the ICC profile of the first optical path, or None."""
        return self._icc

    def close(self) -> None:
        """Refuse new reads, wait for those under way, then release the files."""
        if self._gate.shut():
            self._slide.close()

    def _associated(self) -> dict[str, Any]:
        groups = {"label": self._slide.labels, "macro": self._slide.overviews}
        return {name: group for name, group in groups.items() if group}


def _open(files: list[DicomFile]) -> WsiDicom:
    import logging

    from wsidicom import WsiDicom
    from wsidicom.config import Settings

    # It reports to its logger what it also raises; without a handler that would be printed.
    logging.getLogger("wsidicom").addHandler(logging.NullHandler())
    # The program caches tiles itself: these hold what neighbouring reads share.
    settings = Settings(decoded_frame_cache_size=16 << 20, encoded_frame_cache_size=1 << 20)
    return WsiDicom.open([file.path for file in files], settings=settings)


def _header(path: Path) -> Any:
    """Return the elements of the header that are wanted, as a pydicom Dataset."""
    import pydicom

    wanted = [
        "OpticalPathSequence",
        "SharedFunctionalGroupsSequence",
        "Manufacturer",
        "ManufacturerModelName",
    ]
    wanted += [
        "SeriesInstanceUID",
        "SOPInstanceUID",
        "FrameOfReferenceUID",
        "PyramidUID",
        "PhotometricInterpretation",
    ]
    return pydicom.dcmread(path, stop_before_pixels=True, specific_tags=list(wanted))


def _info(file: DicomFile, slide: WsiDicom, header: Any, notes: Mapping[str, str]) -> SlideInfo:
    base = slide.pyramid.base_level
    spacing = base.pixel_spacing
    mpp, source = judge_mpp(float(spacing.width) * 1000, float(spacing.height) * 1000, "DICOM PixelSpacing")
    texts = {f"dicom.{entry.keyword}": str(entry.value) for entry in header if entry.VR != "SQ"}
    texts["dicom.TransferSyntaxUID"] = file.syntax
    size = (base.size.width, base.size.height)
    return SlideInfo(
        path=file.path,
        format="dicom",
        fingerprint=fingerprint(file.path),
        levels=tuple(_level(level, size) for level in slide.pyramid),
        mpp=mpp,
        mpp_source=source,
        objective_power=_power(header),
        bounds=Box(0, 0, *size),
        background=(255, 255, 255),
        properties={**texts, "openslide.vendor": "dicom", **notes},
    )


def _level(level: Any, full: tuple[int, int]) -> Level:
    size = (level.size.width, level.size.height)
    stated = (full[0] / size[0] + full[1] / size[1]) / 2
    whole = round(stated)
    # 2967 -> 1483 was made by halving: 2.0007 would drift by 0.7 px at the far edge.
    halved = all(abs(a / whole - b) < 1 for a, b in zip(full, size, strict=True))
    tile = (min(level.tile_size.width, size[0]), min(level.tile_size.height, size[1]))
    return Level(size, float(whole) if halved else stated, tile)


def _icc(header: Any) -> bytes | None:
    """Return the profile of the first optical path, or that of the whole image."""
    for holder in (*header.get("OpticalPathSequence", ())[:1], header):
        if profile := holder.get("ICCProfile"):
            return bytes(profile)
    return None


def _power(header: Any) -> float | None:
    for optical_path in header.get("OpticalPathSequence", ())[:1]:
        try:
            power = float(optical_path.get("ObjectiveLensPower") or 0)
        except (TypeError, ValueError):
            continue
        return power if 0 < power < 1000 else None
    return None


def _rgb(pixels: Any) -> Rgb:
    """Return what wsidicom decoded as (h, w, 3) uint8."""
    array = np.asarray(pixels)
    if array.dtype != np.uint8:
        raise ValueError(f"pixels of {array.dtype} are not read")
    if array.ndim == 2 or array.shape[2] == 1:
        array = np.repeat(array.reshape(*array.shape[:2], 1), 3, axis=2)
    return array


def _reason(error: Exception) -> str:
    text = " ".join(str(error).split()).rstrip(".")
    return text[:200] or type(error).__name__
