"""Small PNG and JPEG files, regular and odd, built in memory for the tests of the way in."""

import struct
import zlib
from collections.abc import Iterator
from io import BytesIO

import numpy as np
from PIL import Image

PNG_START = b"\x89PNG\r\n\x1a\n"
GREY, RGB, PALETTE, LA, RGBA = 0, 2, 3, 4, 6
CHANNELS = {GREY: 1, RGB: 3, PALETTE: 1, LA: 2, RGBA: 4}
ADAM7 = (
    (0, 0, 8, 8),
    (0, 4, 8, 8),
    (4, 0, 8, 4),
    (0, 2, 4, 4),
    (2, 0, 4, 2),
    (0, 1, 2, 2),
    (1, 0, 2, 1),
)


def quadrants(a, b, c, d, size: int = 64, dtype=np.uint16) -> np.ndarray:
    """Four flat squares a b / c d, shape (size, size), or (size, size, C) for C-tuples."""
    tiles = np.array([[a, b], [c, d]], dtype)
    return tiles.repeat(size // 2, axis=0).repeat(size // 2, axis=1)


def chunk(kind: bytes, body: bytes) -> bytes:
    """One PNG chunk with a correct checksum."""
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))


def header(width: int, height: int, depth: int = 8, colour: int = GREY, interlace: int = 0):
    """The PNG signature and IHDR."""
    ihdr = struct.pack(">IIBBBBB", width, height, depth, colour, 0, 0, interlace)
    return PNG_START + chunk(b"IHDR", ihdr)


def packed_rows(samples: np.ndarray, depth: int) -> bytes:
    """PNG scanlines without prediction; `samples` is (height, width) or (height, width, C)."""
    rows = samples.reshape(len(samples), -1)
    if depth == 16:
        rows = rows.astype(">u2").view(np.uint8)
    elif depth < 8:
        bits = (rows[:, :, None] >> np.arange(depth - 1, -1, -1)) & 1
        rows = np.packbits(bits.astype(np.uint8).reshape(len(rows), -1), axis=1)
    return np.pad(rows.astype(np.uint8), ((0, 0), (1, 0))).tobytes()


def png(samples, depth=8, colour=GREY, *before_pixels: bytes, interlaced=False) -> bytes:
    """A PNG file with exactly these samples; `before_pixels` are whole chunks."""
    if interlaced:
        passes = (samples[y::dy, x::dx] for y, x, dy, dx in ADAM7)
        scanlines = b"".join(packed_rows(part, depth) for part in passes)
    else:
        scanlines = packed_rows(samples, depth)
    height, width = samples.shape[:2]
    start = header(width, height, depth, colour, int(interlaced))
    pixels = chunk(b"IDAT", zlib.compress(scanlines))
    return start + b"".join(before_pixels) + pixels + chunk(b"IEND", b"")


def tiled_png(width: int, height: int, depth: int, colour: int, row: bytes) -> bytes:
    """A PNG whose scanlines are all `row`, compressed row by row so that it may be huge."""
    packer = zlib.compressobj(1)
    body = b"".join(packer.compress(b"\0" + row) for _ in range(height)) + packer.flush()
    return header(width, height, depth, colour) + chunk(b"IDAT", body) + chunk(b"IEND", b"")


def palette(*greys: int) -> bytes:
    """A PLTE chunk of greys."""
    return chunk(b"PLTE", bytes(grey for grey in greys for _ in range(3)))


def encoded(samples, kind: str, mode: str | None = None, **options) -> bytes:
    """`samples` written by Pillow as `kind`, in `mode` where given."""
    image = Image.fromarray(np.asarray(samples, np.uint8))
    target = BytesIO()
    (image.convert(mode) if mode else image).save(target, kind, **options)
    return target.getvalue()


def jpeg(samples, mode: str | None = None, **options) -> bytes:
    """A JPEG at quality 100, at which flat 8 x 8 blocks survive exactly."""
    return encoded(samples, "JPEG", mode, **{"quality": 100, **options})


def jpeg_claiming(data: bytes, width: int, height: int) -> bytes:
    """A baseline JPEG whose frame header states another size."""
    at = data.index(b"\xff\xc0") + 5
    return data[:at] + struct.pack(">HH", height, width) + data[at + 4 :]


def oriented(orientation: int) -> Image.Exif:
    """EXIF data holding an orientation."""
    exif = Image.Exif()
    exif[0x0112] = orientation
    return exif


def exif_block(*entries: tuple[int, int, int, bytes]) -> bytes:
    """EXIF data of (tag, type, count, value of at most 4 bytes), the types as wrong as wished."""
    table = b"".join(
        struct.pack(">HHI", tag, kind, count) + value.ljust(4, b"\0")
        for tag, kind, count, value in entries
    )
    return b"Exif\0\0MM\0*" + struct.pack(">IH", 8, len(entries)) + table + bytes(4)


def speckle(levels: int = 256, height: int = 64, width: int = 64, seed: int = 7) -> np.ndarray:
    """Seeded noise in `levels` greys from 0 to 255."""
    drawn = np.random.default_rng(seed).integers(0, levels, (height, width))
    return (drawn * (255 // (levels - 1))).astype(np.uint8)


def with_flipped_bits(data: bytes, count: int, seed: int) -> bytes:
    """`data` with `count` random bits turned."""
    damaged, random = bytearray(data), np.random.default_rng(seed)
    for bit in random.integers(0, 8 * len(data), count):
        damaged[bit // 8] ^= 1 << (bit % 8)
    return bytes(damaged)


def chunks_of(data: bytes) -> Iterator[tuple[bytes, bytes]]:
    """Kind and body of each chunk of a sound PNG."""
    at = len(PNG_START)
    while at < len(data):
        length, kind = struct.unpack_from(">I4s", data, at)
        yield kind, data[at + 8 : at + 8 + length]
        at += 12 + length


def with_flipped_bits_under_good_checksums(data: bytes, count: int, seed: int) -> bytes:
    """A PNG damaged inside one random non-empty chunk, its checksum made right again."""
    parts = list(chunks_of(data))
    filled = [n for n, (_, body) in enumerate(parts) if body]
    hit = np.random.default_rng(seed).choice(filled)
    kind, body = parts[hit]
    parts[hit] = kind, with_flipped_bits(body, count, seed)
    return PNG_START + b"".join(chunk(kind, body) for kind, body in parts)
