"""Views of gradients: the greys that are left tell which rows and columns were kept."""

import numpy as np
import pytest

from cxr_demo.models.preprocessing import jpeg_copy
from train.data.augment import (
    ViewRecipe,
    add_random_border,
    gaussian_blur,
    random_view,
    random_view_and_mask,
    replace_border,
)

COLUMNS = np.tile(np.arange(224, dtype=np.uint8), (224, 1))  # each pixel's grey is its column
ROWS = COLUMNS.T  # … and its row
BLACK = np.zeros((224, 224), np.uint8)  # lends its border where one is asked for
PLAIN = {"gamma": 0, "blur": 0, "sharpen": 0, "grain": 0, "jpeg": 100, "border": 0}  # shapes alone
GREYS = {**PLAIN, "contrast": 0}  # … and greys untouched
SHAPES = ViewRecipe(side=224, area=(0.08, 1.0), **GREYS)  # never shrunk, never beyond the edge


def kept(view: np.ndarray) -> tuple[int, int]:
    """First and last row or column that a view of a gradient shows."""
    return round(float(view.min()) * 255), round(float(view.max()) * 255)


def crop_shape(is_normal: bool, recipe: ViewRecipe, seed: int) -> tuple[int, int]:
    """Width and height of the crop drawn with this seed."""
    shape = []
    for image in (COLUMNS, ROWS):
        first, last = kept(
            random_view(image, BLACK, is_normal, recipe, np.random.default_rng(seed))
        )
        shape.append(last - first + 1)
    return tuple(shape)


def log_ratios(is_normal: bool, recipe: ViewRecipe, n: int = 200) -> np.ndarray:
    shapes = np.array([crop_shape(is_normal, recipe, seed) for seed in range(n)])
    return np.log(shapes[:, 0] / shapes[:, 1])


# Random views


@pytest.mark.parametrize("side", [32, 192, 224])
@pytest.mark.parametrize("is_normal", [True, False])
def test_views_keep_the_contract(side, is_normal):
    noise = np.random.default_rng(0).integers(0, 256, (224, 224), np.uint8)
    for seed in range(10):
        view = random_view(
            noise, BLACK, is_normal, ViewRecipe(side=side), np.random.default_rng(seed)
        )
        assert view.shape == (side, side)
        assert view.dtype == np.float32
        assert 0 <= view.min() < view.max() <= 1


def test_contrast_is_clipped_to_0_and_1():
    halves = np.where(COLUMNS < 112, 0, 255).astype(np.uint8)
    recipe = ViewRecipe(side=32, area=(1, 1), contrast=0.9, **PLAIN)
    views = [
        random_view(halves, BLACK, True, recipe, np.random.default_rng(seed)) for seed in range(20)
    ]
    assert min(view.min() for view in views) == 0
    assert max(view.max() for view in views) == 1


def test_the_generator_decides():
    views = [
        random_view(COLUMNS, BLACK, True, ViewRecipe(), np.random.default_rng(seed))
        for seed in (7, 7, 8)
    ]
    np.testing.assert_array_equal(views[0], views[1])
    assert (views[0] != views[2]).any()


def test_the_image_is_left_alone():
    image = COLUMNS.copy()
    random_view(image, BLACK, True, ViewRecipe(), np.random.default_rng(0))
    np.testing.assert_array_equal(image, COLUMNS)


def test_half_of_the_views_are_mirrored_and_none_is_upside_down():
    mirrored = 0
    for seed in range(200):
        across = random_view(COLUMNS, BLACK, True, SHAPES, np.random.default_rng(seed))
        down = random_view(ROWS, BLACK, True, SHAPES, np.random.default_rng(seed))
        mirrored += across[0, 0] > across[0, -1]
        assert down[0, 0] < down[-1, 0]
    assert 70 < mirrored < 130  # 100 expected, standard deviation 7


@pytest.mark.parametrize(
    ("is_normal", "balance", "expected"),
    [
        # sqrt(1.50 / 1.21) = 1.1134, and 224 / 1.1134 = 201.2
        (True, True, (224, 201)),
        (False, True, (201, 224)),
        (True, False, (224, 224)),
        (False, False, (224, 224)),
    ],
)
def test_the_largest_crop_by_hand(is_normal, balance, expected):
    recipe = ViewRecipe(side=224, area=(1, 1), log_ratio=0, balance_aspect=balance, **GREYS)
    assert crop_shape(is_normal, recipe, seed=0) == expected


