"""What a file says of the patient is not passed on, and its label is not looked at, unless somebody asks."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from pathview.core.geometry import Box
from pathview.slides.open import open_slide
from pathview.slides.private import DICOM_SHOWN, shown
from pathview.slides.reader import Level, SlideInfo

WITHHELD = {
    "openslide.barcode": "S19-0815",
    "philips.PIM_DP_UFS_BARCODE": "S19",
    "leica.barcode": "S19",
    "ventana.Barcode1D": "S19",
    "hamamatsu.Reference": "S19",
    "aperio.Patient Name": "Jane",
    "mirax.GENERAL.SLIDE_ID": "7",
    "philips.DICOM_ACCESSION_NUMBER": "0815",
    "tiff.ImageDescription": "Aperio|AppMag = 20|Barcode = S19-0815",
    "openslide.comment": "Patient: Jane Doe",
    "dicom.PatientName": "Doe^Jane",
    "dicom.AccessionNumber": "S19",
    "dicom.LabelText": "Jane",
    "dicom.SpecimenDescriptionSequence[0].SpecimenIdentifier": "S19",
    "dicom.SpecimenDescriptionSequence[0].SpecimenTypeCodeSequence[0].CodeMeaning": "Slide",
    "dicom.AnythingThatIsNotYetInTheStandard": "Jane",
    "dicom.(0009,1001)": "Jane",
}
PASSED = {
    "openslide.vendor": "aperio",
    "openslide.mpp-x": "0.499",
    "openslide.associated.label.width": "387",
    "openslide.quickhash-1": "ab",
    "aperio.AppMag": "20",
    "tiff.ImageDescription": "Aperio|AppMag = 20",
    "dicom.SeriesInstanceUID": "1.2.3",
    "dicom.ImageType[2]": "VOLUME",
    "dicom.SharedFunctionalGroupsSequence[0].PixelMeasuresSequence[0].PixelSpacing[0]": "0.0005",
    "dicom.OpticalPathSequence[0].ObjectiveLensPower": "20",
    "pathview.series": "the largest of 2",
}


@pytest.mark.parametrize("name", WITHHELD)
def test_what_may_name_somebody_is_withheld(name: str) -> None:
    assert shown({name: WITHHELD[name]}) == {}


def test_what_describes_the_image_is_passed_on() -> None:
    assert shown(PASSED) == PASSED


def test_no_attribute_of_the_patient_is_on_the_list() -> None:
    dictionary = pytest.importorskip("pydicom.datadict")
    tags = {keyword: dictionary.tag_for_keyword(keyword) for keyword in DICOM_SHOWN}
    assert [keyword for keyword, tag in tags.items() if tag is None] == [], "no DICOM keywords"
    # 0010 is the patient, 0032 what was ordered, 0038 the visit; 0040 what was done, with a few of the image.
    assert {keyword for keyword, tag in tags.items() if tag >> 16 in (0x0010, 0x0032, 0x0038)} == set()
    assert {keyword for keyword, tag in tags.items() if tag >> 16 == 0x0040} == {
        "ContainerTypeCodeSequence",
        "WholeSlideMicroscopyImageFrameTypeSequence",
        "XOffsetInSlideCoordinateSystem",
        "YOffsetInSlideCoordinateSystem",
        "ZOffsetInSlideCoordinateSystem",
    }


def test_no_reader_can_forget_it() -> None:
    info = SlideInfo(
        path=Path("a"),
        format="made",
        fingerprint="",
        levels=(Level((1, 1), 1.0, (1, 1)),),
        mpp=None,
        mpp_source="unknown",
        objective_power=None,
        bounds=Box(0, 0, 1, 1),
        background=(255, 255, 255),
        properties=WITHHELD | {"openslide.vendor": "made"},
    )
    assert info.properties == {"openslide.vendor": "made"}


@pytest.fixture
def no_pictures(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let any decoding of a label, macro or thumbnail fail the test."""
    import openslide

    def refuse(*_: Any) -> Any:
        raise AssertionError("an associated image was decoded without being asked for")

    monkeypatch.setattr(openslide.lowlevel, "read_associated_image", refuse)
    monkeypatch.setattr("pathview.slides.tiff_reader._picture", refuse)


@pytest.mark.usefixtures("no_pictures")
@pytest.mark.parametrize(
    ("name", "sizes"),
    [
        (
            "aperio/CMU-1-Small-Region.svs",
            {"label": (387, 463), "macro": (1280, 431), "thumbnail": (574, 768)},
        ),
        (
            "dicom/CMU-1-Small-Region",
            {"label": (387, 463), "macro": (1280, 431), "thumbnail": (574, 768)},
        ),
        ("hamamatsu/test3-DAPI-2-387.ndpi", {"macro": (1188, 406)}),
    ],
)
def test_sizes_are_told_and_nothing_is_decoded(
    data: Path, name: str, sizes: dict[str, tuple[int, int]]
) -> None:
    with open_slide(data / "wsi" / name) as slide:
        assert slide.associated_sizes() == sizes
