"""What is shown for a reference: its own picture where there is one, else its prototype."""

import hashlib
import io
import json
from functools import partial

import cv2
import numpy as np
import pytest
from PIL import Image

from cxr_demo.artefacts import LIBRARY, MIDDLES, Artefacts
from cxr_demo.cli import arguments
from cxr_demo.errors import ArtefactError, CXRError
from cxr_demo.models.preprocessing import resize_square
from cxr_demo.reference import thumbnails
from cxr_demo.reference.fetch_thumbnails import fetch_thumbnails
from cxr_demo.reference.library import ReferenceLibrary, perceptual_hash
from cxr_demo.reference.pneumoniamnist import middle
from cxr_demo.reference.thumbnails import Thumbnails, pack_folder, pack_pneumoniamnist, to_thumbnail
from tests.reference.crops import centre_crop, radiograph
from tests.reference.file_server import serving, status, whole

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


def library_file(prints, ids, labels) -> bytes:
    file, n = io.BytesIO(), len(ids)
    np.savez(
        file,
        classifier="0" * 12,
        ids=np.array(ids),
        patients=np.array([f"p{row}" for row in range(n)]),
        labels=np.array(labels, np.int8),
        embeddings=np.eye(n, dtype=np.float16),
        matrices=np.tile(np.float32([[1, 0, 0], [0, 1, 0]]), (n, 1, 1)),
        perceptual_hashes=np.stack(prints),
        umap=np.zeros((n, 2), np.float32),
        tsne=np.zeros((n, 2), np.float32),
        prototype_of=np.int16((np.arange(n) + 1) % 2),
        prototypes=np.stack([np.full((96, 96), value, np.uint8) for value in (10, 200)]),
        prototype_sizes=np.array([12, 30], np.int16),
    )
    return file.getvalue()


def as_library(prints, ids=IDS) -> ReferenceLibrary:
    return ReferenceLibrary(np.load(io.BytesIO(library_file(prints, ids, [2, 0, 0]))))


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


def own_rows(pictures: Thumbnails) -> list[int]:
    return [row for row in range(3) if pictures.of(row).averaged == 1]


# Shrinking


def test_shrink_averages_and_rounds():
    halves = np.zeros((224, 224), np.float32)
    halves[:, 112:] = 1
    small = to_thumbnail(halves)
    assert small.dtype == np.uint8 and small.shape == (96, 96)
    assert (small[:, :48] == 0).all() and (small[:, 48:] == 255).all()


@pytest.mark.parametrize(("value", "expected"), [(99.4, 99), (99.6, 100)])
def test_shrink_rounds_to_the_nearest_grey(value, expected):
    assert (to_thumbnail(np.full((224, 224), value / 255, np.float32)) == expected).all()


# Which picture is shown


@pytest.mark.parametrize(("row", "grey", "averaged"), [(0, 200, 30), (1, 10, 12), (2, 200, 30)])
def test_without_pictures_every_row_shows_its_prototype(
    library, artefacts_of, packed, row, grey, averaged
):
    shown = Thumbnails(library, artefacts_of({}), packed).of(row)
    assert (shown.pixels == grey).all() and shown.pixels.shape == (96, 96)
    assert shown.averaged == averaged and type(shown.averaged) is int


def test_a_shipped_example_shows_its_own_picture(library, artefacts_of, packed):
    halves = np.zeros((224, 224), np.uint8)
    halves[:112] = 255
    pictures = Thumbnails(library, artefacts_of({f"examples/{IDS[1]}.jpeg": png(halves)}), packed)
    shown = pictures.of(1)
    assert shown.averaged == 1
    assert shown.pixels.dtype == np.uint8
    assert (shown.pixels[:48] == 255).all() and (shown.pixels[48:] == 0).all()
    assert own_rows(pictures) == [1]


def test_only_examples_of_the_library_count(library, artefacts_of, packed):
    files = {f"elsewhere/{IDS[0]}.png": png(picture(0)), "examples/stranger.png": png(picture(1))}
    assert own_rows(Thumbnails(library, artefacts_of(files), packed)) == []


def test_an_example_that_is_not_the_one_named_is_refused(library, artefacts_of, packed):
    artefacts = artefacts_of({f"examples/{IDS[0]}.png": png(picture(0))})
    (artefacts.root / f"examples/{IDS[0]}.png").write_bytes(png(picture(1)))
    with pytest.raises(ArtefactError):
        Thumbnails(library, artefacts, packed)


# Packing the user's own copies


