import numpy as np
import pytest

from cxr_demo.models.preprocessing import SIDE, resize_square, to_network_input, to_view
from cxr_demo.reading.types import VIEW_SIDE


def noise(height, width, seed=3):
    return np.random.default_rng(seed).random((height, width), np.float32)


def lit(row, column, height=4, width=4):
    """Black but for one white pixel."""
    pixels = np.zeros((height, width), np.float32)
    pixels[row, column] = 1
    return pixels


def test_the_networks_square_is_224():
    assert SIDE == 224


def test_an_image_of_the_right_size_comes_back_unchanged():
    pixels = noise(224, 224)
    np.testing.assert_array_equal(to_network_input(pixels), pixels)


@pytest.mark.parametrize("shape", [(223, 224), (224, 225)])
def test_one_pixel_beside_the_right_size_is_resized(shape):
    assert to_network_input(noise(*shape)).shape == (224, 224)


@pytest.mark.parametrize(
    "shape", [(64, 64), (224, 224), (225, 223), (64, 3000), (3000, 64), (1024, 1024)]
)
def test_contract_at_any_size(shape):
    result = to_network_input(noise(*shape))
    assert result.shape == (224, 224)
    assert result.dtype == np.float32
    assert np.isfinite(result).all()
    assert result.min() >= 0 and result.max() <= 1


@pytest.mark.parametrize("level", [0.0, 2049 / 4095, 1 / 65535, 1.0])
@pytest.mark.parametrize("shape", [(301, 517), (100, 97), (224, 224)])
def test_squashed_flat_images_keep_their_level_beyond_eight_bits_and_never_leave_the_range(
    level, shape
):
    result = resize_square(np.full(shape, level, np.float32), SIDE)
    np.testing.assert_allclose(result, level, rtol=0, atol=5e-7)
    assert result.min() >= 0 and result.max() <= 1


# Halving spreads the triangle over two pixels on each side: an output pixel weighs the inputs
# 3 : 3 : 1, seen from its edge, in each direction. One white pixel shows products of the weights.
@pytest.mark.parametrize(
    ("pixels", "expected"),
    [
        (lit(0, 0), [[9, 0], [0, 0]]),
        (lit(1, 1), [[9, 3], [3, 1]]),
        (lit(0, 2), [[3, 9], [0, 0]]),
        (lit(3, 1), [[0, 0], [9, 3]]),
    ],
)
def test_four_by_four_to_two_by_two_by_hand(pixels, expected):
    result = resize_square(pixels, 2)
    np.testing.assert_allclose(result, np.array(expected) / 49, rtol=0, atol=1e-6)


@pytest.mark.parametrize(
    ("pixels", "side", "expected"),
    [
        ([[0.1, 0.2], [0.3, 0.4]], 2, [[0.1, 0.2], [0.3, 0.4]]),
        ([[0.1, 0.2], [0.3, 0.8]], 1, [[0.35]]),
        # A third of the size: weights 2 : 3 : 2.
        ([[0.0, 0.7, 0.0]] * 3, 1, [[0.3]]),
        ([[0.7, 0.0, 0.0]] * 3, 1, [[0.2]]),
        # Doubling puts new centres a quarter of the way between the old ones.
        ([[0.0, 0.8], [0.0, 0.8]], 4, [[0.0, 0.2, 0.6, 0.8]] * 4),
        # Each direction is squashed by its own factor: rows kept, columns halved.
        ([[0.7, 0.0, 0.0, 0.0], [0.0, 0.0, 0.7, 0.0]], 2, [[0.3, 0.0], [0.1, 0.3]]),
    ],
)
def test_small_squares_by_hand(pixels, side, expected):
    result = resize_square(np.array(pixels, np.float32), side)
    assert result.dtype == np.float32
    np.testing.assert_allclose(result, expected, rtol=0, atol=1e-6)


def test_rows_stay_rows():
    top = np.zeros((100, 300), np.float32)
    top[:50] = 1
    result = resize_square(top, 10)
    assert (result[:4] == 1).all() and (result[6:] == 0).all()


def test_fine_stripes_become_their_mean_instead_of_a_pattern():
    stripes = np.zeros((896, 896), np.float32)
    stripes[:, ::2] = 1
    np.testing.assert_allclose(resize_square(stripes, SIDE)[:, 2:-2], 0.5, rtol=0, atol=1e-5)


@pytest.mark.parametrize("shape", [(448, 448), (1000, 700), (225, 896)])
def test_downsizing_keeps_the_mean(shape):
    pixels = noise(*shape) * np.linspace(0, 1, shape[1], dtype=np.float32)
    assert resize_square(pixels, SIDE).mean() == pytest.approx(pixels.mean(), abs=2e-3)


@pytest.mark.parametrize("shape", [(100, 80), (700, 500)])
def test_a_brighter_image_gives_nowhere_a_darker_result(shape):
    dark = noise(*shape) * 0.5
    bright = np.where(noise(*shape, seed=4) > 0.9, dark + 0.5, dark)
    assert (resize_square(bright, SIDE) >= resize_square(dark, SIDE) - 1e-6).all()


