"""What can be told without reading the lungs: models of the shortcuts, to stand beside a result.

Data contract: uint8 (N, SIDE, SIDE) → float (N, features). A logistic regression on them is fitted
on training images and scored like any classifier.
"""

import itertools

import cv2
import numpy as np
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score
from sklearn.model_selection import StratifiedGroupKFold, cross_val_predict
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from train.data.kermany import Images
from train.metrics.classification import binary_scores

BORDER = 0.125
SMALL = 32
BANDS = (0.05, 0.1, 0.15, 0.2, 0.25, 0.3, 0.35, 0.4, 0.45, 0.5)


def border(pixels: np.ndarray) -> np.ndarray:
    """The outer 12.5 % on each side, at 32 x 32; what lies within is not looked at."""
    small = np.stack(
        [cv2.resize(image, (SMALL, SMALL), interpolation=cv2.INTER_AREA) for image in pixels]
    )
    width = round(SMALL * BORDER)
    outside = np.ones((SMALL, SMALL), bool)
    outside[width:-width, width:-width] = False
    return small[:, outside] / 255


def aspect(pixels: np.ndarray) -> np.ndarray:
    """Log ratio of horizontal to vertical gradients: the trace that squashing leaves."""
    grey = pixels.astype(np.float32)
    across = np.abs(np.diff(grey, axis=2)).mean(axis=(1, 2))
    down = np.abs(np.diff(grey, axis=1)).mean(axis=(1, 2))
    return np.log((across + 1e-6) / (down + 1e-6))[:, None]


def texture(pixels: np.ndarray) -> np.ndarray:
    """Log power in bands of spatial frequency above 0.05 cycles a pixel: sharpness and grain."""
    side = pixels.shape[1]
    radius = np.hypot(np.fft.fftfreq(side)[:, None], np.fft.rfftfreq(side))
    rings = [(radius >= low) & (radius < high) for low, high in itertools.pairwise(BANDS)]
    window = np.outer(np.hanning(side), np.hanning(side))
    features = np.empty((len(pixels), len(rings)))
    for row, image in enumerate(pixels):
        power = np.abs(np.fft.rfft2((image - image.mean()) * window)) ** 2
        features[row] = [np.log(power[ring].mean() + 1e-6) for ring in rings]
    return features


BASELINES = {"border only": border, "aspect only": aspect, "texture only": texture}


def score_baselines(training: Images, test: Images) -> dict[str, dict]:
    """`binary_scores` of each baseline, fitted on one set and scored on the other; and
    `auc_across_training_patients`, from five grouped folds of the first."""
    scores = {}
    for name, features in BASELINES.items():
        model = make_pipeline(
            StandardScaler(), LogisticRegression(class_weight="balanced", max_iter=2000)
        )
        known, pneumonia = features(training.pixels), training.is_pneumonia
        across = cross_val_predict(
            model,
            known,
            pneumonia,
            groups=training.patients,
            cv=StratifiedGroupKFold(5),
            method="predict_proba",
        )[:, 1]
        model.fit(known, pneumonia)
        scores[name] = {
            **binary_scores(test.labels, model.predict_proba(features(test.pixels))[:, 1]),
            "auc_across_training_patients": float(roc_auc_score(pneumonia, across)),
        }
    return scores
