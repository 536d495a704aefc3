"""Films with one even tint are read as grey; what has a second colour is refused."""

import numpy as np
import pytest

from cxr_demo.errors import RadiographError
from cxr_demo.reading.reader import read_radiograph
from tests.conftest import chest_like
from tests.reading.odd_files import RGB, encoded, jpeg, png

FILM = np.linspace(0, 1, 320) * 0.15 + chest_like(3) / 300
"""Float (260, 320), from dark to bright."""
RANK = (FILM.ravel().argsort().argsort() / FILM.size).reshape(*FILM.shape, 1)
ACROSS = np.linspace(0, 1, 320)[None, :, None]
BLUE, AMBER, SEPIA = (0.35, 0.6, 1), (1, 0.7, 0.35), (0.44, 0.26, 0.08)


def dyed(grey: np.ndarray, colour) -> np.ndarray:
    """As through coloured glass: black to the colour."""
    return grey[..., None] * np.array(colour)


def toned(grey: np.ndarray, colour) -> np.ndarray:
    """Black through the colour to white, (height, width, 3)."""
    colour = np.array(colour)
    at = float(colour @ (0.299, 0.587, 0.114))
    grey = grey[..., None]
    lighter = colour + (1 - colour) * (grey - at) / (1 - at)
    return np.where(grey < at, grey / at * colour, lighter)


def covered(share: float, colour, opacity: float = 1, below: np.ndarray | None = None):
    """The film with its left part in another colour."""
    below = np.repeat(FILM[..., None], 3, axis=2) if below is None else below
    return np.where(share > ACROSS, (1 - opacity) * below + opacity * np.array(colour), below)


def stored(rgb: np.ndarray) -> np.ndarray:
    return np.rint(np.clip(rgb, 0, 1) * 255).astype(np.uint8)


@pytest.mark.parametrize(
    "rgb",
    [
        dyed(FILM, BLUE),
        dyed(FILM, AMBER),
        dyed(FILM, (0, 1, 0)),
        toned(FILM, SEPIA),
        toned(FILM, (0.1, 0.25, 0.55)),
        np.clip(dyed(FILM, (1.351, 1.203, 0.937)), 0, 1),
        dyed(FILM, BLUE) * (1 - 0.5 * ACROSS),
        covered(0.04, (0, 1, 0), below=toned(FILM, SEPIA)),
        covered(0.004, (0, 0, 1), below=toned(FILM, SEPIA)),
    ],
    ids=[
        "blue",
        "amber",
        "green",
        "sepia",
        "blue toning",
        "filter",
        "uneven light",
        "mark",
        "own level",
    ],
)
@pytest.mark.parametrize("quality", [None, 40])
def test_an_even_tint_is_read_as_its_luminance_and_said(rgb, quality):
    samples = stored(rgb)
    data = png(samples, 8, RGB) if quality is None else encoded(samples, "JPEG", quality=quality)
    radiograph = read_radiograph(data)
    assert radiograph.tinted and radiograph.bit_depth == 8
    luminance = samples @ (0.299, 0.587, 0.114) / 255
    error = np.abs(radiograph.pixels - luminance)
    assert error.max() < 1e-6 if quality is None else error.mean() < 0.02


def test_a_tint_in_16_bits_with_the_right_channel_for_each_weight():
    samples = np.rint(np.clip(dyed(FILM, BLUE), 0, 1) * 65535).astype(np.uint16)
    radiograph = read_radiograph(png(samples, 16, RGB))
    assert radiograph.tinted and radiograph.bit_depth == 16
    luminance = samples @ (0.299, 0.587, 0.114) / 65535
    np.testing.assert_allclose(radiograph.pixels, luminance, rtol=0, atol=1e-6)


@pytest.mark.parametrize("rgb", [dyed(FILM, (1, 1, 1)), dyed(FILM, (0.9, 1, 0.95))])
def test_grey_and_nearly_grey_are_no_tint(rgb):
    assert not read_radiograph(png(stored(rgb), 8, RGB)).tinted


@pytest.mark.parametrize(
    "rgb",
    [
        covered(0.07, (1, 0, 0)),
        covered(0.12, (0.1, 0.3, 1), opacity=0.5),
        covered(0.5, (1, 1, 0), opacity=0.4),
        covered(0.07, (1, 0, 0), below=toned(FILM, SEPIA)),
        np.where(ACROSS > 0.5, dyed(FILM, BLUE), dyed(FILM, AMBER)),
        np.where(ACROSS > 0.5, dyed(FILM, BLUE), FILM[..., None]),
        np.where(RANK < 0.4, dyed(FILM, BLUE), FILM[..., None]),
        dyed(FILM, BLUE) * RANK + dyed(FILM, AMBER) * (1 - RANK),
        FILM[..., None] + 0.8 * (FILM[..., None] - 0.55) * np.array((1, 0, -1)),
        np.clip(np.dstack([1.5 - np.abs(4 * FILM - k) for k in (3, 2, 1)]), 0, 1),
        np.clip(np.dstack([3 * FILM, 3 * FILM - 1, 3 * FILM - 2]), 0, 1),
    ],
    ids=[
        *("red part", "blue overlay", "yellow overlay", "red part of a toned film", "two tints"),
        *(
            "half tinted",
            "only dark levels",
            "split toning",
            "opposite tones",
            "rainbow map",
            "heat map",
        ),
    ],
)
@pytest.mark.parametrize("write", [lambda samples: png(samples, 8, RGB), jpeg])
def test_a_second_colour_is_refused(rgb, write):
    with pytest.raises(RadiographError) as caught:
        read_radiograph(write(stored(rgb)))
    assert caught.value.key == "refused.colour"
