"""A corpus of bad and odd files for the way in: seeded, the same on every run.

    python -m tests.reading.bad_inputs FOLDER

writes them as files, in a folder for each kind. Pictures are made in `bad_images`, DICOM files in
`bad_dicom`; here are other kinds of file, and sound ones cut short or with bits turned.
"""

import base64
import gzip
import sys
import zlib
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from itertools import chain
from pathlib import Path

import numpy as np

from tests.reading import bad_dicom, bad_images
from tests.reading.bad_dicom import SOUND, noise
from tests.reading.bad_images import ANY, DAMAGED, READ, READ_OR_DAMAGED, SPECKLE, zip_file
from tests.reading.odd_files import (
    GREY,
    PNG_START,
    RGBA,
    chunk,
    encoded,
    jpeg,
    oriented,
    png,
    speckle,
    with_flipped_bits,
    with_flipped_bits_under_good_checksums,
)
from tests.reading.raw_dicom import PLAIN, codestream, dicom, meta, sound

OTHER = ("refused.kind.other",)
CUT = ("refused.damaged", "refused.dicom.no_image", "refused.kind.other")


@dataclass(frozen=True)
class Input:
    """One file of the corpus.

    Attributes:
        name: its kind, a slash and what is odd about it; no two are the same.
        data: its content.
        expected: acceptable outcomes: "read", or keys of refusals; nothing if any will do.
        frame: the one asked for.
        apart: a DICOM file that may only be read under the limits of a process of its own.
    """

    name: str
    data: bytes
    expected: tuple[str, ...] = ()
    frame: int | None = None
    apart: bool = False


def inputs() -> Iterator[Input]:
    """The whole corpus, made as it is asked for."""
    yield from _named("png", bad_images.png_bombs, bad_images.png_lies)
    yield from _named("jpeg", bad_images.jpeg_bombs, bad_images.jpeg_lies)
    yield from _named("polyglot", bad_images.polyglots, _twofold)
    yield from _named("other", _kinds, _mangled)
    yield from _named("cut", _cut_pictures, _cut_dicom)
    yield from _named("flipped", _flipped_pictures, _flipped_dicom)
    yield from _named("flipped", _flipped_frames, apart=True)
    yield from _named("bare", _bare_streams, apart=True)
    yield from _named("dicom", *bad_dicom.ORDINARY)
    yield from _named("dicom", *bad_dicom.HEAVY, apart=True)


def small_inputs() -> Iterator[Input]:
    """The part of the corpus without bombs: quickly made, and quickly read."""
    yield from _named("png", bad_images.png_lies)
    yield from _named("jpeg", bad_images.jpeg_lies)
    yield from _named("polyglot", bad_images.polyglots, _twofold)
    yield from _named("flipped", _flipped_frames)
    yield from _named("dicom", bad_dicom.sound_files, *bad_dicom.ORDINARY)


def _named(
    kind: str, *tables: Callable[[], Iterable[tuple]], apart: bool = False
) -> Iterator[Input]:
    for name, data, expected, *frame in chain.from_iterable(table() for table in tables):
        yield Input(f"{kind}/{name}", data, expected, *(frame or [None]), apart=apart)


# --- other kinds of file


