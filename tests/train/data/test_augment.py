"""Views of gradients: the greys that are left tell which rows and columns were kept."""

import numpy as np
import pytest

from cxr_demo.models.preprocessing import jpeg_copy
from train.data.augment import (
    NO_TEXTURE,
    NOTHING_LENT,
    ViewRecipe,
    borrow,
    gaussian_blur,
    random_view,
    random_view_and_mask,
)

COLUMNS = np.tile(np.arange(224, dtype=np.uint8), (224, 1))  # each pixel's grey is its column
ROWS = COLUMNS.T  # … and its row
BLACK = np.zeros((224, 224), np.uint8)  # lends where that is asked for
PLAIN = {**NO_TEXTURE, **NOTHING_LENT, "rotation": 0}  # shapes alone
GREYS = {**PLAIN, "contrast": 0}  # … and greys untouched
SHAPES = ViewRecipe(side=224, area=(0.08, 1.0), **GREYS)  # never shrunk, never beyond the edge


def kept(view: np.ndarray) -> tuple[int, int]:
    """First and last row or column that a view of a gradient shows."""
    return round(float(view.min()) * 255), round(float(view.max()) * 255)


def crop_shape(recipe: ViewRecipe, seed: int) -> tuple[int, int]:
    """Width and height of the crop drawn with this seed."""
    shape = []
    for image in (COLUMNS, ROWS):
        first, last = kept(random_view(image, BLACK, recipe, np.random.default_rng(seed)))
        shape.append(last - first + 1)
    return tuple(shape)


# Random views


@pytest.mark.parametrize("side", [32, 192, 224])
def test_views_keep_the_contract(side):
    noise = np.random.default_rng(0).integers(0, 256, (224, 224), np.uint8)
    for seed in range(10):
        view = random_view(noise, BLACK, ViewRecipe(side=side), np.random.default_rng(seed))
        assert view.shape == (side, side)
        assert view.dtype == np.float32
        assert 0 <= view.min() < view.max() <= 1


def test_contrast_is_clipped_to_0_and_1():
    halves = np.where(COLUMNS < 112, 0, 255).astype(np.uint8)
    recipe = ViewRecipe(side=32, area=(1, 1), contrast=0.9, **PLAIN)
    views = [random_view(halves, BLACK, recipe, np.random.default_rng(seed)) for seed in range(20)]
    assert min(view.min() for view in views) == 0
    assert max(view.max() for view in views) == 1


def test_the_generator_decides():
    views = [
        random_view(COLUMNS, BLACK, ViewRecipe(), np.random.default_rng(seed)) for seed in (7, 7, 8)
    ]
    np.testing.assert_array_equal(views[0], views[1])
    assert (views[0] != views[2]).any()


def test_the_image_is_left_alone():
    image = COLUMNS.copy()
    random_view(image, BLACK, ViewRecipe(), np.random.default_rng(0))
    np.testing.assert_array_equal(image, COLUMNS)


def test_half_of_the_views_are_mirrored_and_none_is_upside_down():
    mirrored = 0
    for seed in range(200):
        across = random_view(COLUMNS, BLACK, SHAPES, np.random.default_rng(seed))
        down = random_view(ROWS, BLACK, SHAPES, np.random.default_rng(seed))
        mirrored += across[0, 0] > across[0, -1]
        assert down[0, 0] < down[-1, 0]
    assert 70 < mirrored < 130  # 100 expected, standard deviation 7


def test_a_quarter_of_the_area_is_half_of_each_edge():
    recipe = ViewRecipe(side=224, area=(0.25, 0.25), log_ratio=0, **GREYS)
    assert crop_shape(recipe, seed=0) == pytest.approx((112, 112), abs=1)


def test_area_and_ratio_stay_in_their_ranges():
    recipe = ViewRecipe(side=224, area=(0.25, 0.5), **GREYS)
    shapes = np.array([crop_shape(recipe, seed) for seed in range(200)])
    areas = shapes.prod(axis=1) / 224**2
    ratios = shapes[:, 0] / shapes[:, 1]
    assert 0.24 < areas.min() < 0.28 and 0.47 < areas.max() < 0.51
    assert 0.69 < ratios.min() < 0.75 and 1.34 < ratios.max() < 1.45


