"""DICOM slides: any file of one opens all of it, the scale is right, and nobody is named."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from pathview.core.errors import SlideOpenError, TileReadError
from pathview.core.geometry import Box
from pathview.core.region import Region
from pathview.slides.dicom_files import read_header, slide_files
from pathview.slides.dicom_reader import WsidicomReader, open_dicom
from pathview.slides.openslide_reader import OpenSlideReader
from pathview.slides.slide import Slide

pydicom = pytest.importorskip("pydicom")

JPEG_LS = "sm_image_jpegls.dcm"
IDENTIFYING = {
    "PatientName": "Doe^Jane",
    "PatientID": "AA-4711",
    "PatientBirthDate": "19500101",
    "PatientSex": "F",
    "OtherPatientNames": "Roe^Jane",
    "EthnicGroup": "told",
    "Occupation": "told",
    "AccessionNumber": "S19-0815",
    "ReferringPhysicianName": "Foe^Doctor",
    "OperatorsName": "Moe^Operator",
    "InstitutionName": "Clinic 4711",
    "StudyID": "ST-4711",
    "StudyDate": "20200102",
    "StudyDescription": "told",
    "ContainerIdentifier": "S19-0815-A1",
    "BarcodeValue": "4711-0815",
    "LabelText": "Jane Doe 4711",
    "DeviceSerialNumber": "SN4711",
    "StationName": "ST4711",
    "ImageComments": "told",
}


def opened(path: Path) -> Slide:
    reader = open_dicom(path)
    assert reader is not None
    return Slide(reader)


def refusal(path: Path) -> str:
    with pytest.raises(SlideOpenError) as caught:
        open_dicom(path)
    assert "\n" not in str(caught.value)
    return caught.value.reason


@pytest.fixture
def cmu(data: Path) -> Path:
    return data / "wsi" / "dicom" / "CMU-1-Small-Region"


@pytest.fixture
def small(data: Path) -> Path:
    """Return the folder of small files of many kinds."""
    return data / "wsi" / "dicom" / "highdicom"


Change = Callable[..., Path]


@pytest.fixture
def changed(small: Path, tmp_path: Path) -> Change:
    """Return a function that writes a copy of a small slide with other attributes."""

    def write(name: str = "a.dcm", source: str = "sm_image.dcm", **attributes: Any) -> Path:
        header = pydicom.dcmread(small / source)
        for keyword, value in attributes.items():
            setattr(header, keyword, value)
        (tmp_path / "dicom").mkdir(exist_ok=True)
        path = tmp_path / "dicom" / name
        header.save_as(path)
        return path

    return write


def test_any_file_of_a_slide_and_its_folder_open_the_same_slide(cmu: Path) -> None:
    seen = set()
    for path in (cmu, *cmu.iterdir()):
        with opened(path) as slide:
            assert slide.info.size == (2220, 2967)
            assert slide.info.mpp == pytest.approx((0.499, 0.499))
            assert slide.info.mpp_source == "DICOM PixelSpacing"
            assert set(slide.associated_images()) == {"label", "macro", "thumbnail"}
            seen.add((slide.info.path, slide.info.fingerprint))
    assert len(seen) == 1


@pytest.mark.parametrize("reader", ["openslide", "wsidicom"])
def test_every_pixel_is_that_of_the_svs_that_it_was_made_from(data: Path, cmu: Path, reader: str) -> None:
    (files,) = slide_files(cmu).values()
    made = OpenSlideReader(files[0].path) if reader == "openslide" else WsidicomReader(files, {})
    region = Region(Box(0, 0, 2220, 2967), 1.0)
    with (
        Slide(OpenSlideReader(data / "wsi" / "aperio" / "CMU-1-Small-Region.svs")) as svs,
        Slide(made) as dicom,
    ):
        np.testing.assert_array_equal(dicom.read(region), svs.read(region))
        ours, theirs = dicom.associated_images(), svs.associated_images()
        # The label's file was compressed anew; the macro was taken over.
        np.testing.assert_array_equal(ours["macro"], theirs["macro"])
        assert ours["label"].shape == theirs["label"].shape


def test_both_readers_say_the_same(cmu: Path) -> None:
    (files,) = slide_files(cmu).values()
    one, other = OpenSlideReader(files[0].path), WsidicomReader(files, {})
    for fact in ("path", "format", "fingerprint", "levels", "mpp", "mpp_source", "objective_power", "bounds"):
        assert getattr(one.info, fact) == getattr(other.info, fact), fact
    assert one.icc_profile() == other.icc_profile()
    sizes = dict(one.associated_sizes())
    assert sizes.pop("thumbnail") == (574, 768)
    assert sizes == other.associated_sizes() == {"label": (387, 463), "macro": (1280, 431)}
    one.close()
    other.close()


def test_jpeg_ls_is_read_right(small: Path) -> None:
    region = Region(Box(0, 0, 50, 50), 1.0)
    with opened(small / JPEG_LS) as lossless, opened(small / "sm_image.dcm") as plain:
        np.testing.assert_array_equal(lossless.read(region), plain.read(region))
        assert lossless.info.properties["dicom.TransferSyntaxUID"] == "1.2.840.10008.1.2.4.80"


def test_without_the_extra_the_refusal_says_how_to_get_it(
    small: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "wsidicom", None)
    assert 'pip install "pathview[dicom]"' in refusal(small / JPEG_LS)


def test_sixteen_bit_is_refused(small: Path) -> None:
    assert "16-bit MONOCHROME2" in refusal(small / "sm_image_grayscale.dcm")


def test_eight_bit_grey_is_shown_as_grey(changed: Change) -> None:
    values = np.arange(25 * 100, dtype=np.uint8).reshape(25, 10, 10)
    path = changed(
        source="sm_image_grayscale.dcm",
        BitsAllocated=8, BitsStored=8, HighBit=7, PixelData=values.tobytes(),
    )  # fmt: skip
    with opened(path) as slide:
        pixels = slide.read(Region(Box(0, 0, 20, 10), 1.0))
    np.testing.assert_array_equal(pixels[..., 0], np.hstack([values[0], values[1]]))
    assert (pixels == pixels[..., :1]).all()


@pytest.mark.parametrize("kind", ["seg_image_sm_control", "sm_annotations", "sr_document"])
def test_other_dicom_files_are_named(small: Path, kind: str) -> None:
    assert "a DICOM file of another kind" in refusal(small / f"{kind}.dcm")


@pytest.mark.parametrize("reader", ["openslide", "wsidicom"])
def test_pixel_spacing_is_rows_first(changed: Change, reader: str) -> None:
    path = changed(source="sm_image.dcm" if reader == "openslide" else JPEG_LS)
    header = pydicom.dcmread(path)
    # PS3.3 10.7.1.1: the first value is the distance between rows, so along y.
    header.SharedFunctionalGroupsSequence[0].PixelMeasuresSequence[0].PixelSpacing = [0.0005, 0.00025]
    header.OpticalPathSequence[0].ObjectiveLensPower = "40"
    header.save_as(path)
    with opened(path) as slide:
        assert slide.info.mpp == pytest.approx((0.25, 0.5))
        assert "x and y differ" in slide.info.mpp_source
        assert slide.info.objective_power == 40


@pytest.mark.parametrize("source", ["sm_image.dcm", JPEG_LS])
def test_nobody_is_named(changed: Change, source: str) -> None:
    path = changed(source=source, **IDENTIFYING)
    with opened(path) as slide:
        kept = slide.info.properties
    text = repr(dict(kept))
    assert "dicom.SeriesInstanceUID" in kept
    assert "dicom.PhotometricInterpretation" in kept
    for keyword, value in IDENTIFYING.items():
        assert f"dicom.{keyword}" not in kept
        assert len(value) < 3 or value not in text


def test_the_largest_slide_of_a_folder_is_opened_and_named(cmu: Path, changed: Change) -> None:
    folder = changed().parent
    for path in cmu.iterdir():
        shutil.copyfile(path, folder / path.name)
    with opened(folder) as slide:
        assert slide.info.size == (2220, 2967)
        series = slide.info.properties["dicom.SeriesInstanceUID"]
        assert slide.info.properties["pathview.series"] == f"the largest of 2 in the folder ({series})"
    with opened(folder / "a.dcm") as slide:
        assert slide.info.size == (50, 50)
        assert "pathview.series" not in slide.info.properties


def test_equally_large_slides_are_not_chosen_from(small: Path) -> None:
    assert "3 equally large DICOM slides" in refusal(small)


def test_a_label_without_its_slide_is_named(cmu: Path, tmp_path: Path) -> None:
    for path in cmu.iterdir():
        header = read_header(path)
        assert header is not None
        if header.flavor == "LABEL":
            shutil.copyfile(path, tmp_path / "label.dcm")
    assert "label picture of a DICOM slide" in refusal(tmp_path / "label.dcm")
    assert "those of the slide are missing" in refusal(tmp_path)


def test_what_is_no_dicom_is_not_ours(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_bytes(b"text" * 100)
    assert open_dicom(tmp_path / "a.txt") is None
    assert open_dicom(tmp_path) is None


def test_a_size_that_cannot_be_true_is_refused_before_a_library_sees_it(changed: Change) -> None:
    assert "the size is 4294967295 x 50" in refusal(changed(TotalPixelMatrixColumns=0xFFFFFFFF))
    assert "tiles are 65535 x 65535" in refusal(changed(Rows=65535, Columns=65535))


@pytest.mark.parametrize("source", ["sm_image.dcm", JPEG_LS])
def test_a_file_cut_anywhere_is_refused_or_read(changed: Change, source: str) -> None:
    path = changed(source=source)
    whole = path.read_bytes()
    for length in range(133, len(whole), len(whole) // 12):
        path.write_bytes(whole[:length])
        try:
            with opened(path) as slide:
                slide.read(Region(Box(0, 0, 50, 50), 1.0))
        except (SlideOpenError, TileReadError):
            continue


def test_threads_read_the_same_pixels_and_closing_waits(cmu: Path) -> None:
    (files,) = slide_files(cmu).values()
    reader = WsidicomReader(files, {})
    places = [(x, y) for x in range(0, 1900, 300) for y in range(0, 2600, 300)]
    want = [reader.read_level(0, x, y, 300, 300) for x, y in places]
    with ThreadPoolExecutor(4) as pool:
        got = list(pool.map(lambda at: reader.read_level(0, at[0], at[1], 300, 300), places))
        late = [pool.submit(reader.read_level, 0, x, y, 300, 300) for x, y in places]
        reader.close()
    assert all(np.array_equal(a, b) for a, b in zip(got, want, strict=True))
    for future in late:
        error = future.exception()
        assert error is None or "closed" in str(error)
    with pytest.raises(TileReadError, match="closed"):
        reader.read_level(0, 0, 0, 1, 1)
    reader.close()


def test_implicit_headers_are_understood(changed: Change) -> None:
    path = changed()
    header = pydicom.dcmread(path)
    header.file_meta.TransferSyntaxUID = "1.2.840.10008.1.2"
    header.save_as(path, implicit_vr=True, little_endian=True, enforce_file_format=True)
    found = read_header(path)
    assert found is not None
    assert (found.size, found.tile, found.bits, found.flavor) == ((50, 50), (10, 10), 8, "VOLUME")
