"""Grade an input as a usable radiograph, an unusual one, or no chest radiograph.

Data contract: what the detector makes of an image's frame, and how the image was aligned →
`InputCheck`. A softmax regression over the mean activations of the detector's trunk in nine
regions, the correlation with the mean chest and the matrix tells a usable radiograph from one with
something wrong (turned, mirrored, inverted, cropped, distant, blurred …, from elsewhere) and from
everything that is no chest radiograph. Fitted by `train.recipes.input_check`. An inverted or
rotated radiograph is recognised, never corrected: the reader has to see what the networks see.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from cxr_demo.errors import RadiographError
from cxr_demo.models.alignment import Alignment

USABLE, UNUSUAL, NOT_A_CHEST = "usable", "unusual", "not_a_chest_radiograph"
OTHER = "other"
"""The class of everything that is no chest radiograph; also a reason of UNUSUAL and NOT_A_CHEST."""

REGION = 4
"""Cells along a region that activations are averaged over."""


@dataclass(frozen=True)
class InputCheck:
    """The grade of one input.

    Attributes:
        grade: USABLE, UNUSUAL or NOT_A_CHEST.
        reason: a class of the check, such as "inverted"; None if it is usable.
    """

    grade: str
    reason: str | None


class NotAChestError(RadiographError):
    """The input check grades the image as something other than a frontal chest radiograph."""

    def __init__(self, check: InputCheck):
        super().__init__("refused.not_a_chest")
        self.check = check


@dataclass(frozen=True)
class InputChecker:
    """The fitted check.

    Attributes:
        classes: names (K,): USABLE, OTHER and the reasons for UNUSUAL.
        weights: float32 (F, K), of the numbers of `describe`.
        bias: float32 (K,).
        min_usable: the P(USABLE) from which on an image is usable.
        min_other: the P(OTHER) from which on it is refused.
    """

    classes: tuple[str, ...]
    weights: np.ndarray
    bias: np.ndarray
    min_usable: float
    min_other: float

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, np.ndarray]) -> "InputChecker":
        """From the arrays that `train.recipes.input_check` stores."""
        return cls(
            tuple(arrays["classes"].tolist()),
            arrays["weights"].astype(np.float32),
            arrays["bias"].astype(np.float32),
            float(arrays["min_usable"]),
            float(arrays["min_other"]),
        )

    def probabilities(self, described: np.ndarray) -> np.ndarray:
        """float32 (…, F) → (…, K), each row of sum 1."""
        logits = described @ self.weights + self.bias
        powers = np.exp(logits - logits.max(axis=-1, keepdims=True))
        return powers / powers.sum(axis=-1, keepdims=True)

    def __call__(self, activations: np.ndarray, alignment: Alignment) -> InputCheck:
        """Grade one image."""
        probabilities = self.probabilities(describe(activations, alignment))
        found = dict(zip(self.classes, probabilities.tolist(), strict=True))
        if found[OTHER] >= self.min_other:
            return InputCheck(NOT_A_CHEST, OTHER)
        if found[USABLE] >= self.min_usable:
            return InputCheck(USABLE, None)
        return InputCheck(UNUSUAL, max(found.keys() - {USABLE}, key=found.get))


def describe(activations: np.ndarray, alignment: Alignment) -> np.ndarray:
    """What an image is graded by: float32 (F,).

    Args:
        activations: float32 (R, R, C), of the detector's trunk in the cells of the frame.
        alignment: how the frame was found.
    """
    found = (*alignment.matrix.ravel(), alignment.correlation, alignment.aligned)
    return np.concatenate([pool_regions(activations).ravel(), np.float32(found)])


def pool_regions(activations: np.ndarray) -> np.ndarray:
    """Means over regions of REGION × REGION cells, those along the edges left out.

    float32 (…, R, R, C) → (…, R / REGION - 2, R / REGION - 2, C).
    """
    *many, side, _, channels = activations.shape
    count = side // REGION
    middle = activations[..., : count * REGION, : count * REGION, :]
    blocks = middle.reshape(*many, count, REGION, count, REGION, channels)
    return blocks.mean(axis=(-4, -2))[..., 1:-1, 1:-1, :]
