"""The reference library: embeddings, labels and patients of known radiographs, and their search.

Data contract: embeddings are float32 (N, D) of unit length, so that a dot product is the cosine
similarity. Labels index `calibration.THREE_CLASS`. Up to `search.MAX_EXACT` references every one
is compared; of more, an index finds nearly all of the nearest.

Pictures are recognised by perceptual hash, not by file name: a query that is a reference image, at
any resolution, is found and left out together with its patient's other images.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property

import cv2
import numpy as np

from cxr_demo.models.calibration import THREE_CLASS
from cxr_demo.reference.search import build_search

MAX_SAME_IMAGE_BITS = 24
"""Perceptual hashes this near (of 256 bits) are one picture. Native files lie within 8 bits of
their 224 x 224 copies, and images of different training patients 38 or more apart."""


@dataclass(frozen=True)
class Reference:
    """One radiograph of the library.

    Attributes:
        row: index in the library.
        id: name in the data set.
        label: normal, bacterial or viral.
        patient: patient key.
    """

    row: int
    id: str
    label: str
    patient: str


@dataclass(frozen=True)
class Neighbour(Reference):
    """A reference near a query, with the cosine similarity to it, in [-1, 1]."""

    similarity: float


class ReferenceLibrary:
    """Known radiographs and the search among them.

    Args:
        arrays: as `train.recipes.library` stores them.
    """

    def __init__(self, arrays: Mapping[str, np.ndarray]):
        self.ids = arrays["ids"]
        self.row_of = {name: row for row, name in enumerate(self.ids.tolist())}
        self.patients = arrays["patients"]
        self.labels = arrays["labels"]
        self.embeddings = unit_rows(arrays["embeddings"].astype(np.float32))
        self.perceptual_hashes = arrays["perceptual_hashes"]
        self.matrices = arrays["matrices"]
        self.coordinates = {name: arrays[name] for name in ("umap", "tsne")}
        self.prototype_of = arrays["prototype_of"]
        self.prototypes = arrays["prototypes"]
        self.prototype_sizes = arrays["prototype_sizes"]
        # Sorted by patient once, so that leaving patients out costs only their own rows.
        keys, codes, counts = np.unique(self.patients, return_inverse=True, return_counts=True)
        self._code_of_patient = {key: code for code, key in enumerate(keys.tolist())}
        self._rows_by_patient = np.argsort(codes, kind="stable")
        self._first_of_patient = np.append(0, np.cumsum(counts))
        # (4, N) words of 64 bits: 500,000 hashes are compared in 3 ms, by bytes in 40.
        words = np.ascontiguousarray(self.perceptual_hashes).view(np.uint64)
        self._hash_words = np.ascontiguousarray(words.T)
        self._search = build_search(self.embeddings, self.labels)

    def __len__(self) -> int:
        return len(self.ids)

    @cached_property
    def vote_weights(self) -> dict[str, float]:
        """By class, 1 / its share of the library: what a neighbour counts in a vote that does not
        know how common a class is here. 0 for a class that the library has not."""
        counts = np.bincount(self.labels, minlength=len(THREE_CLASS))
        return {
            name: len(self) / count if count else 0.0
            for name, count in zip(THREE_CLASS, counts.tolist(), strict=True)
        }

    def reference(self, row: int) -> Reference:
        """The reference at one row, in [0, len(self))."""
        label = THREE_CLASS[self.labels[row]]
        return Reference(int(row), str(self.ids[row]), label, str(self.patients[row]))

    def find(self, text: str) -> list[int]:
        """Rows whose patient key or name holds a text, whatever its case; none for an empty one."""
        wanted = text.strip().lower()
        names = [np.char.lower(keys.astype(str)) for keys in (self.ids, self.patients)]
        found = [np.char.find(one, wanted) >= 0 for one in names]
        return np.flatnonzero(np.any(found, axis=0)).tolist() if wanted else []

    def rows_of_same_image(self, square: np.ndarray) -> np.ndarray:
        """Rows whose picture is the one given, exact duplicates included; usually none."""
        words = perceptual_hash(square).view(np.uint64)[:, None]
        distances = np.bitwise_count(self._hash_words ^ words).sum(axis=0, dtype=np.uint16)
        return np.flatnonzero(distances <= MAX_SAME_IMAGE_BITS)

    def rows_of_same_patients(self, rows: np.ndarray) -> np.ndarray:
        """All rows of the patients that the given rows belong to, including those rows."""
        return self.rows_of_patients(self.patients[rows].tolist())

    def rows_of_patients(self, keys: Iterable[str]) -> np.ndarray:
        """All rows of the patients with these keys; unknown keys are ignored."""
        rows = [np.empty(0, np.int64)]
        for key in set(keys) & self._code_of_patient.keys():
            first, end = self._first_of_patient[self._code_of_patient[key] :][:2]
            rows.append(self._rows_by_patient[first:end])
        return np.sort(np.concatenate(rows))

    def nearest(
        self,
        embedding: np.ndarray,
        k: int,
        classes: Iterable[str] = THREE_CLASS,
        leave_out: Iterable[str] = (),
    ) -> tuple[Neighbour, ...]:
        """The k nearest references by cosine similarity, nearest first.

        Args:
            embedding: float32 (D,), of unit length.
            k: how many, at least 1.
            classes: those to search among.
            leave_out: keys of patients whose images may not be returned.

        Returns:
            k neighbours, fewer if the library has fewer left; equals in row order.
        """
        labels = {THREE_CLASS.index(name) for name in classes}
        rows, similarities = self._search.nearest(
            embedding.astype(np.float32), k, labels, self.rows_of_patients(leave_out)
        )
        return tuple(
            Neighbour(**vars(self.reference(row)), similarity=float(similarity))
            for row, similarity in zip(rows, similarities, strict=True)
        )


def perceptual_hash(square: np.ndarray) -> np.ndarray:
    """A 256-bit perceptual hash: the signs of the 16 x 16 lowest cosine frequencies.

    float32 (side, side) in [0, 1] → uint8 (32,). It survives resizing, recompression and a change
    of window, and holds about as much of the image as a thumbnail of 16 x 16 pixels without its
    grey levels. (C. Zauner, "Implementation and benchmarking of perceptual image hash functions",
    2010. Chests are too alike for signs of differences between neighbouring cells.)
    """
    frequencies = cv2.dct(cv2.resize(square, (64, 64), interpolation=cv2.INTER_AREA))
    return np.packbits(frequencies[:16, :16] > 0)


def unit_rows(vectors: np.ndarray) -> np.ndarray:
    """Scale each row of (N, D) to unit length."""
    return vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
