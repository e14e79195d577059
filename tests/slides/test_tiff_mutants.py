"""Damaged TIFFs: the native-tile reader reads them, fails a tile, or leaves them; it never dies or swells."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from pathview.slides.made import write_made_tiff

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="the memory limit is POSIX")

# Opens each file named on its standard input with this reader alone, under a limit of 1.5 GiB on top of what
# the libraries take; whatever is not one of our own errors ends it.
_TRY = """
import json, resource, sys, time
from pathlib import Path
import imagecodecs, openslide, simplejpeg, tifffile
from pathview.core.errors import TileReadError
from pathview.slides.preflight import check
from pathview.slides.tiff_reader import open_tiff

size = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
resource.setrlimit(resource.RLIMIT_AS, (size + (3 << 29),) * 2)

def read(path):
    if check(path) is not None:
        return "refused"
    reader = open_tiff(path)
    if reader is None:
        return "left"
    mpp, said = reader.info.mpp, "read"
    assert mpp is None or all(0.02 <= value <= 100 for value in mpp), mpp
    for number, level in enumerate(reader.info.levels):
        w, h = (min(side, 700) for side in level.size)
        for x, y in ((0, 0), (level.size[0] - w, level.size[1] - h)):
            try:
                assert reader.read_level(number, x, y, w, h).shape == (h, w, 3)
            except TileReadError:
                said = "tile"
    reader.associated_images()
    reader.icc_profile()
    reader.close()
    return said

for line in sys.stdin:
    print(json.dumps(["begin", line.strip()]), flush=True)
    start = time.monotonic()
    said = read(Path(line.strip()))
    assert time.monotonic() - start < 20, "slow"
    print(json.dumps([said, line.strip()]), flush=True)
"""


def outcomes(data: Path, source: str, folder: Path, count: int, seed: int) -> list[str]:
    """Make damaged copies of a slide, try each, and return how it went."""
    mutate = data.parent / "tools" / "mutate.py"
    if not mutate.is_file():
        pytest.skip("the maker of damaged files is not here")
    if source == "made":
        path = write_made_tiff(folder / "made.tif", (600, 400), tile=64, compression="lzw", predictor=True)
    else:
        path = data / "wsi" / source
    command = [
        sys.executable,
        str(mutate),
        str(path),
        str(folder / "m"),
        "-n",
        str(count),
        "--seed",
        str(seed),
    ]
    subprocess.run([*command, "--not", "sparse_grow"], check=True, capture_output=True)
    names = [json.loads(line)["file"] for line in (folder / "m" / "manifest.jsonl").read_text().splitlines()]
    paths = "\n".join(str(folder / "m" / name) for name in names)
    child = subprocess.run([sys.executable, "-c", _TRY], input=paths, capture_output=True, text=True)
    said = [json.loads(line) for line in child.stdout.splitlines()]
    assert child.returncode == 0, f"died at {said[-1:]}: {child.stderr[-2000:]}"
    results = [kind for kind, _ in said if kind != "begin"]
    assert len(results) == len(names)
    return results


@pytest.mark.parametrize("source", ["made", "tiny/osp_small.svs", "tiny/boxes.tiff"])
def test_damaged_files_do_no_harm(data: Path, tmp_path: Path, source: str) -> None:
    assert "read" in outcomes(data, source, tmp_path, 50, 11)


@pytest.mark.slow
@pytest.mark.parametrize(
    "source",
    [
        "made",
        "tiny/osp_small.svs",
        "tiny/boxes.tiff",
        "aperio/CMU-1-Small-Region.svs",
        "ome_tiff/CMU-1-Small-Region.ome.tif",
    ],
)
def test_many_damaged_files_do_no_harm(data: Path, tmp_path: Path, source: str) -> None:
    assert "read" in outcomes(data, source, tmp_path, 300, 12)
