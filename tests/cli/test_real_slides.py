"""`pathview info` and `pathview check` on every real file there is, and one slide in six formats."""

from __future__ import annotations

import json
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from subprocess import CompletedProcess

import numpy as np
import pytest

from pathview.core.region import Region
from pathview.slides.open import open_slide
from pathview.slides.reader import Rgb

Call = Callable[..., CompletedProcess[str]]

HALVED = (1.0, 2.0, 4.0, 8.0)
SEVEN = (*HALVED, 16.0, 32.0, 64.0)
SRGB = "sRGB already: "
NO_PROFILE = "sRGB assumed: no profile"


@dataclass(frozen=True, slots=True)
class Known:
    """What is true of a file, from its maker's words and from other programs."""

    format: str
    size: tuple[int, int]
    downsamples: tuple[float, ...]
    mpp: float | None
    mpp_source: str
    power: float | None = None
    images: frozenset[str] = frozenset()
    colour: str = NO_PROFILE
    problem: str | None = None


ALL_IMAGES = frozenset({"label", "macro", "thumbnail"})
CMU_SIZE = (2220, 2967)
SPACING = "DICOM PixelSpacing"
CMU_DICOM = Known("dicom", CMU_SIZE, (1.0,), 0.499, SPACING, images=ALL_IMAGES, colour=SRGB)
BOXES = Known(
    "dicom", (16, 16), (1.0,), 0.499, SPACING, 20, frozenset({"thumbnail"}), SRGB
)  # an instance of another size in the folder is the thumbnail
SLIDES = {
    "aperio/CMU-1-Small-Region.svs": Known(
        "aperio", CMU_SIZE, (1.0,), 0.499, "aperio.MPP", 20, ALL_IMAGES
    ),
    "dicom/CMU-1-Small-Region/*.dcm": CMU_DICOM,
    "dicom/boxes/*.dcm": BOXES,
    "dicom/highdicom/sm_image.dcm": Known("dicom", (50, 50), (1.0,), 0.499, SPACING, colour=SRGB),
    "dicom/highdicom/sm_image_jpegls.dcm": Known("dicom", (50, 50), (1.0,), 0.499, SPACING, colour=SRGB),
    "generic_tiff/CMU-1-Small-Region_pyr.tif": Known(
        "generic-tiff", CMU_SIZE, HALVED, 0.499, "TIFF resolution"
    ),
    "hamamatsu/test3-DAPI-2-387.ndpi": Known(
        "hamamatsu", (3968, 4864), SEVEN, 0.228175, "openslide.mpp-x", 40, frozenset({"macro"})
    ),
    "ome_tiff/CMU-1-Small-Region.ome.tif": Known("ome-tiff", CMU_SIZE, HALVED, 0.499, "OME PhysicalSize"),
    "ome_zarr/CMU-1-Small-Region_v0.5.ome.zarr.zip": Known(
        "ome-zarr", CMU_SIZE, HALVED, 0.499, "OME-Zarr scale"
    ),
    "pcam/pcam_valid_mosaic.tif": Known("generic-tiff", (3840, 3072), HALVED, 0.972, "TIFF resolution"),
    "tiny/boxes.tiff": Known(
        "generic-tiff", (300, 250), HALVED, None, "unknown: TIFF resolution is a 72-dpi default",
        colour=SRGB, problem="the pixel size is unknown",
    ),
    "tiny/osp_small.svs": Known(
        "aperio", (16, 16), (1.0,), 0.499, "aperio.MPP", 20, frozenset({"thumbnail"})
    ),
}  # fmt: skip
REFUSED = {
    "dicom/highdicom/seg_image_sm_control.dcm": "a DICOM file of another kind (SEG)",
    "dicom/highdicom/sm_annotations.dcm": "a DICOM file of another kind (ANN)",
    "dicom/highdicom/sm_image_grayscale.dcm": "16-bit MONOCHROME2",
    "dicom/highdicom/sr_document.dcm": "a DICOM file of another kind (SR)",
    "negative/broken.svs": "no reader knows this format",
    "negative/osp_unopenable.tiff": "Unsupported TIFF compression",
    "negative/osp_unreadable.svs": "the file is damaged",
    "pcam/pcam_valid_mosaic_gt.csv": "no reader knows this format",
    "pcam/pcam_valid_mosaic_gt.geojson": "no reader knows this format",
}


def test_every_file_is_known_here(data: Path) -> None:
    wsi = data / "wsi"
    known = {path for pattern in (*SLIDES, *REFUSED) for path in wsi.glob(pattern)}
    assert {path for path in wsi.rglob("*") if path.is_file()} == known


