"""The check before any C library: it accepts every sound file, and what it lets through harms nobody."""

from __future__ import annotations

import json
import struct
import subprocess
import sys
from pathlib import Path

import pytest

from pathview.slides.made import write_made_tiff
from pathview.slides.preflight import check

# Opens each file named on its standard input as the program would, and says how that went.
_TRY = """
import json, sys
from pathlib import Path
from pathview.core.errors import PathViewError
from pathview.core.geometry import Box
from pathview.core.region import Region
from pathview.slides.open import open_slide

for line in sys.stdin:
    print(json.dumps(["begin", line.strip()]), flush=True)
    try:
        with open_slide(line.strip()) as slide:
            mpp = slide.info.mpp
            assert mpp is None or all(0.02 <= value <= 100 for value in mpp), mpp
            for level in slide.info.levels:
                slide.read(Region(Box(0, 0, 64 * level.downsample, 64 * level.downsample), level.downsample))
            slide.associated_images()
            slide.icc_profile()
        print(json.dumps(["read", ""]), flush=True)
    except PathViewError as error:
        print(json.dumps(["refused", str(error)]), flush=True)
"""


def tiff_files(data: Path) -> list[Path]:
    suffixes = {".svs", ".tif", ".tiff", ".ndpi"}
    return [path for path in (data / "wsi").rglob("*") if path.suffix in suffixes]


def test_every_sound_file_passes(data: Path) -> None:
    files = [path for path in tiff_files(data) if "negative" not in path.parts]
    assert len(files) >= 6
    assert {path.name: check(path) for path in files} == {path.name: None for path in files}


@pytest.mark.parametrize(("bigtiff", "byteorder"), [(False, "<"), (True, "<"), (False, ">"), (True, ">")])
def test_made_files_pass_in_every_dialect(tmp_path: Path, bigtiff: bool, byteorder: str) -> None:
    assert (
        check(write_made_tiff(tmp_path / "a.tif", (300, 200), bigtiff=bigtiff, byteorder=byteorder)) is None
    )


def test_strips_and_subifds_pass(tmp_path: Path) -> None:
    import numpy as np
    import tifffile

    path = tmp_path / "a.tif"
    with tifffile.TiffWriter(path) as file:
        file.write(np.zeros((200, 300, 3), np.uint8), rowsperstrip=7, subifds=2, photometric="rgb")
        file.write(np.zeros((100, 150, 3), np.uint8), subfiletype=1, photometric="rgb")
        file.write(np.zeros((50, 75, 3), np.uint8), subfiletype=1, photometric="rgb")
        file.write(np.zeros((20, 30, 3), np.uint8), planarconfig="separate", photometric="rgb")
    assert check(path) is None


@pytest.mark.parametrize("content", [b"", b"II", b"\x89PNG....", b"IIxx" + bytes(90)])
def test_what_is_no_tiff_is_no_business_of_it(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "a.bin"
    path.write_bytes(content)
    assert check(path) is None


def edited(path: Path, tag: int, value: int) -> Path:
    """Overwrite the value of a tag of the first directory (classic, little endian)."""
    raw = bytearray(path.read_bytes())
    (at,) = struct.unpack_from("<I", raw, 4)
    (count,) = struct.unpack_from("<H", raw, at)
    for entry in range(at + 2, at + 2 + 12 * count, 12):
        found, kind = struct.unpack_from("<HH", raw, entry)
        if found == tag:
            struct.pack_into("<H" if kind == 3 else "<I", raw, entry + 8, value)
    path.write_bytes(raw)
    return path


@pytest.mark.parametrize(
    ("tag", "value", "why"),
    [
        (256, 0, "claims to be 0 x"),
        (257, 60_000, "needs"),
        (277, 0, "samples"),
        (322, 0, "tiles of 0 x"),
        (322, 16, "needs"),
        (324, 1 << 30, "behind the end"),
    ],
)
def test_impossible_geometry_is_told(tmp_path: Path, tag: int, value: int, why: str) -> None:
    path = edited(write_made_tiff(tmp_path / "a.tif", (900, 700)), tag, value)
    reason = check(path)
    assert reason is not None
    assert why in reason


def test_a_loop_is_told(tmp_path: Path) -> None:
    path = write_made_tiff(tmp_path / "a.tif", (300, 200), downsamples=(1,))
    raw = bytearray(path.read_bytes())
    (at,) = struct.unpack_from("<I", raw, 4)
    (count,) = struct.unpack_from("<H", raw, at)
    struct.pack_into("<I", raw, at + 2 + 12 * count, at)
    path.write_bytes(raw)
    assert check(path) == "its image directories form a loop"


@pytest.mark.slow
@pytest.mark.parametrize("source", ["made", "boxes.tiff", "osp_small.svs"])
def test_damaged_files_are_read_or_refused(data: Path, tmp_path: Path, source: str) -> None:
    mutate = data.parent / "tools" / "mutate.py"
    if not mutate.is_file():
        pytest.skip("the maker of damaged files is not here")
    path = data / "wsi" / "tiny" / source
    if source == "made":
        path = write_made_tiff(tmp_path / "made.tif", (600, 400), tile=64)
    folder = tmp_path / "mutants"
    command = [sys.executable, str(mutate), str(path), str(folder), "-n", "100", "--seed", "7"]
    subprocess.run([*command, "--not", "sparse_grow"], check=True, capture_output=True)
    names = [json.loads(line)["file"] for line in (folder / "manifest.jsonl").read_text().splitlines()]
    paths = "\n".join(str(folder / name) for name in names)
    child = subprocess.run([sys.executable, "-c", _TRY], input=paths, capture_output=True, text=True)
    said = [json.loads(line) for line in child.stdout.splitlines()]
    assert child.returncode == 0, f"died at {said[-1]}: {child.stderr[-2000:]}"
    assert sum(kind != "begin" for kind, _ in said) == len(names)
