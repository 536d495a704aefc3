"""Align a radiograph to the mean chest, so that every network sees the thorax in one frame.

Data contract: float32 (SIDE, SIDE) in [0, 1], the square of `preprocessing` → `Alignment`. Points
are (x, y) in [0, 1] from the left upper corner, of the frame as of the square, so that a matrix
holds at any size. Working on the square, the shape of the file cancels out. Training and serving
share this.

Registration maximises the enhanced correlation coefficient (Evangelidis and Psarakis, 2008,
"Parametric image alignment using enhanced correlation coefficient maximization") with OpenCV, at 64
pixels after local contrast equalisation, against a template that `train.recipes.alignment` makes of
training patients. It starts from the identity, and where the correlation stays below GOOD also from
the best of a grid of scales, shapes and shifts. What was found is refined on the radiograph as the
frame shows it: equalised there, the result hardly depends on what the file shows around the chest.
"""

import itertools
from collections.abc import Mapping
from dataclasses import dataclass

import cv2
import numpy as np

from cxr_demo.models.affine import IDENTITY, INVERSE, compose, from_pixels, to_pixels, warp

TEMPLATE_SIDE, COARSE_SIDE = 64, 32
GOOD, POOR = 0.9, 0.8
"""Correlations: from GOOD on no other start is tried; below POOR all that were are refined."""
MIN_CORRELATION = 0.6
"""What stays below is used unaligned."""
MAX_AREA_RATIO = 2.2
"""A frame that covers more than this share of the square, or less than its inverse, went astray."""
STARTS = 5
"""Of the grid, that are tried."""
REFINEMENTS = 2
BORDERS = 0.08, 0.05
"""Shares of the template at its sides, and at top and bottom, without a say: arms, collimation."""
UNLIKELY = 0.003
"""Correlation that a frame must win per squared standard deviation from USUAL, to be preferred."""
USUAL = np.array([0.0, 0.0, 0.0, 0.0, 0.5, 0.5])
SPREAD = np.array([0.08, 0.14, 0.045, 0.095, 0.016, 0.038])
"""Median and spread over the training images: log width and height, both shears, the centre."""

MARGIN = 0.04
"""Share of the template's side that the frame leaves out on each side: it ends near the arms."""
FRAME_IN_TEMPLATE = np.array([[1 - 2 * MARGIN, 0, MARGIN], [0, 1 - 2 * MARGIN, MARGIN]])
"""Takes points of the frame to points of the template's square."""

_CRITERIA = (cv2.TERM_CRITERIA_EPS | cv2.TERM_CRITERIA_COUNT, 60, 1e-4)
_BLUR = 3
_SIZE = (TEMPLATE_SIDE, TEMPLATE_SIDE)


@dataclass(frozen=True)
class Alignment:
    """Where the frame lies in one radiograph.

    Attributes:
        matrix: float64 (2, 3), takes points of the frame to points of the square; the identity,
            which takes the whole square for the frame, if the radiograph could not be aligned.
        correlation: with the template, in [-1, 1]; -1 if nothing was found at all.
    """

    matrix: np.ndarray
    correlation: float

    @property
    def aligned(self) -> bool:
        """Whether the radiograph looks enough like a chest in the frame that was found."""
        return self.correlation >= MIN_CORRELATION