def test_packed_pictures_are_shown(library, artefacts_of, folder, packed):
    (folder / "train" / "NORMAL" / f"{IDS[2]}.png").write_bytes(png(picture(2)))
    (folder / f"{IDS[0]}.PNG").write_bytes(png(picture(0)))
    assert pack_folder(folder, library, packed) == 2
    pictures = Thumbnails(library, artefacts_of({}), packed)
    assert own_rows(pictures) == [0, 2] and not pictures.middles
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
    assert pack_folder(folder, library, packed) == 1


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
    assert pack_folder(folder, library, packed) == 1
    assert own_rows(Thumbnails(library, artefacts_of({}), packed)) == [2]


@pytest.mark.parametrize(("bits", "expected"), [(24, [0, 2]), (25, [2])])
def test_a_copy_may_differ_by_24_bits(artefacts_of, folder, packed, bits, expected):
    prints = [np.packbits(signs(seed)) for seed in range(3)]
    prints[0] = flip_bits(prints[0], bits)
    for row in (0, 2):
        (folder / f"{IDS[row]}.png").write_bytes(png(picture(row)))
    near = as_library(prints)
    pack_folder(folder, near, packed)
    assert own_rows(Thumbnails(near, artefacts_of({}), packed)) == expected


@pytest.mark.parametrize("right", ["a", "b"])
def test_of_two_files_with_one_name_the_right_picture_is_taken(
    library, artefacts_of, folder, packed, right
):
    for place in ("a", "b"):
        (folder / place).mkdir()
        seed = 0 if place == right else 1
        (folder / place / f"{IDS[0]}.png").write_bytes(png(picture(seed)))
    assert pack_folder(folder, library, packed) == 1
    shown = Thumbnails(library, artefacts_of({}), packed).of(0).pixels
    np.testing.assert_array_equal(shown, to_thumbnail(np.float32(picture(0) / 255)))


def test_packed_pictures_of_another_library_are_ignored(library, artefacts_of, folder, packed):
    for row in (0, 1):
        (folder / f"{IDS[row]}.png").write_bytes(png(picture(row)))
    pack_folder(folder, library, packed)
    prints = [np.packbits(signs(seed)) for seed in range(3)]
    other = as_library(prints, ids=("x", "y", IDS[0]))
    assert own_rows(Thumbnails(other, artefacts_of({}), packed)) == [2]


@pytest.mark.parametrize("files", [{}, {f"{IDS[0]}.png": png(picture(7))}], ids=["empty", "other"])
def test_a_folder_with_none_of_the_pictures_is_an_error(library, folder, packed, files):
    for name, data in files.items():
        (folder / name).write_bytes(data)
    with pytest.raises(CXRError) as error:
        pack_folder(folder, library, packed)
    message = str(error.value)
    assert str(folder) in message
    assert "3 images" in message
    assert "Please" in message
    assert not packed.exists()


def test_a_folder_that_does_not_exist_is_an_error_that_names_it(library, folder, packed):
    with pytest.raises(CXRError, match="nowhere"):
        pack_folder(folder / "nowhere", library, packed)


def test_nothing_found_leaves_earlier_pictures(library, artefacts_of, folder, packed):
    (folder / f"{IDS[1]}.png").write_bytes(png(picture(1)))
    pack_folder(folder, library, packed)
    (folder / f"{IDS[1]}.png").unlink()
    with pytest.raises(CXRError):
        pack_folder(folder, library, packed)
    assert own_rows(Thumbnails(library, artefacts_of({}), packed)) == [1]


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
        Thumbnails(library, artefacts_of({}), packed)
    assert str(error.value) == (
        f"{packed} is damaged. Please run `make pictures` again, or delete it."
    )


def test_a_whole_file_is_not_damaged(library, artefacts_of, packed):
    packed.parent.mkdir(exist_ok=True)
    packed.write_bytes(WHOLE)
    pictures = Thumbnails(library, artefacts_of({}), packed)
    assert own_rows(pictures) == [0] and not pictures.middles


def test_a_file_that_cannot_be_written_is_an_error_that_leaves_none(library, folder, packed):
    (folder / f"{IDS[0]}.png").write_bytes(png(picture(0)))
    packed.parent.write_bytes(b"a file where the folder should be")
    with pytest.raises(CXRError, match=r"pictures\.npz cannot be written .* Please check"):
        pack_folder(folder, library, packed)


def test_a_file_is_whole_or_not_there(library, artefacts_of, folder, packed, monkeypatch):
    (folder / f"{IDS[0]}.png").write_bytes(png(picture(0)))
    pack_folder(folder, library, packed)

    def disk_full(path, **_):
        path.write_bytes(b"half")
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(thumbnails.np, "savez", disk_full)
    with pytest.raises(CXRError, match="No space left on device"):
        pack_folder(folder, library, packed)
    assert [path.name for path in packed.parent.iterdir()] == ["pictures.npz"]
    assert own_rows(Thumbnails(library, artefacts_of({}), packed)) == [0]


# Packing the public archive


