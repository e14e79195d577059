"""What every test may ask for, and what every test is checked for."""

from __future__ import annotations

import base64
import contextlib
import json
import os
import re
import shutil
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, Protocol
from urllib.parse import unquote

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
_KEPT_THREADS = ("pytest_timeout", "Dummy-", "asyncio_", "zarr", "tqdm_monitor")
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
    # Finding the fastest engine takes seconds for each new home; tests of engines take this back.
    monkeypatch.setenv("PATHVIEW_BACKEND", "torch")
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


class SlideServer:
    """A web server on this machine that gives the files of a folder, by parts, and misbehaves when told to.

    Attributes
    ----------
    asked
        (path with query, first byte or None, bytes sent) of each answer so far.
    status
        Answer with this status instead.
    ranges
        Whether parts can be asked for.
    etag
        Sent with each file; None sends none.
    password
        "user:password" that must be given.
    moved
        Send who asks for this path to that address.
    cut
        Break the connection off in the middle of this many answers.
    hold
        While it is cleared, nothing is answered.
    delay_s
        Wait before each answer.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.asked: list[tuple[str, int | None, int]] = []
        self.status: int | None = None
        self.ranges = True
        self.etag: str | None = '"first"'
        self.password: str | None = None
        self.moved: dict[str, str] = {}
        self.cut = 0
        self.hold = threading.Event()
        self.hold.set()
        self.delay_s = 0.0
        self._http: _Http | None = None
        self.start()

    @property
    def sent(self) -> int:
        """Bytes of files sent so far."""
        return sum(count for _, _, count in self.asked)

    def address(self, name: str) -> str:
        """Return where a file of the folder is found."""
        return f"http://127.0.0.1:{self.port}/{name}"

    def start(self) -> None:
        """Begin to answer, under the same port as before."""
        self._http = _Http(self, getattr(self, "port", 0))
        self.port = self._http.server_address[1]
        threading.Thread(target=self._http.serve_forever, args=(0.01,), name="slide-server").start()

    def stop(self) -> None:
        """Be gone, with all connections."""
        self.hold.set()
        http, self._http = self._http, None
        if http is not None:
            http.shutdown()
            http.hang_up()
            http.server_close()


class _Http(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self, behaviour: SlideServer, port: int) -> None:
        self.behaviour = behaviour
        self._open: set[socket.socket] = set()
        super().__init__(("127.0.0.1", port), _Answer)

    def process_request(self, request: Any, client_address: Any) -> None:
        self._open.add(request)
        super().process_request(request, client_address)

    def shutdown_request(self, request: Any) -> None:
        self._open.discard(request)
        super().shutdown_request(request)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Say nothing: connections that break off are the point of many tests."""

    def hang_up(self) -> None:
        for connection in list(self._open):
            with contextlib.suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)


