"""Damaged files through the way the program opens slides: it lives, says so in time, and goes on."""

from __future__ import annotations

import json
import random
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from pathview.slides.made import coordinate_pixels, write_made_tiff
from pathview.slides.probe import DEADLINE_S, MEMORY_BYTES

# Opens each file named on stdin as the window does, looks around in it, and says how that went; at the end
# a good one. What this process dies of would have taken the window down.
_PROGRAM = """
import json, resource, sys, time
from pathlib import Path
from pathview.core.errors import PathViewError
from pathview.slides import probe
from pathview.slides.open import open_slide
from pathview.tiles.source import SlideTiles
from pathview.core.pyramid import TileKey

def look_around(slide):
    mpp = slide.info.mpp
    assert mpp is None or all(0.02 <= value <= 100 for value in mpp), mpp
    tiles = SlideTiles(slide)
    pyramid = tiles.pyramid
    bad = 0
    for level in range(pyramid.levels):
        columns, rows = pyramid.shape(level)
        for column, row in {(0, 0), (columns // 2, rows // 2), (columns - 1, rows - 1)}:
            try:
                tiles.read_tile(TileKey(level, column, row))
            except PathViewError:
                bad += 1
    for other in (slide.associated_images, slide.icc_profile):
        try:
            other()
        except PathViewError:
            bad += 1
    return bad

for line in sys.stdin:
    path = line.rstrip("\\n")
    start = time.perf_counter()
    try:
        slide, how = open_slide(path), "read"
    except PathViewError as error:
        slide, how = None, str(error)
    settled = time.perf_counter() - start
    if slide is not None:
        with slide:
            how = "read in part" if look_around(slide) else "read"
    said = {"path": path, "how": how, "settled_s": settled, "took_s": time.perf_counter() - start}
    print(json.dumps(said), flush=True)
probe._child.stop()
peaks = [1024 * resource.getrusage(who).ru_maxrss for who in (resource.RUSAGE_CHILDREN, resource.RUSAGE_SELF)]
print(json.dumps({"peaks": peaks}))
"""

Record = Callable[[str, object], None]

_TIFFS = {
    "osp_small.svs": "tiny",
    "boxes.tiff": "tiny",
    "CMU-1-Small-Region.svs": "aperio",
    "CMU-1-Small-Region_pyr.tif": "generic_tiff",
    "CMU-1-Small-Region.ome.tif": "ome_tiff",
    "test3-DAPI-2-387.ndpi": "hamamatsu",
}
# Refused in time is as good as read, but starting a new child after a death is no part of the deadline.
_SLACK_S = 3.0


@dataclass(frozen=True)
class Batch:
    """Damaged copies of one good file."""

    good: Path
    bad: tuple[Path, ...]


