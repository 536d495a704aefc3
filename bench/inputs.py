"""The same radiographs as JPEG and as DICOM files, made by rule from the shipped examples.

Data contract: an 8-bit JPEG → a DICOM file of 12 bits, whose upper eight are the picture's and
whose lower four are noise of a fixed seed, as a detector has it: without any they would cost a
codec nothing. Enlarged to LARGE pixels it is as large as detectors make them. The bytes of what is
not enlarged are the same wherever they are made.
"""

from io import BytesIO
from pathlib import Path

import cv2
import numpy as np
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.uid import (
    DigitalXRayImageStorageForPresentation,
    ExplicitVRLittleEndian,
    JPEG2000Lossless,
)

from cxr_demo.artefacts import ASSETS
from cxr_demo.models.preprocessing import to_uint8
from cxr_demo.reading.reader import read_radiograph

ROOT = Path(__file__).parent.parent
EXAMPLES = [path for path in sorted((ASSETS / "examples").iterdir()) if path.suffix != ".md"]
SYNTAXES = {"uncompressed": ExplicitVRLittleEndian, "jpeg_2000": JPEG2000Lossless}
KINDS = ("jpeg", *SYNTAXES)
INPUTS = ROOT / ".work" / "bench" / "inputs"
BITS, NOISE_BITS = 12, 4
LARGE = 3000
"""Pixels of the longer side; usual for digital radiography."""
_LARGE_QUALITY = 90


def prepare() -> dict[str, list[Path]]:
    """Write every example as each of KINDS; its files by kind, in the order of EXAMPLES."""
    return _written([example.read_bytes() for example in EXAMPLES], INPUTS)


def prepare_large() -> dict[str, list[Path]]:
    """The same, enlarged."""
    return _written([enlarged(example.read_bytes()) for example in EXAMPLES], INPUTS / "large")


def enlarged(picture: bytes) -> bytes:
    """A JPEG of the picture with a longer side of LARGE pixels."""
    greys = to_uint8(read_radiograph(picture).pixels)
    scale = LARGE / max(greys.shape)
    large = cv2.resize(greys, None, fx=scale, fy=scale, interpolation=cv2.INTER_CUBIC)
    return cv2.imencode(".jpg", large, [cv2.IMWRITE_JPEG_QUALITY, _LARGE_QUALITY])[1].tobytes()


def _written(pictures: list[bytes], folder: Path) -> dict[str, list[Path]]:
    made: dict[str, list[Path]] = {kind: [] for kind in KINDS}
    for number, picture in enumerate(pictures):
        contents = {"jpeg": picture}
        values = in_12_bits(picture, seed=number)
        contents |= {kind: dicom_file(values, number, SYNTAXES[kind]) for kind in SYNTAXES}
        for kind, content in contents.items():
            file = folder / kind / f"{number:02}"
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes(content)
            made[kind].append(file)
    return made


def in_12_bits(picture: bytes, seed: int) -> np.ndarray:
    """Stored values of a picture: uint16 (height, width), below 2 ** BITS."""
    greys = to_uint8(read_radiograph(picture).pixels).astype(np.uint16)
    noise = np.random.default_rng(seed).integers(0, 2**NOISE_BITS, greys.shape, np.uint16)
    return (greys << NOISE_BITS) | noise


def dicom_file(values: np.ndarray, number: int, syntax: str) -> bytes:
    """A DICOM file of these values, without anything of a patient."""
    dataset = Dataset()
    dataset.SOPClassUID = DigitalXRayImageStorageForPresentation
    dataset.SOPInstanceUID = f"2.25.{number + 1}"
    dataset.Modality, dataset.ViewPosition, dataset.BurnedInAnnotation = "DX", "AP", "NO"
    dataset.WindowCenter, dataset.WindowWidth = 2 ** (BITS - 1), 2**BITS
    dataset.file_meta = FileMetaDataset()
    dataset.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    dataset.set_pixel_data(values, "MONOCHROME2", BITS, generate_instance_uid=False)
    if syntax != ExplicitVRLittleEndian:
        dataset.compress(syntax, generate_instance_uid=False)
    file = BytesIO()
    dataset.save_as(file, enforce_file_format=True)
    return file.getvalue()
