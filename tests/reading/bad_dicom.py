"""Bad and odd DICOM files: bombs, lies in headers, tables, windows, sequences and pixel data."""

import struct
import zlib
from collections.abc import Iterator

import numpy as np

from tests.reading import raw_dicom as raw
from tests.reading.bad_images import ANY, DAMAGED, FLAT, READ, TOO_LARGE, zip_file
from tests.reading.dicom_files import with_stated_size
from tests.reading.odd_files import jpeg, jpeg_claiming, png, speckle
from tests.reading.raw_dicom import (
    EXPLICIT,
    IMPLICIT,
    J2K_LOSSLESS,
    JPEG,
    JPEG_LS,
    LOSSLESS_SV1,
    RAMP,
    RLE,
    UNDEFINED,
    codestream,
    compressed,
    dicom,
    ds,
    element,
    fragments,
    item,
    meta,
    sequence,
    text,
    us,
)

SYNTAX, DEFLATED = ("refused.dicom.syntax",), ("refused.dicom.deflated",)
NO_IMAGE, MODALITY = ("refused.dicom.no_image",), ("refused.dicom.modality",)
LATERAL, COLOUR = ("refused.dicom.lateral",), ("refused.dicom.colour",)
DEPTH, LIMIT = ("refused.dicom.depth",), ("refused.dicom.limit",)
FRAMES, FRAME = ("refused.dicom.frames",), ("refused.dicom.frame",)
SMALL, OTHER = ("refused.too_small",), ("refused.kind.other",)
READ_OR_LIMIT = READ + LIMIT + DAMAGED

EIGHT = (RAMP >> 4).astype(np.uint8)

Table = Iterator[tuple]
"""Name, content, acceptable outcomes and, where one is asked for, the frame."""


def each(made: dict[str, tuple[dict, tuple]]) -> Table:
    """Files that differ from a sound one in the elements given."""
    for name, (changes, expected) in made.items():
        yield name, dicom(changes), expected


def sound_files() -> Table:
    """Every transfer syntax that is read."""
    for syntax in SOUND:
        yield f"sound {syntax}", raw.sound(syntax), READ
    large = np.zeros((2048, 640), "<u2")
    large[500:1500, 100:500] = 3000
    waves = codestream(J2K_LOSSLESS, large)
    yield (
        "sound, of more pixels than are looked at",
        compressed(waves, J2K_LOSSLESS, pixels=large),
        READ,
    )


def syntaxes() -> Table:
    """Transfer syntaxes that are not read, or not what they say."""
    packed = zlib.compressobj(9, wbits=-15)
    bomb = b"".join(packed.compress(bytes(2**20)) for _ in range(1000)) + packed.flush()
    yield "deflated bomb of 1 GB", meta(raw.DEFLATED) + bomb, DEFLATED
    yield "deflated rubbish", meta(raw.DEFLATED) + b"\xff" * 99, DEFLATED
    for uid in (
        "1.2.840.10008.1.2.4.94",
        "1.2.840.10008.1.2.4.100",
        "1.2.840.10008.1.2.4.102",
        "1.2.840.10008.1.2.4.110",
        "1.2.3.4.5",
        "9" * 64,
        "rubbish",
        "<script>alert(1)</script>",
    ):
        yield f"syntax {uid[:24]}", compressed(codestream(JPEG_LS), uid), SYNTAX + DAMAGED
    yield "syntax of NULs", dicom(start=meta(bytes(20))), ANY
    yield "syntax beyond ASCII", dicom(start=meta(b"1.2.\xff\xfe\xe9\xa0")), SYNTAX + DAMAGED
    yield "empty syntax", dicom(start=meta("")), ANY
    yield "syntax and a blank", dicom(start=meta(b"1.2.840.10008.1.2.1 ")), ANY
    yield "syntax given as number", dicom(start=meta(EXPLICIT).replace(b"UI\x14", b"US\x14")), ANY
    yield "implicit that is explicit", dicom(start=meta(IMPLICIT)), ANY
    yield "explicit that is implicit", meta(EXPLICIT) + dicom(syntax=IMPLICIT, start=b""), ANY
    yield "big endian that is little", dicom(start=meta(raw.BIG_ENDIAN)), DAMAGED + NO_IMAGE
    yield "compressed that is not", dicom(start=meta(JPEG)), DAMAGED
    yield "not compressed that is", compressed(codestream(JPEG_LS), EXPLICIT), DAMAGED + NO_IMAGE
    for claimed in (RLE, JPEG, LOSSLESS_SV1, J2K_LOSSLESS, raw.HTJ2K):
        yield f"JPEG-LS that says {claimed}", compressed(codestream(JPEG_LS), claimed), ANY


