"""Does a heatmap show where the lesion is? Measured on lesions of known outline.

    python -m train.evaluate.localisation --data ../shared/data/chest_xray

Writes `assets/metrics/localisation.json`, for detector and autoencoder as they serve: pasted into
held-out normals, every kind of `train.data.evaluation_lesions.EVALUATION_LESIONS` once each, the
pixel AUROC, the hit rate of the pointing game (Zhang et al., 2018, "Top-down neural attention by
excitation backprop") and the AUROC of the score; and the share of held-out normals that stay below
the default threshold under every stress of `train.data.corruptions`, for which images with
pneumonia lend their borders. Maps and outlines are compared in the frame. Nothing is chosen here
but what `EXTENT` of the detector's map should be, from the table of extents. The official test is
not read. Time: 4 min."""

import json

import cv2
import numpy as np
from sklearn.metrics import roc_auc_score

from cxr_demo.analysis import Analyser
from cxr_demo.anomaly.maps import AnomalyMap, edge_share, extent_score
from cxr_demo.artefacts import ASSETS, Artefacts
from cxr_demo.models.affine import warp
from cxr_demo.models.preprocessing import SIDE
from train.arguments import parse
from train.data.corruptions import each_condition
from train.data.evaluation_lesions import EVALUATION_LESIONS, paste_lesions
from train.data.splits import training_and_validation
from train.records.manifest import write_json

EXTENTS = (0.01, 0.02, 0.05, 0.1, 0.2)
TOLERANCE = 15
"""Pixels of a 224 px image by which the pointing game may miss, as its authors use it."""


def resize_map(values: np.ndarray) -> np.ndarray:
    """A map of any side as float32 (SIDE, SIDE)."""
    return cv2.resize(values, (SIDE, SIDE), interpolation=cv2.INTER_LINEAR)


def pointing_game_hit(values: np.ndarray, mask: np.ndarray) -> bool:
    """Whether the strongest pixel of a map lies within TOLERANCE of a mask.

    Args:
        values: float (side, side).
        mask: (side, side), not 0 where the lesion is.
    """
    distance = cv2.distanceTransform((mask == 0).astype(np.uint8), cv2.DIST_L2, 5)
    return bool(distance.flat[values.argmax()] <= TOLERANCE)


def localisation(lesion_maps: list[np.ndarray], masks: np.ndarray) -> dict[str, float]:
    """How well maps show lesions, all pixels of all images on one scale.

    Args:
        lesion_maps: one map of any side per image.
        masks: (N, SIDE, SIDE), 1 where the lesion is.
    """
    values = np.stack([resize_map(found) for found in lesion_maps])
    hits = [pointing_game_hit(*pair) for pair in zip(values, masks, strict=True)]
    return {
        "pixel_auc": float(roc_auc_score(masks.ravel() > 0.5, values.ravel())),
        "pointing_game": float(np.mean(hits)),
    }


def score_method(
    plain: list[AnomalyMap], pasted: dict[str, list[AnomalyMap]], masks: dict[str, np.ndarray]
) -> dict:
    """All figures of one method: by kind of lesion, and over all of them together."""
    normal = [found.score for found in plain]
    everything = [found for maps in pasted.values() for found in maps]
    of_kind = {**pasted, "all": everything}
    masks = {**masks, "all": np.concatenate(list(masks.values()))}
    return {
        kind: {
            **localisation([found.values for found in maps], masks[kind]),
            "image_auc": float(
                roc_auc_score(
                    np.repeat([0, 1], [len(normal), len(maps)]),
                    [*normal, *(found.score for found in maps)],
                )
            ),
        }
        for kind, maps in of_kind.items()
    }


def extents(plain: list[np.ndarray], pasted: list[np.ndarray]) -> dict[str, float]:
    """Image AUROC by the share of a map that has to exceed the threshold, see `extent_score`."""
    truth = np.repeat([0, 1], [len(plain), len(pasted)])
    return {
        str(extent): float(
            roc_auc_score(truth, [extent_score(values, extent) for values in (*plain, *pasted)])
        )
        for extent in EXTENTS
    }


def main() -> None:
    arguments = parse(__doc__, "data")
    analyser = Analyser(Artefacts())
    _, held_out = training_and_validation(arguments.data)
    is_normal = ~held_out.is_pneumonia
    normals = held_out[is_normal]

    def assess(squares: np.ndarray) -> tuple[dict[str, list[AnomalyMap]], list[np.ndarray]]:
        """By method, what it makes of float32 (N, SIDE, SIDE); and the matrices of the frames."""
        found = [analyser.assess(square) for square in squares]
        maps = {
            method: [anomaly.maps[method] for anomaly, _ in found]
            for method in analyser.score_distributions
        }
        return maps, [alignment.matrix for _, alignment in found]

    under = {
        name: assess(squares[is_normal, ..., 0])[0] for name, squares in each_condition(held_out)
    }
    pasted, masks = {}, {}
    for kind in EVALUATION_LESIONS:
        squares, drawn = paste_lesions(normals.pixels, kind)
        pasted[kind], matrices = assess(squares)
        masks[kind] = np.stack([warp(*pair, SIDE) for pair in zip(drawn, matrices, strict=True)])
    result = {
        "n_normals": len(normals),
        "edge_share_of_lesions": float(
            np.mean([edge_share(mask) for seen in masks.values() for mask in seen])
        ),
        "model": {method: analyser.model[method] for method in analyser.score_distributions},
        **{
            method: {
                "lesions": score_method(
                    under["plain"][method],
                    {kind: maps[method] for kind, maps in pasted.items()},
                    masks,
                ),
                "extents": extents(
                    [found.values for found in under["plain"][method]],
                    [found.values for maps in pasted.values() for found in maps[method]],
                ),
                "specificity": {
                    name: float(np.mean([not found.unusual for found in maps[method]]))
                    for name, maps in under.items()
                },
            }
            for method in analyser.score_distributions
        },
    }
    write_json(ASSETS / "metrics" / "localisation.json", result)
    print(json.dumps(result, indent=1))


if __name__ == "__main__":
    main()
