"""Small DICOM files, regular and odd, built in memory for the tests of the way in.

Every file carries made-up patient tags (`SECRETS`), none of which may ever come out again.
The JPEG coders here are written for flat blocks and plain prediction: their output is exact, so
that what a decoder makes of it can be compared to the pixel.
"""

import base64
import zlib
from collections.abc import Iterable, Iterator
from io import BytesIO

import jpeg_ls
import numpy as np
from openjpeg.utils import encode_buffer
from PIL import Image
from pydicom.config import disable_value_validation
from pydicom.dataelem import DataElement
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.encaps import encapsulate, encapsulate_extended
from pydicom.filewriter import dcmwrite, write_file_meta_info
from pydicom.pixels import get_encoder
from pydicom.sequence import Sequence

IMPLICIT = "1.2.840.10008.1.2"
EXPLICIT = "1.2.840.10008.1.2.1"
DEFLATED = "1.2.840.10008.1.2.1.99"
BIG_ENDIAN = "1.2.840.10008.1.2.2"
RLE = "1.2.840.10008.1.2.5"
JPEG_BASELINE = "1.2.840.10008.1.2.4.50"
JPEG_EXTENDED = "1.2.840.10008.1.2.4.51"
JPEG_LOSSLESS = "1.2.840.10008.1.2.4.57"
JPEG_LOSSLESS_SV1 = "1.2.840.10008.1.2.4.70"
JPEG_LS = "1.2.840.10008.1.2.4.80"
JPEG_LS_NEAR = "1.2.840.10008.1.2.4.81"
JPEG_2000_LOSSLESS = "1.2.840.10008.1.2.4.90"
JPEG_2000 = "1.2.840.10008.1.2.4.91"
HTJ2K_LOSSLESS = "1.2.840.10008.1.2.4.201"
HTJ2K_RPCL = "1.2.840.10008.1.2.4.202"
HTJ2K = "1.2.840.10008.1.2.4.203"
NATIVE = (IMPLICIT, EXPLICIT, DEFLATED, BIG_ENDIAN)

SOP_INSTANCE = "1.2.826.0.1.3680043.8.498.4711081500"
PATIENT = {
    "PatientName": "Secretname^Anna",
    "PatientID": "SECRET-4711",
    "PatientBirthDate": "19610203",
    "PatientAddress": "Secretstreet 12",
    "InstitutionName": "Secretclinic",
    "ReferringPhysicianName": "Secretdoctor^Eva",
    "AccessionNumber": "SECRET-0815",
    "StudyDescription": "Secretstudy",
}
SECRETS = ("secret", "4711", "0815", "19610203")
"""Pieces of the tags above, lower case; none of them occurs in any sentence of the demo."""


# --- the file


def dicom(
    values,
    *,
    bits: int = 12,
    allocated: int | None = None,
    high_bit: int | None = None,
    signed: bool = False,
    photometric: str = "MONOCHROME2",
    syntax: str = EXPLICIT,
    streams: list[bytes] | None = None,
    pixel_bytes: bytes | None = None,
    offsets: str = "basic",
    fragments: int = 1,
    start: str = "preamble",
    preamble: bytes = bytes(128),
    **tags,
) -> bytes:
    """One DICOM file.

    Args:
        values: stored values, (height, width) or (frames, height, width).
        bits: BitsStored.
        allocated: BitsAllocated; 8 or 16 by `bits` where not given.
        high_bit: HighBit; the top of `bits` where not given.
        signed: PixelRepresentation 1.
        photometric: PhotometricInterpretation.
        syntax: TransferSyntaxUID.
        streams: ready codestreams, one a frame, instead of `values` encoded for `syntax`.
        pixel_bytes: ready native Pixel Data instead of `values`, little endian.
        offsets: "basic", "empty" or "extended" offset table of encapsulated Pixel Data.
        fragments: number of fragments of each frame.
        start: "preamble", "meta" (the file meta information comes first) or "dataset".
        preamble: the first 128 bytes.
        tags: further elements by keyword; None takes one away.

    Returns:
        The bytes of the file.
    """
    values = np.asarray(values)
    frames = values if values.ndim == 3 else values[None]
    allocated = allocated or (8 if bits <= 8 else 16)
    dataset = _described(frames, bits, allocated, high_bit, signed, photometric)
    if values.ndim == 3:
        dataset.NumberOfFrames = str(len(frames))
    native = syntax in NATIVE
    if native:
        body = pixel_bytes
        if body is None:
            body = b"".join(stored_bytes(frame, allocated) for frame in frames)
        body += b"\0" * (len(body) % 2)
        wide = allocated > 8
        if wide and syntax == BIG_ENDIAN:
            body = np.frombuffer(body, "<u2").astype(">u2").tobytes()
        dataset.add_new("PixelData", "OW" if wide or syntax == IMPLICIT else "OB", body)
    else:
        if streams is None:
            streams = [encoded_frame(frame, bits, allocated, signed, syntax) for frame in frames]
        if offsets == "extended":
            body, starts, lengths = encapsulate_extended(streams)
            dataset.ExtendedOffsetTable = starts
            dataset.ExtendedOffsetTableLengths = lengths
        else:
            body = encapsulate(streams, fragments_per_frame=fragments, has_bot=offsets == "basic")
        dataset.add_new("PixelData", "OB", body)
        dataset["PixelData"].is_undefined_length = True
    for keyword, value in tags.items():
        _put(dataset, keyword, value)
    return written(dataset, syntax, start, preamble)


