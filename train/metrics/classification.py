"""Evaluators: arrays in, plain numbers out. Something else prints and writes them.

Data contract: labels are int (N,), index into `train.data.kermany.CLASSES`, where 0 is normal;
scores are float (N,). Accuracy and confusion matrix come from the same array of predicted classes.
"""

import numpy as np
from sklearn.metrics import confusion_matrix, f1_score, roc_auc_score

from cxr_demo.models.calibration import softmax
from train.data.kermany import CLASSES


def binary_scores(labels: np.ndarray, pneumonia: np.ndarray, threshold: float = 0.5) -> dict:
    """Normal against pneumonia.

    Args:
        labels: (N,) classes; anything but 0 is pneumonia.
        pneumonia: (N,) score, higher means pneumonia.
        threshold: pneumonia is predicted when the score is above it.

    Returns:
        n, auc, accuracy, sensitivity, specificity, threshold, confusion (rows true, columns
        predicted; normal first).
    """
    truth = (labels > 0).astype(int)
    predicted = (pneumonia > threshold).astype(int)
    confusion = confusion_matrix(truth, predicted, labels=[0, 1])
    (true_normal, _), (_, true_pneumonia) = confusion
    return {
        "n": len(labels),
        "auc": float(roc_auc_score(truth, pneumonia)),
        "accuracy": float(np.trace(confusion) / confusion.sum()),
        "sensitivity": float(true_pneumonia / confusion[1].sum()),
        "specificity": float(true_normal / confusion[0].sum()),
        "threshold": threshold,
        "confusion": confusion.tolist(),
    }


def class_scores(labels: np.ndarray, predicted: np.ndarray, names: tuple[str, ...]) -> dict:
    """Several classes, from the array of predicted classes.

    Args:
        labels: int (N,) true class.
        predicted: int (N,) predicted class.
        names: class names in index order.

    Returns:
        n, accuracy, macro_f1, recall by class name, confusion (rows true, columns predicted).
    """
    classes = list(range(len(names)))
    confusion = confusion_matrix(labels, predicted, labels=classes)
    recall = np.diag(confusion) / confusion.sum(axis=1)
    return {
        "n": len(labels),
        "accuracy": float(np.trace(confusion) / confusion.sum()),
        "macro_f1": float(f1_score(labels, predicted, labels=classes, average="macro")),
        "recall": dict(zip(names, recall.tolist(), strict=True)),
        "confusion": confusion.tolist(),
    }


def score_logits(logits: dict[str, np.ndarray], labels: np.ndarray) -> dict:
    """What every validation of a classifier keeps, at threshold 0.5 and by the largest class.

    Args:
        logits: float (N, 2) and (N, 3), of the heads "binary" and "three_class".
        labels: int (N,).
    """
    pneumonia = softmax(logits["binary"])[:, 1]
    three = softmax(logits["three_class"])
    binary = binary_scores(labels, pneumonia)
    three_class = class_scores(labels, three.argmax(axis=1), CLASSES)
    scores = {
        **{name: binary[name] for name in ("auc", "accuracy", "sensitivity", "specificity")},
        "three_class_accuracy": three_class["accuracy"],
        "bacterial_viral_auc": bacterial_viral_auc(labels, three),
    }
    return {name: round(value, 4) for name, value in scores.items()}


def auc_between(labels: np.ndarray, scores: np.ndarray, negative: int, positive: int) -> float:
    """AUROC between two classes, the others left out."""
    chosen = np.isin(labels, (negative, positive))
    return float(roc_auc_score(labels[chosen] == positive, scores[chosen]))


def bacterial_viral_auc(labels: np.ndarray, probabilities: np.ndarray) -> float:
    """AUROC of viral against bacterial, by the viral share of the two; (N, 3) probabilities."""
    bacterial, viral = (CLASSES.index(name) for name in ("bacterial", "viral"))
    either = probabilities[:, bacterial] + probabilities[:, viral]
    # Where both are 0 to the last decimal kept, nothing is known of the cause.
    share = np.divide(
        probabilities[:, viral], either, out=np.full(len(either), 0.5), where=either > 0
    )
    return auc_between(labels, share, bacterial, viral)
