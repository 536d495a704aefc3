"""Thumbnails of the references: the shipped examples, packed ones, or prototypes.

The repository holds pictures of the 16 example patients only. Every other reference shows the
prototype of its neighbourhood, a pixel mean of at least 12 patients, until thumbnails of the
references themselves are packed (git-ignored, `assets/pictures/`). `pack_folder` takes them from a
copy of the data set: whole, squashed to a square like the networks' input. `pack_pneumoniamnist`
takes them from PneumoniaMNIST: only the middle of each radiograph, but undistorted.
"""

import io
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np

from cxr_demo.artefacts import ASSETS, Artefacts
from cxr_demo.errors import ArtefactError, CXRError, RadiographError
from cxr_demo.models.preprocessing import to_network_input, to_uint8
from cxr_demo.reading.reader import SUFFIXES, read_radiograph
from cxr_demo.reference.library import MAX_SAME_IMAGE_BITS, ReferenceLibrary, perceptual_hash
from cxr_demo.reference.pneumoniamnist import match, read_archive

SIDE = 96
PACKED = ASSETS / "pictures" / "pictures.npz"


@dataclass(frozen=True)
class Thumbnail:
    """The picture of one reference on the page.

    Attributes:
        pixels: uint8 (SIDE, SIDE).
        averaged: 1 for the reference's own picture, else how many images the prototype averages.
    """

    pixels: np.ndarray
    averaged: int


class Thumbnails:
    """Pictures by library row.

    Args:
        library: the references.
        artefacts: where the examples come from.
        packed: written by `pack_folder` or `pack_pneumoniamnist`; may be absent. Its pictures of
            references that the library lacks are ignored.

    Attributes:
        middles: whether the packed pictures are middles of radiographs.
    """

    def __init__(self, library: ReferenceLibrary, artefacts: Artefacts, packed: Path = PACKED):
        self._library = library
        row_of = library.row_of
        pictures, self.middles = _read(packed)
        self._own = {row_of[name]: small for name, small in pictures.items() if name in row_of}
        for path in artefacts.paths:
            name = Path(path).stem
            if path.startswith("examples/") and name in row_of:
                square = to_network_input(read_radiograph(artefacts.read(path)).pixels)
                self._own[row_of[name]] = to_thumbnail(square)

    def of(self, row: int) -> Thumbnail:
        """The picture of one library row: its own where there is one, else its prototype."""
        if row in self._own:
            return Thumbnail(self._own[row], 1)
        library, prototype = self._library, self._library.prototype_of[row]
        return Thumbnail(library.prototypes[prototype], int(library.prototype_sizes[prototype]))


def pack_folder(folder: Path, library: ReferenceLibrary, packed: Path = PACKED) -> int:
    """Pack thumbnails from a copy of the data set.

    A file is a reference's picture when its name and its perceptual hash both agree, so a folder of
    other images under the same names cannot mislabel anything.

    Args:
        folder: in any layout; searched through all its subfolders.
        library: the references to find.
        packed: the file to write.

    Returns:
        How many references now have their own picture.

    Raises:
        CXRError: if the folder holds none of them, or `packed` cannot be written.
    """
    found: dict[str, np.ndarray] = {}
    for path in sorted(Path(folder).rglob("*")):
        if path.suffix.lower() not in SUFFIXES or path.stem not in library.row_of:
            continue
        try:
            square = to_network_input(read_radiograph(path.read_bytes()).pixels)
        except RadiographError:
            continue
        difference = library.perceptual_hashes[library.row_of[path.stem]] ^ perceptual_hash(square)
        if np.bitwise_count(difference).sum() <= MAX_SAME_IMAGE_BITS:
            found[path.stem] = to_thumbnail(square)
    if not found:
        raise CXRError(
            f"{folder} holds none of the library's {len(library):,} images. Please give the "
            "folder of the Kermany chest X-ray set, with its original file names."
        )
    _write(packed, found, middles=False)
    return len(found)


def pack_pneumoniamnist(
    archive: Path,
    library: ReferenceLibrary,
    middles: np.ndarray,
    packed: Path = PACKED,
    progress: Callable[[float], None] = lambda share: None,
) -> int:
    """Pack thumbnails of the references' middles, as `pack_folder` does of whole pictures.

    Args:
        archive: PneumoniaMNIST at 128 pixels, see `pneumoniamnist`.
        library: the references to find.
        middles: uint8 (len(library), 32), perceptual hashes of their middles, see `match`.
        packed: the file to write.
        progress: called with the share done, in [0, 1].

    Raises:
        CXRError: if the archive has another form or holds none, or `packed` cannot be written.
    """
    images, pneumonia = read_archive(archive)
    picture_of = match(images, pneumonia, library, middles, progress)
    if not picture_of:
        raise CXRError(
            f"{archive.name} holds none of the library's {len(library):,} images. Please give the "
            "folder of the Kermany chest X-ray set instead."
        )
    found = {
        str(library.ids[row]): to_thumbnail(images[index] / np.float32(255))
        for row, index in picture_of.items()
    }
    _write(packed, found, middles=True)
    return len(found)


def to_thumbnail(square: np.ndarray) -> np.ndarray:
    """float32 (side, side) in [0, 1] → uint8 (SIDE, SIDE)."""
    return to_uint8(cv2.resize(square, (SIDE, SIDE), interpolation=cv2.INTER_AREA))


def _write(packed: Path, pictures: dict[str, np.ndarray], middles: bool) -> None:
    """Write thumbnails by reference id; a reader never sees half a file."""
    temporary = packed.with_suffix(".part.npz")
    ids, stacked = np.array(list(pictures)), np.stack([*pictures.values()])
    try:
        packed.parent.mkdir(parents=True, exist_ok=True)
        np.savez(temporary, ids=ids, pictures=stacked, middles=middles)
        temporary.replace(packed)
    except OSError as error:
        with suppress(OSError):
            temporary.unlink()
        raise CXRError(
            f"{packed} cannot be written ({error.strerror}). Please check that its folder may be "
            "written to and its disk has 50 MB left."
        ) from None


def _read(packed: Path) -> tuple[dict[str, np.ndarray], bool]:
    """Thumbnails by reference id, and whether they are middles; none where there is no file."""
    if not packed.exists():
        return {}, False
    try:
        with np.load(io.BytesIO(packed.read_bytes()), allow_pickle=False) as arrays:
            names, pictures = arrays["ids"].tolist(), arrays["pictures"]
            middles = bool(arrays.get("middles", False))  # earlier versions packed whole ones only
        if pictures.dtype != np.uint8 or pictures.shape != (len(names), SIDE, SIDE):
            raise ValueError("other arrays than `_write` writes")
    except Exception:  # a damaged archive fails in a dozen ways
        raise ArtefactError(
            f"{packed} is damaged. Please run `make pictures` again, or delete it."
        ) from None
    return dict(zip(names, pictures, strict=True)), middles