SOUND = (
    *raw.PLAIN,
    *(RLE, JPEG, raw.EXTENDED, raw.LOSSLESS, LOSSLESS_SV1),
    *(JPEG_LS, raw.NEAR_LOSSLESS, J2K_LOSSLESS, raw.J2K, raw.HTJ2K),
)


def starts() -> Table:
    """What may stand before the elements."""
    body = dicom(start=b"")
    for name, preamble in {
        "PNG": png(speckle()),
        "JPEG": jpeg(EIGHT),
        "TIFF": b"II*\0\x08\0\0\0",
        "PDF": b"%PDF-1.7\n1 0 obj\n",
        "ZIP": zip_file(),
        "program": b"\x7fELF\2\1\1",
        "Windows program": b"MZ\x90\0" + bytes(56) + b"\x80\0\0\0",
        "HTML": b"<html><script>alert(1)</script>",
        "GIF": b"GIF89a\1\0\1\0",
        "text": b"Patient: SECRETNAME ",
    }.items():
        start = meta(EXPLICIT, preamble=preamble[:128].ljust(128, b"\0"))
        yield (
            f"preamble of a {name}",
            start + body,
            READ + DAMAGED if name in ("PNG", "JPEG") else READ,
        )
    yield "DICM alone", bytes(128) + b"DICM", NO_IMAGE + DAMAGED
    yield "DICM and a byte", bytes(128) + b"DICM\2", NO_IMAGE + DAMAGED
    yield "DICM and zeros", bytes(128) + b"DICM" + bytes(999), NO_IMAGE + DAMAGED
    yield "DICM and text", bytes(128) + b"DICM" + b"SECRETNAME " * 99, ANY
    yield "DICM at byte 127", bytes(127) + b"DICM" + meta(EXPLICIT)[132:] + body, OTHER
    yield "dicm", meta(EXPLICIT).replace(b"DICM", b"dicm") + body, OTHER
    yield "meta information alone", meta(EXPLICIT), NO_IMAGE
    yield "no preamble", meta(EXPLICIT)[132:] + body, READ
    yield "no preamble, implicit", meta(IMPLICIT)[132:] + dicom(syntax=IMPLICIT, start=b""), READ
    yield "no meta information", dicom(syntax=IMPLICIT, start=b""), READ
    yield "no meta information, explicit", body, READ + DAMAGED
    yield "no meta information, with preamble", bytes(128) + b"DICM" + body, READ + DAMAGED
    yield "group 0008 and text", b"\x08\0\x05\0" + b"SECRETNAME " * 40, ANY
    yield "group 0002 and zeros", b"\2\0\0\0" + bytes(400), ANY
    yield "group 0002 alone", b"\2\0\0\0", ANY
    for length in (0, 1, 2**31, UNDEFINED):
        said = element(0x20000, "UL", struct.pack("<I", length))
        yield f"meta length of {length}", meta(EXPLICIT, length=said) + body, READ + DAMAGED
    yield "meta length missing", meta(EXPLICIT, length=b"") + body, READ
    twice = meta(EXPLICIT) + meta(IMPLICIT)[132:] + body
    yield "meta information twice", twice, ANY
    yield "no transfer syntax", bytes(128) + b"DICM" + element(0x20002, "UI", b"1.2\0") + body, ANY
    yield "meta of 4 GB", bytes(128) + b"DICM" + element(0x20001, "OB", b"", length=2**32 - 2), ANY
    directory = meta(EXPLICIT) + sequence(0x00041220, item(element(0x41430, "CS", b"PATIENT ")))
    yield "directory", directory, NO_IMAGE


