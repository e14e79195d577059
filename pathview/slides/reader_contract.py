"""What every reader must do, tried one thing after the other: the tests behind `pathview plugins check`."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
from PIL import Image

from pathview.core.errors import PluginError, SlideOpenError, TileReadError
from pathview.slides.plugin_reader import PluginReader, ReaderSource
from pathview.slides.reader import Rgb

_EDGE = 256
_MOST_FINER = 4096
# Of 255, on average over a window: codecs and filters differ, the place of the pixels must not.
_SAME = 20.0


def try_reader(source: ReaderSource) -> Iterator[tuple[str, str, tuple[str, ...]]]:
    """Try a reader on its sample, one demand after the other, and stop where going on makes no sense.

    Yields
    ------
    demand, fault, notes
        What was tried in words; what is wrong, "" for nothing; what is worth knowing.
    """
    demand = "it opens its sample"
    if source.sample is None:
        yield demand, 'there is none; put a small slide into the folder and name it in "sample"', ()
        return
    try:
        reader = source.open(source.sample)
    except SlideOpenError as error:
        yield demand, str(error), ()
        return
    if reader is None:
        yield demand, f"it says that {source.sample} is none of its own", ()
        return
    unknown = reader.info.mpp is None
    yield demand, "", ("the sample states no pixel size: no model runs on it by itself",) if unknown else ()
    try:
        for demand, check in _CHECKS.items():
            try:
                yield demand, check(source, reader), ()
            except TileReadError as error:
                yield demand, str(error), ()
    finally:
        reader.close()


def _reaches_the_edges(_source: ReaderSource, reader: PluginReader) -> str:
    for number, level in enumerate(reader.info.levels):
        width, height = level.size
        for x, y in ((0, 0), (width - 1, 0), (0, height - 1), (width - 1, height - 1)):
            reader.read_level(number, x, y, 1, 1)
    reader.associated_images()
    reader.icc_profile()
    return ""


def _windows_fit(_source: ReaderSource, reader: PluginReader) -> str:
    for number, level in enumerate(reader.info.levels):
        w, h = (min(edge, _EDGE) for edge in level.size)
        x, y = (level.size[0] - w) // 2, (level.size[1] - h) // 2
        part = reader.read_level(number, x + w // 3, y + h // 3, w - w // 3, h - h // 3)
        if not np.array_equal(part, reader.read_level(number, x, y, w, h)[h // 3 :, w // 3 :]):
            return f"level {number}: a window is not what it is as a part of a larger one"
    return ""


def _levels_agree(_source: ReaderSource, reader: PluginReader) -> str:
    levels = reader.info.levels
    for number in range(1, len(levels)):
        fine, coarse = levels[number - 1], levels[number]
        ratio = coarse.downsample / fine.downsample
        edge = int(min(_EDGE, _MOST_FINER / ratio))
        w, h = (min(side, edge) for side in coarse.size)
        x, y = (coarse.size[0] - w) // 2, (coarse.size[1] - h) // 2
        window = [round(v * ratio) for v in (x, y, w, h)]
        window[2] = min(window[2], fine.size[0] - window[0])
        window[3] = min(window[3], fine.size[1] - window[1])
        wanted = _shrunk(reader.read_level(number - 1, *window), w, h)
        difference = np.abs(wanted - reader.read_level(number, x, y, w, h)).mean()
        if difference > _SAME:
            return (
                f"level {number} does not show what level {number - 1} shows there (they differ by "
                f"{difference:.0f} of 255); x, y, w and h are pixels of the level that is read"
            )
    return ""


def _shrunk(pixels: Rgb, w: int, h: int) -> np.ndarray[tuple[int, ...], np.dtype[np.float32]]:
    return np.asarray(Image.fromarray(pixels).resize((w, h), Image.Resampling.BOX), np.float32)


def _says_the_same(_source: ReaderSource, reader: PluginReader) -> str:
    w, h = (min(edge, _EDGE) for edge in reader.info.size)

    def read(_: int) -> Rgb:
        return reader.read_level(0, 0, 0, w, h)

    with ThreadPoolExecutor(4) as pool:
        first, *others = pool.map(read, range(8))
    same = all(np.array_equal(first, other) for other in others)
    return "" if same else "it returns other pixels of the same place"


def _refuses_what_is_not_its_own(source: ReaderSource, _reader: PluginReader) -> str:
    return _survives(source, lambda whole: b"This is no slide." + bytes(64))


def _survives_damage(source: ReaderSource, _reader: PluginReader) -> str:
    return _survives(source, lambda whole: whole[: len(whole) // 2])


def _survives(source: ReaderSource, change: Callable[[bytes], bytes]) -> str:
    """Open a changed copy of the sample, which it may refuse or read, as long as it comes back."""
    assert source.sample is not None
    if not source.sample.is_file():
        return ""
    with tempfile.TemporaryDirectory() as folder:
        copy = Path(folder, source.sample.name)
        copy.write_bytes(change(source.sample.read_bytes()))
        try:
            reader = source.open(copy)
        except SlideOpenError as error:
            cause = error.__cause__
            return str(error) if isinstance(cause, PluginError) and not cause.kind else ""
        if reader is not None:
            reader.close()
    return ""


_CHECKS: dict[str, Callable[[ReaderSource, PluginReader], str]] = {
    "it reads all corners of all levels": _reaches_the_edges,
    "a window is a part of the whole": _windows_fit,
    "its levels show the same": _levels_agree,
    "it says the same again, to many at once": _says_the_same,
    "it refuses a file that is no slide": _refuses_what_is_not_its_own,
    "it comes back from half a file": _survives_damage,
}
