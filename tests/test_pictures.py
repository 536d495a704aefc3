"""What is shown for a reference: its own picture where there is one, else its prototype."""

import hashlib
import io
import json

import cv2
import numpy as np
import pytest

from cxr_demo.artefacts import Artefacts
from cxr_demo.errors import ArtefactError, CXRError
from cxr_demo.library import ReferenceLibrary
from cxr_demo.pictures import Pictures, pack, shrink

IDS = ("person1_virus_6", "NORMAL2-IM-1427-0001", "IM-0429-0001-0002")


def signs(seed: int) -> np.ndarray:
    chosen = np.random.default_rng(seed).random((16, 16)) < 0.5
    chosen[0, 0] = True
    return chosen


def picture(seed: int) -> np.ndarray:
    """uint8 (224, 224) whose cosine frequencies have these signs."""
    frequencies = np.zeros((224, 224), np.float32)
    frequencies[:16, :16] = np.where(signs(seed), 1.4, -1.4)
    frequencies[0, 0] = 224 * 0.5
    return np.uint8(np.rint(cv2.idct(frequencies) * 255))


def png(pixels: np.ndarray) -> bytes:
    return cv2.imencode(".png", pixels)[1].tobytes()


def flip_bits(print_: np.ndarray, count: int) -> np.ndarray:
    bits = np.unpackbits(print_)
    bits[-count:] ^= 1
    return np.packbits(bits)


def as_library(prints, ids=IDS) -> ReferenceLibrary:
    file = io.BytesIO()
    np.savez(
        file,
        classifier="0" * 12,
        ids=np.array(ids),
        patients=np.array(["p0", "p1", "p2"]),
        labels=np.array([2, 0, 0], np.int8),
        embeddings=np.eye(3, dtype=np.float16),
        fingerprints=np.stack(prints),
        umap=np.zeros((3, 2), np.float32),
        tsne=np.zeros((3, 2), np.float32),
        prototype_of=np.array([1, 0, 1], np.int16),
        prototypes=np.stack([np.full((96, 96), value, np.uint8) for value in (10, 200)]),
        prototype_sizes=np.array([12, 30], np.int16),
    )
    return ReferenceLibrary(file.getvalue())


@pytest.fixture
def library() -> ReferenceLibrary:
    """Row 0 looks like picture(0), and so on."""
    return as_library([np.packbits(signs(seed)) for seed in range(3)])


@pytest.fixture
def artefacts_of(tmp_path):
    def build(files: dict[str, bytes]) -> Artefacts:
        root = tmp_path / "assets"
        for name, data in files.items():
            (root / name).parent.mkdir(parents=True, exist_ok=True)
            (root / name).write_bytes(data)
        root.mkdir(exist_ok=True)
        entries = [
            {"path": name, "sha256": hashlib.sha256(data).hexdigest()}
            for name, data in files.items()
        ]
        (root / "manifest.json").write_text(json.dumps(entries))
        return Artefacts(root)

    return build


@pytest.fixture
def folder(tmp_path):
    """An empty data set."""
    (tmp_path / "data" / "train" / "NORMAL").mkdir(parents=True)
    return tmp_path / "data"


@pytest.fixture
def packed(tmp_path):
    return tmp_path / "pictures" / "pictures.npz"


def own_rows(pictures: Pictures) -> list[int]:
    return [row for row in range(3) if pictures.of(row).averaged == 1]


# Shrinking


def test_shrink_averages_and_rounds():
    halves = np.zeros((224, 224), np.float32)
    halves[:, 112:] = 1
    small = shrink(halves)
    assert small.dtype == np.uint8 and small.shape == (96, 96)
    assert (small[:, :48] == 0).all() and (small[:, 48:] == 255).all()


@pytest.mark.parametrize(("value", "expected"), [(99.4, 99), (99.6, 100)])
def test_shrink_rounds_to_the_nearest_grey(value, expected):
    assert (shrink(np.full((224, 224), value / 255, np.float32)) == expected).all()


# Which picture is shown