def _kinds() -> Iterator[tuple]:
    yield "nothing", b"", ("refused.empty",)
    for byte in (b"\0", b"\x89", b"\xff", b"x", b"\n"):
        yield f"one byte {byte.hex()}", byte, OTHER
    yield "PNG magic alone", PNG_START, DAMAGED
    yield "half of the PNG magic", PNG_START[:4], OTHER
    yield "JPEG magic alone", b"\xff\xd8\xff", DAMAGED
    yield "half of the JPEG magic", b"\xff\xd8", OTHER
    for name in ("GIF", "BMP", "TIFF", "WEBP"):
        yield name, encoded(SPECKLE, name), (f"refused.kind.{name.lower()}",)
    yield "GIFAR", encoded(SPECKLE, "GIF") + zip_file(), ("refused.kind.gif",)
    for name in ("PPM", "TGA", "ICO", "PCX", "SGI", "DDS"):
        yield name, encoded(SPECKLE, name), OTHER
    yield "JPEG2000", encoded(SPECKLE, "JPEG2000"), READ
    yield "AVIF", b"\0\0\0\x18ftypavif\0\0\0\0mif1avif", ("refused.kind.heic",)
    yield "PDF", b"%PDF-1.7\n%%EOF", ("refused.kind.pdf",)
    yield "ZIP of a DICOM file", zip_file() + dicom(), ("refused.kind.zip",)
    yield "gzip of a DICOM file", gzip.compress(dicom(), mtime=0), ("refused.kind.gzip",)
    lol = "".join(f'<!ENTITY l{n} "{f"&l{n - 1};" * 10}">' for n in range(1, 10))
    for name, content in {
        "SVG": b"<svg xmlns='http://www.w3.org/2000/svg'><script>alert(1)</script></svg>",
        "billion laughs": f'<!DOCTYPE l [<!ENTITY l0 "l">{lol}]><svg>&l9;</svg>'.encode(),
        "HTML": b"<!DOCTYPE html><script>alert(1)</script>",
        "text": b"Patient: SECRETNAME\n" * 20,
        "UTF-16 text": "Patient: SECRETNAME".encode("utf-16"),
        "JSON": b'{"00080060": {"vr": "CS", "Value": ["DX"]}}',
        "shell script": b"#!/bin/sh\nrm -rf /\n",
        "program": b"\x7fELF\2\1\1" + bytes(500),
        "Windows program": b"MZ" + bytes(500),
        "pickle": b"cos\nsystem\n(S'true'\ntR.",
        "NumPy array": b"\x93NUMPY\1\0v\0{'descr': '|O'}",
        "HDF5": b"\x89HDF\r\n\x1a\n" + bytes(500),
        "NIfTI": b"\x5c\1\0\0" + bytes(400),
        "MNG": b"\x8aMNG\r\n\x1a\n" + bytes(50),
        "WAV": b"RIFF\x24\0\0\0WAVEfmt ",
        "7-Zip": b"7z\xbc\xaf\x27\x1c" + bytes(50),
        "path": b"../../../../etc/passwd\0.png",
        "zeros": bytes(100_000),
        "ones": b"\xff" * 100_000,
        "noise": noise(100_000),
        "64 MB of zeros": bytes(64 * 2**20),
    }.items():
        yield name, content, OTHER
    yield "JPEG XL", b"\xff\x0a" + bytes(50), ("refused.kind.jpeg_xl",)
    yield "JPEG 2000 codestream", b"\xff\x4f\xff\x51" + bytes(50), ("refused.too_small",)
    yield "a byte over 64 MB", bytes(64 * 2**20 + 1), ("refused.too_many_bytes",)


