"""HiResCAM saliency: which regions support a class, from one forward pass.

Data contract: `ClassifierOutput.feature_map` float32 (7, 7, 512) → float32 (7, 7) for each class,
in units of its logit.

The trunk's feature map F is averaged to a vector f, which a dense layer with GELU and a linear head
turn into logits. The derivative of a logit by f is therefore known in closed form, and `F ·
derivative / 49` distributes its first-order part over the regions: gradient times activation, the
form of Grad-CAM that is faithful at the last convolution (Draelos and Carin, 2020, "Use HiResCAM
instead of Grad-CAM"). A region's value is what the class's logit, against the mean of the other
classes' logits, would to first order lose if the region's features were removed.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from cxr_demo.models.calibration import HEADS


@dataclass(frozen=True)
class Heads:
    """The layers between feature map and logits.

    Attributes:
        embedding_kernel: float32 (channels, D).
        embedding_bias: float32 (D,).
        kernels: by head, float32 (D, classes).
    """

    embedding_kernel: np.ndarray
    embedding_bias: np.ndarray
    kernels: dict[str, np.ndarray]

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, np.ndarray]) -> "Heads":
        """From the arrays of `train.models.export`, each kernel under the name of its head."""
        kernels = {head: arrays[head] for head in HEADS}
        return cls(arrays["embedding_kernel"], arrays["embedding_bias"], kernels)


def saliency(feature_map: np.ndarray, heads: Heads) -> dict[str, np.ndarray]:
    """How much each region supports each class.

    Args:
        feature_map: float32 (rows, columns, channels), non-negative.
        heads: the layers after it.

    Returns:
        By class name, float32 (rows, columns): above 0 supports the class, below 0 opposes it.
        "normal" and "pneumonia" come from the two-class head, "bacterial" and "viral" from the
        three-class head.
    """
    pooled = feature_map.mean(axis=(0, 1))
    slope = gelu_slope(pooled @ heads.embedding_kernel + heads.embedding_bias)
    regions = feature_map.shape[0] * feature_map.shape[1]
    maps = {}
    for head in ("three_class", "binary"):  # in this order, "normal" is that of the two-class head
        kernel = heads.kernels[head]
        sum_of_others = kernel.sum(axis=1, keepdims=True) - kernel
        against_others = kernel - sum_of_others / (kernel.shape[1] - 1)
        by_channel = heads.embedding_kernel @ (slope[:, None] * against_others)
        shares = (feature_map @ by_channel / regions).astype(np.float32)
        maps |= {name: shares[..., index] for index, name in enumerate(HEADS[head])}
    return maps


def gelu_slope(x: np.ndarray) -> np.ndarray:
    """Derivative of x Φ(x), with Φ the standard normal distribution: Φ(x) + x φ(x)."""
    below = np.array([0.5 * (1 + math.erf(value / math.sqrt(2))) for value in x])
    return below + x * np.exp(-np.square(x) / 2) / math.sqrt(2 * math.pi)
