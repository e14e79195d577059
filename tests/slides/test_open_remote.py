"""Slides by address: the pixels of the local file, few bytes, and one sentence for whatever goes wrong."""

from __future__ import annotations

import logging
import shutil
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from pathview.core.errors import SlideOpenError, TileReadError
from pathview.core.geometry import Box
from pathview.core.place import Address
from pathview.core.region import Region
from pathview.slides import probe, watch
from pathview.slides.made import level_pixels, write_made_tiff
from pathview.slides.open import open_slide
from pathview.slides.remote import calls, http
from pathview.slides.slide import Slide

SIZE = (1500, 1100)
HERE = Region(Box(300, 200, 400, 280), 1.0)


@pytest.fixture(autouse=True)
def in_a_hurry(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(http, "PAUSES_S", (0.01, 0.01))


@pytest.fixture
def made(server: Any) -> Path:
    """Return a made slide that is served."""
    return write_made_tiff(server.folder / "made.tif")


@pytest.fixture(scope="session")
def large_tiff(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a tiled TIFF of some 48 MB with small levels, whose pixels cannot be packed."""
    import tifffile

    path = tmp_path_factory.mktemp("large") / "large.tif"
    pixels = np.random.default_rng(1).integers(0, 255, (4096, 4096, 3), np.uint8)
    with tifffile.TiffWriter(path) as tiff:
        for number, step in enumerate((1, 4, 16)):
            tiff.write(
                pixels[::step, ::step],
                tile=(256, 256),
                photometric="rgb",
                subfiletype=int(number > 0),
                metadata=None,
            )
    return path


def read_right(slide: Slide) -> None:
    np.testing.assert_array_equal(slide.read(HERE), level_pixels(1, 300, 200, 100, 80, SIZE))


def until_it_reads(slide: Slide) -> None:
    deadline = time.monotonic() + 20
    while True:
        try:
            return read_right(slide)
        except TileReadError:
            assert time.monotonic() < deadline, "it never came back"
            time.sleep(0.05)


@pytest.mark.parametrize(
    "name",
    [
        "aperio/CMU-1-Small-Region.svs",
        "generic_tiff/CMU-1-Small-Region_pyr.tif",
        "ome_tiff/CMU-1-Small-Region.ome.tif",
        "pcam/pcam_valid_mosaic.tif",
    ],
)
def test_a_slide_is_the_same_over_http(name: str, data: Path, server: Any) -> None:
    source = data / "wsi" / name
    shutil.copy(source, server.folder / source.name)
    with open_slide(source) as here, open_slide(server.address(source.name)) as there:
        mine, its = here.info, there.info
        assert (its.format, its.fingerprint, its.levels, its.mpp) == (
            mine.format,
            mine.fingerprint,
            mine.levels,
            mine.mpp,
        )
        assert its.properties == mine.properties
        assert here.icc_profile() == there.icc_profile()
        np.testing.assert_array_equal(there.thumbnail(400), here.thumbnail(400))
        for number in range(len(mine.levels)):
            region = Region(Box(400, 300, 1400, 1200), mine.levels[number].downsample)
            np.testing.assert_array_equal(there.read(region), here.read(region))
        images = here.associated_images()
        assert there.associated_images().keys() == images.keys()
        for key, image in there.associated_images().items():
            np.testing.assert_array_equal(image, images[key])


def test_a_thumbnail_takes_few_bytes_and_a_second_opening_next_to_none(large_tiff: Path, server: Any) -> None:
    shutil.copy(large_tiff, server.folder / "large.tif")
    with open_slide(server.address("large.tif")) as slide:
        slide.thumbnail(200)
    assert server.sent < large_tiff.stat().st_size / 6
    server.asked.clear()
    with open_slide(server.address("large.tif")) as slide:
        slide.thumbnail(200)
    assert server.sent < 200_000
    assert len(server.asked) <= 3


def test_a_query_and_a_password_open_a_slide_and_appear_nowhere(
    made: Path, server: Any, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    caplog.set_level(logging.DEBUG)
    server.password = "anna:s3cret"
    url = server.address("made.tif").replace("http://", "http://anna:s3cret@") + "?X-Amz-Signature=abc123"
    with open_slide(url) as slide:
        read_right(slide)
        shown = f"{slide.info.path} {slide.info!r}"
        assert all(asked.endswith("?X-Amz-Signature=abc123") for asked, _, _ in server.asked)
        server.password = "another:one"
        with pytest.raises(TileReadError) as lost:
            slide.read(Region(slide.info.box, 1.0))
        server.stop()
    with pytest.raises(SlideOpenError) as refused:
        open_slide(url)
    said = shown + str(lost.value) + str(refused.value) + caplog.text + "".join(capfd.readouterr())
    for chain in (lost.value, refused.value):
        said += "".join(__import__("traceback").format_exception(chain))
    assert "s3cret" not in said
    assert "abc123" not in said
    assert server.address("made.tif") in str(refused.value)


def test_a_query_that_moves_on_leads_to_the_slide(made: Path, server: Any) -> None:
    server.moved["latest"] = server.address("made.tif") + "?sig=abc123"
    with open_slide(server.address("latest")) as slide:
        read_right(slide)


@pytest.mark.parametrize(
    ("status", "words"),
    [
        (401, "refuses access"),
        (403, "refuses access"),
        (404, "no such file on the server"),
        (500, "answers with an error"),
        (503, "try again later"),
        (418, "status 418"),
    ],
)
def test_what_a_server_refuses_is_one_sentence(made: Path, server: Any, status: int, words: str) -> None:
    server.status = status
    with pytest.raises(SlideOpenError, match=words) as error:
        open_slide(server.address("made.tif"))
    assert "made.tif" in str(error.value)
    assert "\n" not in str(error.value)


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("http://no-such-host.invalid/a.svs", "no server is called no-such-host.invalid"),
        ("http://127.0.0.1:9/a.svs", "cannot be reached"),
        ("http:///a.svs", "names no server"),
        ("http://[bad/a.svs", "names no server"),
        ("http://127.0.0.1:99999/a.svs", "malformed"),
        ("ftp://127.0.0.1/a.svs", "begin with ftp:// cannot be opened"),
        ("https://127.0.0.1:{port}/made.tif", "broke off|not trusted"),
    ],
)
def test_an_address_that_leads_nowhere_is_one_sentence(made: Path, server: Any, url: str, words: str) -> None:
    with pytest.raises(SlideOpenError, match=words):
        open_slide(url.replace("{port}", str(server.port)))


def test_a_server_that_says_nothing_is_waited_for_in_bounds(
    made: Path, server: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(http, "SILENCE_S", 0.1)
    server.hold.clear()
    with pytest.raises(SlideOpenError, match=r"sent nothing for 0\.1 s"):
        open_slide(server.address("made.tif"))
    server.hold.set()


def test_a_small_file_comes_whole_where_parts_cannot_be_asked_for(made: Path, server: Any) -> None:
    server.ranges = False
    with open_slide(server.address("made.tif")) as slide:
        read_right(slide)
        asked = len(server.asked)
        slide.read(Region(slide.info.box, 1.0))
        assert len(server.asked) == asked, "it was all there"


def test_a_large_file_is_refused_where_parts_cannot_be_asked_for(
    made: Path, server: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(http, "SMALL_BYTES", 1000)
    server.ranges = False
    with pytest.raises(SlideOpenError, match="sends files only whole"):
        open_slide(server.address("made.tif"))


@pytest.mark.parametrize("name", ["hamamatsu/test3-DAPI-2-387.ndpi", "negative/broken.svs"])
def test_what_only_local_readers_know_is_to_be_downloaded(name: str, data: Path, server: Any) -> None:
    source = data / "wsi" / name
    shutil.copy(source, server.folder / source.name)
    with pytest.raises(SlideOpenError, match=r"download the file|is damaged"):
        open_slide(server.address(source.name))


def test_what_is_no_slide_is_said_to_be_none(server: Any) -> None:
    (server.folder / "a.svs").write_text("<html>", encoding="utf-8")
    (server.folder / "empty.svs").touch()
    with pytest.raises(SlideOpenError, match=r"tiled TIFF and OME-Zarr can be shown; download"):
        open_slide(server.address("a.svs"))
    with pytest.raises(SlideOpenError, match="is empty"):
        open_slide(server.address("empty.svs"))


def test_a_cut_off_file_is_refused_before_any_reader_sees_it(made: Path, server: Any) -> None:
    (server.folder / "cut.tif").write_bytes(made.read_bytes()[:-5000])
    with pytest.raises(SlideOpenError, match="is damaged"):
        open_slide(server.address("cut.tif"))


def test_an_unknown_slide_is_tried_out_once_for_each_version(
    made: Path, server: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    tried: list[Address] = []
    ask = probe._child.ask

    def count(place: Address, deadline_s: float) -> object:
        tried.append(place)
        return ask(place, deadline_s)

    monkeypatch.setattr(probe._child, "ask", count)
    for etag in ('"a"', '"a"', '"b"', None, None):
        server.etag = etag
        open_slide(server.address("made.tif")).close()
    assert len(tried) == 4, "once for a, once for b, and each time where versions cannot be told apart"


def test_a_connection_that_breaks_off_now_and_then_is_no_trouble(made: Path, server: Any) -> None:
    server.cut = 2
    with open_slide(server.address("made.tif"), probe=False) as slide:
        read_right(slide)


@pytest.fixture
def lost(made: Path, server: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[Slide]:
    """Open a slide of which nothing but the ends is in the cache, and lose its server."""
    monkeypatch.setattr(watch, "LOOK_S", 0.05)
    with open_slide(server.address("made.tif"), probe=False) as slide:
        forget(slide)
        server.stop()
        yield slide


def forget(slide: Slide) -> None:
    """Empty the caches under an open slide."""
    file = slide._reader._reader._file  # type: ignore[attr-defined]
    file._memory.clear()
    for block in file._cache._folder.iterdir():
        block.unlink()


def test_a_lost_server_is_named_and_the_slide_goes_on_when_it_is_back(lost: Slide, server: Any) -> None:
    with pytest.raises(TileReadError, match="cannot be reached"):
        read_right(lost)
    assert lost.trouble is not None
    server.start()
    until_it_reads(lost)
    assert lost.trouble is None


def test_another_file_in_its_place_is_noticed(lost: Slide, server: Any) -> None:
    write_made_tiff(server.folder / "made.tif", (900, 700))
    server.etag = '"second"'
    server.start()
    with pytest.raises(TileReadError, match=r"was replaced by another one; open it again"):
        read_right(lost)


def test_the_same_file_stored_anew_is_opened_again(lost: Slide, server: Any) -> None:
    server.etag = '"second"'
    server.start()
    until_it_reads(lost)


def test_closing_does_not_wait_for_a_server(made: Path, server: Any) -> None:
    slide = open_slide(server.address("made.tif"), probe=False)
    forget(slide)
    failed: list[TileReadError] = []

    def read() -> None:
        try:
            read_right(slide)
        except TileReadError as error:
            failed.append(error)

    server.hold.clear()
    reading = threading.Thread(target=read)
    reading.start()
    time.sleep(0.1)
    began = time.monotonic()
    slide.close()
    reading.join(5)
    assert time.monotonic() - began < 1
    assert [error.reason for error in failed] == ["the slide is closed"]
    server.hold.set()


def test_the_end_of_the_program_does_not_wait_for_a_server(made: Path, server: Any) -> None:
    server.hold.clear()
    threading.Timer(0.2, calls.hang_up_everywhere).start()
    began = time.monotonic()
    with pytest.raises(SlideOpenError, match="closed"):
        open_slide(server.address("made.tif"))
    assert time.monotonic() - began < 2
    server.hold.set()
