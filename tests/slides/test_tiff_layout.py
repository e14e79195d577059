"""Whose TIFF it is: told from a page, as for slides on servers, and by OpenSlide, which wants a file."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from pathview.slides.made import write_made_tiff
from pathview.slides.tiff_layout import vendor_of

tifffile = pytest.importorskip("tifffile")


def both(path: Path) -> tuple[str | None, str | None]:
    """Return what we and OpenSlide take a TIFF for."""
    import openslide

    with tifffile.TiffFile(path) as file:
        return vendor_of(file.pages.first), openslide.OpenSlide.detect_format(str(path))


@pytest.mark.parametrize(
    "name",
    [
        "aperio/CMU-1-Small-Region.svs",
        "generic_tiff/CMU-1-Small-Region_pyr.tif",
        "hamamatsu/test3-DAPI-2-387.ndpi",
        "pcam/pcam_valid_mosaic.tif",
        "tiny/boxes.tiff",
        "tiny/osp_small.svs",
    ],
)
def test_real_files_are_told_as_openslide_tells_them(name: str, data: Path) -> None:
    ours, its = both(data / "wsi" / name)
    assert ours == its is not None


def test_a_made_file_is_generic(made_tiff: Path, tmp_path: Path) -> None:
    assert both(made_tiff) == ("generic-tiff", "generic-tiff")
    assert both(write_made_tiff(tmp_path / "small.tif", (300, 200)))[0] == "generic-tiff"


@pytest.mark.parametrize(
    ("vendor", "how"),
    [
        ("leica", {"description": '<scn xmlns="http://www.leica-microsystems.com/scn/2010/10/01">'}),
        ("trestle", {"software": "MedScan"}),
        ("philips", {"software": "Philips DP v1.0"}),
        ("ventana", {"extratags": [(700, 1, 0, b"<iScan>", False)]}),
        ("aperio", {"description": "Aperio Image Library v1"}),
        ("generic-tiff", {"description": "by hand"}),
    ],
)
def test_each_vendor_is_known_by_its_mark(vendor: str, how: dict[str, Any], tmp_path: Path) -> None:
    path = tmp_path / "a.tif"
    pixels = np.zeros((64, 64, 3), np.uint8)
    tifffile.imwrite(path, pixels, tile=(32, 32), photometric="rgb", metadata=None, **how)
    with tifffile.TiffFile(path) as file:
        assert vendor_of(file.pages.first) == vendor


def test_what_is_neither_tiled_nor_marked_is_nobodys(tmp_path: Path) -> None:
    path = tmp_path / "a.tif"
    tifffile.imwrite(path, np.zeros((64, 64, 3), np.uint8), photometric="rgb", metadata=None)
    assert both(path) == (None, None)
