"""Match the pictures of PneumoniaMNIST, at 128 pixels, with the references of the library.

Data contract: the archive is an NPZ with `train_images` and `val_images`, uint8 (N, 128, 128), and
`train_labels` and `val_labels`, integers (N, 1), 0 normal and 1 pneumonia. The two parts together
are the data set's training images, in another order and without names; its test part holds no
reference and is never read. (J. Yang et al., "MedMNIST v2", Scientific Data 2023; each picture is
the centre crop of the radiograph, as wide and as high as its shorter side.)

The library holds radiographs squashed to a square, their aspect ratios lost, so a picture of the
archive cannot be compared with them. Both hold the MIDDLE of the radiograph. The library has a
perceptual hash of every reference's middle (`train.recipes.pneumoniamnist`); here the middle is cut
from a picture for each aspect ratio its radiograph may have had, and the best match counts.
"""

import zipfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
from PIL import Image

from cxr_demo.errors import CXRError
from cxr_demo.reference.library import MAX_SAME_IMAGE_BITS, ReferenceLibrary, perceptual_hash

SIDE = 128
MAX_IMAGES = 10_000
"""More than any part of the archive holds (4,708); a limit of memory."""

MIDDLE = (1 / 3, 0.8)
"""Shares of a radiograph's width and height that its middle has. A centre crop holds it as long as
the radiograph is no wider than 3 and no narrower than 0.8 times its height: 136 originals lie
between 0.84 and 2.22."""
ASPECTS = np.geomspace(MIDDLE[1], 1 / MIDDLE[0], 55)
"""Width to height, in steps of 2.5 %."""

MAX_SAME_MIDDLE_BITS = 32
"""Middles this near (of 256 bits) are one radiograph. Crops of 136 originals lie within 17 bits, or
25 by coarser resampling, and at least 44 from any other reference; images of the test split, which
are none, at least 50."""
MIN_RUNNER_UP_BITS = 12
"""How much farther the next reference has to be; the smallest measured is 37 bits."""
NORMAL = 0
"""The library's label of normals; the others are pneumonia."""


def middle(pixels: np.ndarray, aspect: float = 1.0) -> np.ndarray:
    """The middle of a radiograph, as a square.

    Args:
        pixels: float32 (side, side) in [0, 1]: the centre crop of a radiograph of this `aspect`,
            or a whole one squashed to a square, whose aspect is then 1.
        aspect: width / height of the radiograph; beyond ASPECTS the crop holds only a part of the
            middle, which is returned.

    Returns:
        float32 (64, 64) in [0, 1], the size that `perceptual_hash` works at.
    """
    width = min(1.0, MIDDLE[0] * max(aspect, 1.0))
    height = min(1.0, MIDDLE[1] / min(aspect, 1.0))
    rows, columns = pixels.shape
    left, right = (1 - width) / 2 * columns, (1 + width) / 2 * columns
    top, bottom = (1 - height) / 2 * rows, (1 + height) / 2 * rows
    box = (left, top, right, bottom)
    return np.asarray(Image.fromarray(pixels).resize((64, 64), Image.Resampling.BILINEAR, box))


def read_archive(path: Path) -> tuple[np.ndarray, np.ndarray]:
    """The pictures that references may have, and their labels.

    Returns:
        uint8 (N, SIDE, SIDE), and bool (N,), true for pneumonia.

    Raises:
        CXRError: if the file is not such an archive. Sizes are checked before memory is allocated.
    """
    try:
        with zipfile.ZipFile(path) as members:
            for part in ("train", "val"):
                n = _rows(members, f"{part}_images", (SIDE, SIDE), "u1")
                if _rows(members, f"{part}_labels", (1,), "iu") != n:
                    raise ValueError(f"{part} has another number of labels than of images")
        with np.load(path, allow_pickle=False) as arrays:
            images = np.concatenate([arrays["train_images"], arrays["val_images"]])
            labels = np.concatenate([arrays["train_labels"], arrays["val_labels"]])[:, 0]
        if not np.isin(labels, (0, 1)).all():
            raise ValueError("its labels are not 0 and 1 alone")
    except Exception as error:  # a damaged archive fails in a dozen ways
        raise CXRError(
            f"{path.name} is not PneumoniaMNIST at {SIDE} pixels ({error}). Please get "
            "pneumoniamnist_128.npz, or give the folder of the data set itself."
        ) from None
    return images, labels.astype(bool)