def batches(data: Path, folder: Path, count: int, seed: int) -> Iterator[Batch]:
    """Make about `count` damaged files, one good source after another; each batch is gone after its use."""
    sources = [data / "wsi" / kind / name for name, kind in _TIFFS.items()]
    made = write_made_tiff(folder / "made.tif", (600, 400), tile=64, bigtiff=True, byteorder=">")
    stained = write_stained(folder / "stained.ome.tif")
    others = [*other_sources(data, folder)]
    share = count * 4 // 5 // (len(sources) + 2)
    mutate = data.parent / "tools" / "mutate.py"
    if not mutate.is_file():
        pytest.skip("the maker of damaged files is not here")
    for source in (made, stained, *sources):
        target = folder / source.stem
        command = [
            sys.executable,
            str(mutate),
            str(source),
            str(target),
            "-n",
            str(share),
            "--seed",
            str(seed),
        ]
        subprocess.run([*command, "--not", "sparse_grow"], check=True, capture_output=True)
        lines = (target / "manifest.jsonl").read_text(encoding="utf-8").splitlines()
        yield Batch(source, tuple(target / json.loads(line)["file"] for line in lines))
        shutil.rmtree(target)
    for source in others:
        rng = random.Random(f"{seed} {source.name}")
        target = folder / f"{source.stem} damaged"
        target.mkdir()
        raw = source.read_bytes()
        bad = [
            target / f"{number}{''.join(source.suffixes)}" for number in range(count // 5 // len(others) + 1)
        ]
        for path in bad:
            path.write_bytes(damaged(raw, rng))
        yield Batch(source, tuple(bad))
        shutil.rmtree(target)


def other_sources(data: Path, folder: Path) -> Iterator[Path]:
    """Return good files that are no TIFF: DICOM, OME-Zarr and flat pictures."""
    yield from sorted((data / "wsi" / "dicom" / "boxes").glob("*.dcm"))[:1]
    instances = (data / "wsi" / "dicom" / "CMU-1-Small-Region").glob("*.dcm")
    yield max(instances, key=lambda file: file.stat().st_size)
    yield from (data / "wsi" / "ome_zarr").glob("*.zip")
    picture = Image.fromarray(coordinate_pixels(np.arange(900), np.arange(700)))
    for suffix in ("png", "jpg"):
        picture.save(folder / f"flat.{suffix}")
        yield folder / f"flat.{suffix}"


def write_stained(path: Path) -> Path:
    """Write an OME-TIFF of two 16-bit channels and three focal planes at two levels."""
    import tifffile

    samples = np.random.default_rng(5).integers(0, 4000, (3, 2, 300, 400)).astype(np.uint16)
    how: Any = {"tile": (64, 64), "compression": "zlib", "predictor": True}
    with tifffile.TiffWriter(path, ome=True) as file:
        file.write(samples, subifds=1, metadata={"axes": "ZCYX"}, **how)
        file.write(samples[..., ::2, ::2], subfiletype=1, **how)
    return path


def damaged(raw: bytes, rng: random.Random) -> bytes:
    """Return a copy that was cut, zeroed or overwritten somewhere, more often near its head."""
    copy = bytearray(raw)
    at = rng.randrange(len(raw)) if rng.random() < 0.5 else rng.randrange(min(len(raw), 2048))
    how = rng.choice(["cut", "zeros", "noise", "bits", "long numbers"])
    if how == "cut":
        return bytes(copy[: max(at, 1)])
    for place in range(at, min(at + rng.choice([1, 4, 64, 4096]), len(copy))):
        noise = {"zeros": 0, "noise": rng.randrange(256), "bits": copy[place] ^ (1 << rng.randrange(8))}
        copy[place] = noise.get(how, 255)
    return bytes(copy)


@dataclass(frozen=True)
class Said:
    """How one file went; times in seconds."""

    path: str
    how: str
    settled_s: float
    took_s: float


class Program:
    """A process that opens one file after another; leaving it checks that it lived to the end."""

    peaks: tuple[int, int]
    """Of its children and of itself, bytes; known once it has ended."""

    def __enter__(self) -> Program:
        self._process = subprocess.Popen(
            [sys.executable, "-W", "ignore", "-c", _PROGRAM],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        return self

    def open(self, path: Path) -> Said:
        """Open one file and return how it went."""
        assert self._process.stdin is not None
        self._process.stdin.write(f"{path}\n")
        self._process.stdin.flush()
        return Said(**self._line(path))

    def _line(self, about: object) -> Any:
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        assert line, f"died of {about} ({self._process.wait()})"
        return json.loads(line)

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        with self._process:
            assert self._process.stdin is not None
            self._process.stdin.close()
            if kind is None:
                self.peaks = self._line("ending")["peaks"]
                assert self._process.wait() == 0


def survive(data: Path, folder: Path, count: int, seed: int) -> str:
    """Open about `count` damaged files and check all that must hold; return the figures as text."""
    said: list[Said] = []
    with Program() as program:
        for batch in batches(data, folder, count, seed):
            # First, too: that a program has to import its libraries once is no file's fault.
            assert program.open(batch.good).how == "read"
            said += [program.open(path) for path in batch.bad]
            assert program.open(batch.good).how == "read"
    child, own = program.peaks
    slowest = max(said, key=lambda one: one.settled_s)
    faults = ("crashed the reader", "needs more than", "did not answer")
    killed, greedy, late = (sum(fault in one.how for one in said) for fault in faults)
    figures = (
        f"{len(said)} files: {sum(one.how == 'read' for one in said)} read, "
        f"{sum(one.how == 'read in part' for one in said)} read in part; "
        f"children killed {killed}, short of memory {greedy}, late {late}; "
        f"slowest to settle {slowest.settled_s:.2f} s ({Path(slowest.path).name}), "
        f"with a look around {max(one.took_s for one in said):.2f} s; "
        f"peaks: child {child >> 20}, program {own >> 20} MiB\n"
    )
    sys.stdout.write(figures)
    assert slowest.settled_s <= DEADLINE_S + _SLACK_S, slowest
    assert child <= MEMORY_BYTES
    return figures


@pytest.mark.skipif(sys.platform == "win32", reason="measures with the resource module")
@pytest.mark.parametrize(
    "count", [60, pytest.param(2000, marks=[pytest.mark.slow, pytest.mark.timeout(7200)])]
)
def test_damaged_files(data: Path, tmp_path: Path, count: int, record_property: Record) -> None:
    record_property("figures", survive(data, tmp_path, count, seed=count))
