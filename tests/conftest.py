"""What every test may ask for, and what every test is checked for."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Protocol

import pytest
from hypothesis import settings

from pathview.core.inbox import Inbox
from pathview.slides.made import MadeReader, write_made_tiff
from pathview.slides.slide import Slide

# Software GL and triton, which torch imports on use, each bring an LLVM of their own, and both in one process
# crash it. The product never has both in one process; a test worker may, and no test needs triton.
sys.modules["triton"] = None  # type: ignore[assignment]

# Timing says little on a busy machine, and the same examples every time make a failure worth reading.
settings.register_profile("pathview", deadline=None, max_examples=60, derandomize=True)
settings.load_profile("pathview")

# Threads that libraries keep for the life of the process, by the start of their names.
_KEPT_THREADS = ("pytest_timeout", "Dummy-", "asyncio_", "zarr")
_GRACE_S = 3.0


def pytest_configure(config: pytest.Config) -> None:
    """Give each worker a virtual screen of its own: windows on one screen take focus and pointer away."""
    if sys.platform == "linux" and not os.environ.get("PATHVIEW_TEST_SCREEN") and shutil.which("Xvfb"):
        config.add_cleanup(_start_screen())


def _start_screen() -> Callable[[], None]:
    """Start an Xvfb under a free number, make it the display, and return what ends it."""
    reading, writing = os.pipe()
    command = ["Xvfb", "-displayfd", str(writing), "-screen", "0", "1600x1200x24", "-nolisten", "tcp"]
    server = subprocess.Popen(
        command, pass_fds=[writing], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    os.close(writing)
    with os.fdopen(reading) as said:
        number = said.readline().strip()  # written once it takes connections
    if not number:
        raise pytest.UsageError("Xvfb did not start: run it by hand to see why")
    os.environ["DISPLAY"] = f":{number}"

    def stop() -> None:
        server.terminate()
        server.wait()

    return stop


@pytest.fixture(autouse=True)
def fresh_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Give each test settings, data and caches of its own."""
    home = tmp_path / "pathview-home"
    monkeypatch.setenv("PATHVIEW_HOME", str(home))
    return home


@pytest.fixture(autouse=True)
def no_thread_left_behind() -> Iterator[None]:
    """Fail a test that ends with a thread of its own still running."""
    before = set(threading.enumerate())
    yield
    deadline = time.monotonic() + _GRACE_S
    while left := [t for t in threading.enumerate() if t not in before and not _is_kept(t)]:
        if time.monotonic() > deadline:
            pytest.fail(f"threads left behind: {', '.join(sorted(t.name for t in left))}")
        time.sleep(0.01)


def _is_kept(thread: threading.Thread) -> bool:
    return thread.name.startswith(_KEPT_THREADS) or not thread.is_alive()


@pytest.fixture(scope="session")
def data() -> Path:
    """Return the folder of real slides and annotations; skip where there is none."""
    stated = os.environ.get("PATHVIEW_TEST_DATA")
    folder = Path(stated) if stated else Path(__file__).parents[1].parent / "shared" / "data"
    if not (folder / "README.md").is_file():
        pytest.skip("no real data here: set PATHVIEW_TEST_DATA to the folder that holds it")
    return folder


@pytest.fixture
def inbox() -> Inbox:
    """Return an inbox that wakes nobody: the test drains it."""
    return Inbox()


@pytest.fixture
def made_slide() -> Iterator[Slide]:
    """Open a made slide of 4096 x 3072 pixels, 0.25 um/px, levels 1, 4 and 16."""
    with Slide(MadeReader()) as slide:
        yield slide


class MakeSlide(Protocol):
    """Opens a made slide; the arguments are those of `MadeReader`."""

    def __call__(self, size: tuple[int, int] = ..., **how: object) -> Slide: ...


@pytest.fixture
def make_slide() -> Iterator[MakeSlide]:
    """Return a function that opens made slides and closes them after the test."""
    slides: list[Slide] = []

    def make(size: tuple[int, int] = (4096, 3072), **how: object) -> Slide:
        slides.append(Slide(MadeReader(size, **how)))  # type: ignore[arg-type]
        return slides[-1]

    yield make
    for slide in slides:
        slide.close()


@pytest.fixture
def made_tiff(tmp_path: Path) -> Path:
    """Write a made slide of 1500 x 1100 pixels, 0.25 um/px, levels 1, 2 and 4, as a TIFF."""
    return write_made_tiff(tmp_path / "made.tif")


@pytest.fixture
def fluorescence(tmp_path: Path) -> Path:
    """Write an OME-TIFF of 600 x 400 pixels, channels DAPI and FITC of 16 bits, 3 focal planes 1.5 um apart.

    DAPI holds 100 and in its left half 3000, FITC 1000 times the number of the plane counted from 1.
    """
    import numpy as np
    import tifffile

    samples = np.full((3, 2, 400, 600), 100, np.uint16)
    samples[:, 0, :, :300] = 3000
    samples[:, 1] = 1000 * np.arange(1, 4)[:, None, None]
    path = tmp_path / "fluorescence.ome.tif"
    lengths = {f"PhysicalSize{axis}": size for axis, size in (("X", 0.5), ("Y", 0.5), ("Z", 1.5))}
    # Blue and green, as signed RGBA.
    channels = {"Name": ["DAPI", "FITC"], "Color": [0x0000FFFF, 0x00FF00FF]}
    with tifffile.TiffWriter(path, ome=True) as file:
        metadata = {"axes": "ZCYX", **lengths, "Channel": channels}
        file.write(samples, tile=(128, 128), compression="zlib", metadata=metadata)
    return path
