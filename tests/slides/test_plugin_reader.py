"""Readers of plugins: what they return is checked, and whatever they do, who reads hears of it and lives."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest

from pathview.core.errors import SlideOpenError, TileReadError
from pathview.core.geometry import Box
from pathview.core.plugins.offered import offer_readers
from pathview.core.region import Region
from pathview.slides import plugin_reader
from pathview.slides.find import find_slides
from pathview.slides.open import open_slide
from pathview.slides.plugin_answers import checked_info
from pathview.slides.plugin_reader import ReaderSource
from pathview.slides.reader import Level, SlideInfo

READER = """
import ctypes, os, sys, time
from dataclasses import replace
import numpy as np
from pathview.slides import SlideOpenError, TileReadError, plain_info

SIZES = [(400, 300), (100, 75)]

def pixels(level, x, y, w, h):
    xs, ys = np.meshgrid(np.arange(x, x + w), np.arange(y, y + h))
    return np.stack([xs % 256, ys % 256, np.full_like(xs, level)], axis=2).astype(np.uint8)

class Reader:
    def __init__(self, path):
        self.path = path
        self.info = plain_info(path, SIZES, mpp=(0.5, 0.5))
        #init#
    def read_level(self, level, x, y, w, h):
        #read#
        return pixels(level, x, y, w, h)
    def associated_images(self):
        return {"macro": pixels(0, 0, 0, 8, 4)}
    def icc_profile(self):
        return None
    def close(self):
        pass

def open_it(path):
    #open#
    return Reader(path)