def kinds() -> Table:
    """What is no frontal radiograph of one frame."""
    for name in ("CT", "MR", "US", "MG", "XA", "PX", "NM", "PT", "ES", "SEG", "RTDOSE"):
        yield f"modality {name}", dicom({raw.MODALITY: text("CS", name)}), MODALITY
    for name in ("SECRETNAME", "\xff\xfe", "{modality}", "CR\0", "dx", "CR\\CT"):
        said = {raw.MODALITY: text("CS", name.encode("latin-1"))}
        yield f"modality {name!r}", dicom(said), READ + MODALITY
    for name in ("CR", "DX", "DR", "RG", "RF", "OT", "SC", ""):
        yield f"modality {name or 'empty'}", dicom({raw.MODALITY: text("CS", name)}), READ
    for name, modality in (("report", "SR"), ("display setting", "PR"), ("key images", "KO")):
        said = {raw.MODALITY: text("CS", modality), raw.PIXELS: None}
        yield name, dicom(said), NO_IMAGE
    coded = item(element(0x80100, "SH", b"399198007 "), element(0x80102, "SH", b"SCT "))
    yield from each(
        {
            "no modality": ({raw.MODALITY: None}, READ),
            "lateral": ({raw.VIEW: text("CS", "LL")}, LATERAL),
            "lateral in small letters": ({raw.VIEW: text("CS", " rl ")}, LATERAL),
            "lateral by words": ({raw.VIEW: text("CS", "LATERAL")}, LATERAL),
            "lateral by code": ({raw.VIEW_CODES: sequence(raw.VIEW_CODES, coded)}, LATERAL),
            "lateral by orientation": ({raw.ORIENTATION: text("CS", "A\\F")}, LATERAL),
            "view of rubbish": ({raw.VIEW: text("CS", b"\xff\0\\\\SECRETNAME")}, READ),
            "view as number": ({raw.VIEW: us(7)}, READ),
            "empty view codes": ({raw.VIEW_CODES: sequence(raw.VIEW_CODES)}, READ),
            "view codes of rubbish": ({raw.VIEW_CODES: text("UN", b"\xff" * 30)}, ANY),
            "view codes as text": ({raw.VIEW_CODES: text("LO", "lateral")}, ANY),
            "orientation of rubbish": ({raw.ORIENTATION: text("CS", "\\\\\\XYZ")}, READ),
            "orientation empty": ({raw.ORIENTATION: text("CS", "")}, READ),
            "orientation as numbers": ({raw.ORIENTATION: us(1, 2)}, READ),
        }
    )
    rgb = np.stack([EIGHT] * 3, axis=-1)
    three = {raw.SAMPLES: us(3), raw.PIXELS: text("OB", rgb.tobytes())}
    for name in ("RGB", "YBR_FULL", "PALETTE COLOR", "HSV", "MONOCHROME2"):
        said = {**three, raw.PHOTOMETRIC: text("CS", name)}
        yield f"three samples, {name}", dicom(said, pixels=EIGHT, bits=8), COLOUR
    for name in ("RGB", "PALETTE COLOR", "", "SECRETNAME", "MONOCHROME3", "monochrome2"):
        expected = ANY if name == "monochrome2" else COLOUR + DAMAGED
        said = {raw.PHOTOMETRIC: text("CS", name)}
        yield f"one sample, {name or 'empty'}", dicom(said), expected
    several = raw.frames(3)
    for syntax in (EXPLICIT, RLE, JPEG_LS):
        yield f"three frames {syntax}", raw.frames(3, syntax), FRAMES
        yield f"second of three frames {syntax}", raw.frames(3, syntax), READ, 2
    for frame in (0, -1, 4, 2**63, -(2**70)):
        yield f"frame {frame} of three", several, FRAME, frame
    yield "frame 2 of one", dicom(), FRAME, 2
    yield "frame 2 of a PNG", png(speckle()), FRAME, 2
    said = {
        "2147483647": FRAMES + DAMAGED,
        "99999999999999999999": FRAMES + DAMAGED,
        "-1": READ + DAMAGED,
        "0": READ + DAMAGED,
        "": READ,
        "SECRETNAME": READ + DAMAGED,
        "1e9": ANY,
        "2.5": ANY,
        "1\\2": ANY,
        "\0\0": READ + DAMAGED,
    }
    for number, expected in said.items():
        yield f"{number!r} frames", dicom({raw.FRAMES: text("IS", number)}), expected
    last = dicom({raw.FRAMES: text("IS", "2147483647")})
    yield "last of 2147483647 frames", last, DAMAGED + LIMIT, 2147483647
    yield "frames as words", dicom({raw.FRAMES: us(3)}), ANY
    digits = dicom({raw.FRAMES: text("IS", "9" * 60_000)})
    yield "frames of 60000 digits", digits, DAMAGED + FRAMES