def _described(frames, bits, allocated, high_bit, signed, photometric) -> Dataset:
    dataset = Dataset()
    dataset.SOPClassUID = "1.2.840.10008.5.1.4.1.1.1.1"
    dataset.SOPInstanceUID = SOP_INSTANCE
    dataset.Modality = "DX"
    dataset.BurnedInAnnotation = "NO"
    for keyword, value in PATIENT.items():
        setattr(dataset, keyword, value)
    dataset.SamplesPerPixel = 1
    dataset.PhotometricInterpretation = photometric
    dataset.Rows, dataset.Columns = frames.shape[1:]
    dataset.BitsAllocated = allocated
    dataset.BitsStored = bits
    dataset.HighBit = bits - 1 if high_bit is None else high_bit
    dataset.PixelRepresentation = int(signed)
    return dataset


def _put(dataset: Dataset, keyword: str, value) -> None:
    with disable_value_validation():
        if value is None:
            del dataset[keyword]
        elif isinstance(value, DataElement):
            dataset[keyword] = value
        else:
            setattr(dataset, keyword, value)


def written(
    dataset: Dataset, syntax: str = EXPLICIT, start: str = "preamble", preamble: bytes = bytes(128)
) -> bytes:
    """The file of a data set, whatever its transfer syntax may be."""
    body = BytesIO()
    with disable_value_validation():
        dcmwrite(
            body,
            dataset,
            implicit_vr=syntax == IMPLICIT,
            little_endian=syntax != BIG_ENDIAN,
            force_encoding=True,
        )
    packed = body.getvalue()
    if syntax == DEFLATED:
        packer = zlib.compressobj(wbits=-zlib.MAX_WBITS)
        packed = packer.compress(packed) + packer.flush()
        packed += b"\0" * (len(packed) % 2)
    if start == "dataset":
        return packed
    meta = FileMetaDataset()
    meta.MediaStorageSOPClassUID = dataset.get("SOPClassUID", "1.2.840.10008.5.1.4.1.1.1.1")
    meta.MediaStorageSOPInstanceUID = SOP_INSTANCE
    meta.TransferSyntaxUID = syntax
    meta.ImplementationClassUID = "1.2.826.0.1.3680043.8.498.1"
    head = BytesIO()
    write_file_meta_info(head, meta)
    return (preamble + b"DICM" if start == "preamble" else b"") + head.getvalue() + packed


def stored_bytes(frame, allocated: int) -> bytes:
    """Native little-endian bytes of a frame; negative values as two's complement."""
    return (
        (np.asarray(frame, np.int64) & (2**allocated - 1)).astype(f"<u{allocated // 8}").tobytes()
    )


def report_without_pixels(sop_class: str, modality: str | None) -> bytes:
    """A DICOM file that is no image."""
    dataset = Dataset()
    dataset.SOPClassUID = sop_class
    dataset.SOPInstanceUID = SOP_INSTANCE
    if modality is not None:
        dataset.Modality = modality
    for keyword, value in PATIENT.items():
        setattr(dataset, keyword, value)
    return written(dataset)


