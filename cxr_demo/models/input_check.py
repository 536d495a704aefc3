"""Grade an input as a usable radiograph, an unusual one, or no chest radiograph: the gate.

Data contract: the mean activations of the detector's trunk in the regions of an image, float32 (R,
R, C) → `InputCheck`. A softmax regression over them tells a usable radiograph from one with
something wrong (turned, mirrored, inverted, cropped, distant, blurred …, from elsewhere) and from
everything that is no chest radiograph. Fitted by `train.recipes.input_check`. An inverted or
rotated radiograph is recognised, never corrected: the reader has to see what the networks see.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from cxr_demo.errors import RadiographError

USABLE, UNUSUAL, NOT_A_CHEST = "usable", "unusual", "not_a_chest_radiograph"
OTHER = "other"
"""The class of everything that is no chest radiograph; also a reason of UNUSUAL and NOT_A_CHEST."""


@dataclass(frozen=True)
class InputCheck:
    """The grade of one input.

    Attributes:
        grade: USABLE, UNUSUAL or NOT_A_CHEST.
        reason: a class of the gate, such as "inverted"; None if it is usable.
    """

    grade: str
    reason: str | None


class NotAChestError(RadiographError):
    """The gate grades the image as something other than a frontal chest radiograph."""

    def __init__(self, check: InputCheck):
        super().__init__("refused.not_a_chest")
        self.check = check


@dataclass(frozen=True)
class InputChecker:
    """The fitted gate.

    Attributes:
        classes: names (K,): USABLE, OTHER and the reasons for UNUSUAL.
        weights: float32 (R * R * C, K).
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
            float(arrays["least_usable"]),
            float(arrays["least_other"]),
        )

    def probabilities(self, regions: np.ndarray) -> np.ndarray:
        """float32 (…, R, R, C) → (…, K), each row of sum 1."""
        logits = regions.reshape(*regions.shape[:-3], -1) @ self.weights + self.bias
        powers = np.exp(logits - logits.max(axis=-1, keepdims=True))
        return powers / powers.sum(axis=-1, keepdims=True)

    def __call__(self, regions: np.ndarray) -> InputCheck:
        """Grade one image."""
        found = dict(zip(self.classes, self.probabilities(regions).tolist(), strict=True))
        if found[OTHER] >= self.min_other:
            return InputCheck(NOT_A_CHEST, OTHER)
        if found[USABLE] >= self.min_usable:
            return InputCheck(USABLE, None)
        return InputCheck(UNUSUAL, max(found.keys() - {USABLE}, key=found.get))