def sizes() -> Table:
    """Rows, columns, bits and samples that cannot be."""
    for rows, columns in ((65_535, 65_535), (5001, 5000), (20_000, 20_000)):
        said = {raw.ROWS: us(rows), raw.COLUMNS: us(columns)}
        yield f"says {rows} x {columns}", dicom(said), TOO_LARGE
        yield (
            f"compressed, says {rows} x {columns}",
            compressed(codestream(JPEG_LS), JPEG_LS, said),
            TOO_LARGE,
        )
    for rows, columns in ((0, 0), (0, 96), (80, 0), (1, 1)):
        said = {raw.ROWS: us(rows), raw.COLUMNS: us(columns)}
        yield f"says {rows} x {columns}", dicom(said), SMALL + DAMAGED
    much = {raw.ROWS: us(65_535), raw.COLUMNS: us(65_535), raw.FRAMES: text("IS", "2147483647")}
    yield "65535 x 65535 x 2147483647", dicom(much), TOO_LARGE + FRAMES + DAMAGED
    yield "5000 x 5000 of few bytes", dicom({raw.ROWS: us(5000), raw.COLUMNS: us(5000)}), DAMAGED
    for tag, name in ((raw.ROWS, "rows"), (raw.COLUMNS, "columns")):
        yield from each(
            {
                f"no {name}": ({tag: None}, DAMAGED),
                f"{name} empty": ({tag: ("US", b"")}, DAMAGED),
                f"{name} of two values": ({tag: us(80, 80)}, ANY),
                f"{name} as text": ({tag: text("LO", "80")}, ANY),
                f"{name} as a negative": ({tag: ("SS", b"\xff\xff")}, DAMAGED + SMALL),
                f"{name} of one byte": ({tag: ("US", b"\x50")}, ANY),
                f"{name} as NaN": ({tag: ("FL", struct.pack("<f", float("nan")))}, DAMAGED),
                f"{name} as a sequence": ({tag: sequence(tag, item())}, DAMAGED),
            }
        )
    for value in (0, 1, 12, 32, 64, 65_535):
        yield f"{value} bits allocated", dicom({raw.ALLOCATED: us(value)}), DEPTH
    for value in (0, 17, 255, 65_535):
        yield f"{value} bits stored", dicom({raw.STORED: us(value)}), DEPTH + DAMAGED
    for value in (0, 4, 16, 65_535):
        yield f"highest bit {value}", dicom({raw.HIGH_BIT: us(value)}), READ + DAMAGED + DEPTH
    for value in (0, 2, 4, 65_535):
        yield f"{value} samples", dicom({raw.SAMPLES: us(value)}), COLOUR + DAMAGED + DEPTH
    yield from each(
        {
            "no samples": ({raw.SAMPLES: None}, ANY),
            "no bits": ({raw.ALLOCATED: None, raw.STORED: None}, DEPTH + DAMAGED),
            "no bits stored": ({raw.STORED: None}, READ + DAMAGED),
            "one bit stored": ({raw.STORED: us(1), raw.HIGH_BIT: us(0)}, ANY),
            "representation 7": ({raw.SIGNED: us(7)}, ANY),
            "representation as text": ({raw.SIGNED: text("CS", "signed")}, ANY),
            "one grey": ({raw.PIXELS: ("OW", bytes(2 * RAMP.size))}, FLAT),
            "all padding": ({raw.PADDING: us(0), raw.PADDING_LIMIT: us(65_535)}, READ),
            "padding as text": ({raw.PADDING: text("LO", "SECRETNAME")}, ANY),
            "padding of three bytes": ({raw.PADDING: ("OB", b"abc\0")}, ANY),
            "padding limit alone": ({raw.PADDING_LIMIT: us(9)}, ANY),
            "padding as a double": ({raw.PADDING: ("FD", struct.pack("<d", 1e300))}, ANY),
        }
    )


