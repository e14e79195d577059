"""Files that change under an open slide: told, never mixed with another's pixels, and read on when back."""

from __future__ import annotations

import os
import threading
from pathlib import Path

import numpy as np
import pytest

from pathview.core.errors import TileReadError
from pathview.core.geometry import Box
from pathview.core.inbox import Inbox
from pathview.core.pyramid import TileKey
from pathview.core.region import Region
from pathview.slides import watch
from pathview.slides.made import level_pixels, write_made_tiff
from pathview.slides.open import open_slide
from pathview.slides.slide import Slide
from pathview.tiles.loader import TileLoader
from pathview.tiles.plan import TilePlan
from pathview.tiles.source import SlideTiles

SIZE = (1500, 1100)
HERE = Region(Box(300, 200, 400, 280), 1.0)


@pytest.fixture(autouse=True)
def look_each_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(watch, "LOOK_S", 0.0)


def read_right(slide: Slide) -> None:
    np.testing.assert_array_equal(slide.read(HERE), level_pixels(1, 300, 200, 100, 80, SIZE))
    assert slide.trouble is None


def refusal(slide: Slide) -> str:
    with pytest.raises(TileReadError) as caught:
        slide.read(HERE)
    assert slide.trouble == caught.value.reason
    return caught.value.reason


@pytest.mark.skipif(os.name == "nt", reason="Windows keeps open files in their place")
def test_a_file_that_goes_and_comes_back(made_tiff: Path) -> None:
    with open_slide(made_tiff) as slide:
        read_right(slide)
        away = made_tiff.rename(made_tiff.with_suffix(".away"))
        assert "the file is gone" in refusal(slide)
        assert "the file is gone" in refusal(slide)
        away.rename(made_tiff)
        read_right(slide)


@pytest.mark.skipif(os.name == "nt", reason="Windows keeps open files in their place")
@pytest.mark.parametrize("same_size", [False, True])
def test_another_file_in_its_place_is_not_read(made_tiff: Path, tmp_path: Path, same_size: bool) -> None:
    raw = made_tiff.read_bytes()
    other = write_made_tiff(tmp_path / "other.tif", (1700, 1300))
    if same_size:
        other.write_bytes(raw[:-100] + bytes(100))
    with open_slide(made_tiff) as slide:
        read_right(slide)
        made_tiff.rename(tmp_path / "kept.tif")
        other.rename(made_tiff)
        for _ in range(3):
            assert refusal(slide).startswith("the file was replaced by another one")
        (tmp_path / "kept.tif").replace(made_tiff)
        read_right(slide)


def test_a_file_that_is_cut_off_and_written_again(made_tiff: Path) -> None:
    raw = made_tiff.read_bytes()
    with open_slide(made_tiff) as slide:
        read_right(slide)
        os.truncate(made_tiff, len(raw) // 2)
        assert "was cut off" in refusal(slide)
        made_tiff.write_bytes(raw)
        read_right(slide)


def test_what_has_become_no_slide_is_told(made_tiff: Path) -> None:
    size = made_tiff.stat().st_size
    with open_slide(made_tiff) as slide:
        made_tiff.write_bytes(b"other" * size)
        assert "cannot be opened any more" in refusal(slide)


def test_a_new_date_is_no_new_file(made_tiff: Path) -> None:
    with open_slide(made_tiff) as slide:
        os.utime(made_tiff, ns=(10**18, 10**18))
        read_right(slide)


def test_a_file_laid_into_the_folder_is_no_trouble(data: Path, tmp_path: Path) -> None:
    import shutil

    folder = tmp_path / "slide"
    shutil.copytree(data / "wsi" / "dicom" / "CMU-1-Small-Region", folder)
    folder.chmod(0o755)
    with open_slide(folder) as slide:
        before = slide.thumbnail(100)
        (folder / "notes.geojson").write_text("{}", encoding="utf-8")
        np.testing.assert_array_equal(slide.thumbnail(100), before)


def test_it_is_looked_at_now_and_then_only(made_tiff: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with open_slide(made_tiff) as slide:
        monkeypatch.setattr(watch, "LOOK_S", 1000.0)
        monkeypatch.setattr(watch._Identity, "of", lambda path: pytest.fail("looked"))
        read_right(slide)


def test_readers_of_a_file_that_comes_and_goes_get_right_pixels_or_a_sentence(made_tiff: Path) -> None:
    away = made_tiff.with_suffix(".away")
    stop = threading.Event()
    wrong: list[str] = []
    with open_slide(made_tiff) as slide:

        def read() -> None:
            while not stop.is_set():
                try:
                    if not np.array_equal(slide.read(HERE), level_pixels(1, 300, 200, 100, 80, SIZE)):
                        wrong.append("other pixels")
                except TileReadError:
                    pass

        threads = [threading.Thread(target=read) for _ in range(2)]
        for thread in threads:
            thread.start()
        for _ in range(15):
            made_tiff.rename(away)
            stop.wait(0.01)
            away.rename(made_tiff)
            stop.wait(0.01)
        stop.set()
        for thread in threads:
            thread.join()
        assert wrong == []
        read_right(slide)


@pytest.mark.skipif(os.name == "nt", reason="Windows keeps open files in their place")
def test_given_up_tiles_come_when_the_file_is_back(made_tiff: Path, inbox: Inbox) -> None:
    loader = TileLoader(inbox, threads=0)
    key = TileKey(0, 0, 0)
    with open_slide(made_tiff) as slide:
        tiles = SlideTiles(slide)
        away = made_tiff.rename(made_tiff.with_suffix(".away"))
        loader.wish("main", [(tiles, TilePlan((), (), (key,)))])
        while loader.work():
            inbox.drain()
        assert key in loader.failures(tiles)
        away.rename(made_tiff)
        loader.retry(tiles)
        while loader.work():
            inbox.drain()
        assert key in loader.cached(tiles)
        assert slide.trouble is None
    loader.close()
