"""`pathview check`: sound slides are called so, and each kind of defect is found and told."""

import json
from collections.abc import Callable
from pathlib import Path
from subprocess import CompletedProcess

import numpy as np
import pytest

from pathview.core.files import fingerprint
from pathview.slides.made import write_made_tiff

Call = Callable[..., CompletedProcess[str]]


def damage_tiles(path: Path, numbers: range, page: int = 0) -> None:
    import tifffile

    with tifffile.TiffFile(path) as file:
        offsets = file.pages[page].dataoffsets
    with path.open("r+b") as raw:
        for number in numbers:
            raw.seek(offsets[number])
            raw.write(b"\xff" * 64)


def test_a_sound_slide(call: Call, made_tiff: Path) -> None:
    done = call("check", made_tiff)
    assert (done.returncode, done.stderr) == (0, "")
    words = " ".join(done.stdout.split())
    for part in (
        str(made_tiff),
        "health good",
        "1500 x 1100 px, 3 level(s)",
        "pixel size 0.25 x 0.25 um/px (TIFF resolution)",
        "images neither label nor macro",
        f"fingerprint {fingerprint(made_tiff)}",
        "level 0 30 of 30 tiles read, 0 bad",
    ):
        assert part in words


def test_unreadable_tiles_are_counted_and_the_first_are_listed(call: Call, made_tiff: Path) -> None:
    damage_tiles(made_tiff, range(2, 27))
    damage_tiles(made_tiff, range(1), page=2)
    done = call("check", made_tiff)
    assert done.returncode == 1
    assert "30 of 30 tiles read, 25 bad" in done.stdout
    assert "at (512, 0), 256 x 256 px: " in done.stdout
    assert done.stdout.count("    at (") == 21
    assert "problem: level 0: 25 of 30 tiles cannot be read" in done.stdout
    (report,) = json.loads(call("check", "--json", made_tiff).stdout)
    assert not report["healthy"]
    assert [level["unreadable"] for level in report["levels"]] == [25, 0, 1]
    assert len(report["levels"][0]["first_unreadable"]) == 20
    assert report["levels"][2]["first_unreadable"][0]["box"] == [0, 0, 1024, 1024]


def test_a_large_level_is_sampled_unless_all_is_asked_for(call: Call, tmp_path: Path) -> None:
    path = write_made_tiff(tmp_path / "large.tif", (1000, 900), tile=32)
    for words, tried in (((), 400), (("--full",), 928)):
        (report,) = json.loads(call("check", "--json", path, *words).stdout)
        assert [level["tried"] for level in report["levels"]] == [tried, 240, 64]
        assert report["levels"][0]["tiles"] == 928


def test_a_blank_scan(call: Call, tmp_path: Path) -> None:
    import tifffile

    path = tmp_path / "blank.tif"
    glass = np.full((600, 700, 3), 243, np.uint8)
    tifffile.imwrite(path, glass, tile=(128, 128), photometric="rgb", resolution=(2e4, 2e4), resolutionunit=3)
    done = call("check", path)
    assert done.returncode == 1
    assert "problem: no tissue was found" in done.stdout


def test_doubts_about_the_scale(call: Call, tmp_path: Path) -> None:
    unknown = write_made_tiff(tmp_path / "unknown.tif", mpp=None)
    done = call("check", unknown)
    assert done.returncode == 1
    assert "problem: the pixel size is unknown" in done.stdout


def test_what_cannot_be_opened_does_not_keep_the_others_back(
    call: Call, made_tiff: Path, tmp_path: Path
) -> None:
    missing = tmp_path / "missing.svs"
    done = call("check", missing, made_tiff)
    assert done.returncode == 1
    assert len(done.stderr.splitlines()) == 1
    assert str(missing) in done.stderr
    assert "health       good" in done.stdout
    done = call("check", "--json", missing, made_tiff)
    first, second = json.loads(done.stdout)
    assert (done.returncode, done.stderr) == (1, "")
    assert (first["healthy"], second["healthy"]) == (False, True)
    assert "no such file" in first["problems"][0]


@pytest.mark.parametrize(
    ("name", "healthy", "images"),
    [
        ("aperio/CMU-1-Small-Region.svs", True, (True, True)),
        ("generic_tiff/CMU-1-Small-Region_pyr.tif", True, (False, False)),
        ("hamamatsu/test3-DAPI-2-387.ndpi", True, (False, True)),
        ("dicom/CMU-1-Small-Region", True, None),
        ("tiny/boxes.tiff", False, (False, False)),
        ("negative/broken.svs", False, None),
        ("negative/osp_unopenable.tiff", False, None),
        ("negative/osp_unreadable.svs", False, None),
    ],
)
def test_real_slides(
    call: Call, data: Path, name: str, healthy: bool, images: tuple[bool, bool] | None
) -> None:
    done = call("check", "--json", data / "wsi" / name)
    (report,) = json.loads(done.stdout)
    assert report["healthy"] == healthy, report["problems"]
    assert done.returncode == (not healthy)
    if images is not None:
        assert (report["label"], report["macro"]) == images


def test_what_a_library_says_of_odd_tags_is_not_repeated(process: Call, made_tiff: Path) -> None:
    import struct

    raw = bytearray(made_tiff.read_bytes())
    (at,) = struct.unpack_from("<I", raw, 4)
    (count,) = struct.unpack_from("<H", raw, at)
    for entry in range(at + 2, at + 2 + 12 * count, 12):
        if struct.unpack_from("<H", raw, entry)[0] == 296:
            struct.pack_into("<H", raw, entry + 8, 99)
    made_tiff.write_bytes(raw)
    done = process("check", made_tiff)
    assert done.stderr == ""
    assert "problem: the pixel size is unknown" in done.stdout