"""


@pytest.fixture
def path(tmp_path: Path) -> Path:
    path = tmp_path / "one.mine"
    path.write_bytes(b"MINE" + bytes(range(200)))
    return path


@pytest.fixture
def source(tmp_path: Path) -> ReaderSource:
    folder = tmp_path / "plugin"
    folder.mkdir()
    return ReaderSource("mine", folder, "reader:open_it", (".mine",))


Write = Callable[..., ReaderSource]


@pytest.fixture
def write(source: ReaderSource) -> Write:
    """Return what writes a reader that does something at a place."""

    def write(does: str = "pass", place: str = "open") -> ReaderSource:
        assert f"#{place}#" in READER
        (source.folder / "reader.py").write_text(READER.replace(f"#{place}#", does), "utf-8")
        return source

    return write


@pytest.fixture
def nothing_offered() -> Iterator[None]:
    yield
    offer_readers(tuple)


def test_a_slide_of_a_plugin_is_one_like_any_other(write: Write, path: Path) -> None:
    with open_slide(path, plugins=[write()]) as slide:
        info = slide.info
        assert (info.path, info.format, info.size, info.mpp) == (path, "mine", (400, 300), (0.5, 0.5))
        tile = slide.read(Region(Box(100, 50, 164, 82), 1.0))
        assert tile.shape == (32, 64, 3)
        assert tile[0, 0].tolist() == [100, 50, 0]
        assert slide.read(Region(Box(0, 0, 400, 300), 4.0))[3, 2].tolist() == [2, 3, 1]
        assert slide.associated_images()["macro"].shape == (4, 8, 3)
    with pytest.raises(TileReadError, match="closed"):
        slide.read(Region(Box(0, 0, 9, 9), 1.0))


def test_it_is_asked_by_ending_or_first_bytes(source: ReaderSource, path: Path, tmp_path: Path) -> None:
    assert source.takes(path)
    assert source.takes(tmp_path / "x.MINE")
    other = tmp_path / "other.bin"
    other.write_bytes(b"MINEXX")
    assert not source.takes(other)
    assert ReaderSource("m", tmp_path, "a:b", (), (b"NO", b"MINE")).takes(other)
    assert not ReaderSource("m", tmp_path, "a:b", (), (b"MINEXXX",)).takes(other)


def test_the_programs_own_readers_come_first(write: Write, tmp_path: Path) -> None:
    from PIL import Image

    source = write()
    greedy = ReaderSource("mine", source.folder, source.factory, (".png", ".mine"))
    picture = tmp_path / "picture.png"
    Image.new("RGB", (30, 20)).save(picture)
    with open_slide(picture, plugins=[greedy]) as slide:
        assert slide.info.size == (30, 20)
    picture.write_bytes(b"no picture at all, but something that the plugin may know")
    with open_slide(picture, plugins=[greedy]) as slide:
        assert slide.info.format == "mine"


def test_one_that_declines_leaves_it_to_the_others(write: Write, path: Path) -> None:
    with pytest.raises(SlideOpenError, match="no reader knows this format"):
        open_slide(path, plugins=[write("return None")])


@pytest.mark.parametrize(
    ("does", "place", "words"),
    [
        ("raise OSError('odd header')", "open", "the plugin mine: OSError: odd header"),
        ("raise SlideOpenError(path, 'its index is gone')", "open", "the plugin mine: its index is gone"),
        ("import not_there", "open", "ModuleNotFoundError"),
        ("sys.exit(1)", "open", "SystemExit"),
        ("ctypes.string_at(0)", "open", "killed by SIGSEGV"),
        ("time.sleep(60)", "open", "did not answer within 1 s"),
        ("self.info = 3", "init", "must be a SlideInfo, not a int"),
        ("self.info = replace(self.info, mpp=(40, 400))", "init", "0.02 to 100 um/px"),
        ("self.info = replace(self.info, fingerprint='x')", "init", "fingerprint"),
        ("self.info = replace(self.info, levels=self.info.levels[::-1])", "init", "finest first"),
        ("return 3", "read", "must return an array, not a int"),
        ("return pixels(level, x, y, h, w + 1)", "read", "must return (height, width, 3)"),
        ("return pixels(level, x, y, w, h) / 2", "read", "float64"),
        ("raise KeyError('tile 7')", "read", "KeyError: 'tile 7'"),
    ],
)
def test_what_cannot_be_opened_is_refused_in_words(
    write: Write, path: Path, does: str, place: str, words: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(plugin_reader, "DEADLINE_S", 1.0)
    with pytest.raises(SlideOpenError) as caught:
        open_slide(path, plugins=[write(does, place)])
    assert words in str(caught.value)
    assert "mine" in str(caught.value)


LATER = "if os.path.exists(str(self.path) + '.now'): os.remove(str(self.path) + '.now'); "


@pytest.mark.parametrize(
    ("does", "words"),
    [
        ("raise ValueError('gone bad')", "the plugin mine: ValueError: gone bad"),
        ("raise TileReadError(self.path, 'here', 'a bad block')", "the plugin mine: a bad block"),
        ("ctypes.string_at(0)", "killed by SIGSEGV"),
        ("time.sleep(60)", "did not answer within 1 s"),
        ("return pixels(level, x, y, w, h)[..., :2]", "uint8"),
    ],
)
def test_a_read_that_fails_fails_alone(
    write: Write, path: Path, does: str, words: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(plugin_reader, "READ_S", 1.0)
    with open_slide(path, plugins=[write(LATER + does, "read")]) as slide:
        path.with_name("one.mine.now").touch()
        began = time.monotonic()
        with pytest.raises(TileReadError) as caught:
            slide.read(Region(Box(0, 0, 64, 64), 1.0))
        assert words in str(caught.value)
        assert time.monotonic() - began < 10
        assert slide.read(Region(Box(0, 0, 64, 64), 1.0))[1, 2].tolist() == [2, 1, 0]


def test_one_that_always_dies_is_given_up(write: Write, path: Path) -> None:
    broken = "if os.path.exists(str(self.path) + '.now'): os._exit(1)"
    with open_slide(path, plugins=[write(broken, "read")]) as slide:
        path.with_name("one.mine.now").touch()
        for words in (*["exit code 1"] * 3, "ended 3 times; open the slide again"):
            with pytest.raises(TileReadError, match=words):
                slide.read(Region(Box(0, 0, 8, 8), 1.0))


def test_what_is_offered_is_used_and_found_in_folders(
    write: Write, path: Path, nothing_offered: None
) -> None:
    assert find_slides(path.parent) == []
    offer_readers(lambda: [write()])
    assert find_slides(path.parent) == [path]
    with open_slide(path) as slide:
        assert slide.info.format == "mine"


def facts(**changes: object) -> SlideInfo:
    level = Level((400, 300), 1.0, (64, 64))
    values: dict[str, object] = {
        "path": Path("x"), "format": "f", "fingerprint": "0123456789abcdef", "levels": (level,), "mpp": None,
        "mpp_source": "", "objective_power": None, "bounds": Box(0, 0, 400, 300), "background": (1, 2, 3),
        "properties": {"a": "b"},
    }  # fmt: skip
    return SlideInfo(**(values | changes))  # type: ignore[arg-type]


def test_facts_that_can_be_pass() -> None:
    told = checked_info(
        facts(levels=(Level((400, 300), 1.0, (64, 64)), Level((134, 100), 3.0, (64, 64)))), Path("y"), "n"
    )
    assert (told.path, told.format, told.properties) == (Path("y"), "f", {"a": "b"})


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"levels": ()}, "a tuple of 1 to 64 Levels"),
        ({"levels": [Level((4, 3), 1.0, (4, 3))]}, "a tuple"),
        ({"levels": (Level((400, 0), 1.0, (64, 64)),)}, "size must be"),
        ({"levels": (Level((400, 300), 1.0, (64.0, 64)),)}, "tile must be"),  # type: ignore[arg-type]
        ({"levels": (Level((400, 300), 2.0, (64, 64)),)}, "downsample 1"),
        ({"levels": (Level((400, 300), float("nan"), (64, 64)),)}, "downsample 1"),
        ({"levels": (Level((400, 300), 1.0, (64, 64)), Level((300, 75), 4.0, (64, 64)))}, "does not fit"),
        ({"mpp": 0.5}, "mpp must be"),
        ({"mpp": (0.0, 0.5)}, "or None where it is unknown"),
        ({"bounds": Box(500, 0, 600, 10)}, "bounds"),
        ({"background": (1, 2, 300)}, "background"),
        ({"planes": 2}, "one plane"),
    ],
)
def test_facts_that_cannot_be_are_named(changes: dict[str, object], words: str) -> None:
    with pytest.raises(ValueError, match=words):
        checked_info(facts(**changes), Path("y"), "n")


def test_reads_from_many_threads_are_each_their_own(write: Write, path: Path) -> None:
    from concurrent.futures import ThreadPoolExecutor

    with open_slide(path, plugins=[write()]) as slide, ThreadPoolExecutor(4) as pool:
        boxes = [Box(x, 8, x + 32, 40) for x in range(0, 320, 16)]
        tiles = list(pool.map(lambda box: slide.read(Region(box, 1.0)), boxes))
    for box, tile in zip(boxes, tiles, strict=True):
        assert tile[0, 0].tolist() == [int(box.x0) % 256, 8, 0]
        assert isinstance(tile, np.ndarray)