@pytest.mark.parametrize("pattern", SLIDES)
def test_info_is_right(call: Call, data: Path, pattern: str) -> None:
    known, paths = SLIDES[pattern], sorted((data / "wsi").glob(pattern))
    done = call("info", "--json", *paths)
    assert (done.returncode, done.stderr) == (0, "")
    for said in json.loads(done.stdout):
        assert (said["format"], said["width"], said["height"]) == (known.format, *known.size)
        assert [level["downsample"] for level in said["levels"]] == list(known.downsamples)
        for level in said["levels"]:
            for side, full in zip(("width", "height"), known.size, strict=True):
                assert abs(level[side] - full / level["downsample"]) < 1
        assert said["mpp"] == (None if known.mpp is None else pytest.approx([known.mpp] * 2, rel=1e-5))
        assert said["mpp_source"] == known.mpp_source
        assert said["objective_power"] == known.power
        assert set(said["associated_images"]) == known.images
        assert said["bounds"] == [0, 0, *known.size]
        assert said["colour"].startswith(known.colour)
        assert said["icc_profile"] == (known.colour != NO_PROFILE)


@pytest.mark.parametrize("pattern", SLIDES)
def test_check_is_right(call: Call, data: Path, pattern: str) -> None:
    known, paths = SLIDES[pattern], sorted((data / "wsi").glob(pattern))
    done = call("check", "--json", *paths)
    assert (done.returncode, done.stderr) == (known.problem is not None, "")
    for report in json.loads(done.stdout):
        assert report["healthy"] == (known.problem is None), report["problems"]
        assert [known.problem in problem for problem in report["problems"] if known.problem] == [True] * (
            known.problem is not None
        )
        assert (report["label"], report["macro"]) == ("label" in known.images, "macro" in known.images)
        assert report["blank"] is False
        for level in report["levels"]:
            assert level["unreadable"] == 0
            assert 0 < level["tried"] <= level["tiles"]


@pytest.mark.parametrize("name", REFUSED)
def test_what_is_no_slide_is_refused_in_one_sentence(call: Call, data: Path, name: str) -> None:
    path = data / "wsi" / name
    for command in ("info", "check"):
        done = call(command, path)
        assert (done.returncode, done.stdout) == (1, "")
        (line,) = done.stderr.splitlines()
        assert line.startswith(f"pathview: Cannot open {path}: ")
        assert REFUSED[name] in line
    (report,) = json.loads(call("check", "--json", path).stdout)
    assert (report["healthy"], report["format"], len(report["problems"])) == (False, None, 1)


@pytest.fixture
def six(data: Path, tmp_path: Path) -> dict[str, Path]:
    """Return one slide in six formats: OME-Zarr in a zip file and unpacked."""
    wsi = data / "wsi"
    packed = wsi / "ome_zarr" / "CMU-1-Small-Region_v0.5.ome.zarr.zip"
    with zipfile.ZipFile(packed) as archive:
        archive.extractall(tmp_path / "unpacked")
    (metadata,) = [path for path in (tmp_path / "unpacked").glob("**/zarr.json") if _is_image(path)]
    return {
        "svs": wsi / "aperio" / "CMU-1-Small-Region.svs",
        "tiff": wsi / "generic_tiff" / "CMU-1-Small-Region_pyr.tif",
        "ome-tiff": wsi / "ome_tiff" / "CMU-1-Small-Region.ome.tif",
        "ome-zarr": packed,
        "ome-zarr folder": metadata.parent,
        "dicom": wsi / "dicom" / "CMU-1-Small-Region",
    }


def _is_image(metadata: Path) -> bool:
    attributes = json.loads(metadata.read_text(encoding="utf-8")).get("attributes", {})
    return "multiscales" in attributes.get("ome", {})


# DICOM took the JPEG streams over, OME-Zarr the pixels; the TIFFs were compressed anew.
LOSSLESS = {"ome-zarr", "ome-zarr folder", "dicom"}
SCALES = (1.0, 2.0, 5.3, 16.0)


def differences(one: Rgb, other: Rgb) -> tuple[float, float]:
    """Return the mean difference as the pictures lie, and the smaller one with a pixel moved over or down."""
    first, second = one.astype(int), other.astype(int)
    across = np.abs(first[:, 1:] - second[:, :-1]).mean()
    down = np.abs(first[1:] - second[:-1]).mean()
    return float(np.abs(first - second).mean()), float(min(across, down))


def test_one_slide_in_six_formats_is_one_slide(six: dict[str, Path]) -> None:
    seen: dict[str, list[Rgb]] = {}
    for name, path in six.items():
        with open_slide(path) as slide:
            assert slide.info.size == CMU_SIZE, name
            assert slide.info.mpp == pytest.approx((0.499, 0.499), rel=1e-6), name
            seen[name] = [slide.read(Region(slide.info.box, scale)) for scale in SCALES]
    for name, pictures in seen.items():
        if name in LOSSLESS:
            np.testing.assert_array_equal(pictures[0], seen["svs"][0], err_msg=name)
        for scale, one, other in zip(SCALES, pictures, seen["svs"], strict=True):
            there, moved = differences(one, other)
            assert there <= 4, f"{name} at {scale}"
            assert there <= 0.5 * moved, f"{name} at {scale} may be moved"
