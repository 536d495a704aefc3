"""Bad and odd PNG and JPEG files: bombs, lies in headers, polyglots and plain damage."""

import io
import struct
import zipfile
import zlib
from collections.abc import Iterator
from functools import cache

import numpy as np

from tests.reading.odd_files import (
    GREY,
    LA,
    PALETTE,
    PNG_START,
    RGB,
    RGBA,
    chunk,
    exif_block,
    header,
    jpeg,
    jpeg_claiming,
    oriented,
    packed_rows,
    palette,
    png,
    quadrants,
    speckle,
    tiled_png,
)

READ, DAMAGED, ANY = ("read",), ("refused.damaged",), ()
READ_OR_DAMAGED = READ + DAMAGED
TOO_LARGE = ("refused.too_large", "refused.too_many_pixels")
FLAT = ("refused.flat",)

SPECKLE = speckle(levels=4)
PICTURE = np.tile(np.arange(0, 256, 2, np.uint8), (96, 1))
END = chunk(b"IEND", b"")

Table = Iterator[tuple[str, bytes, tuple[str, ...]]]
"""Name, content and acceptable outcomes: "read" or keys of refusals; none means any."""


@cache
def zeros(size: int) -> bytes:
    """`size` zeros in zlib format, packed piece by piece."""
    packer, piece = zlib.compressobj(1), bytes(2**20)
    return b"".join(packer.compress(piece) for _ in range(size // 2**20)) + packer.flush()


def zip_file() -> bytes:
    """A small archive."""
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w") as archive:
        archive.writestr("META-INF/MANIFEST.MF", "Main-Class: Evil\n")
    return target.getvalue()


def raw_chunk(kind: bytes, length: int, body: bytes, checksum: int | None = None) -> bytes:
    """A PNG chunk that may lie about its length and checksum."""
    right = zlib.crc32(kind + body)
    return struct.pack(">I", length) + kind + body + struct.pack(">I", checksum or right)


def scanlines(samples: np.ndarray = SPECKLE, depth: int = 8) -> bytes:
    """The PNG scanlines of a picture."""
    return packed_rows(samples, depth)


def with_idat(body: bytes) -> bytes:
    """A PNG of 64 x 64 bytes whose IDAT is `body`."""
    return header(64, 64) + chunk(b"IDAT", body) + END


def with_ihdr(*fields: int) -> bytes:
    """A PNG of 64 x 64 bytes whose IHDR fields after the size are `fields`."""
    ihdr = chunk(b"IHDR", struct.pack(">II5B", 64, 64, *fields))
    return PNG_START + ihdr + chunk(b"IDAT", zlib.compress(scanlines())) + END


def animation(frames: int, plays: int, control: bytes) -> bytes:
    """A PNG that says it is an animation."""
    said = chunk(b"acTL", struct.pack(">II", frames, plays))
    return png(SPECKLE, 8, GREY, said, chunk(b"fcTL", control))


def png_bombs() -> Table:
    """Few bytes that ask for many, in pixels, text, profiles or sheer number of chunks."""
    for side in (65_535, 100_000, 2**31 - 1):
        yield f"header {side} square", header(side, side) + chunk(b"IDAT", zeros(2**20)), TOO_LARGE
    over = tiled_png(5001, 5000, 8, GREY, bytes(5001))
    yield "zeros just over 25 megapixels", over, TOO_LARGE
    yield "zeros of 20000 x 20000", header(20_000, 20_000) + over[33:], TOO_LARGE
    yield "zeros of 25 megapixels", tiled_png(5000, 5000, 8, GREY, bytes(5000)), FLAT
    row = (np.arange(20_000) // 4 % 64 * 771).astype(">u2").tobytes()
    yield "16 bit RGBA of 25 megapixels", tiled_png(5000, 5000, 16, RGBA, row), ANY
    yield "palette of 25 megapixels", tiled_png(5000, 5000, 8, PALETTE, bytes(5000)), ANY
    for depth in (1, 2, 4):
        few = bytes(-(-5000 * depth // 8))
        yield f"{depth} bit zeros of 25 megapixels", tiled_png(5000, 5000, depth, GREY, few), FLAT
    bomb = zeros(600 * 2**20)
    yield "IDAT of 600 MB behind a small header", with_idat(bomb), ANY
    yield "IDAT of 600 MB after sound pixels", png(SPECKLE)[:-12] + chunk(b"IDAT", bomb) + END, ANY
    for kind, start in ((b"iCCP", b"a\0\0"), (b"zTXt", b"a\0\0"), (b"iTXt", b"a\0\1\0\0\0")):
        name = kind.decode()
        body = chunk(kind, start + bomb)
        yield f"{name} of 600 MB", png(SPECKLE, 8, GREY, body), READ_OR_DAMAGED
        late = png(SPECKLE)[:-12] + body + END
        yield f"{name} of 600 MB after the pixels", late, READ_OR_DAMAGED
        small = chunk(kind, start + zeros(2**20))
        yield f"{name} of 1 MB, 200 times", png(SPECKLE, 8, GREY, small * 200), READ_OR_DAMAGED
        raw = chunk(kind, start + bytes(3 * 2**20))
        yield f"{name} that is not compressed", png(SPECKLE, 8, GREY, raw), READ_OR_DAMAGED
    plain = chunk(b"tEXt", b"Comment\0" + b"x" * 60_000)
    yield "tEXt of 60 kB, 1000 times", png(SPECKLE, 8, GREY, plain * 1000), READ_OR_DAMAGED
    for kind, times in ((b"prVt", 5_000_000), (b"tEXt", 4_000_000), (b"IDAT", 5_000_000)):
        name = f"{times} chunks of {kind.decode()}"
        tiny = chunk(kind, b"a\0" if kind == b"tEXt" else b"")
        yield name, png(SPECKLE, 8, GREY, tiny * times), READ_OR_DAMAGED
    packed = zlib.compress(np.random.default_rng(5).integers(0, 256, 2**20, np.uint8).tobytes())
    crumbs = b"".join(chunk(b"IDAT", packed[at : at + 1]) for at in range(len(packed)))
    yield "a million IDAT of one byte", header(1024, 1023) + crumbs + END, ANY
    yield "profile with a huge count", png(SPECKLE, 8, GREY, profile_claiming_much()), READ


def profile_claiming_much() -> bytes:
    """An iCCP chunk whose profile says it has four thousand million tags."""
    icc = struct.pack(">I", 2**32 - 1) + bytes(124) + struct.pack(">I", 2**32 - 1) + bytes(64)
    return chunk(b"iCCP", b"a\0\0" + zlib.compress(icc))


def png_lies() -> Table:
    """Headers and chunks that contradict the pixels, each other or the standard."""
    rows = zlib.compress(scanlines())
    for name, fields in {
        "depth 0": (0, 0, 0, 0, 0),
        "depth 3": (3, 0, 0, 0, 0),
        "depth 32": (32, 0, 0, 0, 0),
        "depth 16 over rows of 8": (16, 0, 0, 0, 0),
        "colour type 1": (8, 1, 0, 0, 0),
        "colour type 5": (8, 5, 0, 0, 0),
        "colour type 255": (8, 255, 0, 0, 0),
        "colour over grey rows": (8, RGB, 0, 0, 0),
        "palette of 16 bits": (16, PALETTE, 0, 0, 0),
        "palette that is missing": (8, PALETTE, 0, 0, 0),
        "RGBA of 1 bit": (1, RGBA, 0, 0, 0),
        "compression 1": (8, 0, 1, 0, 0),
        "filter method 1": (8, 0, 0, 1, 0),
        "interlace 1 over plain rows": (8, 0, 0, 0, 1),
        "interlace 2": (8, 0, 0, 0, 2),
    }.items():
        yield name, with_ihdr(*fields), ANY if fields[0] == 8 else DAMAGED
    for size in ((0, 64), (64, 0), (0, 0)):
        yield f"{size[0]} x {size[1]}", header(*size) + chunk(b"IDAT", rows) + END, ANY
    for size in ((65, 64), (64, 65), (80, 80), (1024, 1024)):
        name = f"64 x 64 that says {size[0]} x {size[1]}"
        yield name, header(*size) + chunk(b"IDAT", rows) + END, DAMAGED
    for size in ((1, 1), (63, 63)):
        name = f"{size[0]} x {size[1]}"
        yield name, png(speckle(height=size[1], width=size[0])), ("refused.too_small",)
    strip = png(speckle(height=64, width=300))
    yield "strip", strip, ("refused.strip",)
    for kind in range(5, 256, 50):
        wrong = b"".join(bytes([kind]) + bytes(SPECKLE[y]) for y in range(64))
        yield f"row filter {kind}", with_idat(zlib.compress(wrong)), DAMAGED
    yield "IHDR of 12 bytes", PNG_START + chunk(b"IHDR", header(64, 64)[16:28]) + END, DAMAGED
    yield "IHDR of 14 bytes", PNG_START + chunk(b"IHDR", header(64, 64)[16:29] + b"\0"), DAMAGED
    yield "no IHDR", PNG_START + chunk(b"IDAT", rows) + END, DAMAGED
    yield "two IHDR", png(SPECKLE, 8, GREY, header(9000, 9000)[8:]), ANY
    yield "no IEND", png(SPECKLE)[:-12], ANY
    yield "IEND first", header(64, 64) + END + chunk(b"IDAT", rows), DAMAGED
    yield "stored rows end early", with_idat(zlib.compress(scanlines()[:-70])), DAMAGED
    yield "stored rows go on", with_idat(zlib.compress(scanlines() + bytes(9999))), ANY
    yield "wrong Adler sum", with_idat(rows[:-4] + b"abcd"), ANY
    yield "zlib window of 64 kB", with_idat(b"\x88" + rows[1:]), DAMAGED
    yield "zlib preset dictionary", with_idat(b"\x78\xbb" + rows[2:]), DAMAGED
    yield "deflate block of type 3", with_idat(rows[:2] + b"\xff" * 60), DAMAGED
    yield "empty IDAT", with_idat(b""), DAMAGED
    for length in (2**31 - 1, 2**31, 2**32 - 1):
        data = header(64, 64) + raw_chunk(b"IDAT", length, rows) + END
        yield f"IDAT that says {length} bytes", data, DAMAGED
        yield f"prVt that says {length} bytes", data.replace(b"IDAT", b"prVt"), DAMAGED
    data = header(64, 64) + raw_chunk(b"IDAT", len(rows), rows, checksum=1) + END
    yield "wrong checksum of IDAT", data, DAMAGED
    yield "wrong checksum of IHDR", png(SPECKLE)[:29] + b"abcd" + png(SPECKLE)[33:], DAMAGED
    for name, body in {
        "sBIT of 0": chunk(b"sBIT", b"\0"),
        "sBIT of 255": chunk(b"sBIT", b"\xff"),
        "sBIT of nothing": chunk(b"sBIT", b""),
        "PLTE of 257": chunk(b"PLTE", bytes(771)),
        "PLTE of 1 byte": chunk(b"PLTE", b"x"),
        "tRNS of nothing": chunk(b"tRNS", b""),
        "tRNS of 300 bytes": chunk(b"tRNS", bytes(300)),
        "gAMA of 0": chunk(b"gAMA", bytes(4)),
        "gAMA of nothing": chunk(b"gAMA", b""),
        "cHRM of 31 bytes": chunk(b"cHRM", bytes(31)),
        "pHYs of 0": chunk(b"pHYs", bytes(9)),
        "pHYs of nothing": chunk(b"pHYs", b""),
        "tIME of nonsense": chunk(b"tIME", b"\xff" * 7),
        "sRGB of nothing": chunk(b"sRGB", b""),
        "eXIf of nonsense": chunk(b"eXIf", b"II*\0\xff\xff\xff\xff"),
        "eXIf that turns": chunk(b"eXIf", oriented(6).tobytes()[6:]),
        "iCCP of nonsense": chunk(b"iCCP", b"a\0\7nonsense"),
        "iCCP of nothing": chunk(b"iCCP", b""),
        "iTXt of nothing": chunk(b"iTXt", b""),
        "iTXt of bad UTF-8": chunk(b"iTXt", b"a\0\0\0\xff\0\xff\0\xff\xfe"),
        "tEXt without a keyword": chunk(b"tEXt", b"\0"),
        "tEXt with NULs": chunk(b"tEXt", b"a\0b\0c\0"),
        "zTXt of method 9": chunk(b"zTXt", b"a\0\x09" + zlib.compress(b"text")),
        "zTXt of nothing": chunk(b"zTXt", b""),
        "critical chunk nobody knows": chunk(b"XXXX", b"what"),
        "chunk name of NULs": chunk(b"\0\0\0\0", b"what"),
        "chunk name beyond ASCII": chunk(b"\xff\xfe\xfd\xfc", b"what"),
    }.items():
        yield name, png(SPECKLE, 16, GREY, body), ANY
    for frames in (0, 1, 2, 2**31 - 1, 2**32 - 1):
        yield f"animation of {frames} frames", animation(frames, 0, bytes(26)), ANY
    yield "animation with a short control", animation(2, 2**32 - 1, b"abc"), ANY
    yield "palette index too high", png(quadrants(0, 1, 9, 200), 8, PALETTE, palette(1, 9)), ANY
    alone = np.dstack([SPECKLE, SPECKLE * 0])
    yield "wholly transparent", png(alone, 8, LA), FLAT


def segment(marker: int, body: bytes) -> bytes:
    """One JPEG segment."""
    return struct.pack(">BBH", 0xFF, marker, len(body) + 2) + body


def after_start(*segments: bytes, of: bytes | None = None) -> bytes:
    """A sound JPEG with segments after its first two bytes."""
    whole = of or jpeg(PICTURE)
    return whole[:2] + b"".join(segments) + whole[2:]


def many_scans(side: int, scans: int) -> bytes:
    """A progressive JPEG of `side` x `side` whose scans are a few bytes each and change nothing."""
    blocks = (side // 8 + 1) ** 2
    runs = blocks // 16384 + 1
    bits = "0" * (15 * runs)
    bits += "1" * (-len(bits) % 8)
    empty = segment(0xDA, b"\1\1\0\1\x3f\0") + int(bits, 2).to_bytes(len(bits) // 8, "big")
    one_code = bytes([1] + [0] * 15)
    return (
        b"\xff\xd8"
        + segment(0xDB, b"\0" + b"\1" * 64)
        + segment(0xC2, struct.pack(">BHHB", 8, side, side, 1) + b"\1\x11\0")
        + segment(0xC4, b"\0" + one_code + b"\0")
        + segment(0xC4, b"\x10" + one_code + b"\xe0")
        + segment(0xDA, b"\1\1\0\0\0\0")
        + bytes(blocks // 8 + 1)
        + empty * scans
        + b"\xff\xd9"
    )


def with_byte(data: bytes, marker: bytes, offset: int, value: bytes) -> bytes:
    """`data` with `value` written `offset` bytes after the start of `marker`."""
    at = data.index(marker) + offset
    return data[:at] + value + data[at + len(value) :]


def jpeg_bombs() -> Table:
    """Declared sizes, scans, segments and tables far beyond any radiograph."""
    small, colour = jpeg(PICTURE), jpeg(PICTURE, "RGB")
    for side in (5001, 10_000, 65_500, 65_535):
        yield f"grey that says {side} square", jpeg_claiming(small, side, side), TOO_LARGE + DAMAGED
    yield "colour that says 65535 square", jpeg_claiming(colour, 65_535, 65_535), TOO_LARGE
    yield "says 5000 square", jpeg_claiming(small, 5000, 5000), READ_OR_DAMAGED
    yield "says 5000 square, colour", jpeg_claiming(colour, 5000, 5000), READ_OR_DAMAGED
    yield "cut, says 5000 square", jpeg_claiming(small, 5000, 5000)[:-2], DAMAGED
    for side, scans in ((64, 5000), (64, 200_000), (1000, 20_000), (5000, 30_000)):
        yield f"progressive {side} square of {scans} scans", many_scans(side, scans), ANY
    for marker in (0xE0, 0xE1, 0xE2, 0xED, 0xEE, 0xFE):
        body = segment(marker, b"Exif\0\0MM\0*" + bytes(60_000))
        yield f"marker {marker:02x} of 60 kB, 1000 times", after_start(body * 1000), READ_OR_DAMAGED
    tiny = segment(0xFE, b"")
    yield "15 million empty comments", after_start(tiny * 15_000_000), READ_OR_DAMAGED
    tables = segment(0xDB, b"\0" + b"\1" * 64) * 500_000
    yield "half a million tables", after_start(tables), READ_OR_DAMAGED
    yield "60 MB of fill bytes", after_start(b"\xff" * 60_000_000), READ_OR_DAMAGED
    yield "60 MB of restart marks", small[:-2] + b"\xff\xd0" * 30_000_000 + b"\xff\xd9", ANY
    yield "60 MB of zeros before the end", small[:-2] + bytes(60_000_000) + b"\xff\xd9", ANY
    yield "60 MB after the end", small + bytes(60_000_000), READ_OR_DAMAGED
    icc = b"ICC_PROFILE\0" + b"\1\xff" + bytes(65_000)
    yield "ICC profile of 255 parts", after_start(segment(0xE2, icc) * 255), READ_OR_DAMAGED
    huge = exif_block((0x010E, 2, 2**32 - 1, b"\0\0\0\x08"), (0x0112, 3, 2**31, b"\0\6"))
    yield "EXIF with huge counts", after_start(segment(0xE1, huge)), READ
    loop = exif_block((0x8769, 4, 1, b"\0\0\0\x08"), (0x8825, 4, 1, b"\0\0\0\x08"))
    yield "EXIF that points to itself", after_start(segment(0xE1, loop)), READ
    for count in (1, 2, 65_535, 2**32 - 1):
        data = after_start(segment(0xE2, mpf(count)))
        yield f"MPO of {count} pictures", data, READ_OR_DAMAGED
    yield (
        "EXIF in an MPO",
        after_start(segment(0xE2, mpf(2)), of=jpeg(PICTURE, exif=oriented(6))),
        ANY,
    )


def mpf(pictures: int) -> bytes:
    """Multi-picture data that claims a number of pictures and holds two entries."""
    entries = (
        struct.pack(">HHI4s", 0xB000, 7, 4, b"0100"),
        struct.pack(">HHII", 0xB001, 4, 1, pictures),
        struct.pack(">HHII", 0xB002, 7, min(16 * pictures, 2**32 - 1), 50),
    )
    table = struct.pack(">IIIHH", 0x030000, 999_999, 2**31, 0, 0) * 2
    return b"MPF\0MM\0*" + struct.pack(">IH", 8, 3) + b"".join(entries) + bytes(4) + table


def jpeg_lies() -> Table:
    """Frame and scan headers that contradict the rest."""
    small, colour, waves = jpeg(PICTURE), jpeg(PICTURE, "RGB"), jpeg(PICTURE, progressive=True)
    frame, scan, table = b"\xff\xc0", b"\xff\xda", b"\xff\xc4"
    for precision in (0, 1, 12, 16, 255):
        yield f"{precision} bits", with_byte(small, frame, 4, bytes([precision])), DAMAGED
    for parts in (0, 2, 3, 4, 255):
        yield f"{parts} components", with_byte(small, frame, 9, bytes([parts])), ANY
    for sampling in (0x00, 0x44, 0xFF, 0x18):
        data = with_byte(colour, frame, 11, bytes([sampling]))
        yield f"sampling {sampling:02x}", data, ANY
    yield "missing quantisation table", with_byte(small, frame, 12, b"\3"), ANY
    yield "missing Huffman table", with_byte(small, scan, 6, b"\x33"), ANY
    yield "unknown component in the scan", with_byte(small, scan, 5, b"\x09"), ANY
    yield "no components in the scan", with_byte(small, scan, 4, b"\0"), DAMAGED
    yield "impossible Huffman table", with_byte(small, table, 5, b"\xff" * 16), DAMAGED
    yield "spectral range backwards", with_byte(waves, scan, 7, b"\x3f\0\0"), ANY
    yield "approximation of 255", with_byte(waves, scan, 9, b"\xff"), ANY
    for height, width in ((0, 64), (64, 0), (0, 0), (97, 128), (96, 129), (640, 480)):
        data = jpeg_claiming(small, width, height)
        yield f"96 x 128 that says {height} x {width}", data, ANY
    for marker, kind in ((0xC1, "extended"), (0xC2, "progressive"), (0xC3, "lossless")):
        yield f"baseline that says {kind}", small.replace(frame, bytes([0xFF, marker])), ANY
    for marker in (0xC5, 0xC9, 0xCA, 0xCB, 0xCD, 0xF7):
        data = small.replace(frame, bytes([0xFF, marker]))
        yield f"baseline with frame marker {marker:02x}", data, ANY
    yield "two frames", small[:-2] + small[2:], ANY
    yield "two pictures", small + jpeg(PICTURE[::-1]), READ
    yield "no tables", small[: small.index(b"\xff\xdb")] + small[small.index(frame) :], DAMAGED
    yield "restart interval never kept", after_start(segment(0xDD, b"\0\1")), ANY
    yield "number of lines left for later", jpeg_claiming(small, 128, 0), ANY
    yield "Adobe mark in a grey file", after_start(segment(0xEE, b"Adobe\0d\0\0\0\0\2")), ANY
    yield "Adobe mark cut short", after_start(segment(0xEE, b"Adobe\0d")), READ_OR_DAMAGED
    yield "segment of length 0", after_start(b"\xff\xe1\0\0"), ANY
    yield "segment of length 1", after_start(b"\xff\xe1\0\1"), ANY
    yield "segment longer than the file", after_start(b"\xff\xe1\xff\xff"), DAMAGED
    yield "JFIF of nothing", after_start(segment(0xE0, b"JFIF")), READ_OR_DAMAGED
    yield "density of 0", with_byte(small, b"JFIF", 8, bytes(4)), READ
    yield "Photoshop block cut", after_start(segment(0xED, b"Photoshop 3.0\08BIM\4\4")), ANY
    yield (
        "XMP of bad text",
        after_start(segment(0xE1, b"http://ns.adobe.com/xap/1.0/\0\xff<")),
        READ,
    )
    yield "CMYK", jpeg(PICTURE, "CMYK"), ("refused.cmyk",)
    yield "start and end only", b"\xff\xd8\xff\xd9", DAMAGED
    yield "64 x 64 of one grey", jpeg(SPECKLE * 0), FLAT


def polyglots() -> Table:
    """Sound pictures that are something else as well."""
    script = b"<script>alert(document.domain)</script>"
    for name, tail in {
        "a ZIP": zip_file(),
        "HTML": b"<html><body>" + script,
        "PHP": b"<?php system($_GET['c']); ?>",
        "a PDF": b"%PDF-1.7\n%%EOF",
        "a program": b"\x7fELF" + bytes(60),
        "a PNG": png(SPECKLE),
        "a JPEG": jpeg(PICTURE),
        "zeros": bytes(5000),
    }.items():
        yield f"PNG before {name}", png(SPECKLE) + tail, READ
        yield f"JPEG before {name}", jpeg(PICTURE) + tail, READ
    yield "PNG with a script as text", png(SPECKLE, 8, GREY, chunk(b"tEXt", b"a\0" + script)), READ
    yield "JPEG with a script as comment", after_start(segment(0xFE, script)), READ
    yield "JPEG with a ZIP as comment", after_start(segment(0xFE, zip_file())), READ
    yield "JPEG start before a PNG", b"\xff\xd8\xff" + png(SPECKLE), DAMAGED
    yield "PNG start before a JPEG", PNG_START + jpeg(PICTURE), DAMAGED
    inside = png(SPECKLE, 8, GREY, chunk(b"prVt", bytes(87) + b"DICM" + bytes(40)))
    assert inside[128:132] == b"DICM"
    yield "PNG with the mark of DICOM at byte 128", inside, READ_OR_DAMAGED
    comment = after_start(segment(0xFE, bytes(122) + b"DICM" + bytes(40)))
    assert comment[128:132] == b"DICM"
    yield "JPEG with the mark of DICOM at byte 128", comment, READ_OR_DAMAGED