def test_a_quarter_of_the_area_is_half_of_each_edge():
    recipe = ViewRecipe(side=224, area=(0.25, 0.25), log_ratio=0, balance_aspect=False, **GREYS)
    assert crop_shape(True, recipe, seed=0) == (112, 112)


def test_area_and_ratio_stay_in_their_ranges():
    recipe = ViewRecipe(side=224, area=(0.25, 0.5), balance_aspect=False, **GREYS)
    shapes = np.array([crop_shape(True, recipe, seed) for seed in range(200)])
    areas = shapes.prod(axis=1) / 224**2
    ratios = shapes[:, 0] / shapes[:, 1]
    assert 0.24 < areas.min() < 0.28 and 0.47 < areas.max() < 0.51
    assert 0.69 < ratios.min() < 0.75 and 1.34 < ratios.max() < 1.45


def test_crops_lie_anywhere():
    recipe = ViewRecipe(side=224, area=(0.25, 0.25), log_ratio=0, balance_aspect=False, **GREYS)
    for image in (COLUMNS, ROWS):
        firsts = [
            kept(random_view(image, BLACK, True, recipe, np.random.default_rng(seed)))[0]
            for seed in range(200)
        ]
        assert min(firsts) < 5 and max(firsts) > 107  # of 0 to 112


def test_normals_get_wider_crops_and_pneumonia_narrower_by_half_the_gap_each():
    # log(1.50 / 1.21) / 2 = 0.1074; the mean of 200 draws of ±0.357 is good to 0.015.
    assert log_ratios(True, SHAPES).mean() == pytest.approx(0.1074, abs=0.04)
    assert log_ratios(False, SHAPES).mean() == pytest.approx(-0.1074, abs=0.04)


def test_without_balance_the_class_plays_no_part():
    recipe = ViewRecipe(side=224, area=(0.08, 1.0), balance_aspect=False, **GREYS)
    normal, pneumonia = log_ratios(True, recipe), log_ratios(False, recipe)
    np.testing.assert_array_equal(normal, pneumonia)
    assert normal.mean() == pytest.approx(0, abs=0.04)


def test_contrast_and_brightness_by_their_ranges():
    image = np.where(COLUMNS < 112, 51, 153).astype(np.uint8)  # 0.2 and 0.6, mean 0.4
    recipe = ViewRecipe(
        side=224, area=(1, 1), log_ratio=0, balance_aspect=False, contrast=0.3, **PLAIN
    )
    views = [
        random_view(image, BLACK, True, recipe, np.random.default_rng(seed)) for seed in range(200)
    ]
    means = np.array([view.mean() for view in views])
    spans = np.array([view.max() - view.min() for view in views])
    assert 0.28 - 1e-3 < means.min() < 0.3 and 0.5 < means.max() < 0.52 + 1e-3
    assert 0.28 - 1e-3 < spans.min() < 0.3 and 0.5 < spans.max() < 0.52 + 1e-3
    assert abs(np.corrcoef(means, spans)[0, 1]) < 0.3  # drawn apart from each other


# Seen from farther away


def test_a_crop_four_times_as_large_shows_the_image_at_half_its_size():
    recipe = ViewRecipe(side=224, area=(4, 4), log_ratio=0, balance_aspect=False, **GREYS)
    white = np.full((224, 224), 255, np.uint8)
    shares = [
        random_view(white, BLACK, True, recipe, np.random.default_rng(seed)) for seed in range(40)
    ]
    means = {round(float(view.mean()), 2) for view in shares}
    assert means == {0.25, 1.0}  # black beyond the edge, or mirrored


def test_all_of_the_image_stays_in_view_from_farther_away():
    recipe = ViewRecipe(side=448, area=(4, 4), log_ratio=0, balance_aspect=False, **GREYS)
    for seed in range(40):
        view = random_view(COLUMNS, BLACK, True, recipe, np.random.default_rng(seed))
        assert kept(view) == (0, 223)


# Greys and texture


