"""Maps that point at a lesion and maps that do not."""

import numpy as np
import pytest

from cxr_demo.anomaly.maps import AnomalyMap
from cxr_demo.models.preprocessing import SIDE
from train.evaluate.localisation import TOLERANCE, localisation, pointing_game_hit, score_method


def square(top: int, left: int, side: int = 32) -> np.ndarray:
    mask = np.zeros((SIDE, SIDE), np.float32)
    mask[top : top + side, left : left + side] = 1
    return mask


@pytest.mark.parametrize(
    ("distance", "hit"), [(0, True), (TOLERANCE, True), (TOLERANCE + 2, False)]
)
def test_pointing_may_miss_by_the_tolerance(distance, hit):
    values = np.zeros((SIDE, SIDE), np.float32)
    values[120, 131 + distance] = 1  # the mask ends at column 131
    assert pointing_game_hit(values, square(100, 100)) is hit


def test_a_map_that_is_the_mask_is_perfect_and_its_negative_is_not():
    masks = np.stack([square(40, 40), square(150, 100)])
    perfect = localisation(list(masks), masks)
    assert perfect == {"pixel_auc": 1.0, "pointing_game": 1.0}
    assert localisation([1 - mask for mask in masks], masks)["pixel_auc"] == 0


def test_all_images_are_ranked_on_one_scale():
    """Each map is right within its image; the second is brighter everywhere than the first."""
    masks = np.stack([square(40, 40), square(40, 40)])
    dim, bright = 0.1 * masks[0], 1 + masks[1]
    assert localisation([dim, bright], masks)["pixel_auc"] == pytest.approx(0.75, abs=0.02)


def test_a_coarse_map_is_read_at_full_size():
    coarse = np.zeros((7, 7), np.float32)
    coarse[3, 3] = 1
    assert localisation([coarse], square(96, 96)[None])["pixel_auc"] > 0.99


def test_scores_are_compared_with_those_of_untouched_images():
    mask = square(40, 40)
    plain = [AnomalyMap(mask, score, 1.0) for score in (0.1, 0.2)]
    pasted = {"blob": [AnomalyMap(mask, 0.3, 1.0)], "line": [AnomalyMap(mask, 0.15, 1.0)]}
    scores = score_method(plain, pasted, {"blob": mask[None], "line": mask[None]})
    found = {kind: values["image_auc"] for kind, values in scores.items()}
    assert found == {"blob": 1.0, "line": 0.5, "all": 0.75}