class _Answer(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    wbufsize = 1 << 16  # head and body in one packet, or each answer waits for the last one's receipt
    server: _Http

    def do_GET(self) -> None:
        told = self.server.behaviour
        told.hold.wait()
        time.sleep(told.delay_s)
        path = unquote(self.path.partition("?")[0]).lstrip("/")
        file = told.folder / path
        login = "Basic " + base64.b64encode((told.password or "").encode()).decode()
        if told.status is not None:
            self._say(told.status)
        elif path in told.moved:
            self._say(302, {"Location": told.moved[path]})
        elif told.password is not None and self.headers.get("Authorization") != login:
            self._say(401)
        elif not file.is_file():
            self._say(404)
        else:
            self._send(told, file.read_bytes())

    def _send(self, told: SlideServer, content: bytes) -> None:
        etag = {} if told.etag is None else {"ETag": told.etag}
        wanted = re.fullmatch(r"bytes=(\d+)-(\d+)", self.headers.get("Range", "")) if told.ranges else None
        first = int(wanted[1]) if wanted else 0
        if first >= len(content):
            self._say(416, {"Content-Range": f"bytes */{len(content)}", **etag})
            return
        body = content[first : int(wanted[2]) + 1] if wanted else content
        told.asked.append((self.path, int(wanted[1]) if wanted else None, len(body)))
        if wanted:
            place = f"bytes {first}-{first + len(body) - 1}/{len(content)}"
            self._say(206, {"Content-Range": place, **etag}, body)
        else:
            self._say(200, etag, body)

    def _say(self, status: int, headers: dict[str, str] | None = None, body: bytes = b"") -> None:
        self.send_response(status)
        for name, value in (headers or {}).items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.server.behaviour.cut > 0:
            self.server.behaviour.cut -= 1
            self.wfile.write(body[: len(body) // 2])
            self.close_connection = True
        else:
            self.wfile.write(body)

    def log_message(self, format: str, *arguments: object) -> None:
        """Say nothing."""


@pytest.fixture
def server(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[SlideServer]:
    """Start a web server over an empty folder."""
    for name in ("http_proxy", "https_proxy", "all_proxy"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)
    folder = tmp_path / "served"
    folder.mkdir()
    running = SlideServer(folder)
    yield running
    running.stop()


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


@pytest.fixture(scope="session")
def trained_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Make a model folder once: a small network that tells three kinds of tissue, and a tile of each kind.

    Its head is laid along what varies most in the network's features, so that every fault of its input shows.
    """
    safetensors = pytest.importorskip("safetensors.torch")
    timm, torch = pytest.importorskip("timm"), pytest.importorskip("torch")
    folder = tmp_path_factory.mktemp("trained") / "three-tissues"
    folder.mkdir()
    torch.manual_seed(5)
    network = timm.create_model("test_resnet", num_classes=3).eval()
    tiles = _tinted_tiles()
    pixels = torch.tensor(tiles).permute(0, 3, 1, 2) / 127.5 - 1
    with torch.inference_mode():
        features = network.forward_head(network.forward_features(pixels), pre_logits=True)
        _, sizes, axes = torch.linalg.svd(features - features.mean(0), full_matrices=False)
        weight = 14 * axes[:3] / sizes[:3, None]
        head = network.get_classifier()
        head.weight.copy_(weight)
        head.bias.copy_(-(weight @ features.mean(0)))
        scores = torch.softmax(network(pixels), 1).numpy()
    safetensors.save_file(network.state_dict(), str(folder / "model.safetensors"))
    config = {
        "spec_version": "1.0",
        "architecture": "test_resnet",
        "num_classes": 3,
        "class_names": ["Stroma", "Tumor", "Fat"],
        "patch_size_pixels": 64,
        "spacing_um_px": 0.5,
        "transform": [
            {"name": "ToTensor"},
            {"name": "Normalize", "arguments": {"mean": [0.5] * 3, "std": [0.5] * 3}},
        ],
        "pathview": {"positive": "Stroma", "reference": _references(folder, tiles, scores)},
    }
    (folder / "config.json").write_text(json.dumps(config, indent=2), encoding="utf-8")
    return folder


def _tinted_tiles() -> Any:
    import numpy as np

    from pathview.inference.probe_tiles import DENSE, TISSUE, probe_tiles

    tints = [[0, 0, 0], [-60, 10, -70], [-20, -80, 20], [10, 20, -120], [-120, -20, 0]]
    some = [probe_tiles(64)[kind].astype(float) for kind in (TISSUE, DENSE)]
    more = [np.roll(tile, 16, axis=0) * 0.8 + 0.2 * tile for tile in some]
    return np.stack(
        [np.clip(t + np.array(c), 0, 255).astype(np.uint8) for t in (*some, *more) for c in tints]
    )


def _references(folder: Path, tiles: Any, scores: Any) -> list[dict[str, Any]]:
    from PIL import Image

    found = []
    for column, name in enumerate(("Stroma", "Tumor", "Fat")):
        mine = [i for i in range(len(tiles)) if scores[i].argmax() == column]
        # Neither sure nor torn: there a wrong input moves the score most.
        for number, i in enumerate(sorted(mine, key=lambda i: abs(float(scores[i, column]) - 0.7))[:3]):
            tile = f"{name}_{number}.png"
            Image.fromarray(tiles[i]).save(folder / tile, dpi=(25_400 / 0.5,) * 2)
            found.append({"tile": tile, "class": name, "score": round(float(scores[i, column]), 3)})
    return found


@pytest.fixture
def model_folder(trained_folder: Path, tmp_path: Path) -> Path:
    """Copy the model folder "three-tissues" for a test to change: 64 px at 0.5 um/px, three classes."""
    return Path(shutil.copytree(trained_folder, tmp_path / "three-tissues"))
