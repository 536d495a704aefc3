"""Fingerprints of the middle of every reference, and how surely they find it in a centre crop.

    python -m train.recipes.pneumoniamnist --data DATA --native NATIVE

Writes `assets/library/middles.npz`, which finds the references in PneumoniaMNIST, and
`assets/metrics/pictures.json`. That archive is not at hand here, so crops like its own are made: of
files at their original size, whose proportions are known, and of all squashed references, stretched
to proportions drawn at random. Pictures that are no references: the test split, read here as chests
that are not in the library and shown to no network; and all references under the other label.
Time: 3 min. To expect: all references found, none wrong, and of the others none.
"""

from collections.abc import Callable
from pathlib import Path

import numpy as np
from PIL import Image
from tqdm import tqdm

from cxr_demo.artefacts import ASSETS, LIBRARY, MIDDLES, Artefacts
from cxr_demo.reference.library import MAX_SAME_IMAGE_BITS, ReferenceLibrary, perceptual_hash
from cxr_demo.reference.pneumoniamnist import ASPECTS, MIDDLE, NORMAL, SIDE, match, middle
from train.arguments import parse
from train.data.kermany import list_split, load_split
from train.records.manifest import register, write_json

SEED = 0
PROPORTIONS = {False: (1.21, 0.12), True: (1.5, 0.22)}
"""Width to height of normals and of pneumonia: the median, and the spread of its logarithm. As in
48 and 88 originals, a little wider spread."""


def hash_centres(squares: np.ndarray) -> np.ndarray:
    """Fingerprints uint8 (N, 32) of the middles of uint8 (N, side, side), squashed radiographs."""
    return np.stack([perceptual_hash(middle(square / np.float32(255))) for square in squares])


def centre_crop(pixels: np.ndarray, aspect: float) -> np.ndarray:
    """The centre crop that PneumoniaMNIST would hold of a radiograph.

    Args:
        pixels: uint8 (height, width), the radiograph at any proportions.
        aspect: its true width / height.

    Returns:
        uint8 (SIDE, SIDE).
    """
    height, width = pixels.shape
    keep_x, keep_y = min(1.0, 1 / aspect), min(1.0, aspect)
    box = (
        (1 - keep_x) / 2 * width,
        (1 - keep_y) / 2 * height,
        (1 + keep_x) / 2 * width,
        (1 + keep_y) / 2 * height,
    )
    return np.asarray(Image.fromarray(pixels).resize((SIDE, SIDE), Image.Resampling.BICUBIC, box))


def centre_crop_of_file(path: Path) -> np.ndarray:
    """The same of a file at its original size."""
    pixels = np.asarray(Image.open(path).convert("L"))
    return centre_crop(pixels, pixels.shape[1] / pixels.shape[0])


def random_centre_crops(squares: np.ndarray, pneumonia: np.ndarray) -> np.ndarray:
    """uint8 (N, SIDE, SIDE) of squashed radiographs (N, side, side), at PROPORTIONS; seeded."""
    rng = np.random.default_rng(SEED)
    crops = []
    for square, sick in zip(squares, pneumonia.tolist(), strict=True):
        median, spread = PROPORTIONS[sick]
        aspect = np.exp(rng.normal(np.log(median), spread))
        crops.append(centre_crop(square, float(np.clip(aspect, ASPECTS[0], ASPECTS[-1]))))
    return np.stack(crops)


def count_matches(
    picture_of: dict[int, int], true_rows: np.ndarray, library: ReferenceLibrary
) -> dict[str, int]:
    """How many pictures found their reference, and how many references got another's.

    Args:
        picture_of: what `match` says.
        true_rows: int (N,), the reference each picture was made of; -1 for none.
        library: the references; a copy of the true one is right, too.

    Returns:
        "pictures", "found": those whose own reference has a right picture, and "wrong": references
        that have a picture of another radiograph.
    """
    right = {row for row, index in picture_of.items() if _same(library, row, true_rows[index])}
    return {
        "pictures": len(true_rows),
        "found": int(np.isin(true_rows, list(right)).sum()),
        "wrong": len(picture_of) - len(right),
    }


def _same(library: ReferenceLibrary, row: int, true_row: int) -> bool:
    difference = library.perceptual_hashes[row] ^ library.perceptual_hashes[true_row]
    return true_row >= 0 and np.bitwise_count(difference).sum() <= MAX_SAME_IMAGE_BITS


def measure_matching(
    library: ReferenceLibrary,
    middles: np.ndarray,
    squares: np.ndarray,
    data: Path,
    native: list[Path],
) -> dict[str, dict[str, int]]:
    """`count_matches` of every kind of picture.

    Args:
        library: the references.
        middles: uint8 (len(library), 32).
        squares: uint8 (len(library), side, side), what they were made of.
        data: the data set, for its test split.
        native: references at their original size.
    """

    def counted(what: str, crops: np.ndarray, sick: np.ndarray, true_rows: np.ndarray) -> dict:
        with tqdm(total=1.0, desc=what, disable=None) as bar:
            return count_matches(
                match(crops, sick, library, middles, _share(bar)), true_rows, library
            )

    rows = np.arange(len(library))
    pneumonia = library.labels != NORMAL
    crops = random_centre_crops(squares, pneumonia)
    native_rows = np.array([library.row_of[path.stem] for path in native], int)
    native_crops = np.stack([centre_crop_of_file(path) for path in native])
    test = load_split(data, "test")
    nobody = np.full(len(test), -1)
    return {
        "native": counted("native", native_crops, pneumonia[native_rows], native_rows),
        "at_random_proportions": counted("references", crops, pneumonia, rows),
        "other_label": counted("other label", crops, ~pneumonia, np.full(len(library), -1)),
        "test_split": counted(
            "test", random_centre_crops(test.pixels, test.is_pneumonia), test.is_pneumonia, nobody
        ),
    }


def _share(bar: tqdm) -> Callable[[float], None]:
    return lambda share: bar.update(share - bar.n)


def main() -> None:
    arguments = parse(__doc__, "data", "native")
    artefacts = Artefacts()
    library = ReferenceLibrary(artefacts.arrays(LIBRARY))
    parts = [load_split(arguments.data, split) for split in ("train", "val")]
    if not np.array_equal(np.concatenate([part.ids for part in parts]), library.ids):
        raise SystemExit("the library was built of other files: run train.recipes.library first")
    squares = np.concatenate([part.pixels for part in parts])
    middles = hash_centres(squares)
    made_with = artefacts.sources(MIDDLES)
    np.savez(ASSETS / MIDDLES, perceptual_hashes=middles, **made_with)
    register(ASSETS / MIDDLES)
    native = list_split(arguments.data, "val")
    if arguments.native:
        native += sorted(arguments.native.rglob("*.jpeg"))
    rates = measure_matching(library, middles, squares, arguments.data, native)
    figures = {**made_with, "middle": MIDDLE, **rates}
    write_json(ASSETS / "metrics/pictures.json", figures)
    for what, found in rates.items():
        print(what, found)


if __name__ == "__main__":
    main()
