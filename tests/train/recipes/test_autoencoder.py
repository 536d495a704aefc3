"""What the autoencoder is shown, and what it is to say of it."""

import numpy as np

from cxr_demo.anomaly.reconstruction import HIDDEN, autoencoder_image
from tests.conftest import chest_like
from train.data.kermany import Images
from train.recipes.autoencoder import AutoencoderRecipe, HiddenLungs, pair_with_hidden

LUNGS = np.zeros((64, 64), bool)
LUNGS[16:48, 8:24] = True


def test_views_hide_the_lungs_and_ask_for_the_whole():
    names = np.array([f"IM-{i:04}" for i in range(3)])
    pixels = np.stack([chest_like(i, 224, 224) for i in range(3)])
    normals = Images(ids=names, patients=names, labels=np.zeros(3, int), pixels=pixels)
    seen, whole = HiddenLungs(normals, AutoencoderRecipe().views, 2, 0, LUNGS)[0]
    assert seen.shape == whole.shape == (2, 128, 128, 1)
    assert seen.dtype == whole.dtype == np.float32
    assert (seen[:, 32:96, 16:48] == HIDDEN).all()
    np.testing.assert_array_equal(seen[:, :30], whole[:, :30])
    assert whole[:, 32:96, 16:48].std() > 0.05


def test_pairs_are_those_of_the_service():
    frame = chest_like(0, 224, 224).astype(np.float32) / 255
    (seen,), (whole,) = pair_with_hidden([autoencoder_image(frame)], LUNGS)
    np.testing.assert_array_equal(whole[..., 0], autoencoder_image(frame))
    assert (seen != whole).sum() == (seen[32:96, 16:48] != whole[32:96, 16:48]).sum() > 0
