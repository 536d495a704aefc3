"""Search for the nearest vectors by cosine similarity: exact, or with an index.

Data contract: vectors are float32 (N, D) of unit length, kept without a copy; labels are integers
(N,). Both searches return rows, nearest first and equals in row order, and their cosine
similarities, computed from the vectors themselves: a neighbour is the same whichever search finds
it. `library.ReferenceLibrary` holds the search that `build_search` chooses.
"""

import logging
from collections.abc import Collection

import numpy as np

MAX_EXACT = 50_000
"""Vectors that are compared one by one. On two cores of an EPYC that takes 0.3 ms for 5,000, 7 ms
for 50,000 and 70 ms for 500,000, nearly all of it waiting for memory; an index takes 0.3 ms, 0.4 ms
and 1.3 ms. An index is never slower, but as long as exact search stays below 10 ms, a tenth of an
analysis, it is not worth an extra package, a longer start and approximate results. `bench.growth`
measures all of it."""

INDEX_PACKAGES = "requirements-growth.txt"

ROUNDING = 1e-5
"""More than the error of float32 sums of 256 products: vectors this close to the k-th are compared
in float64, so that equal vectors get equal similarities wherever in memory they lie."""

PROBED_CELLS = 32
"""Per class; among 500,000, 8 find 98.3 of 100 neighbours, 16 find 99.3, 32 find 99.9 and 64 all
at twice the time."""

SPARE = 3
"""Times k candidates come from the index, which stores half precision, and are compared exactly."""

MAX_LEFT_OUT = 1000
"""With more rows than this left out, the candidates of the index may hold too few others."""

TRAINING_VECTORS = 64
"""For each cell; four times as many take four times as long and find no more."""

BATCH = 65_536
"""Vectors copied into an index at a time, so that no class is copied as a whole."""

log = logging.getLogger(__name__)


class ExactSearch:
    """Compares the query with every vector."""

    def __init__(self, vectors: np.ndarray, labels: np.ndarray):
        self._vectors = vectors
        self._labels = labels

    def nearest(
        self, query: np.ndarray, k: int, labels: Collection[int], leave_out: np.ndarray
    ) -> tuple[np.ndarray, np.ndarray]:
        """The k nearest rows.

        Args:
            query: float32 (D,), of unit length.
            k: how many, at least 1.
            labels: those to search among.
            leave_out: integers, rows that may not be found.

        Returns:
            Rows, and their cosine similarities in [-1, 1]; fewer than k if fewer are left.
        """
        similarities = self._vectors @ query
        allowed = np.isin(self._labels, list(labels))
        allowed[leave_out] = False
        similarities[~allowed] = -np.inf
        k = min(k, np.count_nonzero(allowed))
        if k == 0:
            return np.empty(0, np.int64), np.empty(0)
        kth = np.partition(similarities, -k)[-k]
        candidates = np.flatnonzero(similarities >= kth - ROUNDING)
        return _ranked(self._vectors, candidates, query, k)


class IndexedSearch:
    """Compares the query with the vectors in the cells of the space nearest to it, with faiss.

    Each class has its own index: few of a class's vectors may be among the nearest of all classes.
    Building takes 10 to 30 s for 500,000 vectors, depending on the load, 150 s for 5 million, and
    two thirds of their memory. It is done at every start: an index in a file would have to be kept
    in step with the library, and faiss parses it in C++ that is not made for untrusted files.

    Raises:
        ImportError: if faiss is not installed.
    """

    def __init__(self, vectors: np.ndarray, labels: np.ndarray):
        self._vectors = vectors
        self._exact = ExactSearch(vectors, labels)
        self._rows = {int(label): np.flatnonzero(labels == label) for label in np.unique(labels)}
        self._indexes = {label: _index(vectors, rows) for label, rows in self._rows.items()}

    def nearest(
        self, query: np.ndarray, k: int, labels: Collection[int], leave_out: np.ndarray
    ) -> tuple[np.ndarray, np.ndarray]:
        """As `ExactSearch.nearest`, which runs where many are left out or too few are found."""
        if len(leave_out) > MAX_LEFT_OUT:
            return self._exact.nearest(query, k, labels, leave_out)
        found = [np.empty(0, np.int64)]
        for label in self._rows.keys() & set(labels):
            rows = self._rows[label]
            wanted = min(len(rows), SPARE * k + len(leave_out))
            _, places = self._indexes[label].search(query[None], wanted)
            found.append(rows[places[places >= 0]])  # -1 where the cells hold fewer
        candidates = np.setdiff1d(np.concatenate(found), leave_out)
        if len(candidates) < k:
            return self._exact.nearest(query, k, labels, leave_out)
        return _ranked(self._vectors, candidates, query, k)


def build_search(vectors: np.ndarray, labels: np.ndarray) -> ExactSearch | IndexedSearch:
    """The search for this number of vectors; exact, with a warning, where faiss is missing."""
    if len(vectors) <= MAX_EXACT:
        return ExactSearch(vectors, labels)
    try:
        return IndexedSearch(vectors, labels)
    except ImportError:
        log.warning(
            "%d references are searched one by one, which takes longer than it need. For an index: "
            "pip install -r %s",
            len(vectors), INDEX_PACKAGES,
        )  # fmt: skip
        return ExactSearch(vectors, labels)


def _index(vectors: np.ndarray, rows: np.ndarray):
    """A faiss index of some rows, numbered in their order: cells around k-means centres, in half
    precision. (An HNSW graph of 500,000 takes ten times as long to build; 8 bits find 98 of 100
    neighbours where many vectors lie close together.)"""
    import faiss  # takes 0.2 s and 66 MB, which only large libraries need

    cells = min(len(rows), int(2 * len(rows) ** 0.5))
    width = vectors.shape[1]
    index = faiss.IndexIVFScalarQuantizer(
        faiss.IndexFlatIP(width), width, cells,
        faiss.ScalarQuantizer.QT_fp16, faiss.METRIC_INNER_PRODUCT,
    )  # fmt: skip
    index.nprobe = PROBED_CELLS
    index.cp.spherical = True  # centres of unit length, as the vectors are
    index.cp.max_points_per_centroid = TRAINING_VECTORS
    index.cp.min_points_per_centroid = 1  # else faiss complains of small classes on stderr
    sample = np.random.default_rng(0).permutation(rows)[: TRAINING_VECTORS * cells]
    index.train(vectors[np.sort(sample)])
    for start in range(0, len(rows), BATCH):
        index.add(vectors[rows[start : start + BATCH]])
    return index


def _ranked(
    vectors: np.ndarray, rows: np.ndarray, query: np.ndarray, k: int
) -> tuple[np.ndarray, np.ndarray]:
    """The k nearest of some rows with their similarities. Summed row by row: a matrix product
    rounds equal rows differently, depending on their position."""
    products = vectors[rows].astype(np.float64) * query
    similarities = np.clip(products.sum(axis=1), -1, 1)
    order = np.lexsort((rows, -similarities))[:k]
    return rows[order], similarities[order]
