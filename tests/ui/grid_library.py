"""A small reference library whose places on the maps are known: a grid, and the same mirrored."""

from types import SimpleNamespace

import numpy as np

from cxr_demo.reference.library import ReferenceLibrary
from cxr_demo.reference.thumbnails import SIDE, Thumbnails

ACROSS = 6


def grid_library(count: int = 24) -> ReferenceLibrary:
    """Reference r lies at (r % 6, r // 6) by UMAP and at minus that by t-SNE; classes take turns;
    two follow each other for each patient; similarities to (1, 0) fall from row to row."""
    rows = np.arange(count)
    angles = np.linspace(0, 1, count)
    places = np.stack([rows % ACROSS, rows // ACROSS], axis=1).astype(np.float32)
    return ReferenceLibrary(
        {
            "ids": np.array([f"image{row:02}" for row in rows]),
            "patients": np.array([f"patient{row // 2:02}" for row in rows]),
            "labels": (rows % 3).astype(np.int8),
            "embeddings": np.stack([np.cos(angles), np.sin(angles)], axis=1),
            "perceptual_hashes": np.random.default_rng(0).integers(0, 256, (count, 32), np.uint8),
            "matrices": np.tile(np.eye(2, 3, dtype=np.float32), (count, 1, 1)),
            "umap": places,
            "tsne": -places,
            "prototype_of": np.zeros(count, np.int16),
            "prototypes": np.full((1, SIDE, SIDE), 128, np.uint8),
            "prototype_sizes": np.array([20], np.int16),
        }
    )


def prototypes_of(library: ReferenceLibrary, folder) -> Thumbnails:
    """Its thumbnails where no reference has a picture of its own."""
    return Thumbnails(library, SimpleNamespace(paths=[]), folder / "none.npz")
