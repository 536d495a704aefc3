"""Files → arrays: a folder in the Kaggle layout, read into memory.

Layout: `<root>/{train,val,test}/{NORMAL,PNEUMONIA}/*.jpeg`. The label comes from the folder and,
for pneumonia, from `bacteria` or `virus` in the file name. Images go through the same reader and
preprocessing as an upload.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass, fields
from pathlib import Path

import numpy as np
from tqdm import tqdm

from cxr_demo.models.calibration import THREE_CLASS
from cxr_demo.models.preprocessing import SIDE, resize_square, to_network_input, to_uint8
from cxr_demo.reading.reader import SUFFIXES, read_radiograph

CLASSES = THREE_CLASS
"""A label is an index into it, here and in the library."""

_PNEUMONIA = re.compile(r"(person\d+)_(bacteria|virus)_")
_NORMAL = re.compile(r"((?:NORMAL2-)?IM-\d+)-")


@dataclass(frozen=True)
class Images:
    """A set of images in memory, row by row.

    Attributes:
        ids: file names without extension, N strings.
        patients: grouping keys, N strings; one key never stands on both sides of a split.
        labels: int64 (N,), index into CLASSES.
        pixels: uint8 (N, SIDE, SIDE).
    """

    ids: np.ndarray
    patients: np.ndarray
    labels: np.ndarray
    pixels: np.ndarray

    def __len__(self) -> int:
        return len(self.ids)

    def __getitem__(self, rows) -> "Images":
        """The subset given by an index array or boolean mask."""
        return Images(*(getattr(self, field.name)[rows] for field in fields(self)))

    @property
    def is_pneumonia(self) -> np.ndarray:
        """bool (N,), of either cause."""
        return self.labels > 0

    def as_float(self) -> np.ndarray:
        """The pixels as float32 (N, SIDE, SIDE) in [0, 1]; 5,216 images take 1 GB."""
        return self.pixels / np.float32(255)


def read_name(path: Path) -> tuple[str, str]:
    """Label and patient key of one file, by the data set's naming.

    `person12_bacteria_46` and `person12_virus_37` are different people: the numbers restart for
    each label, so the label is part of the key. Normals carry a serial, in two series.

    Returns:
        (label, patient), such as ("bacterial", "person12_bacteria") or ("normal", "IM-0115").

    Raises:
        ValueError: if the name follows none of these patterns.
    """
    if match := _PNEUMONIA.match(path.name):
        person, cause = match.groups()
        return {"bacteria": "bacterial", "virus": "viral"}[cause], f"{person}_{cause}"
    if match := _NORMAL.match(path.name):
        return "normal", match[1]
    raise ValueError(
        f"{path.name}: expected personN_bacteria_…, personN_virus_…, IM-NNNN-… or "
        "NORMAL2-IM-NNNN-…; rename the file or leave it out"
    )


def list_split(root: Path, split: str) -> list[Path]:
    """Files of one split in a fixed order: NORMAL before PNEUMONIA, then by name."""
    paths = [
        path
        for folder in ("NORMAL", "PNEUMONIA")
        for path in sorted((root / split / folder).glob("*"))
        if path.suffix.lower() in SUFFIXES
    ]
    if not paths:
        raise FileNotFoundError(
            f"no images under {root / split}/{{NORMAL,PNEUMONIA}}; point --data at the folder "
            "that holds train, val and test"
        )
    return paths


def load_split(root: Path, split: str) -> Images:
    """Read one split into memory (5,216 images take about 15 s and 260 MB)."""
    return load_files(list_split(Path(root), split), split)


def load_files(paths: list[Path], what: str = "images") -> Images:
    """Read the given files, in order, as uploads would be read."""
    pixels = np.empty((len(paths), SIDE, SIDE), np.uint8)
    for row, path in enumerate(tqdm(paths, desc=what, disable=None)):
        pixels[row] = to_uint8(to_network_input(read_radiograph(path.read_bytes()).pixels))
    names = [read_name(path) for path in paths]
    return Images(
        ids=np.array([path.stem for path in paths]),
        patients=np.array([patient for _, patient in names]),
        labels=np.array([CLASSES.index(label) for label, _ in names]),
        pixels=pixels,
    )


def resize_all(squares: Iterable[np.ndarray], side: int) -> np.ndarray:
    """Grey images at another size: float32 (height, width) each → (N, side, side, 1)."""
    return np.stack([resize_square(square, side) for square in squares])[..., None]
