"""Lesions on a drawn chest: dark lungs, grey tissue, black air."""

import cv2
import numpy as np
import pytest

from train.data.evaluation_lesions import (
    EVALUATION_LESIONS,
    consolidation_like_blob,
    device_like_line,
    paste_for_evaluation,
    paste_lesions,
    soft_opacity,
)
from train.data.synthetic_lesions import (
    _consolidation,
    _haze,
    _own_tissue,
    _paste,
    paste_for_training,
)

SIDE, AIR, LUNG, TISSUE = 224, 0.0, 0.3, 0.7


@pytest.fixture
def chest() -> np.ndarray:
    """Tissue from 10 % to 90 % of the width, two lungs in it, air beside it."""
    image = np.full((SIDE, SIDE), AIR, np.float32)
    image[:, 22:-22] = TISSUE
    image[45:180, 40:95] = image[45:180, 130:185] = LUNG
    return image


def pasted(chest, n: int = 40) -> list[tuple[np.ndarray, np.ndarray]]:
    return [paste_for_training(chest, np.random.default_rng(seed)) for seed in range(n)]


def test_lesions_keep_the_contract_and_cover_little_and_much(chest):
    shares = []
    for image, mask in pasted(chest):
        for array in (image, mask):
            assert array.shape == (SIDE, SIDE)
            assert array.dtype == np.float32
            assert array.min() >= 0
            assert array.max() <= 1
        shares.append(mask.mean())
    assert min(shares) < 0.03
    assert max(shares) > 0.2


def test_lesions_only_brighten_and_leave_the_air_alone(chest):
    for image, _ in pasted(chest):
        assert (image >= chest).all()
    for seed in range(10):
        for opacity in (soft_opacity, consolidation_like_blob):
            assert (opacity(chest, np.random.default_rng(seed))[chest == AIR] == AIR).all()


def test_half_of_what_is_laid_over_spares_soft_tissue_and_half_does_not(chest):
    full = np.full_like(chest, 0.7)  # of 0.4 at most: nothing is clipped at white
    changes = [_paste(chest, full, np.random.default_rng(seed)) - chest for seed in range(40)]
    middle = chest.copy()
    middle[:40], middle[-40:], middle[:, :40], middle[:, -40:] = 0, 0, 0, 0
    lung, tissue = middle == LUNG, middle == TISSUE
    adding = [change for change in changes if change[tissue].mean() > 0.06]
    assert 0.25 < len(adding) / len(changes) < 0.75
    for change in adding:
        assert change[tissue].mean() == pytest.approx(change[lung].mean(), abs=0.02)
    filling = [change for change in changes if change[tissue].mean() < 0.02]
    assert max(change[lung].mean() for change in filling) > 0.15


def test_own_tissue_brings_only_what_is_brighter(chest):
    for seed in range(20):
        change = _own_tissue(chest, np.random.default_rng(seed)) - chest
        assert change.min() >= 0
        assert (change[chest == TISSUE] < 1e-6).all()


def test_an_opacity_keeps_the_grain(chest):
    """Noise says nothing of disease, so it must not vanish where a lesion is."""
    grain = np.random.default_rng(0).normal(0, 0.02, chest.shape).astype(np.float32)
    noisy = np.clip(chest + grain * (chest == LUNG), 0, 1)
    inside = cv2.erode((chest == LUNG).astype(np.uint8), np.ones((9, 9))) > 0
    for kind in (_consolidation, _haze):
        for seed in range(5):
            image = kind(noisy, np.random.default_rng(seed))
            for picture in (image, noisy):
                picture[:] = picture - cv2.GaussianBlur(picture, (0, 0), 1)
            assert image[inside].std() > 0.9 * noisy[inside].std()
            noisy = np.clip(chest + grain * (chest == LUNG), 0, 1)


def test_lesions_of_evaluation_add_at_most_three_tenths(chest):
    for seed in range(10):
        for opacity in (soft_opacity, consolidation_like_blob):
            change = opacity(chest, np.random.default_rng(seed)) - chest
            assert 0.05 < change.max() <= 0.3 + 1e-6


def test_the_mask_is_where_the_grey_level_changed_visibly(chest):
    images, masks = (np.stack(arrays) for arrays in zip(*pasted(chest), strict=True))
    change = images - chest
    assert (masks[change > 0.12] > 0.5).mean() > 0.95
    # The mask reaches a few pixels beyond the change, which is smoothed, and no further.
    assert masks[change == 0].mean() < 0.1


@pytest.mark.parametrize("kind", EVALUATION_LESIONS)
def test_a_lesion_of_evaluation_can_be_seen_and_its_mask_is_sharp(chest, kind):
    for seed in range(5):
        image, mask = paste_for_evaluation(chest, kind, np.random.default_rng(seed))
        assert set(np.unique(mask)) == {0, 1}
        assert mask.mean() > 0.002
        assert np.abs(image - chest)[mask == 1].mean() > 0.03


def test_the_same_seed_gives_the_same_lesion(chest):
    first, again = (paste_for_training(chest, np.random.default_rng(5)) for _ in range(2))
    for one, other in zip(first, again, strict=True):
        np.testing.assert_array_equal(one, other)


def test_every_image_gets_its_own_lesion_and_the_same_one_again(chest):
    images = np.stack([np.rint(chest * 255).astype(np.uint8)] * 2)
    changed, masks = paste_lesions(images, "soft opacity")
    assert changed.shape == masks.shape == (2, SIDE, SIDE)
    assert (masks[0] != masks[1]).any()
    np.testing.assert_array_equal(paste_lesions(images, "soft opacity")[1], masks)


def test_a_line_is_thin(chest):
    image = device_like_line(chest, np.random.default_rng(0))
    assert 0 < (image > chest + 0.05).mean() < 0.05


def test_a_blank_image_is_refused():
    with pytest.raises(ValueError, match="chest radiograph"):
        paste_for_evaluation(
            np.zeros((64, 64), np.float32), "soft opacity", np.random.default_rng()
        )