class Aligner:
    """Registers radiographs to one template.

    Args:
        template: float32 (TEMPLATE_SIDE, TEMPLATE_SIDE), a mean of `features` in register.
    """

    def __init__(self, template: np.ndarray):
        self._template = np.ascontiguousarray(template, np.float32)
        self._everywhere = np.full(_SIZE, 255, np.uint8)
        self._inner = np.zeros(_SIZE, np.uint8)
        across, down = (round(share * TEMPLATE_SIDE) for share in BORDERS)
        self._inner[down:-down, across:-across] = 255
        small = cv2.resize(self._template, (COARSE_SIDE, COARSE_SIDE), interpolation=cv2.INTER_AREA)
        self._coarse_template = _standardised(small.reshape(1, -1))[0]
        self._starts = _grid_of_starts()
        self._samples = _sampling_maps(self._starts)

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, np.ndarray]) -> "Aligner":
        """What `train.recipes.alignment` has stored."""
        return cls(arrays["template"])

    def __call__(self, square: np.ndarray) -> Alignment:
        """Register one radiograph: float32 (SIDE, SIDE) in [0, 1]."""
        found = self.register(square)
        matrix = compose(found.matrix, FRAME_IN_TEMPLATE) if found.aligned else IDENTITY
        return Alignment(matrix, found.correlation)

    def register(self, square: np.ndarray) -> Alignment:
        """As a call, but the matrix takes points of the template and is the best found anyway."""
        image = features(square)
        found = [self._registered(image, IDENTITY, self._inner)]
        if found[0].correlation < GOOD:
            starts = self._best_starts(image)
            found += [self._registered(image, start, self._inner) for start in starts]
            found.sort(key=_preference, reverse=True)
        best = self._refined(square, found[0], self._inner)
        if best.correlation < POOR:
            others = [self._refined(square, other, self._inner) for other in found[1:]]
            best = max((best, *others), key=_preference)
        if best.correlation < POOR:  # let the borders have their say
            best = self._refined(square, best, self._everywhere)
        return best

    def _registered(self, image: np.ndarray, start: np.ndarray, mask: np.ndarray) -> Alignment:
        """The local optimum of `features` from one start; correlation -1 if there is none."""
        try:
            _, pixels = cv2.findTransformECCWithMask(
                self._template,
                image,
                mask,
                self._everywhere,
                to_pixels(start, TEMPLATE_SIDE).astype(np.float32),
                cv2.MOTION_AFFINE,
                _CRITERIA,
                _BLUR,
            )
        except cv2.error:  # it does not converge
            return _ASTRAY
        matrix = from_pixels(pixels, TEMPLATE_SIDE)
        if not 1 / MAX_AREA_RATIO < np.linalg.det(matrix[:, :2]) < MAX_AREA_RATIO:
            return _ASTRAY
        return self._judged(matrix, image, pixels)

    def _judged(self, matrix: np.ndarray, image: np.ndarray, pixels: np.ndarray) -> Alignment:
        """A matrix with the correlation where the frame lies within the image."""
        warped = cv2.warpAffine(image, pixels, _SIZE, flags=INVERSE)
        within = cv2.warpAffine(self._everywhere, pixels, _SIZE, flags=INVERSE) > 127
        if within.mean() < 0.5:
            return _ASTRAY
        correlation = float(np.corrcoef(warped[within], self._template[within])[0, 1])
        return Alignment(matrix, correlation)

    def _refined(self, square: np.ndarray, found: Alignment, mask: np.ndarray) -> Alignment:
        """Registered again as the frame shows it, as long as that improves the correlation."""
        best = found
        for step in range(REFINEMENTS):
            if best.correlation < 0:
                break
            again = self._registered(features_in_frame(square, best.matrix), IDENTITY, mask)
            better = again.correlation > best.correlation
            # Correlations before the first refinement are of other features.
            if again.correlation < 0 or (step > 0 and not better):
                break
            matrix = compose(best.matrix, again.matrix)
            best = Alignment(matrix, again.correlation)
        return best

    def _best_starts(self, image: np.ndarray) -> np.ndarray:
        """Those of the grid that already correlate best at COARSE_SIDE: float64 (STARTS, 2, 3)."""
        small = cv2.resize(image, (COARSE_SIDE, COARSE_SIDE), interpolation=cv2.INTER_AREA)
        seen = cv2.remap(small, *self._samples, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
        correlations = _standardised(seen.reshape(len(self._starts), -1)) @ self._coarse_template
        return self._starts[np.argsort(-correlations)[:STARTS]]


_ASTRAY = Alignment(IDENTITY, -1.0)


def features(square: np.ndarray) -> np.ndarray:
    """What is registered: local contrast, blurred, of mean 0 and variance 1.

    Args:
        square: float32 (SIDE, SIDE) in [0, 1].

    Returns:
        float32 (TEMPLATE_SIDE, TEMPLATE_SIDE).
    """
    return _local_contrast(cv2.resize(square, _SIZE, interpolation=cv2.INTER_AREA))


def features_in_frame(square: np.ndarray, matrix: np.ndarray) -> np.ndarray:
    """`features` of what a frame shows of a square.

    Args:
        square: float32 (SIDE, SIDE) in [0, 1].
        matrix: (2, 3), takes points of the frame to points of the square.
    """
    return _local_contrast(warp(square, matrix, TEMPLATE_SIDE, cv2.BORDER_REPLICATE))


def _local_contrast(small: np.ndarray) -> np.ndarray:
    levels = np.rint(np.clip(small, 0, 1) * 255).astype(np.uint8)
    equalised = cv2.createCLAHE(3.0, (4, 4)).apply(levels).astype(np.float32)
    blurred = cv2.GaussianBlur(equalised, (0, 0), 1.0)
    return (blurred - blurred.mean()) / (blurred.std() + 1e-6)


def _preference(found: Alignment) -> float:
    """Correlation, less where the frame is unlike those of other radiographs."""
    (width, shear), (other_shear, height) = found.matrix[:, :2]
    size = np.log(np.maximum((width, height), 1e-3))
    described = np.array([*size, shear, other_shear, *found.matrix @ (0.5, 0.5, 1)])
    return found.correlation - UNLIKELY * float(np.square((described - USUAL) / SPREAD).sum())


def _grid_of_starts() -> np.ndarray:
    """Frames of several scales, shapes and places: float64 (N, 2, 3)."""
    starts = []
    for scale, shape, down, across in itertools.product(
        (0.7, 0.85, 1.0, 1.18), (0.8, 1.0, 1.25), (-0.12, -0.04, 0.04, 0.12), (-0.08, 0.0, 0.08)
    ):
        size = np.array([scale * shape**0.5, scale / shape**0.5])
        starts.append(np.column_stack([np.diag(size), 0.5 - size / 2 + (across, down)]))
    return np.array(starts)


def _sampling_maps(matrices: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Where `cv2.remap` finds the pixels of all frames, one below the other, at COARSE_SIDE."""
    steps = (np.arange(COARSE_SIDE) + 0.5) / COARSE_SIDE
    x, y = np.meshgrid(steps, steps)
    points = matrices @ np.stack([x.ravel(), y.ravel(), np.ones(x.size)])
    pixels = (points * COARSE_SIDE - 0.5).astype(np.float32)
    return pixels[:, 0].reshape(-1, COARSE_SIDE), pixels[:, 1].reshape(-1, COARSE_SIDE)


def _standardised(rows: np.ndarray) -> np.ndarray:
    """Rows of mean 0 and length 1, so that products are correlations."""
    centred = rows - rows.mean(axis=1, keepdims=True)
    return centred / (np.linalg.norm(centred, axis=1, keepdims=True) + 1e-6)