def test_crops_lie_anywhere():
    recipe = ViewRecipe(side=224, area=(0.25, 0.25), log_ratio=0, **GREYS)
    for image in (COLUMNS, ROWS):
        firsts = [
            kept(random_view(image, BLACK, recipe, np.random.default_rng(seed)))[0]
            for seed in range(200)
        ]
        assert min(firsts) < 5 and max(firsts) > 107  # of 0 to 112


def test_contrast_and_brightness_by_their_ranges():
    image = np.where(COLUMNS < 112, 51, 153).astype(np.uint8)  # 0.2 and 0.6, mean 0.4
    recipe = ViewRecipe(side=224, area=(1, 1), log_ratio=0, contrast=0.3, **PLAIN)
    views = [random_view(image, BLACK, recipe, np.random.default_rng(seed)) for seed in range(200)]
    means = np.array([view.mean() for view in views])
    spans = np.array([view.max() - view.min() for view in views])
    assert 0.28 - 1e-3 < means.min() < 0.3 and 0.5 < means.max() < 0.52 + 1e-3
    assert 0.28 - 1e-3 < spans.min() < 0.3 and 0.5 < spans.max() < 0.52 + 1e-3
    assert abs(np.corrcoef(means, spans)[0, 1]) < 0.3  # drawn apart from each other


# Seen from farther away


def test_a_crop_four_times_as_large_shows_the_image_at_half_its_size():
    recipe = ViewRecipe(side=224, area=(4, 4), log_ratio=0, **GREYS)
    white = np.full((224, 224), 255, np.uint8)
    shares = [random_view(white, BLACK, recipe, np.random.default_rng(seed)) for seed in range(40)]
    means = {round(float(view.mean()), 2) for view in shares}
    assert means == {0.25, 1.0}  # black beyond the edge, or mirrored


def test_all_of_the_image_stays_in_view_from_farther_away():
    recipe = ViewRecipe(side=448, area=(4, 4), log_ratio=0, **GREYS)
    for seed in range(40):
        view = random_view(COLUMNS, BLACK, recipe, np.random.default_rng(seed))
        assert kept(view) == pytest.approx((0, 223), abs=1)


# Greys and texture


def test_gamma_by_its_range():
    image = np.full((224, 224), 64, np.uint8)  # 0.251: at gamma e^±0.5, 0.251^1.649 to 0.251^0.607
    recipe = ViewRecipe(side=32, area=(1, 1), **{**GREYS, "gamma": 0.5})
    greys = [
        float(random_view(image, BLACK, recipe, np.random.default_rng(seed)).mean())
        for seed in range(200)
    ]
    assert 0.1024 - 1e-3 < min(greys) < 0.115 and 0.41 < max(greys) < 0.4324 + 1e-3


def spread(view: np.ndarray) -> float:
    """Mean absolute difference of neighbouring pixels."""
    return float(np.abs(np.diff(view, axis=1)).mean())