@pytest.mark.parametrize("width", [100, 700])
def test_a_ramp_stays_a_ramp(width):
    ramp = np.tile(np.linspace(0, 1, width, dtype=np.float32), (300, 1))
    assert (np.diff(resize_square(ramp, SIDE), axis=1) > 0).all()


@pytest.mark.parametrize(
    "view",
    [
        lambda whole: whole.T,
        lambda whole: whole[::2, ::3],
        lambda whole: whole[::-1, ::-1],
        lambda whole: whole[10:234, 20:244],
        np.asfortranarray,
    ],
    ids=["transposed", "strided", "reversed", "cut out", "column order"],
)
def test_views_give_what_their_copies_give(view):
    pixels = view(noise(600, 500))
    result = to_network_input(pixels)
    np.testing.assert_array_equal(result, to_network_input(np.array(pixels, order="C")))


@pytest.mark.parametrize("shape", [(224, 224), (300, 300)])
def test_the_radiograph_is_left_as_it_was(shape):
    pixels = noise(*shape)
    before = pixels.copy()
    result = to_network_input(pixels)
    assert result.flags.c_contiguous
    np.testing.assert_array_equal(pixels, before)


def test_a_read_only_radiograph_is_fine():
    pixels = noise(224, 224)
    pixels.flags.writeable = False
    np.testing.assert_array_equal(to_network_input(pixels), pixels)


@pytest.mark.parametrize("shape", [(448, 448), (1000, 700), (100, 120)])
def test_what_is_resized_differs_from_the_plain_square_by_jpeg_rounding_only(shape):
    y, x = np.mgrid[0 : 1 : shape[0] * 1j, 0 : 1 : shape[1] * 1j]
    smooth = (0.5 + 0.4 * np.sin(5 * x + 3 * y)).astype(np.float32)
    difference = np.abs(to_network_input(smooth) - resize_square(smooth, SIDE))
    assert 0 < difference.max() < 0.03
    assert difference.mean() < 0.008


def test_eight_bit_levels_come_out():
    levels = to_network_input(noise(300, 400)) * 255
    np.testing.assert_allclose(levels, np.rint(levels), atol=1e-4)


@pytest.mark.parametrize(
    ("shape", "expected"),
    [
        ((VIEW_SIDE, 450), (VIEW_SIDE, 450)),
        ((2 * VIEW_SIDE, 900), (VIEW_SIDE, 450)),
        ((600, 4 * VIEW_SIDE), (150, VIEW_SIDE)),
        ((64, 64), (64, 64)),
    ],
)
def test_a_view_keeps_proportions_and_is_not_enlarged(shape, expected):
    assert to_view(noise(*shape)).shape == expected


@pytest.mark.parametrize(
    ("shape", "aspect", "expected"),
    [
        ((100, 200), 0.5, (100, 400)),
        ((100, 200), 2, (200, 200)),
        ((VIEW_SIDE, VIEW_SIDE), 0.25, (VIEW_SIDE // 4, VIEW_SIDE)),
        ((2 * VIEW_SIDE, VIEW_SIDE), 2, (VIEW_SIDE, VIEW_SIDE // 4)),
    ],
)
def test_a_view_has_the_proportions_of_the_body(shape, aspect, expected):
    """Columns times the width of a pixel to rows times its height; no pixel is lost for it."""
    assert to_view(noise(*shape), aspect).shape == expected


def test_a_view_of_pixels_that_are_not_square_is_stretched_alone():
    stripes = np.repeat(np.float32([[0.2, 0.8]]), 64, axis=1).repeat(64, axis=0)
    view = to_view(stripes, 0.5)
    assert view.shape == (64, 256)
    np.testing.assert_allclose(view[:, :120], 0.2, rtol=1e-6)
    np.testing.assert_allclose(view[:, 136:], 0.8, rtol=1e-6)


def test_a_view_keeps_every_grey_level_of_a_small_image():
    pixels = np.array([[0.0, 1.0], [0.5, 1 / 4095]], np.float32)
    view = to_view(pixels)
    assert view.dtype == np.float32
    assert view.tolist() == pixels.tolist()


def test_files_of_another_size_are_softened_by_half_a_pixel():
    """Rows of 0.25 and 0.75 in turn: a Gaussian of half a pixel, sampled at -2 to 2 pixels, leaves
    (1 - 2e^-2 + 2e^-8) / (1 + 2e^-2 + 2e^-8) = 0.574 of a swing from row to row."""
    rows = np.where(np.arange(SIDE) % 2, 0.75, 0.25).astype(np.float32)
    wide = np.repeat(rows[:, None], 2 * SIDE, axis=1)  # squashed in width alone: rows stay
    seen = to_network_input(wide)[8:-8, 8:-8]
    swing = np.abs(np.diff(seen, axis=0)).mean()
    assert swing == pytest.approx(0.5 * 0.574, abs=0.03)
