"""Confidence intervals that know that images of one patient are not independent."""

from collections.abc import Callable

import numpy as np


def clustered_intervals(
    patients: np.ndarray,
    statistic: Callable[[np.ndarray], dict[str, float]],
    replicates: int = 1000,
    level: float = 0.95,
    seed: int = 0,
) -> dict[str, list[float]]:
    """Percentile intervals from resampling whole patients (cluster bootstrap; Field and Welsh,
    2007, "Bootstrapping clustered data").

    Args:
        patients: (N,) key of each image's patient.
        statistic: from row numbers (M,), with repetitions, to figures by name.
        replicates: how often the patients are drawn anew.
        level: share of the replicates within the interval.
        seed: of the draws.

    Returns:
        [low, high] by name of the figure. A figure that a draw leaves undefined (NaN: no patient
        of a class in it) is left out of that draw.
    """
    _, cluster = np.unique(patients, return_inverse=True)
    by_cluster = np.split(np.argsort(cluster, kind="stable"), np.cumsum(np.bincount(cluster))[:-1])
    rng = np.random.default_rng(seed)
    drawn = []
    for _ in range(replicates):
        clusters = rng.integers(len(by_cluster), size=len(by_cluster))
        drawn.append(statistic(np.concatenate([by_cluster[c] for c in clusters])))
    tails = [(1 - level) / 2, (1 + level) / 2]
    return {
        name: np.nanquantile([figures[name] for figures in drawn], tails).tolist()
        for name in drawn[0]
    }
