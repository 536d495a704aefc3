"""Views of gradients: the greys that are left tell which rows and columns were kept."""

import numpy as np
import pytest

from train.augment import ViewRecipe, as_if_wider, random_view

COLUMNS = np.tile(np.arange(224, dtype=np.uint8), (224, 1))  # each pixel's grey is its column
ROWS = COLUMNS.T  # … and its row
SHAPES = ViewRecipe(side=224, contrast=0)  # greys untouched, and never shrunk


def kept(view: np.ndarray) -> tuple[int, int]:
    """First and last row or column that a view of a gradient shows."""
    return round(float(view.min()) * 255), round(float(view.max()) * 255)


def crop_shape(is_normal: bool, recipe: ViewRecipe, seed: int) -> tuple[int, int]:
    """Width and height of the crop drawn with this seed."""
    shape = []
    for image in (COLUMNS, ROWS):
        first, last = kept(random_view(image, is_normal, recipe, np.random.default_rng(seed)))
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
        view = random_view(noise, is_normal, ViewRecipe(side=side), np.random.default_rng(seed))
        assert view.shape == (side, side)
        assert view.dtype == np.float32
        assert 0 <= view.min() < view.max() <= 1


def test_contrast_is_clipped_to_0_and_1():
    halves = np.where(COLUMNS < 112, 0, 255).astype(np.uint8)
    recipe = ViewRecipe(side=32, area=(1, 1), contrast=0.9)
    views = [random_view(halves, True, recipe, np.random.default_rng(seed)) for seed in range(20)]
    assert min(view.min() for view in views) == 0
    assert max(view.max() for view in views) == 1


def test_the_generator_decides():
    views = [
        random_view(COLUMNS, True, ViewRecipe(), np.random.default_rng(seed)) for seed in (7, 7, 8)
    ]
    np.testing.assert_array_equal(views[0], views[1])
    assert (views[0] != views[2]).any()


def test_the_image_is_left_alone():
    image = COLUMNS.copy()
    random_view(image, True, ViewRecipe(), np.random.default_rng(0))
    np.testing.assert_array_equal(image, COLUMNS)


def test_half_of_the_views_are_mirrored_and_none_is_upside_down():
    mirrored = 0
    for seed in range(200):
        across = random_view(COLUMNS, True, SHAPES, np.random.default_rng(seed))
        down = random_view(ROWS, True, SHAPES, np.random.default_rng(seed))
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
    recipe = ViewRecipe(side=224, area=(1, 1), log_ratio=0, contrast=0, balance_aspect=balance)
    assert crop_shape(is_normal, recipe, seed=0) == expected


def test_a_quarter_of_the_area_is_half_of_each_edge():
    recipe = ViewRecipe(side=224, area=(0.25, 0.25), log_ratio=0, contrast=0, balance_aspect=False)
    assert crop_shape(True, recipe, seed=0) == (112, 112)


def test_area_and_ratio_stay_in_their_ranges():
    recipe = ViewRecipe(side=224, area=(0.25, 0.5), contrast=0, balance_aspect=False)
    shapes = np.array([crop_shape(True, recipe, seed) for seed in range(200)])
    areas = shapes.prod(axis=1) / 224**2
    ratios = shapes[:, 0] / shapes[:, 1]
    assert 0.24 < areas.min() < 0.28 and 0.47 < areas.max() < 0.51
    assert 0.69 < ratios.min() < 0.75 and 1.34 < ratios.max() < 1.45


def test_crops_lie_anywhere():
    recipe = ViewRecipe(side=224, area=(0.25, 0.25), log_ratio=0, contrast=0, balance_aspect=False)
    for image in (COLUMNS, ROWS):
        firsts = [
            kept(random_view(image, True, recipe, np.random.default_rng(seed)))[0]
            for seed in range(200)
        ]
        assert min(firsts) < 5 and max(firsts) > 107  # of 0 to 112


def test_normals_get_wider_crops_and_pneumonia_narrower_by_half_the_gap_each():
    # log(1.50 / 1.21) / 2 = 0.1074; the mean of 200 draws of ±0.357 is good to 0.015.
    assert log_ratios(True, SHAPES).mean() == pytest.approx(0.1074, abs=0.04)
    assert log_ratios(False, SHAPES).mean() == pytest.approx(-0.1074, abs=0.04)


def test_without_balance_the_class_plays_no_part():
    recipe = ViewRecipe(side=224, contrast=0, balance_aspect=False)
    normal, pneumonia = log_ratios(True, recipe), log_ratios(False, recipe)
    np.testing.assert_array_equal(normal, pneumonia)
    assert normal.mean() == pytest.approx(0, abs=0.04)


def test_contrast_and_brightness_by_their_ranges():
    image = np.where(COLUMNS < 112, 51, 153).astype(np.uint8)  # 0.2 and 0.6, mean 0.4
    recipe = ViewRecipe(side=224, area=(1, 1), log_ratio=0, balance_aspect=False, contrast=0.3)
    views = [random_view(image, True, recipe, np.random.default_rng(seed)) for seed in range(200)]
    means = np.array([view.mean() for view in views])
    spans = np.array([view.max() - view.min() for view in views])
    assert 0.28 - 1e-3 < means.min() < 0.3 and 0.5 < means.max() < 0.52 + 1e-3
    assert 0.28 - 1e-3 < spans.min() < 0.3 and 0.5 < spans.max() < 0.52 + 1e-3
    assert abs(np.corrcoef(means, spans)[0, 1]) < 0.3  # drawn apart from each other


# As if wider


@pytest.mark.parametrize("image", [COLUMNS, ROWS], ids=["columns", "rows"])
def test_factor_1_is_the_image_itself(image):
    view = as_if_wider(image, 1)
    assert view.dtype == np.float32
    np.testing.assert_allclose(view, image / 255, atol=1e-7)


@pytest.mark.parametrize(
    ("factor", "columns", "rows"),
    [
        (2, (0, 223), (56, 167)),
        (4, (0, 223), (84, 139)),
        (0.5, (56, 167), (0, 223)),
        (0.25, (84, 139), (0, 223)),
    ],
)
def test_the_middle_of_the_right_axis_is_kept(factor, columns, rows):
    for image, expected in ((COLUMNS, columns), (ROWS, rows)):
        view = as_if_wider(image, factor)
        assert view.shape == (224, 224)
        assert kept(view) == expected


def test_as_if_wider_does_not_mirror():
    for view in (as_if_wider(COLUMNS, 0.5), as_if_wider(ROWS, 2)):
        assert view[0, 0] == view.min() < view.max() == view[-1, -1]