@pytest.mark.parametrize(("row", "grey", "averaged"), [(0, 200, 30), (1, 10, 12), (2, 200, 30)])
def test_without_pictures_every_row_shows_its_prototype(
    library, artefacts_of, packed, row, grey, averaged
):
    shown = Pictures(library, artefacts_of({}), packed).of(row)
    assert (shown.pixels == grey).all() and shown.pixels.shape == (96, 96)
    assert shown.averaged == averaged and type(shown.averaged) is int


def test_a_shipped_example_shows_its_own_picture(library, artefacts_of, packed):
    halves = np.zeros((224, 224), np.uint8)
    halves[:112] = 255
    pictures = Pictures(library, artefacts_of({f"examples/{IDS[1]}.jpeg": png(halves)}), packed)
    shown = pictures.of(1)
    assert shown.averaged == 1
    assert shown.pixels.dtype == np.uint8
    assert (shown.pixels[:48] == 255).all() and (shown.pixels[48:] == 0).all()
    assert own_rows(pictures) == [1]


def test_only_examples_of_the_library_count(library, artefacts_of, packed):
    files = {f"elsewhere/{IDS[0]}.png": png(picture(0)), "examples/stranger.png": png(picture(1))}
    assert own_rows(Pictures(library, artefacts_of(files), packed)) == []


def test_an_example_that_is_not_the_one_named_is_refused(library, artefacts_of, packed):
    artefacts = artefacts_of({f"examples/{IDS[0]}.png": png(picture(0))})
    (artefacts.root / f"examples/{IDS[0]}.png").write_bytes(png(picture(1)))
    with pytest.raises(ArtefactError):
        Pictures(library, artefacts, packed)


# Packing the user's own copies


def test_packed_pictures_are_shown(library, artefacts_of, folder, packed):
    (folder / "train" / "NORMAL" / f"{IDS[2]}.png").write_bytes(png(picture(2)))
    (folder / f"{IDS[0]}.PNG").write_bytes(png(picture(0)))
    assert pack(folder, library, packed) == 2
    pictures = Pictures(library, artefacts_of({}), packed)
    assert own_rows(pictures) == [0, 2]
    shown = pictures.of(2).pixels
    assert shown.dtype == np.uint8 and shown.shape == (96, 96)
    # 96 pixels of 224/96 each: the first is the mean of 2 1/3 by 2 1/3 pixels of the file.
    weights = np.array([3, 3, 1]) / 7
    assert shown[0, 0] == pytest.approx(weights @ picture(2)[:3, :3] @ weights, abs=1)
    assert [path.name for path in packed.parent.iterdir()] == ["pictures.npz"]


@pytest.mark.parametrize("suffix", [".jpeg", ".jpg"])
def test_a_larger_jpeg_copy_is_taken(library, folder, packed, suffix):
    large = cv2.resize(picture(0), (800, 600), interpolation=cv2.INTER_CUBIC)
    (folder / f"{IDS[0]}{suffix}").write_bytes(cv2.imencode(".jpg", large)[1].tobytes())
    assert pack(folder, library, packed) == 1


@pytest.mark.parametrize(
    ("name", "data"),
    [
        (f"{IDS[0]}.png", png(picture(1))),
        ("stranger.png", png(picture(0))),
        (f"{IDS[0]}.png", png(picture(0))[:-200]),
        (f"{IDS[0]}.txt", png(picture(0))),
    ],
    ids=["wrong picture", "wrong name", "damaged", "wrong suffix"],
)
def test_name_and_picture_must_both_agree(library, artefacts_of, folder, packed, name, data):
    (folder / name).write_bytes(data)
    (folder / f"{IDS[2]}.png").write_bytes(png(picture(2)))
    assert pack(folder, library, packed) == 1
    assert own_rows(Pictures(library, artefacts_of({}), packed)) == [2]


@pytest.mark.parametrize(("bits", "expected"), [(24, [0, 2]), (25, [2])])
def test_a_copy_may_differ_by_24_bits(artefacts_of, folder, packed, bits, expected):
    prints = [np.packbits(signs(seed)) for seed in range(3)]
    prints[0] = flip_bits(prints[0], bits)
    for row in (0, 2):
        (folder / f"{IDS[row]}.png").write_bytes(png(picture(row)))
    near = as_library(prints)
    pack(folder, near, packed)
    assert own_rows(Pictures(near, artefacts_of({}), packed)) == expected