def _mangled() -> Iterator[tuple]:
    """Sound files after a wrong transfer."""
    for name, whole in (("PNG", png(SPECKLE)), ("JPEG", jpeg(SPECKLE)), ("DICOM", dicom())):
        yield f"{name} in base64", base64.b64encode(whole), OTHER
        yield f"{name} as hexadecimal", whole.hex().encode(), OTHER
        yield f"{name} read as Latin-1", whole.decode("latin-1").encode(), ANY
        yield f"{name} with Windows line ends", whole.replace(b"\n", b"\r\n"), ANY
        yield f"{name} with Unix line ends", whole.replace(b"\r\n", b"\n"), ANY
        yield f"{name} without high bits", bytes(byte & 127 for byte in whole), ANY
        swapped = whole[: len(whole) // 2 * 2]
        swapped = np.frombuffer(swapped, np.uint16).byteswap().tobytes()
        yield f"{name} with bytes swapped", swapped, OTHER
        yield f"{name} backwards", whole[::-1], OTHER
        yield f"{name} after a blank", b" " + whole, OTHER
        yield f"{name} without its first byte", whole[1:], OTHER
        yield f"{name} after HTTP headers", b"HTTP/1.1 200 OK\r\n\r\n" + whole, OTHER
        yield f"{name} in gzip", gzip.compress(whole, mtime=0), ("refused.kind.gzip",)
        yield f"{name} in zlib", zlib.compress(whole), OTHER
    yield "PNG of one wrong letter", b"\x89PNX" + png(SPECKLE)[4:], OTHER


def _twofold() -> Iterator[tuple]:
    carrying = png(SPECKLE, 8, GREY, chunk(b"prVt", dicom()))
    yield "PNG that carries a DICOM file", carrying, READ
    yield "JPEG after a DICOM file", dicom() + jpeg(SPECKLE), READ_OR_DAMAGED
    yield "DICOM after a JPEG", jpeg(SPECKLE) + dicom(), READ
    yield "DICOM after a PNG", png(SPECKLE) + dicom(), READ
    yield "two DICOM files", dicom() + dicom(), READ_OR_DAMAGED


# --- sound files, cut and flipped


def _pictures() -> dict[str, bytes]:
    many = speckle(height=96, width=80)
    return {
        "PNG": png(many),
        "16-bit PNG": png(many, 16, GREY, chunk(b"sBIT", b"\x0c")),
        "RGBA PNG": png(np.dstack([many] * 4), 8, RGBA),
        "interlaced PNG": png(many, interlaced=True),
        "JPEG": jpeg(many, quality=50, exif=oriented(6)),
        "progressive JPEG": jpeg(many, "RGB", quality=50, progressive=True),
    }


def _cut_pictures() -> Iterator[tuple]:
    for name, whole in _pictures().items():
        for share in (0.02, 0.1, 0.3, 0.5, 0.8, 0.95, 0.99):
            length = int(share * len(whole))
            yield f"{name} after {length} bytes", whole[:length], CUT


def _cut_dicom() -> Iterator[tuple]:
    for syntax in SOUND:
        whole = sound(syntax)
        start = whole.index(b"\xe0\x7f\x10\0" if syntax != PLAIN[2] else b"\x7f\xe0\0\x10")
        size = len(whole) - start
        pixels = (0.3, 0.6, 0.9, 0.97)
        lengths = (140, len(meta(syntax)) + 3, start - 9, start + 10)
        for length in (*lengths, *(start + int(share * size) for share in pixels)):
            expected = DAMAGED if length > start else CUT
            yield f"{syntax} after {length} bytes", whole[:length], expected
        # What is cut here may be no more than the mark at the end.
        yield f"{syntax} without its end", whole[:-3], READ_OR_DAMAGED


def _flipped_pictures() -> Iterator[tuple]:
    for name, whole in _pictures().items():
        for seed in range(6):
            yield f"{name} {seed}", with_flipped_bits(whole, 1 + 3 * seed, seed), ANY
            if "PNG" in name:
                data = with_flipped_bits_under_good_checksums(whole, 1 + seed, seed)
                yield f"{name} {seed} under good checksums", data, ANY


def _flipped_dicom() -> Iterator[tuple]:
    for syntax in PLAIN:
        whole = sound(syntax)
        start = len(whole) - 15_400
        for seed in range(20):
            head = with_flipped_bits(whole[:start], 1 + seed, seed)
            yield f"{syntax} {seed}", head + whole[start:], ANY


def _flipped_frames() -> Iterator[tuple]:
    for syntax in SOUND[3:]:
        whole = sound(syntax)
        for seed in range(2):
            yield f"{syntax} {seed}", whole[:500] + with_flipped_bits(whole[500:], 2, seed), ANY


def _bare_streams() -> Iterator[tuple]:
    """What DICOM files hold, without one."""
    for syntax in SOUND[4:]:
        whole = codestream(syntax)
        yield f"bare stream of {syntax}", whole, READ
        for seed in range(2):
            data = whole[:20] + with_flipped_bits(whole[20:], 2, seed)
            yield f"bare stream of {syntax} {seed}", data, ANY


def main(folder: Path) -> None:
    """Write the corpus as files."""
    for number, each in enumerate(inputs()):
        kind, name = each.name.split("/", 1)
        plain = "".join(sign if sign.isalnum() else "-" for sign in name)
        (folder / kind).mkdir(parents=True, exist_ok=True)
        (folder / kind / f"{number:03}-{plain}").write_bytes(each.data)


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    main(Path(sys.argv[1]))
