"""Figures for README and cards, from arrays alone."""

from pathlib import Path

import matplotlib
import numpy as np

matplotlib.use("Agg")
from matplotlib import pyplot as plt

DPI = 110


def draw_roc(curves: dict[str, tuple[np.ndarray, np.ndarray]], path: Path) -> Path:
    """ROC curves, name → (false positive rate, true positive rate), pneumonia positive."""
    figure, axes = plt.subplots(figsize=(4.6, 4.4), layout="constrained")
    for name, (false_positive, true_positive) in curves.items():
        area = np.trapezoid(true_positive, false_positive)
        axes.plot(false_positive, true_positive, label=f"{name}, AUROC {area:.3f}")
    axes.plot([0, 1], [0, 1], color="0.7", linewidth=0.8, linestyle="--")
    axes.set(xlabel="1 − specificity", ylabel="sensitivity", aspect="equal")
    axes.legend(loc="lower right", fontsize=8)
    return _save(figure, path)


def draw_precision_recall(
    curves: dict[str, tuple[np.ndarray, np.ndarray]], prevalence: float, path: Path
) -> Path:
    """Precision-recall curves, name → (precision, recall), pneumonia positive."""
    figure, axes = plt.subplots(figsize=(4.6, 4.4), layout="constrained")
    for name, (precision, recall) in curves.items():
        area = -np.sum(np.diff(recall) * precision[:-1])
        axes.plot(recall, precision, label=f"{name}, average precision {area:.3f}")
    axes.axhline(prevalence, color="0.7", linewidth=0.8, linestyle="--")
    axes.set(xlabel="sensitivity (recall)", ylabel="positive predictive value (precision)")
    axes.set(ylim=(0.4, 1.02), xlim=(0, 1.02))
    axes.legend(loc="lower left", fontsize=8)
    return _save(figure, path)


def draw_reliability(curves: dict[str, dict[str, list[float]]], path: Path) -> Path:
    """Reliability diagram, name → `calibration.reliability_curve`; areas show shares."""
    figure, axes = plt.subplots(figsize=(4.6, 4.4), layout="constrained")
    axes.plot([0, 1], [0, 1], color="0.7", linewidth=0.8, linestyle="--")
    for name, curve in curves.items():
        (line,) = axes.plot(curve["stated"], curve["observed"], label=name, linewidth=1)
        axes.scatter(
            curve["stated"],
            curve["observed"],
            s=10 + 400 * np.array(curve["share"]),
            color=line.get_color(),
            alpha=0.5,
        )
    axes.set(xlabel="stated probability of pneumonia", ylabel="share with pneumonia, half healthy")
    axes.set(aspect="equal", xlim=(-0.05, 1.05), ylim=(-0.05, 1.05))
    axes.legend(loc="upper left", fontsize=8)
    return _save(figure, path)


def draw_history(series: dict[str, dict[str, list[float]]], path: Path) -> Path:
    """Panels side by side, title → line name → value per epoch."""
    figure, row = plt.subplots(
        1, len(series), figsize=(4.2 * len(series), 3.2), layout="constrained", squeeze=False
    )
    for axes, (title, lines) in zip(row[0], series.items(), strict=True):
        for name, values in lines.items():
            axes.plot(range(1, len(values) + 1), values, label=name, marker=".")
        axes.set(title=title, xlabel="epoch")
        axes.legend(fontsize=8)
    return _save(figure, path)


def draw_scatter(
    points: np.ndarray, colourings: dict[int, tuple[np.ndarray, tuple[str, ...]]], path: Path
) -> Path:
    """A map float (N, 2) once per colouring, number of classes → (classes (N,), names)."""
    figure, row = plt.subplots(
        1, len(colourings), figsize=(4.6 * len(colourings), 4.4), layout="constrained"
    )
    for axes, (classes, names) in zip(row, colourings.values(), strict=True):
        for index, name in enumerate(names):
            own = points[classes == index]
            axes.scatter(own[:, 0], own[:, 1], s=2, label=name)
        axes.set_xticks([])
        axes.set_yticks([])
        axes.legend(fontsize=8, markerscale=4)
    return _save(figure, path)


def draw_confusions(matrices: dict[str, tuple[list, tuple[str, ...]]], path: Path) -> Path:
    """Confusion matrices side by side, title → (counts, class names); rows are the truth."""
    figure, row = plt.subplots(
        1, len(matrices), figsize=(3.4 * len(matrices), 3.9), layout="constrained"
    )
    for axes, (title, (counts, names)) in zip(np.atleast_1d(row), matrices.items(), strict=True):
        counts = np.asarray(counts)
        shares = counts / counts.sum(axis=1, keepdims=True)
        axes.imshow(shares, cmap="Blues", vmin=0, vmax=1)
        for (true, predicted), count in np.ndenumerate(counts):
            colour = "white" if shares[true, predicted] > 0.5 else "black"
            axes.text(predicted, true, f"{count:,}", ha="center", va="center", color=colour)
        axes.set_title(title, fontsize=9)
        axes.set_xticks(range(len(names)), names, fontsize=8)
        axes.set_yticks(range(len(names)), names, fontsize=8, rotation=90, va="center")
        axes.set(xlabel="predicted", ylabel="true")
    return _save(figure, path)


def _save(figure: plt.Figure, path: Path) -> Path:
    figure.savefig(path, dpi=DPI, metadata={"Software": None})
    plt.close(figure)
    return path
