"""Does the saliency map show what the classifier uses? Two checks on held-out patients.

    python -m train.evaluate.saliency --data ../shared/data/chest_xray

Writes `assets/metrics/saliency.json`. A map must change when the head's weights are randomised
(Adebayo et al., 2018, "Sanity checks for saliency maps"), and hiding the fifth of the image that it
marks most must lower the score more than hiding another fifth (Samek et al., 2017, "Evaluating the
visualization of what a deep neural network has learned"). Hidden regions are blurred beyond
recognition. The official test is not read. Time: 1 min.
"""

import json

import cv2
import numpy as np
from scipy.stats import spearmanr
from tqdm import tqdm

from cxr_demo.artefacts import ASSETS, CLASSIFIER, HEADS_WEIGHTS, Artefacts
from cxr_demo.models.networks import CLASSIFIER_SIDE, Classifier
from cxr_demo.models.saliency import Heads, saliency
from train.arguments import parse
from train.data.frames import frames_of
from train.data.splits import training_and_validation
from train.records.manifest import write_json

SHARE, MAX_IMAGES, SEED = 0.2, 150, 0


def blur_cells(square: np.ndarray, chosen: np.ndarray) -> np.ndarray:
    """Blur the chosen cells of a grid away.

    Args:
        square: float32 (side, side) in [0, 1].
        chosen: bool (rows, columns), a coarse grid over it.

    Returns:
        float32 (side, side); soft edges, so that hiding draws no lines.
    """
    side = square.shape[0]
    blurred = cv2.GaussianBlur(square, (0, 0), side / 12)
    mask = cv2.resize(chosen.astype(np.float32), (side, side), interpolation=cv2.INTER_NEAREST)
    mask = cv2.GaussianBlur(mask, (0, 0), side / 56)
    return square * (1 - mask) + blurred * mask


def top_cells(values: np.ndarray, share: float) -> np.ndarray:
    """bool of the same shape: the given share of cells with the largest values."""
    chosen = np.zeros(values.size, bool)
    chosen[np.argsort(-values, axis=None)[: round(share * values.size)]] = True
    return chosen.reshape(values.shape)


def randomise_heads(heads: Heads, rng: np.random.Generator) -> Heads:
    """The same layers with their weights shuffled."""

    def shuffled(values: np.ndarray) -> np.ndarray:
        return rng.permuted(values.ravel()).reshape(values.shape)

    return Heads(
        shuffled(heads.embedding_kernel),
        shuffled(heads.embedding_bias),
        {name: shuffled(kernel) for name, kernel in heads.kernels.items()},
    )


def main() -> None:
    arguments = parse(__doc__, "data")
    artefacts = Artefacts()
    classifier = Classifier(artefacts.read(CLASSIFIER))
    heads = Heads.from_arrays(artefacts.arrays(HEADS_WEIGHTS))
    _, held_out = training_and_validation(arguments.data)
    rng = np.random.default_rng(SEED)
    chosen = held_out[rng.permutation(np.flatnonzero(held_out.is_pneumonia))[:MAX_IMAGES]]

    similar, drops = [], {"strongest": [], "random": [], "weakest": []}
    frames = frames_of(chosen.as_float(), side=CLASSIFIER_SIDE)
    for frame in tqdm(frames, desc="saliency", disable=None):
        features = classifier(frame)
        shown = saliency(features.feature_map, heads)["pneumonia"]
        other = saliency(features.feature_map, randomise_heads(heads, rng))["pneumonia"]
        similar.append(spearmanr(shown.ravel(), other.ravel()).statistic)
        score = float(np.diff(features.binary)[0])
        for name, ranked in (
            ("strongest", shown),
            ("random", rng.random(shown.shape)),
            ("weakest", -shown),
        ):
            hidden = classifier(blur_cells(frame, top_cells(ranked, SHARE)))
            drops[name].append(score - float(np.diff(hidden.binary)[0]))
    result = {
        "n": len(chosen),
        "classifier": artefacts.short_hash(CLASSIFIER),
        "rank_correlation_with_randomised_head": float(np.mean(np.abs(similar))),
        "share_hidden": SHARE,
        "mean_drop_of_logit": {name: float(np.mean(values)) for name, values in drops.items()},
        "share_where_strongest_costs_more_than_random": float(
            (np.array(drops["strongest"]) > np.array(drops["random"])).mean()
        ),
    }
    write_json(ASSETS / "metrics" / "saliency.json", result)
    print(json.dumps(result, indent=1))


if __name__ == "__main__":
    main()
