"""What networks are to be driven to: cross-entropy for each head of the classifier and, where a
recipe asks for it, embeddings that lie near those of their class; a Gaussian likelihood for the
autoencoder that predicts a variance.

Data contract: targets of the classifier are one-hot float (batch, classes); losses are one number
per image.
"""

import keras
from keras import ops

TEMPERATURE = 0.1


def loss_of(output: str, label_smoothing: float) -> keras.losses.Loss:
    """The loss of an output of `build_classifier`: `binary`, `three_class` or `embedding`."""
    if output == "embedding":
        return SupervisedContrastive()
    return keras.losses.CategoricalCrossentropy(from_logits=True, label_smoothing=label_smoothing)


class SupervisedContrastive(keras.losses.Loss):
    """Embeddings of a class attract each other and repel the rest of their batch (Khosla et al.,
    2020, "Supervised contrastive learning", the loss with the sum outside the logarithm)."""

    def call(self, y_true, y_pred):
        """Losses (batch,); 0 for an image without another of its class in the batch."""
        unit = ops.normalize(y_pred, axis=1)
        similarity = ops.matmul(unit, ops.transpose(unit)) / TEMPERATURE
        itself = ops.eye(ops.shape(unit)[0])
        alike = ops.matmul(y_true, ops.transpose(y_true)) - itself
        among_others = similarity - ops.logsumexp(similarity - 1e9 * itself, axis=1, keepdims=True)
        return -ops.sum(alike * among_others, axis=1) / ops.maximum(ops.sum(alike, axis=1), 1)


class NegativeLogLikelihood(keras.losses.Loss):
    """Of each pixel under a Gaussian of its own, without the constant.

    Targets (batch, side, side, 1); predictions (batch, side, side, 2), mean and log variance.
    """

    def call(self, y_true, y_pred):
        """Losses (batch, side, side, 1)."""
        mean, log_variance = ops.split(y_pred, 2, axis=-1)
        return ops.square(y_true - mean) * ops.exp(-log_variance) + log_variance