def pixel_data() -> Table:
    """Pixel data that is short, long, missing, of another kind or wrongly packed."""
    plain = RAMP.tobytes()
    floats = RAMP.astype("<f4").tobytes()
    yield from each(
        {
            "no pixels": ({raw.PIXELS: None}, NO_IMAGE),
            "empty pixels": ({raw.PIXELS: ("OW", b"")}, NO_IMAGE + DAMAGED),
            "short pixels": ({raw.PIXELS: ("OW", plain[:-2])}, DAMAGED),
            "odd pixels": ({raw.PIXELS: ("OW", plain[:-1])}, DAMAGED),
            "one byte of pixels": ({raw.PIXELS: ("OW", b"x")}, DAMAGED),
            "long pixels": ({raw.PIXELS: ("OW", plain * 2)}, READ + DAMAGED),
            "pixels as bytes": ({raw.PIXELS: ("OB", plain)}, READ),
            "pixels as unknown": ({raw.PIXELS: ("UN", plain)}, READ + DAMAGED),
            "pixels as text": ({raw.PIXELS: ("UT", plain)}, ANY),
            "pixels as a sequence": ({raw.PIXELS: ("SQ", plain)}, DAMAGED + NO_IMAGE),
            "pixels of VR ZZ": ({raw.PIXELS: ("ZZ", plain)}, ANY),
            "floats": ({raw.PIXELS: None, raw.FLOATS: ("OF", floats)}, DEPTH + NO_IMAGE),
            "doubles": ({raw.PIXELS: None, raw.DOUBLES: ("OD", floats * 2)}, DEPTH + NO_IMAGE),
            "floats and pixels": ({raw.FLOATS: ("OF", floats)}, DEPTH + DAMAGED),
            "fragments in a plain file": ({raw.PIXELS: fragments(plain)}, DAMAGED + NO_IMAGE),
        }
    )
    for length in (2**31, 2**32 - 2, UNDEFINED):
        said = element(raw.PIXELS, "OW", plain, length=length)
        expected = DAMAGED if length == UNDEFINED else READ + DAMAGED
        yield f"pixels of {length} bytes", dicom({raw.PIXELS: said}), expected
    yield "pixels first", meta(EXPLICIT) + element(raw.PIXELS, "OW", plain), ANY
    yield "pixels twice", dicom() + element(raw.PIXELS, "OW", plain), ANY
    yield "rubbish after the pixels", dicom() + b"\xff" * 1001, READ + DAMAGED
    yield "zeros after the pixels", dicom() + bytes(4096), READ
    yield "trailing padding", dicom() + element(0xFFFCFFFC, "OB", bytes(999)), READ
    yield "a ZIP after the pixels", dicom() + zip_file(), READ + DAMAGED
    packed = codestream(JPEG_LS)
    deep = fragments(packed, table=struct.pack("<I", 2**32 - 1))
    long_item = element(raw.ITEM, "", packed, length=2**32 - 2)
    for name, (pixels, expected) in {
        "no fragments": (element(raw.PIXELS, "OB", item(), length=UNDEFINED), DAMAGED + NO_IMAGE),
        "empty fragment": (fragments(b""), DAMAGED),
        "fragments without an end": (fragments(packed, end=False), READ + DAMAGED),
        "one fragment in 200": (fragments(*(packed[n : n + 8] for n in range(0, 1600, 8))), ANY),
        "offset past the end": (deep, READ + DAMAGED),
        "offset table of odd length": (fragments(packed, table=b"abc\0\0"), READ + DAMAGED),
        "a million offsets": (fragments(packed, table=bytes(4_000_000)), READ + DAMAGED),
        "a million empty fragments": (fragments(packed, *[b""] * 1_000_000), READ_OR_LIMIT),
        "fragment of 4 GB": (
            element(raw.PIXELS, "OB", item() + long_item, length=UNDEFINED),
            DAMAGED + NO_IMAGE,
        ),
        "defined length": (("OB", packed), DAMAGED),
        "items of another tag": (
            element(raw.PIXELS, "OB", element(0x00081140, "OB", packed), length=UNDEFINED),
            DAMAGED + NO_IMAGE,
        ),
    }.items():
        yield name, dicom({raw.PIXELS: pixels}, syntax=JPEG_LS), expected
    many = struct.pack("<Q", 2**63)
    lies = {0x7FE00001: ("OV", many), 0x7FE00002: ("OV", many)}
    yield "extended offsets past the end", compressed(packed, JPEG_LS, lies), READ + DAMAGED
    said = {raw.FRAMES: text("IS", "2147483647")}
    yield "one fragment for 2147483647 frames", compressed(packed, JPEG_LS, said), FRAMES + DAMAGED
    yield "last of them", compressed(packed, JPEG_LS, said), DAMAGED + LIMIT, 2147483647


