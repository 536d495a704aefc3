"""Build the reference library: embeddings, labels, patients, maps, perceptual hashes, prototypes.

    python -m train.recipes.library --data ../shared/data/chest_xray

All images of train/ and of val/ (the shipped examples) are aligned and pass through the exported
classifier, the one that serves; where their frames lie is kept, so that two can be shown in
register, and prototypes are means of frames. UMAP and t-SNE are fitted here, once; only coordinates
are kept. Prints how well hashes separate, with --native the folder of files known at both sizes.
Time: 5 min.
"""

import dataclasses
from pathlib import Path

import numpy as np
from sklearn.manifold import TSNE
from tqdm import tqdm
from umap import UMAP

from cxr_demo.artefacts import ASSETS, CLASSIFIER, LIBRARY, Artefacts
from cxr_demo.models.networks import CLASSIFIER_SIDE, Classifier
from cxr_demo.reference.library import MAX_SAME_IMAGE_BITS, perceptual_hash
from cxr_demo.reference.thumbnails import to_thumbnail
from train.arguments import parse
from train.data.frames import frames_through, matrices_of
from train.data.kermany import CLASSES, Images, load_files, load_split
from train.recipes.prototypes import mean_image, partition
from train.records.manifest import register

SEED = 0


def embed(frames: np.ndarray, classifier: Classifier) -> np.ndarray:
    """Unit-length embeddings float32 (N, D) of frames (N, CLASSIFIER_SIDE, CLASSIFIER_SIDE)."""
    return np.stack(
        [classifier(frame).embedding for frame in tqdm(frames, desc="embed", disable=None)]
    )


def fit_maps(embeddings: np.ndarray) -> dict[str, np.ndarray]:
    """Fit both maps; float32 (N, 2) each, seeded."""
    return {
        "umap": UMAP(n_neighbors=30, min_dist=0.1, metric="cosine", random_state=SEED)
        .fit_transform(embeddings)
        .astype(np.float32),
        "tsne": TSNE(perplexity=30, metric="cosine", init="pca", random_state=SEED)
        .fit_transform(embeddings)
        .astype(np.float32),
    }


def build_prototypes(
    images: Images, frames: np.ndarray, embeddings: np.ndarray, may_average: np.ndarray
) -> dict:
    """Prototypes of every class and which one stands for each image.

    Args:
        images: the library's images.
        frames: float32 (N, side, side), the same in register, which are averaged.
        embeddings: float (N, D), of unit length.
        may_average: bool (N,), images that prototypes are made of; the others (the shipped
            examples) are given the nearest prototype of their class.

    Returns:
        The arrays `prototypes` uint8 (P, side, side), `prototype_sizes` int16 (P,) and
        `prototype_of` int16 (N,).
    """
    small = np.stack([to_thumbnail(frame) for frame in frames])
    pictures, sizes, centres, classes = [], [], [], []
    prototype_of = np.full(len(images), -1, np.int16)
    for label in range(len(CLASSES)):
        members = np.flatnonzero((images.labels == label) & may_average)
        for cell in partition(embeddings[members], images.patients[members]):
            rows = members[cell]
            picture, size = mean_image(rows, embeddings, images.patients, small)
            prototype_of[rows] = len(pictures)
            pictures.append(picture)
            sizes.append(size)
            centres.append(embeddings[rows].mean(axis=0))
            classes.append(label)
    for row in np.flatnonzero(prototype_of < 0):
        similarity = np.where(
            np.array(classes) == images.labels[row], np.stack(centres) @ embeddings[row], -np.inf
        )
        prototype_of[row] = similarity.argmax()
    return {
        "prototypes": np.stack(pictures),
        "prototype_sizes": np.array(sizes, np.int16),
        "prototype_of": prototype_of,
    }


def report_hashes(images: Images, prints: np.ndarray, native: Path | None) -> None:
    """Print how far apart perceptual hashes of one picture and of different patients lie."""
    if native is None:
        return
    row_of = {name: row for row, name in enumerate(images.ids)}
    files = load_files(sorted(native.rglob("*.jpeg")), "native")
    same, other = [], []
    for name, square in zip(files.ids, files.as_float(), strict=True):
        distances = np.bitwise_count(prints ^ perceptual_hash(square)).sum(axis=1)
        row = row_of[name]
        same.append(distances[row])
        other.append(distances[images.patients != images.patients[row]].min())
    print(
        f"perceptual hashes, {len(same)} native files: own copy within {max(same)} bits, other "
        f"patients from {min(other)} bits, same picture up to {MAX_SAME_IMAGE_BITS}"
    )


def main() -> None:
    arguments = parse(__doc__, "data", "native")
    parts = [load_split(arguments.data, split) for split in ("train", "val")]
    images = Images(
        *(
            np.concatenate([getattr(part, field.name) for part in parts])
            for field in dataclasses.fields(Images)
        )
    )
    squares = images.as_float()
    prints = np.stack([perceptual_hash(square) for square in squares])
    report_hashes(images, prints, arguments.native)
    artefacts = Artefacts()
    matrices = matrices_of(squares)
    frames = frames_through(squares, matrices, CLASSIFIER_SIDE)
    embeddings = embed(frames, Classifier(artefacts.read(CLASSIFIER)))
    may_average = np.arange(len(images)) < len(parts[0])
    prototypes = build_prototypes(images, frames, embeddings, may_average)
    path = ASSETS / LIBRARY
    path.parent.mkdir(parents=True, exist_ok=True)
    np.savez_compressed(
        path,
        **artefacts.sources(LIBRARY),
        ids=images.ids,
        patients=images.patients,
        labels=images.labels.astype(np.int8),
        embeddings=embeddings.astype(np.float16),
        matrices=matrices.astype(np.float32),
        perceptual_hashes=prints,
        **fit_maps(embeddings),
        **prototypes,
    )
    register(path)
    sizes = prototypes["prototype_sizes"]
    print(
        f"{path.name}: {len(images):,} references, {len(sizes)} prototypes of {sizes.min()} to "
        f"{sizes.max()} patients, {path.stat().st_size / 2**20:.1f} MB"
    )


if __name__ == "__main__":
    main()
