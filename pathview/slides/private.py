"""Which of a file's own words may be shown: those about the image, never those about the patient."""

from __future__ import annotations

import re
from collections.abc import Mapping

from pathview.core.redact import TELLING

# Everything else of a DICOM header is withheld. A list of what may pass, since PS3.15 annex E names over 600
# attributes that may identify a patient, editions add more, and private ones can hold anything.
DICOM_SHOWN = frozenset(
    [
        "AcquisitionDuration",
        "BitsAllocated",
        "BitsStored",
        "BurnedInAnnotation",
        "CodeMeaning",
        "CodeValue",
        "CodingSchemeDesignator",
        "ColorSpace",
        "Columns",
        "ContainerTypeCodeSequence",
        "DimensionOrganizationSequence",
        "DimensionOrganizationType",
        "DimensionOrganizationUID",
        "ExtendedDepthOfField",
        "FocusMethod",
        "FrameOfReferenceUID",
        "FrameType",
        "HighBit",
        "ICCProfile",
        "IlluminationColorCodeSequence",
        "IlluminationTypeCodeSequence",
        "IlluminationWaveLength",
        "ImageOrientationSlide",
        "ImageType",
        "ImagedVolumeDepth",
        "ImagedVolumeHeight",
        "ImagedVolumeWidth",
        "InstanceNumber",
        "LensesCodeSequence",
        "LossyImageCompression",
        "LossyImageCompressionMethod",
        "LossyImageCompressionRatio",
        "Manufacturer",
        "ManufacturerModelName",
        "MediaStorageSOPClassUID",
        "MediaStorageSOPInstanceUID",
        "Modality",
        "NumberOfFocalPlanes",
        "NumberOfFrames",
        "NumberOfOpticalPaths",
        "ObjectiveLensNumericalAperture",
        "ObjectiveLensPower",
        "OpticalPathDescription",
        "OpticalPathIdentifier",
        "OpticalPathSequence",
        "PhotometricInterpretation",
        "PixelMeasuresSequence",
        "PixelRepresentation",
        "PixelSpacing",
        "PlanarConfiguration",
        "PositionReferenceIndicator",
        "PyramidUID",
        "Rows",
        "SOPClassUID",
        "SOPInstanceUID",
        "SamplesPerPixel",
        "SeriesInstanceUID",
        "SharedFunctionalGroupsSequence",
        "SliceThickness",
        "SoftwareVersions",
        "SpacingBetweenSlices",
        "SpecimenLabelInImage",
        "TotalPixelMatrixColumns",
        "TotalPixelMatrixFocalPlanes",
        "TotalPixelMatrixOriginSequence",
        "TotalPixelMatrixRows",
        "TransferSyntaxUID",
        "VolumetricProperties",
        "WholeSlideMicroscopyImageFrameTypeSequence",
        "XOffsetInSlideCoordinateSystem",
        "YOffsetInSlideCoordinateSystem",
        "ZOffsetInSlideCoordinateSystem",
    ]
)
"""DICOM keywords that may be shown; a property passes when every part of its path is among them."""

# In any format: names and free text that speak of the label or of who lies on the slide.
# Hamamatsu's Reference is what its scanner read from the label.
_TELLING = re.compile(
    rf"{TELLING}|^hamamatsu\.reference$",
    re.IGNORECASE,
)
_FREE_TEXT = ("openslide.comment", "tiff.ImageDescription")
_INDEX = re.compile(r"\[\d+\]$")


def shown(properties: Mapping[str, str]) -> dict[str, str]:
    """Return the properties that may be shown, stored and exported.

    Of DICOM attributes those in `DICOM_SHOWN`; of other formats all but those whose name (or, for free text,
    whose content) speaks of a bar code, an accession number, a patient, a physician or the label's text.

    Parameters
    ----------
    properties
        A file's metadata, named as OpenSlide names it ("dicom.PatientName", "openslide.barcode", ...).
    """
    return {name: value for name, value in properties.items() if _may_show(name, value)}


def _may_show(name: str, value: str) -> bool:
    vendor, _, rest = name.partition(".")
    if vendor == "dicom":
        return all(_INDEX.sub("", part) in DICOM_SHOWN for part in rest.split("."))
    # What OpenSlide says of the associated images is their size.
    if name.startswith("openslide.associated."):
        return True
    return not _TELLING.search(value if name in _FREE_TEXT else name)
