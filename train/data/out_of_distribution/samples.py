"""What the input check learns from: radiographs, spoilt ones, and other pictures, aligned and seen
by the detector.

Data contract: the data set's training images and a folder of
`train.data.out_of_distribution.package_images` → `Samples`. Drawn pictures and spoilt views are
made here. No image of the official test is read.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from tqdm import tqdm

from cxr_demo.anomaly.maps import DETECTOR_SIDE
from cxr_demo.models.affine import warp
from cxr_demo.models.alignment import Alignment
from cxr_demo.models.input_check import USABLE, describe
from cxr_demo.models.networks import DetectorOutput
from cxr_demo.models.preprocessing import SIDE, resize_square, to_network_input
from train.data.kermany import Images
from train.data.out_of_distribution.drawn_images import KINDS, draw_image
from train.data.out_of_distribution.package_sources import CHEST
from train.data.out_of_distribution.unusual_views import UNUSUAL_VIEWS, ordinary_view, unusual_view

ELSEWHERE = "elsewhere"
"""Chest radiographs of adults and of other machines."""


@dataclass(frozen=True)
class Samples:
    """Rows the input check is fitted to or tried on.

    Attributes:
        described: float16 (N, F), of `cxr_demo.models.input_check.describe`.
        kinds: names (N,): USABLE, a reason, ELSEWHERE, or the kind of another picture.
        groups: keys (N,): the patient, the package, or the number of a drawing.
        held_out: bool (N,), of patients that nothing was fitted to; False for other pictures.
    """

    described: np.ndarray
    kinds: np.ndarray
    groups: np.ndarray
    held_out: np.ndarray


def radiograph_views(
    images: Images, rng: np.random.Generator, spoilt_each: int
) -> Iterator[tuple[np.ndarray, str, str]]:
    """(square, kind, patient): each image as it is, a usual view, and some spoilt ones."""
    for pixels, patient in zip(images.pixels, images.patients, strict=True):
        yield pixels / np.float32(255), USABLE, patient
        yield ordinary_view(pixels, rng), USABLE, patient
        for reason in rng.permutation(list(UNUSUAL_VIEWS))[:spoilt_each]:
            yield unusual_view(pixels, reason, rng), reason, patient


def package_views(folder: Path, rng: np.random.Generator) -> Iterator[tuple[np.ndarray, str, str]]:
    """(square, kind, package): each picture whole, and part of it; chests in usual views."""
    for path in sorted(folder.glob("*/*")):
        kind, package = path.parent.name, path.name.rsplit("-", 1)[0]
        grey = cv2.imread(str(path), cv2.IMREAD_GRAYSCALE).astype(np.float32) / 255
        if kind in CHEST:
            square = np.rint(to_network_input(grey) * 255).astype(np.uint8)
            views = [square / np.float32(255), *(ordinary_view(square, rng) for _ in range(20))]
            kind = ELSEWHERE
        else:
            views = [to_network_input(grey), to_network_input(_part(grey, rng))]
        for view in views:
            yield view, kind, package


def drawn_views(each: int, rng: np.random.Generator) -> Iterator[tuple[np.ndarray, str, str]]:
    """(square, kind, number): `each` of every drawn kind."""
    for kind in KINDS:
        for number in range(each):
            yield to_network_input(draw_image(kind, rng)), kind, f"{kind}-{number}"


def describe_pictures(
    align: Callable[[np.ndarray], Alignment],
    detect: Callable[[np.ndarray], DetectorOutput],
    pictures: Iterator[tuple[np.ndarray, str, str]],
    held_out: bool = False,
) -> Samples:
    """What the input check is told of pictures."""

    def described(square: np.ndarray) -> np.ndarray:
        square = np.ascontiguousarray(square)
        found = align(square)
        frame = warp(square, found.matrix, SIDE)
        return describe(detect(resize_square(frame, DETECTOR_SIDE)).regions, found)

    rows = [
        (described(square), kind, group)
        for square, kind, group in tqdm(pictures, unit="image", disable=None)
    ]
    numbers, kinds, groups = zip(*rows, strict=True)
    return Samples(
        np.stack(numbers).astype(np.float16),
        np.array(kinds),
        np.array(groups),
        np.full(len(rows), held_out),
    )


def concatenate(*parts: Samples) -> Samples:
    """All rows of several."""
    names = ("described", "kinds", "groups", "held_out")
    return Samples(*(np.concatenate([getattr(part, name) for part in parts]) for name in names))


def _part(grey: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """A quarter to all of a picture."""
    height, width = (round(side * rng.uniform(0.5, 1)) for side in grey.shape)
    top, left = (
        int(rng.integers(0, g - s + 1)) for g, s in zip(grey.shape, (height, width), strict=True)
    )
    return grey[top : top + height, left : left + width]
