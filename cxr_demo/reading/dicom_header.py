"""What the header of a DICOM file says of its picture as a whole, before any pixel is decoded.

Data contract: a pydicom data set → a refusal or nothing; and the shape of its pixels.
"""

from pydicom.dataset import Dataset

from cxr_demo.errors import RadiographError
from cxr_demo.reading.dicom_values import get_floats, get_int, get_text
from cxr_demo.reading.types import check_size

MODALITIES = ("CR", "DX", "DR", "RG", "RF", "OT", "SC", "")
"""Projection radiography, and the values that secondary captures use."""

KNOWN_MODALITIES = ("CT", "MR", "US", "NM", "PT", "MG", "XA", "PX", "IO", "ES", "OP", "SM", "XC")
"""Others that a refusal may name."""

_GREY = ("MONOCHROME1", "MONOCHROME2")
# Lateral, left and right lateral, mediolateral, lateromedial and sagittal of CID 4010, as SNOMED CT
# and as the older SRT codes.
_LATERAL_CODES = (
    *("399067008", "399173006", "399198007", "399260004", "399352003", "30730003"),
    *("R-102CD", "R-10236", "R-10232", "R-10224", "R-10228", "G-A145"),
)
SPACINGS = ("PixelSpacing", "ImagerPixelSpacing", "NominalScannedPixelSpacing")
"""Distances between the rows and between the columns, the more calibrated first."""
MAX_ASPECT = 4
"""Of one side of a pixel over the other; no detector or film scanner has longer ones."""


def check_header(dataset: Dataset, data: bytes) -> None:
    """Refuse what is no frontal radiograph or cannot be decoded.

    Args:
        dataset: the elements of the file that are read.
        data: the whole file.

    Raises:
        RadiographError: which says what is wrong.
        ValueError, TypeError: if an element that has to be there is missing or malformed.
    """
    if dataset.get("FloatPixelData") or dataset.get("DoubleFloatPixelData"):
        raise RadiographError("refused.dicom.depth")
    if not dataset.get("PixelData"):
        # pydicom leaves the element out if the file ends within it.
        begun = b"\xe0\x7f\x10\x00" in data
        raise RadiographError("refused.damaged" if begun else "refused.dicom.no_image")
    modality = get_text(dataset, "Modality")
    if modality not in MODALITIES:
        named = modality if modality in KNOWN_MODALITIES else "?"
        raise RadiographError("refused.dicom.modality", modality=named)
    if _is_lateral(dataset):
        raise RadiographError("refused.dicom.lateral")
    photometric = get_text(dataset, "PhotometricInterpretation")
    if not photometric:
        raise ValueError("nothing says what the values mean")
    if get_int(dataset, "SamplesPerPixel", 1) != 1 or photometric not in _GREY:
        raise RadiographError("refused.dicom.colour")
    allocated = get_int(dataset, "BitsAllocated")
    if allocated not in (8, 16) or not 1 <= get_int(dataset, "BitsStored", allocated) <= allocated:
        raise RadiographError("refused.dicom.depth")
    check_size(get_int(dataset, "Columns"), get_int(dataset, "Rows"))


def _is_lateral(dataset: Dataset) -> bool:
    view = get_text(dataset, "ViewPosition")
    if view in ("LL", "RL") or ("LAT" in view and "DEC" not in view):  # decubitus is frontal
        return True
    codes = [get_text(item, "CodeValue") for item in dataset.get("ViewCodeSequence") or ()]
    # Rows and columns of a frontal view never point in the anterior or posterior direction.
    towards = [str(way)[:1] for way in dataset.get("PatientOrientation") or ()]
    return any(code in _LATERAL_CODES for code in codes) or "A" in towards or "P" in towards


def pixel_aspect(dataset: Dataset) -> float:
    """The height of a pixel over its width: by the first of SPACINGS, then of PixelAspectRatio,
    that is two positive numbers within MAX_ASPECT of each other; 1 where there is none."""
    for keyword in (*SPACINGS, "PixelAspectRatio"):
        sides = get_floats(dataset, keyword)
        if len(sides) == 2 and all(side is not None and side > 0 for side in sides):
            height, width = sides
            if height <= MAX_ASPECT * width and width <= MAX_ASPECT * height:
                return height / width
    return 1.0