def archive(train: list[np.ndarray], train_sick, val: list[np.ndarray], val_sick) -> bytes:
    """Of PneumoniaMNIST's form; its test part holds the first training image again."""
    parts = {"train": (train, train_sick), "val": (val, val_sick), "test": (train[:1], [1])}
    return written(
        **{f"{part}_images": np.stack(images) for part, (images, _) in parts.items()},
        **{f"{part}_labels": np.uint8(sick)[:, None] for part, (_, sick) in parts.items()},
    )


ASPECTS = (1.1, 1.5, 0.9, 2.2, 1.3, 1.0, 1.7, 1.4)
EIGHT = [radiograph(seed, aspect) for seed, aspect in enumerate(ASPECTS)]
SICK = np.arange(8) % 3 > 0


@pytest.fixture
def eight(artefacts_of):
    """A library of EIGHT, and where it came from."""
    squares = [resize_square(pixels / np.float32(255), 224) for pixels in EIGHT]
    data = library_file(
        [perceptual_hash(square) for square in squares],
        [f"r{i}" for i in range(8)],
        np.arange(8) % 3,
    )
    middles = written(
        perceptual_hashes=np.stack([perceptual_hash(middle(square)) for square in squares]),
        library=hashlib.sha256(data).hexdigest()[:12],
    )
    return ReferenceLibrary(np.load(io.BytesIO(data))), artefacts_of(
        {LIBRARY: data, MIDDLES: middles}
    )


@pytest.fixture(scope="module")
def small_archive():
    """References 5 to 2 in training, 6, a stranger and 7 under a wrong label in validation."""
    train = [centre_crop(EIGHT[i]) for i in (5, 4, 3, 2)]
    val = [centre_crop(pixels) for pixels in (EIGHT[6], radiograph(99, 1.4), EIGHT[7])]
    return archive(train, SICK[[5, 4, 3, 2]], val, [SICK[6], False, not SICK[7]])


@pytest.fixture
def mirror(monkeypatch, small_archive):
    """A server that holds the small archive, and is named in the environment."""
    with serving(whole(small_archive)) as server:
        monkeypatch.setenv("NO_PROXY", "*")
        monkeypatch.setenv("CXR_PICTURES_URL", f"{server.url}/small.npz?download=1")
        monkeypatch.setenv("CXR_PICTURES_MD5", hashlib.md5(small_archive).hexdigest())
        yield server


def no_matter(stage: str, share: float) -> None:
    pass


def test_one_step_downloads_and_packs(eight, mirror, packed):
    library, artefacts = eight
    told = []
    assert fetch_thumbnails(library, artefacts, lambda *now: told.append(now), packed) == 5
    shown = Thumbnails(library, artefacts, packed)
    assert [row for row in range(8) if shown.of(row).averaged == 1] == [2, 3, 4, 5, 6]
    assert shown.middles
    for row in range(2, 7):
        expected = to_thumbnail(np.float32(centre_crop(EIGHT[row]) / 255))
        np.testing.assert_array_equal(shown.of(row).pixels, expected)
    assert [path.name for path in packed.parent.iterdir()] == ["pictures.npz"]
    stages = [stage for stage, _ in told]
    assert stages == sorted(stages) and set(stages) == {"download", "match"}
    for stage in ("download", "match"):
        shares = [share for name, share in told if name == stage]
        assert shares == sorted(shares) and shares[-1] == 1


def test_a_mirror_must_hold_the_very_file(eight, mirror, packed, monkeypatch):
    """Without a checksum of its own, it is to be that of PneumoniaMNIST."""
    monkeypatch.delenv("CXR_PICTURES_MD5")
    with pytest.raises(CXRError, match="05b46931834c231683c68f40c47b2971"):
        fetch_thumbnails(*eight, no_matter, packed)
    assert list(packed.parent.iterdir()) == []


def test_a_failed_try_keeps_what_was_shown(eight, mirror, packed, small_archive):
    fetch_thumbnails(*eight, no_matter, packed)
    before = packed.read_bytes()
    mirror.answer = whole(small_archive, sent=-1000)
    with pytest.raises(CXRError):
        fetch_thumbnails(*eight, no_matter, packed)
    assert packed.read_bytes() == before
    mirror.answer = whole(small_archive)
    assert fetch_thumbnails(*eight, no_matter, packed) == 5


def test_middles_of_another_library_are_refused(eight, mirror, packed, artefacts_of):
    library, artefacts = eight
    files = {LIBRARY: b"another", MIDDLES: artefacts.read(MIDDLES)}
    with pytest.raises(ArtefactError, match="was made with another version"):
        fetch_thumbnails(library, artefacts_of(files), no_matter, packed)
    assert mirror.requests == 0


