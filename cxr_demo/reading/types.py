"""Types of a radiograph that has been read, and limits of its size.

Data contract: pixels are float32 (height, width) in [0, 1] with air dark.
"""

from dataclasses import dataclass

import numpy as np

from cxr_demo.errors import RadiographError

MIN_SIDE = 64
MAX_RATIO = 4
MAX_PIXELS = 25_000_000
"""Above any radiography detector on the market (about 5,000 x 4,000), and still under 500 MB."""

VIEW_SIDE = 1024
"""Longer edge, in pixels, of what is kept of a radiograph for looking at."""

_ROWS_AT_ONCE = 32
"""Looked up together: each pixel takes eight bytes more meanwhile."""


@dataclass(frozen=True)
class Radiograph:
    """One decoded radiograph.

    Attributes:
        pixels: float32 (height, width) in [0, 1], air dark.
        bit_depth: significant bits per pixel, mostly 8, at most 16.
        burned_in: whether text, perhaps a name, may be part of the picture: a DICOM file that does
            not rule it out.
        pixel_aspect: height of a pixel over its width, as it should be drawn, above 0.
        tinted: whether the file had an even tint that is left out of the pixels.
        stored_shape: rows and columns of the file; () if they are those of the pixels.
    """

    pixels: np.ndarray
    bit_depth: int
    burned_in: bool = False
    pixel_aspect: float = 1.0
    tinted: bool = False
    stored_shape: tuple[int, int] | tuple[()] = ()

    @property
    def shape(self) -> tuple[int, int]:
        """Rows and columns of the file, at least those of the pixels."""
        return self.stored_shape or self.pixels.shape


@dataclass(frozen=True)
class StoredFrame:
    """One frame as it is stored, with a table of display values: half the size of its pixels.

    Attributes:
        values: uint8 or uint16 (height, width), the bits of each pixel.
        display_values: float32 (2**bits,) in [0, 1], air dark, by value.
        bits: significant bits per pixel.
        burned_in, pixel_aspect, stored_shape: see `Radiograph`.
    """

    values: np.ndarray
    display_values: np.ndarray
    bits: int
    burned_in: bool
    pixel_aspect: float = 1.0
    stored_shape: tuple[int, int] | tuple[()] = ()

    def radiograph(self) -> Radiograph:
        """The frame with its display values as pixels."""
        pixels = np.empty(self.values.shape, np.float32)
        for top in range(0, len(pixels), _ROWS_AT_ONCE):
            rows = slice(top, top + _ROWS_AT_ONCE)
            np.take(self.display_values, self.values[rows], out=pixels[rows])
        return Radiograph(
            pixels,
            self.bits,
            self.burned_in,
            self.pixel_aspect,
            stored_shape=self.stored_shape,
        )


def check_size(width: int, height: int) -> None:
    """Refuse the size in a file's header, before any pixel is decoded.

    Raises:
        RadiographError: if it is too large, too small, or a strip.
    """
    if width * height > MAX_PIXELS:
        raise too_large(width, height)
    if min(width, height) < MIN_SIDE:
        raise RadiographError("refused.too_small", width=width, height=height, least=MIN_SIDE)
    if max(width, height) > MAX_RATIO * min(width, height):
        raise RadiographError("refused.strip", width=width, height=height, ratio=MAX_RATIO)


def check_contrast(pixels: np.ndarray) -> None:
    """Raise a RadiographError if all pixels, or all values that pixels have, are the same."""
    if pixels.min() == pixels.max():
        raise RadiographError("refused.flat")


def too_large(*size: int) -> RadiographError:
    """The refusal of an image of this width and height, if they are known."""
    megapixels = MAX_PIXELS // 10**6
    if not size:
        return RadiographError("refused.too_many_pixels", megapixels=megapixels)
    width, height = size
    return RadiographError("refused.too_large", width=width, height=height, megapixels=megapixels)
