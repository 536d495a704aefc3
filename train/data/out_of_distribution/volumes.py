"""Volumes of CT and MR → pictures: slices through them, and the radiographs a CT would give.

Data contract: a volume is numbers (x, y, z), z to the head, with the spacing of its voxels along
each axis; CT is in Hounsfield units. Pictures are 8-bit grey, of square pixels, 384 to 1024 of them
along the longer side.
"""

import gzip
import io
from collections.abc import Iterator

import nibabel
import nrrd
import numpy as np
from PIL import Image
from scipy import ndimage

WINDOWS = (-160, 240), (-1350, 150), (-450, 1050), (-1000, 1000)
"""Hounsfield units shown as black and white: soft tissue, lung, bone, everything; in turn."""

PLANES = 18
"""Slices along each axis, at most."""

ANGLES = {
    "abdomen_projection": range(0, 180, 10),
    "chest_side_projection": (*range(60, 121, 10), *range(240, 301, 10)),
    "chest_front_projection": range(-8, 9, 4),
}
"""Degrees from the front at which a volume is projected."""


def evenly_spaced(count: int, most: int) -> list[int]:
    """At most so many of the numbers below `count`, from all along, the first and the last too."""
    return sorted({int(i) for i in np.linspace(0, count - 1, min(count, most))})


def read_nifti(data: bytes) -> tuple[np.ndarray, np.ndarray]:
    """A volume and its spacing, from a gzipped NIfTI-1 file; of several volumes the first."""
    image = nibabel.Nifti1Image.from_bytes(gzip.decompress(data))
    first = image.dataobj if image.ndim == 3 else image.dataobj[..., 0]
    return np.asarray(first, np.float32), np.array(image.header.get_zooms()[:3])


def read_nrrd(data: bytes) -> tuple[np.ndarray, np.ndarray]:
    """The same, from a NRRD file."""
    stream = io.BytesIO(data)
    header = nrrd.read_header(stream)
    spacing = np.linalg.norm(header["space directions"], axis=1)
    return nrrd.read_data(header, stream), spacing


def to_grey_image(values: np.ndarray, low: float, high: float, aspect: float = 1) -> Image.Image:
    """Values through a window; pixels `aspect` times as high as wide become square."""
    shown = np.clip((values - low) / max(high - low, 1e-6), 0, 1) * 255
    picture = Image.fromarray(shown.astype(np.uint8))
    width, height = picture.width, picture.height * aspect
    scale = min(1024, max(384, width, height)) / max(width, height)
    return picture.resize((round(width * scale), round(height * scale)), Image.Resampling.BICUBIC)


def to_windowed_image(values: np.ndarray, kind: str, turn: int, aspect: float = 1) -> Image.Image:
    """Slices of CT through one of WINDOWS in turn, all else from its darkest to its brightest."""
    low, high = np.percentile(values, (1, 99.5)) if kind != "ct_slice" else WINDOWS[turn % 4]
    return to_grey_image(values, low, high, aspect)


def slices(volume: np.ndarray, spacing: np.ndarray, kind: str) -> Iterator[Image.Image]:
    """Slices across each axis, without a tenth at either end; of thick ones only themselves."""
    for axis in range(3):
        down, right = (1, 0) if axis == 2 else (2, 1 - axis)
        if spacing[down] / spacing[right] > 4:  # slices too thick to be looked at from the side
            continue
        size = volume.shape[axis]
        for turn, index in enumerate(evenly_spaced(size * 8 // 10, PLANES)):
            plane = np.rot90(np.take(volume, size // 10 + index, axis))
            yield to_windowed_image(plane, kind, turn, spacing[down] / spacing[right])


def projections(volume: np.ndarray, spacing: np.ndarray, kind: str) -> Iterator[Image.Image]:
    """Radiographs that a CT volume's patient would give; abdomens in parts too.

    Sums of attenuation along parallel rays, much as radiographs are.
    """
    attenuation = np.clip(1 + volume / 1000, 0, 2.5)
    for angle in ANGLES[kind]:
        turned = ndimage.rotate(attenuation, angle, axes=(0, 1), order=1)
        shadow = np.rot90(turned.sum(axis=1))
        shadow = shadow[:, shadow.max(axis=0) > shadow.max() / 10]
        half = shadow.shape[0] // 2
        parts = [shadow]
        if kind == "abdomen_projection":
            parts += [shadow[:half], shadow[half:], shadow[half // 2 :, shadow.shape[1] // 3 :]]
        for part in parts:
            low, high = np.percentile(part, ((2, 35)[angle // 10 % 2], 99.5))
            yield to_grey_image(part, low, high, spacing[2] / spacing[0])