def columns(*values, height: int = 64, width: int = 8) -> np.ndarray:
    """Stripes, each `width` pixels of one value; at least 64 pixels wide."""
    width = max(width, -(-64 // len(values)))
    return np.tile(np.repeat(np.asarray(values, np.int64), width), (height, 1))


def ramp(bits: int, signed: bool = False, side: int = 64) -> np.ndarray:
    """Every value of a depth, or an even choice where they are more than the pixels."""
    low = -(2 ** (bits - 1)) if signed else 0
    drawn = np.linspace(low, low + 2**bits - 1, side * side).round().astype(np.int64)
    return drawn.reshape(side, side)


# --- tables


def table(
    entries: Iterable[int],
    *,
    first: int = 0,
    bits: int = 12,
    vr: str = "OW",
    descriptor_vr: str | None = None,
    packed: bool = False,
    big_endian: bool = False,
    count: int | None = None,
    **tags,
) -> Dataset:
    """One item of a sequence of lookup tables.

    Args:
        entries: of the table.
        first: first value mapped.
        bits: third value of LUTDescriptor.
        vr: of LUTData, OW or US.
        descriptor_vr: of LUTDescriptor; SS where `first` is negative.
        packed: 8-bit entries, two to a word.
        big_endian: byte order of the words of OW.
        count: first value of LUTDescriptor; the number of entries where not given.
        tags: further elements of the item.
    """
    entries = list(entries)
    count = len(entries) % 65_536 if count is None else count
    descriptor_vr = descriptor_vr or ("SS" if first < 0 else "US")
    item = Dataset()
    item.add_new("LUTDescriptor", descriptor_vr, [count, first, bits])
    if packed:
        body = bytes(entries) + b"\0" * (len(entries) % 2)
        words = np.frombuffer(body, "<u2")
    else:
        words = np.array(entries, np.uint16)
    if vr == "US":
        item.add_new("LUTData", "US", words.tolist())
    else:
        item.add_new("LUTData", "OW", words.astype(">u2" if big_endian else "<u2").tobytes())
    for keyword, value in tags.items():
        setattr(item, keyword, value)
    return item


def modality_table(entries, **options) -> dict:
    """Tags of a modality table."""
    return {"ModalityLUTSequence": Sequence([table(entries, ModalityLUTType="US", **options)])}


def voi_table(entries, *others: Dataset, **options) -> dict:
    """Tags of a VOI table, with further items after it."""
    return {"VOILUTSequence": Sequence([table(entries, **options), *others])}


def presentation_table(entries, **options) -> dict:
    """Tags of a presentation table."""
    return {"PresentationLUTSequence": Sequence([table(entries, **options)])}


def rescale(slope, intercept) -> dict:
    """Tags of a rescaling."""
    return {"RescaleSlope": str(slope), "RescaleIntercept": str(intercept), "RescaleType": "US"}


def window(center, width, function: str | None = None) -> dict:
    """Tags of a window, of several where lists are given."""
    several = isinstance(center, list)
    tags = {
        "WindowCenter": [str(c) for c in center] if several else str(center),
        "WindowWidth": [str(w) for w in width] if several else str(width),
    }
    return {**tags, "VOILUTFunction": function} if function else tags


def view_code(value: str, scheme: str, meaning: str) -> dict:
    """Tags of a projection by code."""
    item = Dataset()
    item.CodeValue, item.CodingSchemeDesignator, item.CodeMeaning = value, scheme, meaning
    return {"ViewCodeSequence": Sequence([item])}


def padding(value: int, limit: int | None = None, vr: str = "US") -> dict:
    """Tags of pixel padding."""
    tags = {"PixelPaddingValue": DataElement("PixelPaddingValue", vr, value)}
    if limit is not None:
        tags["PixelPaddingRangeLimit"] = DataElement("PixelPaddingRangeLimit", vr, limit)
    return tags


# --- codestreams


def encoded_frame(frame, bits: int, allocated: int, signed: bool, syntax: str) -> bytes:
    """The codestream of one frame; lossy syntaxes at a quality high enough to compare."""
    frame = np.asarray(frame, np.int64)
    height, width = frame.shape
    body = stored_bytes(frame, allocated)
    narrow = stored_bytes(frame & (2**bits - 1), 8 if bits <= 8 else 16)
    if syntax == RLE:
        dtype = f"<{'i' if signed else 'u'}{allocated // 8}"
        return get_encoder(RLE).encode(
            np.frombuffer(body, dtype).reshape(height, width),
            rows=height,
            columns=width,
            samples_per_pixel=1,
            bits_allocated=allocated,
            bits_stored=allocated,  # the encoder would leave unused bytes out
            pixel_representation=int(signed),
            photometric_interpretation="MONOCHROME2",
            number_of_frames=1,
            encoding_plugin="pydicom",
        )
    if syntax == JPEG_BASELINE:
        target = BytesIO()
        Image.fromarray(frame.astype(np.uint8)).save(target, "JPEG", quality=95)
        return target.getvalue()
    if syntax == JPEG_EXTENDED:
        return block_jpeg(frame, bits)
    if syntax in (JPEG_LOSSLESS, JPEG_LOSSLESS_SV1):
        return lossless_jpeg(frame, bits, predictor=4 if syntax == JPEG_LOSSLESS else 1)
    if syntax in (JPEG_LS, JPEG_LS_NEAR):
        loss = 2 if syntax == JPEG_LS_NEAR else 0
        return bytes(jpeg_ls.encode_buffer(narrow, height, width, 1, bits, lossy_error=loss))
    if syntax in (JPEG_2000_LOSSLESS, JPEG_2000):
        options = {"signal_noise_ratios": [70.0]} if syntax == JPEG_2000 else {}
        body = stored_bytes(frame, 8 if bits <= 8 else 16)
        return bytes(encode_buffer(body, width, height, 1, bits, signed, **options))
    raise ValueError(f"no coder for {syntax}")


class _Bits:
    """Entropy-coded JPEG data: bits, most significant first, 0xFF stuffed."""

    def __init__(self):
        self._text = []

    def add(self, value: int, length: int) -> None:
        if length:
            self._text.append(f"{value:0{length}b}")

    def difference(self, value: int) -> None:
        """A difference as its category (a code of five bits) and the bits that follow."""
        category = abs(value).bit_length()
        self.add(category, 5)
        if category < 16:
            self.add(value if value >= 0 else value + 2**category - 1, category)

    def finished(self) -> bytes:
        text = "".join(self._text)
        text += "1" * (-len(text) % 8)
        return int(text, 2).to_bytes(len(text) // 8, "big").replace(b"\xff", b"\xff\0")


def _segment(marker: int, body: bytes) -> bytes:
    return bytes([0xFF, marker]) + (len(body) + 2).to_bytes(2, "big") + body


def _huffman(kind: int, lengths: dict[int, int]) -> bytes:
    """A table of codes, all symbols of a length counted upwards from 0."""
    counts = bytes(sum(length == n for length in lengths.values()) for n in range(1, 17))
    return _segment(0xC4, bytes([kind]) + counts + bytes(lengths))


def _jpeg(marker: int, frame: np.ndarray, precision: int, scan: bytes, *tables: bytes) -> bytes:
    height, width = frame.shape
    size = bytes([precision]) + height.to_bytes(2, "big") + width.to_bytes(2, "big")
    header = _segment(marker, size + bytes([1, 1, 0x11, 0]))
    return b"".join([b"\xff\xd8", *tables, header, scan, b"\xff\xd9"])


def lossless_jpeg(frame, precision: int, predictor: int = 1) -> bytes:
    """JPEG lossless (process 14): prediction 1 (left) or 4 (left + above - above left)."""
    frame = np.asarray(frame, np.int64) & (2**precision - 1)
    predicted = np.zeros_like(frame)
    predicted[:, 1:] = frame[:, :-1]
    if predictor == 4:
        predicted[1:, 1:] += frame[:-1, 1:] - frame[:-1, :-1]
    predicted[1:, 0] = frame[:-1, 0]
    predicted[0, 0] = 2 ** (precision - 1)
    bits = _Bits()
    for value in (frame - predicted).ravel().tolist():
        value = (value + 32_767) % 65_536 - 32_767  # 32768 has no sign: category 16
        bits.difference(value)
    codes = _huffman(0, dict.fromkeys(range(17), 5))
    scan = _segment(0xDA, bytes([1, 1, 0, predictor, 0, 0])) + bits.finished()
    return _jpeg(0xC3, frame, precision, scan, codes)


def block_jpeg(frame, precision: int) -> bytes:
    """JPEG extended (process 2 and 4) of flat blocks of 8 x 8, whose means it holds exactly."""
    frame = np.asarray(frame, np.int64)
    height, width = frame.shape
    blocks = frame.reshape(height // 8, 8, width // 8, 8)
    assert (blocks == blocks[:, :1, :, :1]).all(), "blocks are not flat"
    bits, before = _Bits(), 0
    for value in (8 * (blocks[:, 0, :, 0] - 2 ** (precision - 1))).ravel().tolist():
        bits.difference(value - before)
        bits.add(0, 1)  # end of block
        before = value
    quantisation = _segment(0xDB, bytes([0]) + b"\1" * 64)
    codes = _huffman(0, dict.fromkeys(range(16), 5)) + _huffman(0x10, {0: 1})
    scan = _segment(0xDA, bytes([1, 1, 0, 0, 63, 0])) + bits.finished()
    return _jpeg(0xC1, frame, precision, scan, quantisation, codes)


def with_stated_size(stream: bytes, width: int, height: int) -> bytes:
    """A JPEG 2000 codestream whose header (SIZ, one tile) claims another size."""
    at = stream.index(b"\xff\x51")
    size = width.to_bytes(4, "big") + height.to_bytes(4, "big")
    claimed = bytearray(stream)
    claimed[at + 6 : at + 14] = size
    claimed[at + 22 : at + 30] = size
    return bytes(claimed)


def cut_anywhere(data: bytes, first: int, step: int) -> Iterator[bytes]:
    """`data` cut short at every `step` bytes from `first` on."""
    return (data[:length] for length in range(first, len(data), step))


def _literal(text: str) -> bytes:
    return zlib.decompress(base64.b85decode(text))


def _plane(right: int, down: int) -> np.ndarray:
    y, x = np.mgrid[:64, :64]
    return right * x + down * y


PLANE_8 = _plane(3, 1)
PLANE_12 = _plane(60, 4)
PLANE_16 = _plane(1000, 40)
"""What the ready codestreams below hold."""

HTJ2K_8 = _literal(
    "c-s5#|38pH(}4j99H1BmQ2C7PjEw&S7&sW1fE=d(K@2=V79#^I3yTBe{}={g1&;tE;Nju%KZQY@fziJpHP0)+Lm@"
    "1+NWnnQ$V|^z@Bah_F0hfi7#ROgKA^?$-&FY$gX0v21Hul%3_8CVno1ZJ{a|1YVK^Wv!0K=<>i4Pwrcwq0hJOc7z"
    "S#;CoWPo}3J9JbSiXGup$edr82<g8RQ=8K%?^eGVsjYdR6HjE(a--3%OSw27U<M}|0~kp-v_}rdl(Mr-e6q?^Vz@"
    "se>7jBfJdc_Ac_C=x0%=NdJRJp8UNn|0R5kDFa"
)
"""`PLANE_8`, reversible, progression by resolution, then position."""

HTJ2K_16 = _literal(
    "c-s5#|38pH(}4j99H1BmQ2C7fjEw&S7&sW1fE=#>K@2=V79#^I3yTBe{}={gg^meGprfPXe+q**1EYUIYMxhsheB"
    "9tk%EDqk(r*c-v0><TwoJ}85sXhKER;O@V{R9<rdkAR~Q|qFdSeI6<}a_aDy-BI4e^L!?vw&85W0tL?<w?Mr5$xY"
    "AjnIyQ-wAl;Kv^<z;UVI5EE229y<B!@!u?u%x+U0^cP^D-ZUU3bM~nRaKQRRWRh-ya5LP{`MqPe=}@+vkRzR+?#<"
    "RR$!8%Bv$nEKUWnP6gSl}Y%-eZqc-_u3WWOizapW9eSeaG+}{p|>TimSZ#FX?V9@);z*ydJ&iehH&qNUa_WyyJ4+"
    "BL_WsH8u3uUmOfB)-mGdQvDPvnsM+oDkYO`!4p4HWL1%}oDq0s!8=wgv"
)
"""`PLANE_16`, likewise."""

HTJ2K_16_LOSSY = _literal(
    "c-s5#|38pH(}4j99H1BmQ2C7fjEw&S7&sW1fE?BTK@2=V79#^I3yTB8{}={krT&tBS0EH`j{!p4`c*)9D8m#8D-x"
    "s<r1JOwPhk*eVDv9Y&GQQIPzXycQZUdnGSf5G`#*t!3v9z&2FCxB4=`vm+`s(Ni=WN)DWl^Qh64;*3m8Nd8kGVxY"
    "L_xGZDA1SiA{LH$hHM26Fq@JY=#4qpwg3w<A*GcH8Q|h4C(9&4Usb#Sb#wK4BO^|IR*@h3_MjAb^vwlj$jbGF+-y"
    "LaoF0F)5j8I`WzO7YTw*sDABGgka5*(TMo~$ha4<XTPNxM<~-W?T#S8AgiK>Thv$3-7KW~f4p)(l9ZF(>N9r6HxJ"
    "nK%Xzq@>nq|jufayyILzIFJ^MewmW=W#S%72_1a$f9{8lNnvgfNbXHh9ip3=0hn{a=w<{XOpQ_5G!9_A(q`eLaCO"
    "tKrO)B`V8RR4r9CPilI4`gwX4c?C@ho-}FBq$y8uOV!K&RjtPZ>loH@mx1Dy;eY*Y=5@PX!_Y*=|2F~tvbtv"
)
"""`PLANE_16`, irreversible, at most 17 from it."""

HTJ2K_LARGE = _literal(
    "c-s5#|38pH(}973fvJIkfr9}7(D;n(jEw&SfFevFx&J{7JU|vB11k%Q1LOY~24Mw{03_hy;qgC(L7ainzaTZwE5J"
    "h`EVW3%K+nib&sgvO1O_gUiQFF<82?W`p#L>_|NZ;--+%x8w{AZks=j_dK}CP@8v&xe6S8O2F@wM{zrX+f{cqp?_"
    "wR91+$WtjP0&%nN7WH_$v&V}`*5SW{dlGS?!zbj9iP@wi%GGVq3Y`|2t563z*)d@kvE~aiI2lV;lc5*uc2`IU}7;"
    "a7&b8QBrq^bFfbegayE%9;J)C{+<Y*>K!S%2PBCz`IxP&)5J6D?>)F4q&5pXZb&ewA`x`Cn`;!FZ{&qN2e^X?9vy"
    "X8D+gILu4gLMcAAhW{k;6m%`(OXRZU+ZgADS`frtV>Kaui^}js7vn0}V?&xwa@fX4ZAJt;mclJI2io`n3&u{SErz"
    "4Z0H+FTR*zBGv0gDg|<G{r{o^_#8^W8(UZwqZ|3K0Zj>`PI8aoF$u!NKL!SngX({<%(|$y#dEDtwhK;1mK_tq*nj"
    "N*>s#Ow44dK@_I_j7`<)@K`2*_<Ao{~tvVdXp=9@WYv(KiHN>L@02Cd~F3vwIq8^9Fgf*-&mPIPV9)~Ku5p;)LaG"
    "g=w*52WiWiXs!nO+oR%M8H`6j<Na;)AxIf)i37HKmYvm&l)>YDXK)lsO2Ni^8Ysh>c|H+"
)
"""2048 x 640 pixels of 8 bits, reversible: 32 in the upper half, 192 in the lower."""

JPEG_12 = _literal(
    "c-s4a<NpH&0WUXCHwH#V1_nkTWcYuZ!I^=TnT3UgnH5N|va+(V^Kh^O0Y5i4CyyY%kdPq1prEjrjJU9fl&GMfgrb"
    "C$tgO7eys)^Eijtg)jGVmO|AP$NJPZyD4vdU~4F8WXhyl$9nvDdwczJ;0k^&5jtSI6Ptei@wLH}<taDX(}Gn_QK<"
    "hfPwzyT>wvqcsX%${mj+?g3NRc>`WNZ?hO9Vo-YxMXsca$|$Zq+FK*1GY)NEBZLod~wLIG2k+6TFT(HCU>y<=KoC"
    "q;i{_z"
)
"""`PLANE_12`, JPEG extended with a precision of 12 bits, at most 2 from it."""
