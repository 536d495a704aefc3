"""Is this a frontal chest radiograph, and one as the networks know them? A graded answer.

Data contract: the mean activations of the detector's trunk in the regions of an image, float32 (R,
R, C) → `Verdict`. A softmax regression over them tells a usable radiograph from one with something
wrong (turned, mirrored, inverted, cropped, distant, blurred …, from elsewhere) and from everything
that is no chest radiograph. Fitted by `train.recipes.input_check`. An inverted or rotated
radiograph is recognised, never corrected: the reader has to see what the networks see.
"""

import io
from dataclasses import dataclass

import numpy as np

USABLE, UNUSUAL, NOT_A_CHEST = "usable", "unusual", "not_a_chest_radiograph"
OTHER = "other"
"""The class of all that is no chest radiograph; also the reason why something may be none."""


@dataclass(frozen=True)
class Verdict:
    """What the gate says.

    Attributes:
        grade: USABLE, UNUSUAL or NOT_A_CHEST.
        reason: what is the matter, a class of the gate; None if it is usable.
    """

    grade: str
    reason: str | None


@dataclass(frozen=True)
class Gate:
    """The fitted gate.

    Attributes:
        classes: names (K,): USABLE, OTHER and the reasons for UNUSUAL.
        weights: float32 (R * R * C, K).
        bias: float32 (K,).
        least_usable: what P(USABLE) has to reach.
        least_other: from which P(OTHER) on it is refused.
    """

    classes: tuple[str, ...]
    weights: np.ndarray
    bias: np.ndarray
    least_usable: float
    least_other: float

    def probabilities(self, regions: np.ndarray) -> np.ndarray:
        """float32 (…, R, R, C) → (…, K), each row of sum 1."""
        logits = regions.reshape(*regions.shape[:-3], -1) @ self.weights + self.bias
        powers = np.exp(logits - logits.max(axis=-1, keepdims=True))
        return powers / powers.sum(axis=-1, keepdims=True)

    def __call__(self, regions: np.ndarray) -> Verdict:
        """Grade one image."""
        found = dict(zip(self.classes, self.probabilities(regions).tolist(), strict=True))
        if found[OTHER] >= self.least_other:
            return Verdict(NOT_A_CHEST, OTHER)
        if found[USABLE] >= self.least_usable:
            return Verdict(USABLE, None)
        return Verdict(UNUSUAL, max(found.keys() - {USABLE}, key=found.get))


def read_gate(stored: bytes) -> tuple[Gate, str]:
    """The gate in an .npz file, and the short hash of the detector it was fitted to."""
    with np.load(io.BytesIO(stored), allow_pickle=False) as file:
        gate = Gate(
            tuple(file["classes"].tolist()),
            file["weights"].astype(np.float32),
            file["bias"].astype(np.float32),
            float(file["least_usable"]),
            float(file["least_other"]),
        )
        return gate, str(file["detector"])
