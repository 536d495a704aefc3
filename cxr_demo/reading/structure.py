"""What a PNG or JPEG file is made of, looked through before a decoder is let at it.

Data contract: a file that begins as PNG or JPEG; nothing is decoded. Decoders reserve what a part
of a file claims to hold, and take their time over each of a million empty parts; here both end.
"""

import re
import struct

from cxr_demo.errors import RadiographError

MAX_CHUNKS = 20_000
"""Of a PNG. Encoders write 8 kB or more into each, so that 64 MB make 8,192."""
MAX_SEGMENTS = 1000
"""Of a JPEG; what cameras and editors add to the dozen that it needs stays below 300."""
MAX_SCANS = 64
"""Of a progressive JPEG, its preview included; encoders write about 10."""
MAX_FILL = 4096
"""Bytes of filling in front of a segment of a JPEG, which decoders read one by one."""

# The next segment, past data of a scan: restarts, stuffed zeros and filling are none.
_MARKER = re.compile(rb"\xff[\xc0-\xcf\xd9-\xef\xfe]")
_SCAN, _END = 0xDA, 0xD9


def check_structure(data: bytes) -> None:
    """Look a file through.

    Raises:
        RadiographError: if it is made of too many parts, or a PNG claims to be longer than it is.
    """
    if not (_sound_png(data) if data.startswith(b"\x89PNG") else _sound_jpeg(data)):
        raise RadiographError("refused.damaged")


def _sound_png(data: bytes) -> bool:
    offset = 8
    for _ in range(MAX_CHUNKS):
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
    """Walk from segment to segment up to the end of the picture; what follows is nobody's."""
    offset, scans = 2, 0
    for _ in range(MAX_SEGMENTS + 1):
        found = _MARKER.search(data, offset)
        end = found.end() if found else len(data)
        if data.find(b"\xff" * MAX_FILL, offset, end) >= 0:
            return False
        if end + 2 > len(data) or data[end - 1] == _END:
            return True  # if it is cut off the decoder will say so
        scans += data[end - 1] == _SCAN
        if scans > MAX_SCANS:
            return False
        offset = end + struct.unpack_from(">H", data, end)[0]
    return False