@pytest.mark.parametrize(
    ("lever", "more", "less"),
    [("blur", 0, 50), ("sharpen", 25, 0), ("grain", 50, 0)],
)
def test_each_texture_lever_does_what_its_name_says(lever, more, less):
    """Out of 100 views: about how many must be rougher, and smoother, than the plain one."""
    checks = (np.indices((224, 224)).sum(axis=0) // 8 % 2 * 100 + 50).astype(np.uint8)
    amount = {"blur": 3.0, "sharpen": 2.0, "grain": 0.1}[lever]
    at_rest = {"side": 224, "area": (1, 1), "log_ratio": 0}
    plain = ViewRecipe(**at_rest, **GREYS)
    changed = ViewRecipe(**at_rest, **{**GREYS, lever: amount})
    rougher = smoother = 0
    for seed in range(100):
        before = spread(random_view(checks, BLACK, plain, np.random.default_rng(seed)))
        after = spread(random_view(checks, BLACK, changed, np.random.default_rng(seed)))
        rougher += after > before + 1e-6
        smoother += after < before - 1e-6
    assert abs(rougher - more) <= 15 and (smoother > 10 if less else smoother == 0)


def test_grain_keeps_its_largest_deviation():
    image = np.full((224, 224), 128, np.uint8)
    recipe = ViewRecipe(side=224, area=(1, 1), **{**GREYS, "grain": 0.1})
    deviations = np.array(
        [random_view(image, BLACK, recipe, np.random.default_rng(s)).std() for s in range(200)]
    )
    grainy = deviations[deviations > 1e-4]
    assert 70 < len(grainy) < 130 and 0.09 < grainy.max() <= 0.1 + 1e-3
    assert grainy.mean() == pytest.approx(0.05, abs=0.01)


def test_the_jpeg_step_leaves_blocks_at_low_quality_and_little_at_high():
    noise = np.random.default_rng(0).random((64, 64)).astype(np.float32)
    worse, better = jpeg_copy(noise, 10), jpeg_copy(noise, 99)
    assert worse.shape == noise.shape and worse.dtype == np.float32
    assert np.abs(better - noise).mean() < 0.01 < 0.1 < np.abs(worse - noise).mean()


def test_blur_keeps_the_mean_and_none_is_none():
    noise = np.random.default_rng(0).random((64, 64)).astype(np.float32)
    assert gaussian_blur(noise, 0.05) is noise
    assert gaussian_blur(noise, 2.0).mean() == pytest.approx(noise.mean(), abs=0.01)
    assert gaussian_blur(noise, 2.0).std() < 0.25 * noise.std()


def test_a_mask_goes_where_its_image_goes():
    """An image that is its own mask stays so, whatever the crop, the flip and what lies beyond."""
    recipe = ViewRecipe(side=96, area=(0.3, 1.3), **GREYS)
    for seed in range(40):
        noise = np.random.default_rng(seed).random((224, 224), np.float32)
        view, mask = random_view_and_mask(noise, noise, recipe, np.random.default_rng(seed))
        assert view.shape == mask.shape == (96, 96)
        np.testing.assert_allclose(view, mask, atol=1e-6)


def test_greys_and_texture_leave_the_mask_alone():
    recipe = ViewRecipe(side=224, area=(1.0, 1.0), log_ratio=0, rotation=0, flip=0)
    greys = COLUMNS.astype(np.float32) / 255
    view, mask = random_view_and_mask(greys, greys, recipe, np.random.default_rng(1))
    np.testing.assert_allclose(mask, COLUMNS / 255, atol=1e-6)
    assert np.abs(view - mask).max() > 0.01


def test_a_turn_leaves_the_middle_where_it_is():
    """Turned by up to 30 degrees about its own middle, a point there stays."""
    recipe = ViewRecipe(side=224, area=(1, 1), log_ratio=0, **{**GREYS, "rotation": 30})
    dot = BLACK.copy()
    dot[108:116, 108:116] = 255
    bar = BLACK.copy()
    bar[20:40, 108:116] = 255
    places = []
    for seed in range(60):
        views = [random_view(i, BLACK, recipe, np.random.default_rng(seed)) for i in (dot, bar)]
        assert views[0][112, 112] == 1
        places.append(np.argmax(views[1].sum(axis=0)) - 112)
    # 82 pixels above the middle, sin 30 = 1/2: up to 41 aside, and half of the bar's width.
    assert -46 < min(places) < -30 and 30 < max(places) < 46


def test_lenders_are_asked_as_often_as_the_recipe_says():
    white = np.full_like(BLACK, 255)
    rng = np.random.default_rng(0)
    recipe = ViewRecipe(**{**NOTHING_LENT, "surroundings": 0.45})
    lent = [borrow(BLACK, white, recipe, rng)[0, 0] for _ in range(400)]
    assert 0.38 < np.mean(np.array(lent) > 0.5) < 0.52  # standard deviation .025
    for kind in ("histogram", "spectrum"):
        changed = borrow(COLUMNS, ROWS // 2, ViewRecipe(**{**NOTHING_LENT, kind: 1.0}), rng)
        assert np.abs(changed - COLUMNS / 255).max() > 0.02
    same = borrow(COLUMNS, white, ViewRecipe(**NOTHING_LENT), rng)
    np.testing.assert_allclose(same, COLUMNS / 255, atol=1e-6)
