"""Which embedding, how many neighbours and which vote find the class best: held-out patients.

    python -m train.experiments.retrieval --data ../shared/data/chest_xray

The released classifier embeds the training images and the held-out ones, plain and under mixed
corruptions. Compared are its penultimate layer, the mean of block 5 and both side by side, as they
are and whitened (Jégou and Chum, 2012, "Negative evidences and co-occurences in image retrieval"),
with k from 5 to 25, one vote each or weighted by 1 / frequency of the class in the library. Scored
by balanced accuracy, since held-out patients are not as mixed as the test. The official test is not
read. Writes `assets/metrics/retrieval.json`. Time: 8 min on 2 cores.
Expected: see docs/released_classifier.md.
"""

import json
from collections.abc import Iterator

import numpy as np
from scipy.special import ndtr
from sklearn.decomposition import PCA
from sklearn.metrics import balanced_accuracy_score
from tqdm import tqdm

from cxr_demo.artefacts import ASSETS, CLASSIFIER, HEADS_WEIGHTS, Artefacts
from cxr_demo.models.networks import CLASSIFIER_SIDE, Classifier
from cxr_demo.models.saliency import Heads
from cxr_demo.reference.library import unit_rows
from train.arguments import parse
from train.data.corruptions import mixed_corruptions
from train.data.frames import frames_of
from train.data.splits import training_and_validation
from train.records.manifest import write_json

KS = (5, 7, 11, 15, 19, 25)
WHITENED_TO = 128


def features_of(classifier: Classifier, heads: Heads, squares: np.ndarray) -> dict[str, np.ndarray]:
    """Unit rows (N, D) by name: the penultimate layer, the mean of block 5, and both."""
    found = [
        classifier(frame)
        for frame in tqdm(frames_of(squares, side=CLASSIFIER_SIDE), desc="embed", disable=None)
    ]
    means = np.stack([output.feature_map.mean(axis=(0, 1)) for output in found])
    before = means @ heads.embedding_kernel + heads.embedding_bias
    penultimate = unit_rows(before * ndtr(before))  # with ndtr it is GELU
    pooled = np.stack([output.embedding for output in found])
    return {
        "penultimate": penultimate,
        "block 5": pooled,
        "both": unit_rows(np.hstack([penultimate, pooled])),
    }


def with_whitened(
    references: dict[str, np.ndarray], queries: dict[str, dict[str, np.ndarray]]
) -> Iterator[tuple[str, np.ndarray, dict[str, np.ndarray]]]:
    """Each embedding as it is, then whitened by what the references are like.

    Yields:
        (name, references (N, D), queries (M, D) by condition), rows of unit length.
    """
    for name, known in references.items():
        asked = {condition: found[name] for condition, found in queries.items()}
        yield name, known, asked
        whiten = PCA(min(WHITENED_TO, *known.shape), whiten=True).fit(known)
        yield (
            f"{name}, whitened",
            unit_rows(whiten.transform(known)),
            {condition: unit_rows(whiten.transform(found)) for condition, found in asked.items()},
        )


def vote_shares(
    similarity: np.ndarray, labels: np.ndarray, k: int, weights: np.ndarray
) -> np.ndarray:
    """Weight of each class among the k nearest, as a share: (M, classes).

    Args:
        similarity: (M, N) of queries and references.
        labels: int (N,) of the references.
        k: how many vote.
        weights: (classes,) of a vote of each class.
    """
    nearest = np.argpartition(-similarity, k - 1, axis=1)[:, :k]
    votes = weights * np.eye(len(weights))[labels[nearest]].sum(axis=1)
    return votes / votes.sum(axis=1, keepdims=True)


def score_vote(shares: np.ndarray, labels: np.ndarray) -> dict[str, float]:
    """Balanced accuracies of two classes and of three."""
    predicted = {"two": shares[:, 0] < 0.5, "three": shares.argmax(axis=1)}
    truth = {"two": labels > 0, "three": labels}
    return {
        f"balanced_accuracy_{name}": round(balanced_accuracy_score(truth[name], found), 4)
        for name, found in predicted.items()
    }


def main() -> None:
    arguments = parse(__doc__, "data")
    artefacts = Artefacts()
    classifier = Classifier(artefacts.read(CLASSIFIER))
    heads = Heads.from_arrays(artefacts.arrays(HEADS_WEIGHTS))
    training, held_out = training_and_validation(arguments.data)
    references = features_of(classifier, heads, training.as_float())
    queries = {
        "plain": features_of(classifier, heads, held_out.as_float()),
        "stressed": features_of(classifier, heads, mixed_corruptions(held_out)[..., 0]),
    }
    frequency = np.bincount(training.labels) / len(training)
    votes = {"equal": np.ones(len(frequency)), "by class frequency": 1 / frequency}
    rows = []
    for name, known, asked in with_whitened(references, queries):
        for condition, found in asked.items():
            similarity = found @ known.T
            rows += [
                {"embedding": name, "condition": condition, "k": k, "votes": kind}
                | score_vote(vote_shares(similarity, training.labels, k, weights), held_out.labels)
                for k in KS
                for kind, weights in votes.items()
            ]
    result = {"classifier": artefacts.short_hash(CLASSIFIER), "rows": rows}
    write_json(ASSETS / "metrics" / "retrieval.json", result)
    for row in rows:
        print(json.dumps(row))


if __name__ == "__main__":
    main()
