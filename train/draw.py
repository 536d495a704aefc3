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


def draw_confusions(matrices: dict[str, tuple[list, tuple[str, ...]]], path: Path) -> Path:
    """Confusion matrices side by side, title → (counts, class names); rows are the truth."""
    figure, row = plt.subplots(
        1, len(matrices), figsize=(3.4 * len(matrices), 3.9), layout="constrained"
    )
    for axes, (title, (counts, names)) in zip(np.atleast_1d(row), matrices.items(), strict=True):
        counts = np.asarray(counts)
        shares = counts / counts.sum(axis=1, keepdims=True)
        axes.imshow(shares, cmap="Blues", vmin=0, vmax=1)
        for (true, called), count in np.ndenumerate(counts):
            colour = "white" if shares[true, called] > 0.5 else "black"
            axes.text(called, true, f"{count:,}", ha="center", va="center", color=colour)
        axes.set_title(title, fontsize=9)
        axes.set_xticks(range(len(names)), names, fontsize=8)
        axes.set_yticks(range(len(names)), names, fontsize=8, rotation=90, va="center")
        axes.set(xlabel="called", ylabel="true")
    return _save(figure, path)


def _save(figure: plt.Figure, path: Path) -> Path:
    figure.savefig(path, dpi=DPI, metadata={"Software": None})
    plt.close(figure)
    return path