def test_an_archive_of_other_chests_is_an_error(library, packed, tmp_path):
    path = tmp_path / "small.npz"
    crops = [centre_crop(pixels) for pixels in EIGHT[:2]]
    path.write_bytes(archive(crops[:1], [0], crops[1:], [1]))
    middles = np.stack([np.packbits(signs(seed)) for seed in range(3)])
    with pytest.raises(CXRError, match=r"small\.npz holds none of the library's 3 images. Please"):
        pack_pneumoniamnist(path, library, middles, packed)
    assert not packed.exists()


# The command line


def test_the_command_downloads_when_no_folder_is_given(monkeypatch, capsys):
    def fetched(library, artefacts, progress):
        assert len(library) == 5232 and isinstance(artefacts, Artefacts)
        progress("download", 0.5)
        return 5000

    monkeypatch.setattr(arguments, "fetch_thumbnails", fetched)
    assert arguments.main(["pictures"]) == 0
    assert capsys.readouterr().out == "5,000 of 5,232 references now have a picture\n"


def test_the_command_takes_a_folder(monkeypatch, capsys, tmp_path):
    monkeypatch.setattr(arguments, "pack_folder", lambda folder, library: len(folder.name))
    assert arguments.main(["pictures", str(tmp_path / "four")]) == 0
    assert capsys.readouterr().out == "4 of 5,232 references now have a picture\n"


def test_the_command_says_what_went_wrong(monkeypatch, capsys, mirror, packed):
    mirror.answer = status(404)
    monkeypatch.setattr(arguments, "fetch_thumbnails", partial(fetch_thumbnails, packed=packed))
    assert arguments.main(["pictures"]) == 2
    assert capsys.readouterr().err.startswith("error: 127.0.0.1 answered 404 Not Found")
    assert not packed.exists()


# With the data set


@pytest.mark.shared
def test_the_shipped_references_are_found_in_an_archive_like_the_real_one(
    shared, packed, monkeypatch
):
    """Of original files and of squashed ones at proportions drawn at random, in no order; among
    them, images of the test split."""
    from train.data.kermany import load_files
    from train.recipes.pneumoniamnist import random_centre_crops

    data = shared / "data/chest_xray"
    natives = sorted((shared / "data/native_resolution").glob("*/*.jpeg"))
    natives += sorted((data / "val").glob("*/*.jpeg"))
    known = {path.stem for path in natives}
    sample = [p for p in sorted((data / "train").glob("*/*.jpeg"))[::25] if p.stem not in known]
    others = sorted((data / "test").glob("*/*.jpeg"))[::8]
    squares = load_files(sample + others)
    crops = [centre_crop(np.asarray(Image.open(path).convert("L"))) for path in natives]
    crops += list(random_centre_crops(squares.pixels, squares.labels > 0))
    names = [path.stem for path in natives + sample] + [None] * len(others)
    sick = [path.parent.name == "PNEUMONIA" for path in natives + sample + others]
    order = np.random.default_rng(4).permutation(len(crops))
    train, val = order[40:], order[:40]
    content = archive(
        [crops[i] for i in train], [sick[i] for i in train],
        [crops[i] for i in val], [sick[i] for i in val],
    )  # fmt: skip
    artefacts = Artefacts()
    library = ReferenceLibrary(artefacts.arrays(LIBRARY))
    monkeypatch.setenv("NO_PROXY", "*")
    monkeypatch.setenv("CXR_PICTURES_MD5", hashlib.md5(content).hexdigest())
    with serving(whole(content)) as server:
        monkeypatch.setenv("CXR_PICTURES_URL", f"{server.url}/pneumoniamnist_128.npz")
        fetch_thumbnails(library, artefacts, no_matter, packed)
    with np.load(packed) as arrays:
        found = dict(zip(arrays["ids"].tolist(), arrays["pictures"], strict=True))
    wanted = dict(zip(names, crops, strict=True))
    del wanted[None]
    assert len(wanted) > 300
    assert np.mean([name in found for name in wanted]) >= 0.98
    for name, small in found.items():
        # A copy of a radiograph in the sample has its picture, at the same or other proportions.
        row = library.row_of[name]
        copies = library.rows_of_same_image(square_of(data, name))
        assert row in copies
        right = [wanted[str(other)] for other in library.ids[copies] if str(other) in wanted]
        assert any((small == to_thumbnail(np.float32(crop / 255))).all() for crop in right)


def square_of(data, name: str) -> np.ndarray:
    """The network's input of one reference."""
    from cxr_demo.models.preprocessing import to_network_input
    from cxr_demo.reading.reader import read_radiograph

    (path,) = [*data.glob(f"train/*/{name}.jpeg"), *data.glob(f"val/*/{name}.jpeg")]
    return to_network_input(read_radiograph(path.read_bytes()).pixels)
