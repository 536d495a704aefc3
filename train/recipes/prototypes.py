"""Pixel means of like images, shown where a single patient's picture may not be.

Data contract: embeddings float (N, D), patients (N,), pictures uint8 (N, side, side), all of one
class → cells that partition the images, each of at least `MIN_PATIENTS` patients.
"""

import numpy as np

MIN_PATIENTS = 12


def partition(embeddings: np.ndarray, patients: np.ndarray) -> list[np.ndarray]:
    """Partition the images of one class into small neighbourhoods of enough patients.

    The embedding space is halved again and again across its widest direction (first principal
    component, at the median) for as long as both halves keep `MIN_PATIENTS` patients. No image
    lies in two cells, so no difference of two means gives a single image away.

    Args:
        embeddings: float (N, D), of unit length.
        patients: (N,) keys; at least `MIN_PATIENTS` different ones.

    Returns:
        Row indices of each cell.

    Raises:
        ValueError: if there are too few patients for one cell.
    """
    if len(np.unique(patients)) < MIN_PATIENTS:
        raise ValueError(f"a prototype needs at least {MIN_PATIENTS} patients")
    open_cells, closed = [np.arange(len(embeddings))], []
    while open_cells:
        rows = open_cells.pop()
        centred = embeddings[rows] - embeddings[rows].mean(axis=0)
        widest = np.linalg.svd(centred, full_matrices=False)[2][0]
        order = rows[np.argsort(centred @ widest, kind="stable")]
        halves = np.array_split(order, 2)
        if all(len(np.unique(patients[half])) >= MIN_PATIENTS for half in halves):
            open_cells += halves
        else:
            closed.append(rows)
    return closed


def mean_image(
    rows: np.ndarray, embeddings: np.ndarray, patients: np.ndarray, pictures: np.ndarray
) -> tuple[np.ndarray, int]:
    """The mean picture of one cell, each patient by the image nearest to the cell's centre.

    Returns:
        uint8 (side, side), and how many patients' images it averages.
    """
    centre = embeddings[rows].mean(axis=0)
    nearest_first = rows[np.argsort(-(embeddings[rows] @ centre), kind="stable")]
    _, first = np.unique(patients[nearest_first], return_index=True)
    chosen = nearest_first[np.sort(first)]
    return np.rint(pictures[chosen].mean(axis=0)).astype(np.uint8), len(chosen)