def match(
    images: np.ndarray,
    pneumonia: np.ndarray,
    library: ReferenceLibrary,
    middles: np.ndarray,
    progress: Callable[[float], None] = lambda share: None,
) -> dict[int, int]:
    """Find which picture shows which reference.

    A picture is a reference's when, over all ASPECTS, its middle lies within MAX_SAME_MIDDLE_BITS
    of that reference's and MIN_RUNNER_UP_BITS nearer than to any other of the same label.
    References that are copies of one radiograph all get the picture.

    Args:
        images: uint8 (N, side, side), centre crops.
        pneumonia: bool (N,).
        library: the references.
        middles: uint8 (len(library), 32), perceptual hashes of their middles.
        progress: called with the share done, in [0, 1].

    Returns:
        {row of the library: index of the picture}.
    """
    rows_of = {sick: np.flatnonzero((library.labels != NORMAL) == sick) for sick in (False, True)}
    nearest: dict[int, tuple[int, int]] = {}
    for index, (image, sick) in enumerate(zip(images, pneumonia.tolist(), strict=True)):
        rows = rows_of[sick]
        bits, copies = _nearest(image, middles[rows], library.perceptual_hashes[rows])
        for row in rows[copies].tolist():
            nearest[row] = min(nearest.get(row, (bits, index)), (bits, index))
        if index % 32 == 31 or index + 1 == len(images):
            progress((index + 1) / len(images))
    return {row: index for row, (_, index) in sorted(nearest.items())}


def _nearest(image: np.ndarray, middles: np.ndarray, wholes: np.ndarray) -> tuple[int, np.ndarray]:
    """Bits to the nearest reference, and the rows of it and its copies; no rows without a match."""
    none = 0, np.empty(0, int)
    if not len(middles):
        return none
    pixels = image / np.float32(255)
    queries = np.stack([perceptual_hash(middle(pixels, aspect)) for aspect in ASPECTS])
    bits = _distances(queries, middles).min(axis=0)
    best = bits.argmin()
    is_copy = _distances(wholes[best : best + 1], wholes)[0] <= MAX_SAME_IMAGE_BITS
    runner_up = bits[~is_copy].min(initial=256)
    if bits[best] > MAX_SAME_MIDDLE_BITS or runner_up - bits[best] < MIN_RUNNER_UP_BITS:
        return none
    return int(bits[best]), np.flatnonzero(is_copy)


def _distances(these: np.ndarray, those: np.ndarray) -> np.ndarray:
    """Differing bits int64 (M, N) of hashes uint8 (M, 32) and (N, 32)."""
    these, those = (np.ascontiguousarray(hashes).view(np.uint64) for hashes in (these, those))
    total = np.zeros((len(these), len(those)), np.int64)
    for word in range(these.shape[1]):  # one at a time: as fast, in a quarter of the memory
        total += np.bitwise_count(these[:, word, None] ^ those[None, :, word])
    return total


def _rows(members: zipfile.ZipFile, name: str, shape: tuple[int, ...], kinds: str) -> int:
    """The number of rows in an array's header; the rest of the array is not read."""
    with members.open(f"{name}.npy") as stream:
        if np.lib.format.read_magic(stream) != (1, 0):
            raise ValueError(f"{name} is stored in another form")
        found, by_column, dtype = np.lib.format.read_array_header_1_0(stream)
    right_type = dtype == np.uint8 if kinds == "u1" else dtype.kind in kinds
    if by_column or not right_type or found[1:] != shape or found[0] > MAX_IMAGES:
        raise ValueError(f"{name} is {dtype} {found}")
    return found[0]
