"""What a PNG or JPEG file is made of, looked through before a decoder is let at it.

Data contract: a file that begins as PNG or JPEG; nothing is decoded. Decoders reserve what a part
of a file claims to hold, and take their time over each of a million empty parts; here both end.
"""

import re
import struct
from itertools import islice

from cxr_demo.errors import RadiographRefused

MOST_CHUNKS = 20_000
"""Of a PNG. Encoders write 8 kB or more into each, so that 64 MB make 8,192."""
MOST_SEGMENTS = 1000
"""Of a JPEG; what cameras and editors add to the dozen that it needs stays below 300."""
MOST_SCANS = 64
"""Of a progressive JPEG, its preview included; encoders write about 10."""
MOST_FILL = 4096
"""Bytes of filling between two segments of a JPEG, which decoders read one by one."""

# Segments with a marker of their own; restarts and stuffed bytes of the picture are none.
_SEGMENT = re.compile(rb"\xff[\xc0-\xcf\xda-\xef\xfe]")


def check_structure(data: bytes) -> None:
    """Look a file through.

    Raises:
        RadiographRefused: if it claims to be longer than it is, or is made of too many parts.
    """
    if not (_sound_png(data) if data.startswith(b"\x89PNG") else _sound_jpeg(data)):
        raise RadiographRefused("refused.damaged")


def _sound_png(data: bytes) -> bool:
    offset = 8
    for _ in range(MOST_CHUNKS):
        if offset + 12 > len(data):
            return False
        length, kind = struct.unpack_from(">I4s", data, offset)
        offset += 12 + length
        if offset > len(data):
            return False
        if kind == b"IEND":
            return True
    return False


def _sound_jpeg(data: bytes) -> bool:
    segments = sum(1 for _ in islice(_SEGMENT.finditer(data), MOST_SEGMENTS + 1))
    scans = data.count(b"\xff\xda")
    return segments <= MOST_SEGMENTS and scans <= MOST_SCANS and b"\xff" * MOST_FILL not in data