def test_gamma_by_its_range():
    image = np.full((224, 224), 64, np.uint8)  # 0.251: at gamma e^±0.5, 0.251^1.649 to 0.251^0.607
    recipe = ViewRecipe(side=32, area=(1, 1), **{**GREYS, "gamma": 0.5})
    greys = [
        float(random_view(image, BLACK, True, recipe, np.random.default_rng(seed)).mean())
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
    at_rest = {"side": 224, "area": (1, 1), "log_ratio": 0, "balance_aspect": False}
    plain = ViewRecipe(**at_rest, **GREYS)
    changed = ViewRecipe(**at_rest, **{**GREYS, lever: amount})
    rougher = smoother = 0
    for seed in range(100):
        before = spread(random_view(checks, BLACK, True, plain, np.random.default_rng(seed)))
        after = spread(random_view(checks, BLACK, True, changed, np.random.default_rng(seed)))
        rougher += after > before + 1e-6
        smoother += after < before - 1e-6
    assert abs(rougher - more) <= 15 and (smoother > 10 if less else smoother == 0)


def test_grain_keeps_its_largest_deviation():
    image = np.full((224, 224), 128, np.uint8)
    recipe = ViewRecipe(side=224, area=(1, 1), **{**GREYS, "grain": 0.1})
    deviations = np.array(
        [
            random_view(image, BLACK, True, recipe, np.random.default_rng(s)).std()
            for s in range(200)
        ]
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


# Foreign border


def test_a_border_by_hand():
    white = np.full((224, 224), 255, np.uint8)
    framed = replace_border(BLACK, white, np.array([0.25, 0.125, 0.0, 0.5]))
    across, down = framed[60], framed[:, 120]
    assert across[:50].max() == 0 and across[62:190].min() == 255  # 56 columns at the left
    assert across[200:].max() == 0  # 28 at the right
    assert down[4:106].min() == 255 and down[118:].max() == 0  # none at the top, 112 below
    assert 0 < across[56] < 255  # a soft edge
    assert framed.dtype == np.uint8


def test_no_width_is_no_border():
    assert replace_border(BLACK, ROWS, np.zeros(4))[4:-4, 4:-4].tolist() == (
        ROWS[4:-4, 4:-4].tolist()
    )


def test_three_of_four_views_have_a_foreign_border_no_wider_than_asked():
    white = np.full((224, 224), 255, np.uint8)
    recipe = ViewRecipe(
        side=224, area=(1, 1), log_ratio=0, balance_aspect=False, **{**GREYS, "border": 0.16}
    )
    views = [random_view(white, BLACK, True, recipe, np.random.default_rng(s)) for s in range(200)]
    framed = [view for view in views if view.min() < 0.5]
    assert 130 < len(framed) < 170
    assert min(view[44:180, 44:180].min() for view in views) == 1  # 0.16 x 224 = 36, and the edge
    assert min(view[112, 20] for view in framed) == 0 < max(view[112, 20] for view in framed)


def test_a_mask_goes_where_its_image_goes():
    """An image that is its own mask stays so, whatever the crop, the flip and what lies beyond."""
    recipe = ViewRecipe(side=96, area=(0.3, 1.3), **GREYS)
    for seed in range(40):
        noise = np.random.default_rng(seed).integers(0, 256, (224, 224), np.uint8)
        view, mask = random_view_and_mask(noise, noise, recipe, np.random.default_rng(seed))
        assert view.shape == mask.shape == (96, 96)
        np.testing.assert_allclose(view, mask, atol=1e-6)


def test_greys_and_texture_leave_the_mask_alone():
    recipe = ViewRecipe(side=224, area=(1.0, 1.0), log_ratio=0, balance_aspect=False, flip=0)
    view, mask = random_view_and_mask(COLUMNS, COLUMNS, recipe, np.random.default_rng(1))
    np.testing.assert_allclose(mask, COLUMNS / 255, atol=1e-6)
    assert np.abs(view - mask).max() > 0.01


def test_a_border_comes_in_three_of_four_cases_and_never_when_not_asked_for():
    white, rng = np.full_like(BLACK, 255), np.random.default_rng(0)
    given = [add_random_border(BLACK, white, ViewRecipe(), rng).any() for _ in range(400)]
    assert 0.7 < np.mean(given) < 0.8
    assert not add_random_border(BLACK, white, ViewRecipe(border=0), rng).any()