def codestreams() -> Table:
    """Compressed frames whose own header says something else than the file."""
    waves, lossless = codestream(J2K_LOSSLESS), codestream(LOSSLESS_SV1)
    jls, eight = codestream(JPEG_LS), jpeg(EIGHT)
    short = dict(pixels=EIGHT, bits=8)
    frames = (
        ("JPEG lossless", lossless, b"\xff\xc3", LOSSLESS_SV1, {}),
        ("JPEG-LS", jls, b"\xff\xf7", JPEG_LS, {}),
        ("JPEG", eight, b"\xff\xc0", JPEG, short),
    )
    sizes = ((60_000, 60_000), (2**31 - 1, 2**31 - 1), (96, 160), (4000, 4000), (16, 16))
    for width, height in sizes:
        data = compressed(with_stated_size(waves, width, height), J2K_LOSSLESS)
        yield f"JPEG 2000 that says {width} x {height}", data, DAMAGED + LIMIT + TOO_LARGE
    for width, height in ((60_000, 60_000), (5000, 5000), (95, 80), (96, 160), (0, 0)):
        stated = struct.pack(">HH", height, width)
        for name, whole, mark, syntax, options in frames:
            at = whole.index(mark) + 5
            data = compressed(whole[:at] + stated + whole[at + 4 :], syntax, **options)
            yield f"{name} that says {width} x {height}", data, DAMAGED + LIMIT + TOO_LARGE
    for precision in (0, 1, 17, 255):
        for name, whole, mark, syntax, options in frames:
            at = whole.index(mark) + 4
            # Size and precision together made a codec end its process.
            stated = bytes([precision]) + b"\xff" * 4
            data = compressed(whole[:at] + stated + whole[at + 5 :], syntax, **options)
            yield f"{name} of {precision} bits, 65535 square", data, DAMAGED + LIMIT + TOO_LARGE
    colour = jpeg(EIGHT, "RGB")
    yield "colour JPEG in a grey file", compressed(colour, JPEG, **short), DAMAGED + COLOUR
    claims = jpeg_claiming(eight, 65_535, 65_535)
    yield "JPEG of 65535 square", compressed(claims, JPEG, **short), DAMAGED + TOO_LARGE + LIMIT
    yield "8-bit JPEG in a 12-bit file", compressed(eight, JPEG), ANY
    yield "12-bit JPEG-LS in an 8-bit file", compressed(jls, JPEG_LS, **short), DAMAGED + DEPTH
    yield "PNG in a JPEG file", compressed(png(EIGHT), JPEG, **short), DAMAGED
    yield "JPEG 2000 without its end", compressed(waves[: len(waves) // 2], J2K_LOSSLESS), DAMAGED


def broken_frames() -> Table:
    """Compressed frames of nothing, of noise, and cut."""
    for syntax in SOUND[3:]:
        whole = codestream(syntax)
        yield f"random frame {syntax}", compressed(noise(len(whole)), syntax), DAMAGED
        yield f"empty frame {syntax}", compressed(b"", syntax), DAMAGED
        half = compressed(whole[: len(whole) // 2], syntax)
        yield f"half a frame {syntax}", half, DAMAGED


def run_lengths() -> Table:
    """RLE frames of impossible segments, or of a great many bytes."""
    run = codestream(RLE)
    for name, head in {
        "no segments": bytes(64),
        "99 segments": struct.pack("<16I", 99, *range(64, 79)),
        "one segment of two": struct.pack("<16I", 1, 64, *[0] * 14),
        "segments past the end": struct.pack("<16I", 2, 2**31, 2**32 - 1, *[0] * 13),
        "segments backwards": struct.pack("<16I", 2, 4000, 64, *[0] * 13),
        "segments of 4 GB": struct.pack("<16I", 2**32 - 1, *[2**32 - 1] * 15),
    }.items():
        yield f"RLE of {name}", compressed(head + run[64:], RLE), DAMAGED
    yield "RLE bomb of 300 MB", compressed(runs(1_200_000, 1_200_000), RLE), ANY
    yield "RLE of short lines", compressed(runs(3, 3), RLE), DAMAGED
    large = {raw.ROWS: us(5000), raw.COLUMNS: us(5000)}
    data = compressed(runs(195_313, 195_313), RLE, large)
    yield "RLE of 25 megapixels", data, ANY


def largest() -> Table:
    """As many pixels as are read."""
    steps = np.tile((np.arange(5000) % 4096).astype("<u2"), (5000, 1))
    yield "25 megapixels", dicom(pixels=steps), READ
    yield "25 megapixels without a window", dicom({raw.CENTRE: None}, pixels=steps), READ


def noise(size: int) -> bytes:
    """Seeded random bytes."""
    return np.random.default_rng(size).integers(0, 256, size, np.uint8).tobytes()


def runs(*counts: int) -> bytes:
    """An RLE frame of so many runs of 128 equal bytes a segment, whose values alternate."""
    segments = [(b"\x81\1\x81\2" * (count // 2 + 1))[: 2 * count] for count in counts]
    starts = [64, 64 + len(segments[0])]
    return struct.pack("<16I", 2, *starts, *[0] * 13) + b"".join(segments)


def transformations() -> Table:
    """Windows, slopes and tables of nonsense."""
    numbers = ("SECRETNAME", "NaN", "inf", "-1e300", "1e300", "1e-300", "", "1,5", "0x10", "\0")
    for number in numbers:
        for tag, name in (
            (raw.CENTRE, "centre"),
            (raw.WIDTH, "width"),
            (raw.SLOPE, "slope"),
            (raw.INTERCEPT, "intercept"),
        ):
            yield f"{name} {number!r}", dicom({tag: ds(number)}), READ + DAMAGED + FLAT
    much = ("DS", b"1\\" * 30_000)
    yield from each(
        {
            "slope 0": ({raw.SLOPE: ds(0)}, READ),
            "slope -1": ({raw.SLOPE: ds(-1)}, READ),
            "width 0": ({raw.WIDTH: ds(0)}, READ),
            "width -5": ({raw.WIDTH: ds(-5)}, READ),
            "width 0.5": ({raw.WIDTH: ds(0.5)}, READ),
            "width 1": ({raw.WIDTH: ds(1)}, READ),
            "three centres, one width": ({raw.CENTRE: ds("2048\\5\\6")}, READ),
            "centre as a double": ({raw.CENTRE: ("FD", struct.pack("<d", 1e308))}, ANY),
            "30000 centres": ({raw.CENTRE: much}, READ),
            "centre without width": ({raw.WIDTH: None}, READ),
            "sigmoid of width 1e-9": (
                {raw.FUNCTION: text("CS", "SIGMOID"), raw.WIDTH: ds("1e-9")},
                READ,
            ),
            "function of rubbish": ({raw.FUNCTION: text("CS", b"\xffSECRETNAME\0")}, READ),
            "shape of rubbish": ({raw.LUT_SHAPE: text("CS", "SECRETNAME")}, READ),
        }
    )
    full = np.arange(4096).astype("<u2").tobytes()
    whole = {"entries": us(4096, 0, 12), "data": ("OW", full)}
    tables = {
        "sound": ({}, READ),
        "0 entries of 65536": ({"entries": us(0, 0, 12), "data": ("OW", full * 16)}, READ),
        "0 entries of few": ({"entries": us(0, 0, 16)}, DAMAGED),
        "short": ({"data": ("OW", full[:-2])}, DAMAGED),
        "odd": ({"data": ("OW", full[:-1])}, DAMAGED),
        "empty": ({"data": ("OW", b"")}, READ),
        "one entry": ({"entries": us(1, 0, 16), "data": us(9)}, ANY),
        "missing data": ({"data": None}, READ),
        "missing descriptor": ({"entries": None}, READ),
        "descriptor of two": ({"entries": us(4096, 0)}, DAMAGED),
        "descriptor of four": ({"entries": us(4096, 0, 12, 12)}, ANY),
        "descriptor as text": ({"entries": text("LO", "SECRETNAME")}, DAMAGED),
        "0 bits": ({"entries": us(4096, 0, 0)}, DAMAGED),
        "1 bit": ({"entries": us(4096, 0, 1)}, ANY),
        "17 bits": ({"entries": us(4096, 0, 17)}, DAMAGED),
        "65535 bits": ({"entries": us(4096, 0, 65_535)}, DAMAGED),
        "8 bits packed": ({"entries": us(4096, 0, 8), "data": ("OW", full[:4096])}, ANY),
        "first of -1": ({"entries": ("SS", struct.pack("<3h", 4096, -1, 12))}, READ),
        "first of 65535": ({"entries": us(4096, 65_535, 12)}, ANY),
        "data as words": ({"data": ("US", full)}, READ),
        "data as text": ({"data": ("LT", full)}, ANY),
        "data as doubles": ({"data": ("FD", full)}, ANY),
        "data as a sequence": ({"data": ("SQ", item())}, DAMAGED),
    }
    homes = {"modality": raw.MODALITY_LUT, "VOI": raw.VOI_LUT, "presentation": raw.LUTS}
    for number, (name, (changes, expected)) in enumerate(tables.items()):
        # Every table in the one place after the other; a sound one in all.
        places = homes.items() if not changes else [list(homes.items())[number % 3]]
        for place, tag in places:
            parts = {**whole, **changes}
            tagged = ((raw.DESCRIPTOR, parts["entries"]), (raw.LUT_DATA, parts["data"]))
            elements = [element(at, *value) for at, value in tagged if value]
            data = dicom({tag: sequence(tag, item(*elements))})
            yield f"{place} table, {name}", data, expected + (FLAT if expected == READ else ())
    for place, tag in homes.items():
        yield f"{place} table without items", dicom({tag: sequence(tag)}), READ + DAMAGED
        yield f"{place} table of an empty item", dicom({tag: sequence(tag, item())}), READ
        yield f"{place} table as text", dicom({tag: text("LO", "SECRETNAME")}), READ + DAMAGED


def structure() -> Table:
    """Nested or countless sequences, elements and values."""
    for depth in (10_000, 1_000_000):
        for defined in (False, True):
            kind = "defined" if defined else "undefined"
            said = {0x00081140: nested(depth, defined)}
            yield f"{depth} sequences deep, {kind} length", dicom(said), READ_OR_LIMIT
        said = {raw.VOI_LUT: nested(depth, True, raw.VOI_LUT)}
        yield f"{depth} VOI tables deep", dicom(said), READ_OR_LIMIT
    tiny = b"".join(element(0x00090000 + n, "LO", b"") for n in range(16, 256)) * 4000
    yield "a million tiny elements", meta(EXPLICIT) + tiny + dicom(start=b""), READ_OR_LIMIT
    most = (tiny * 9)[: 8 * 7_900_000]
    yield "eight million tiny elements", meta(EXPLICIT) + most + dicom(start=b""), READ_OR_LIMIT
    distinct = b"".join(
        struct.pack("<HH2sH", group, at, b"LO", 0)
        for group in range(0x9, 0x29, 2)
        for at in range(0x1000, 0xFFFF)
    )
    said = dicom(start=b"")
    yield "a million distinct elements", meta(EXPLICIT) + distinct + said, READ_OR_LIMIT
    items = sequence(0x00081140, item() * 2_000_000)
    yield "two million empty items", dicom({0x00081140: items}), READ_OR_LIMIT
    items = sequence(raw.VOI_LUT, item() * 2_000_000)
    yield "two million empty tables", dicom({raw.VOI_LUT: items}), READ_OR_LIMIT
    values = ("DS", b"1\\" * 20_000_000)
    huge = dicom({raw.CENTRE: values}, syntax=IMPLICIT)
    yield "twenty million centres", huge, READ_OR_LIMIT
    words = ("US", bytes(40_000_000))
    for name, tag in (("rows", raw.ROWS), ("padding", raw.PADDING)):
        yield f"twenty million {name}", dicom({tag: words}, syntax=IMPLICIT), READ_OR_LIMIT + SMALL
    name = ("PN", b"^=\\" * 13_000_000)
    yield "name of 40 MB", dicom({raw.PATIENT_NAME: name}, syntax=IMPLICIT), READ_OR_LIMIT
    charsets = ("CS", b"ISO 2022 IR 87\\" * 2_000_000)
    yield (
        "two million character sets",
        dicom({raw.CHARSET: charsets}, syntax=IMPLICIT),
        READ_OR_LIMIT,
    )


def odd_elements() -> Table:
    """Lengths, representations and texts that no parser expects."""
    for vr in ("OB", "UN", "UT", "SQ", "OW", "LO"):
        for length in (2**32 - 2, UNDEFINED):
            broken = element(0x00091010, vr, b"short", length=length)
            name = f"{vr} of {length} bytes"
            yield name, dicom({0x00091010: broken}), READ_OR_LIMIT + NO_IMAGE
    for vr in ("XX", "\0\0", "zz", "\xff\xff", "  "):
        said = {0x00091010: (vr, b"some")}
        yield f"VR {vr!r}", dicom(said), READ + DAMAGED + NO_IMAGE
    private = text("LO", b"SECRETNAME\\\xff\xfe")
    private_items = sequence(0x00091011, item(b"\xff" * 40))
    open_item = element(
        0x00081140, "SQ", element(raw.ITEM, "", b"", length=UNDEFINED), length=UNDEFINED
    )
    yield from each(
        {
            "private creator of rubbish": ({0x00090010: private}, READ),
            "private sequence of rubbish": ({0x00091011: private_items}, READ + DAMAGED),
            "sequence never closed": ({0x00081140: open_item}, DAMAGED + NO_IMAGE),
            "item length past its sequence": (
                {0x00081140: sequence(0x00081140, item(b"", length=9999))},
                READ + DAMAGED + NO_IMAGE,
            ),
            "sequence end alone": ({0x00081140: element(raw.SEQUENCE_END, "", b"")}, ANY),
            "group length of rubbish": ({0x00280000: ("UL", b"\xff" * 4)}, READ),
            "element of group FFFF": ({0xFFFFFFFF: ("LO", b"last")}, ANY),
            "name of bad UTF-8": ({raw.PATIENT_NAME: text("PN", b"\xff\xfe\xc0\x80")}, READ),
            "name with NULs": ({raw.PATIENT_NAME: text("PN", b"SECRET\0NAME\0\0")}, READ),
            "name of broken escapes": (
                {
                    raw.CHARSET: text("CS", "\\ISO 2022 IR 87"),
                    raw.PATIENT_NAME: text("PN", b"\x1b$B\x1b\x1b(J\x1b$"),
                },
                READ,
            ),
            "character set of rubbish": ({raw.CHARSET: text("CS", b"SECRETNAME\xff")}, READ),
            "character set as number": ({raw.CHARSET: us(9)}, READ + DAMAGED),
            "modality as number": ({raw.MODALITY: us(17_220)}, ANY),
            "modality as a sequence": (
                {raw.MODALITY: sequence(raw.MODALITY, item())},
                MODALITY + DAMAGED,
            ),
            "burned in of rubbish": ({0x00280301: text("CS", b"\xff\0NO")}, READ),
        }
    )


def nested(depth: int, defined: bool, tag: int = 0x00081140) -> bytes:
    """Sequences inside one another, of defined or of undefined length."""
    start = struct.pack("<HH2sH", tag >> 16, tag & 0xFFFF, b"SQ", 0)
    item_start = struct.pack("<HH", 0xFFFE, 0xE000)
    if not defined:
        ends = struct.pack("<HHIHHI", 0xFFFE, 0xE00D, 0, 0xFFFE, 0xE0DD, 0)
        return (start + b"\xff" * 4 + item_start + b"\xff" * 4) * depth + ends * depth
    lengths = ((20 * left + 8, 20 * left) for left in range(depth - 1, -1, -1))
    return b"".join(
        start + struct.pack("<I", outer) + item_start + struct.pack("<I", inner)
        for outer, inner in lengths
    )


ORDINARY = (
    *(starts, syntaxes, kinds, sizes, pixel_data),
    *(broken_frames, transformations, odd_elements),
)
HEAVY = (sound_files, codestreams, run_lengths, largest, structure)
"""Files that may only be read where time and memory are limited, and what shows that they are."""
