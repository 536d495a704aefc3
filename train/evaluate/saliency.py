"""Does the saliency map show what the classifier uses? Two checks on held-out patients.

    python -m train.evaluate.saliency --data ../shared/data/chest_xray

Writes `assets/metrics/saliency.json`. A map must change when the head's weights are randomised
(Adebayo et al., 2018, "Sanity checks for saliency maps"), and hiding the fifth of the image that it
marks most must lower the score more than hiding another fifth (Samek et al., 2017, "Evaluating the
visualization of what a deep neural network has learned"). Hidden regions show the mean normal chest
in the tone of the image: blurred lungs would look like pneumonia themselves. The official test is
not read. Time: 1 min.
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

SHARE, MAX_IMAGES, NORMALS, SEED = 0.2, 150, 300, 0


def hide_cells(frame: np.ndarray, chosen: np.ndarray, normal: np.ndarray) -> np.ndarray:
    """Put the mean normal chest over the chosen cells of a grid.

    Args:
        frame: float32 (side, side) in [0, 1].
        chosen: bool (rows, columns), a coarse grid over it.
        normal: float32 (side, side), what is shown there, in the tone of the frame: with the same
            mean and standard deviation over the whole of it.

    Returns:
        float32 (side, side); soft edges, so that hiding draws no lines.
    """
    side = frame.shape[0]
    shown = (normal - normal.mean()) / normal.std() * frame.std() + frame.mean()
    mask = cv2.resize(chosen.astype(np.float32), (side, side), interpolation=cv2.INTER_NEAREST)
    mask = cv2.GaussianBlur(mask, (0, 0), side / 56)
    return (frame * (1 - mask) + shown * mask).astype(np.float32)


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
    training, held_out = training_and_validation(arguments.data)
    normals = training[~training.is_pneumonia][:NORMALS].as_float()
    normal = frames_of(normals, side=CLASSIFIER_SIDE).mean(axis=0)
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
            hidden = classifier(hide_cells(frame, top_cells(ranked, SHARE), normal))
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