@pytest.mark.parametrize("right", ["a", "b"])
def test_of_two_files_with_one_name_the_right_picture_is_taken(
    library, artefacts_of, folder, packed, right
):
    for place in ("a", "b"):
        (folder / place).mkdir()
        seed = 0 if place == right else 1
        (folder / place / f"{IDS[0]}.png").write_bytes(png(picture(seed)))
    assert pack(folder, library, packed) == 1
    shown = Pictures(library, artefacts_of({}), packed).of(0).pixels
    np.testing.assert_array_equal(shown, shrink(np.float32(picture(0) / 255)))


def test_packed_pictures_of_another_library_are_ignored(library, artefacts_of, folder, packed):
    for row in (0, 1):
        (folder / f"{IDS[row]}.png").write_bytes(png(picture(row)))
    pack(folder, library, packed)
    prints = [np.packbits(signs(seed)) for seed in range(3)]
    other = as_library(prints, ids=("x", "y", IDS[0]))
    assert own_rows(Pictures(other, artefacts_of({}), packed)) == [2]


@pytest.mark.parametrize("files", [{}, {f"{IDS[0]}.png": png(picture(7))}], ids=["empty", "other"])
def test_a_folder_with_none_of_the_pictures_is_an_error(library, folder, packed, files):
    for name, data in files.items():
        (folder / name).write_bytes(data)
    with pytest.raises(CXRError) as error:
        pack(folder, library, packed)
    message = str(error.value)
    assert str(folder) in message
    assert "3 images" in message
    assert "Please" in message
    assert not packed.exists()


def test_a_folder_that_does_not_exist_is_an_error_that_names_it(library, folder, packed):
    with pytest.raises(CXRError, match="nowhere"):
        pack(folder / "nowhere", library, packed)


def test_nothing_found_leaves_earlier_pictures(library, artefacts_of, folder, packed):
    (folder / f"{IDS[1]}.png").write_bytes(png(picture(1)))
    pack(folder, library, packed)
    (folder / f"{IDS[1]}.png").unlink()
    with pytest.raises(CXRError):
        pack(folder, library, packed)
    assert own_rows(Pictures(library, artefacts_of({}), packed)) == [1]


def written(**arrays: np.ndarray) -> bytes:
    file = io.BytesIO()
    np.savez(file, **arrays)
    return file.getvalue()


WHOLE = written(ids=np.array(IDS[:1]), pictures=np.zeros((1, 96, 96), np.uint8))


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"PK\3\4",
        b"\x93NUMPY",
        b"\x80\x04.",
        WHOLE[:2000],
        WHOLE[:-1],
        WHOLE.replace(b"'descr'", b"'descr("),
        WHOLE.replace(bytes(96), b"x" * 96, 1),
        written(ids=np.array(IDS[:1])),
        written(ids=np.array(IDS), pictures=np.zeros((1, 96, 96), np.uint8)),
        written(ids=np.array(IDS[:1]), pictures=np.zeros((1, 96, 95), np.uint8)),
        written(ids=np.array(IDS[:1]), pictures=np.zeros((1, 96, 96))),
        written(ids=np.array([{}]), pictures=np.zeros((1, 96, 96), np.uint8)),
    ],
    ids=lambda content: repr(content[:8]),
)
def test_a_damaged_file_is_named_with_what_to_do(library, artefacts_of, packed, content):
    packed.parent.mkdir(exist_ok=True)
    packed.write_bytes(content)
    with pytest.raises(ArtefactError) as error:
        Pictures(library, artefacts_of({}), packed)
    assert str(error.value) == (
        f"{packed} is damaged. Please run `make pictures` again, or delete it."
    )


def test_a_whole_file_is_not_damaged(library, artefacts_of, packed):
    packed.parent.mkdir(exist_ok=True)
    packed.write_bytes(WHOLE)
    assert own_rows(Pictures(library, artefacts_of({}), packed)) == [0]
