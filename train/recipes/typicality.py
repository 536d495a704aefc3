"""How near the library's images lie to their nearest of other patients: what counts as typical.

    python -m train.recipes.typicality

Reads the shipped library alone and writes `assets/library/typicality.json`. Time: 5 s.
"""

import numpy as np

from cxr_demo.artefacts import ASSETS, LIBRARY, TYPICALITY, Artefacts
from cxr_demo.reference.library import ReferenceLibrary
from cxr_demo.reference.neighbourhood import NEIGHBOURS
from train.records.manifest import write_json

ATYPICAL = 0.01
"""Share of the library's own images that a query has to be farther out than."""


def nearest_similarities(embeddings: np.ndarray, patients: np.ndarray, k: int) -> np.ndarray:
    """Cosine similarities of each image to its k nearest of other patients.

    Args:
        embeddings: float (N, D), of unit length.
        patients: keys (N,).
        k: fewer than the images of other patients.

    Returns:
        float (N, k), in no order.
    """
    nearest = []
    for embedding, patient in zip(embeddings, patients, strict=True):
        similarities = (embeddings @ embedding)[patients != patient]
        nearest.append(np.partition(similarities, -k)[-k:])
    return np.stack(nearest)


def main() -> None:
    artefacts = Artefacts()
    library = ReferenceLibrary(artefacts.arrays(LIBRARY))
    similarities = nearest_similarities(library.embeddings, library.patients, NEIGHBOURS)
    lowest, lower, upper = np.quantile(similarities, (ATYPICAL, 0.25, 0.75))
    typicality = {
        **artefacts.sources(TYPICALITY),
        "least": float(np.quantile(similarities.mean(axis=1), ATYPICAL)),
        "lowest": float(lowest),
        "lower_quartile": float(lower),
        "upper_quartile": float(upper),
    }
    write_json(ASSETS / TYPICALITY, typicality)
    print(typicality)


if __name__ == "__main__":
    main()
