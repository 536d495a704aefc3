"""Only bytes that the manifest vouches for leave `assets/`."""

import hashlib
import io
import json
import pickle

import numpy as np
import pytest

from cxr_demo.artefacts import DERIVED_FROM, Artefacts
from cxr_demo.errors import ArtefactError, CXRError

# From FIPS 180-2, the standard's own examples.
SHA256_OF_ABC = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
SHA256_OF_NOTHING = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
# printf '{"threshold": 0.25}' | sha256sum
SHA256_OF_JSON = "ed4292ea39d6efad205d95951a2aee12ea631d8797647687dd133f02737d3a2b"


@pytest.fixture
def root(tmp_path):
    (tmp_path / "folder").mkdir()
    (tmp_path / "folder" / "abc.bin").write_bytes(b"abc")
    (tmp_path / "empty.bin").write_bytes(b"")
    write_manifest(tmp_path, {"folder/abc.bin": SHA256_OF_ABC, "empty.bin": SHA256_OF_NOTHING})
    return tmp_path


@pytest.fixture
def served(tmp_path):
    """Puts files into a folder of artefacts, which its manifest then names."""

    class Served:
        def __init__(self):
            self.hashes: dict[str, str] = {}

        def __call__(self, path: str, content: bytes) -> None:
            (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
            (tmp_path / path).write_bytes(content)
            self.hashes[path] = hashlib.sha256(content).hexdigest()

        def artefacts(self) -> Artefacts:
            write_manifest(tmp_path, self.hashes)
            return Artefacts(tmp_path)

    return Served()


def write_manifest(root, hashes):
    entries = [{"path": path, "sha256": sha256} for path, sha256 in hashes.items()]
    (root / "manifest.json").write_text(json.dumps(entries))


def message_of(error) -> str:
    """The message, once it is known to be meant for a person and to offer a remedy."""
    assert isinstance(error.value, CXRError)
    message = str(error.value)
    assert "git checkout -- assets" in message
    assert "Traceback" not in message
    return message


def test_intact_artefacts_are_read(root):
    artefacts = Artefacts(root)
    assert artefacts.read("folder/abc.bin") == b"abc"
    assert artefacts.read("empty.bin") == b""


def test_paths_keep_the_order_of_the_manifest(root):
    assert Artefacts(root).paths == ("folder/abc.bin", "empty.bin")


def test_short_hash_is_the_first_12_characters(root):
    assert Artefacts(root).short_hash("folder/abc.bin") == "ba7816bf8f01"


def test_json_is_parsed(root):
    (root / "a.json").write_bytes(b'{"threshold": 0.25}')
    write_manifest(root, {"a.json": SHA256_OF_JSON})
    assert Artefacts(root).json("a.json") == {"threshold": 0.25}


def test_json_is_verified_like_anything_else(root):
    (root / "a.json").write_bytes(b'{"threshold": 0.26}')
    write_manifest(root, {"a.json": SHA256_OF_JSON})
    with pytest.raises(ArtefactError, match=r"a\.json"):
        Artefacts(root).json("a.json")


@pytest.mark.parametrize("changed", [b"abd", b"abc\n", b""])
def test_another_content_is_refused_with_both_hashes(root, changed):
    (root / "folder" / "abc.bin").write_bytes(changed)
    with pytest.raises(ArtefactError) as error:
        Artefacts(root).read("folder/abc.bin")
    message = message_of(error)
    assert "folder/abc.bin" in message
    assert SHA256_OF_ABC[:12] in message
    if not changed:
        assert SHA256_OF_NOTHING[:12] in message


def test_a_missing_file_is_named(root):
    (root / "folder" / "abc.bin").unlink()
    with pytest.raises(ArtefactError) as error:
        Artefacts(root).read("folder/abc.bin")
    assert "folder/abc.bin" in message_of(error)


def test_a_file_the_manifest_does_not_name_is_refused_though_it_exists(root):
    (root / "stray.bin").write_bytes(b"abc")
    with pytest.raises(ArtefactError) as error:
        Artefacts(root).read("stray.bin")
    assert "stray.bin" in message_of(error)


def test_a_missing_manifest_is_named(tmp_path):
    with pytest.raises(ArtefactError) as error:
        Artefacts(tmp_path)
    assert str(tmp_path / "manifest.json") in message_of(error)


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"[{",
        b"\xff\xfe\x00",
        b"null",
        b'{"path": "a", "sha256": "b"}',
        b'[{"sha256": "b"}]',
        b'[{"path": "a.bin"}]',
    ],
    ids=["empty", "cut off", "not text", "null", "not a list", "no path", "no hash"],
)
def test_a_damaged_manifest_is_named(tmp_path, content):
    (tmp_path / "a.bin").write_bytes(b"abc")
    (tmp_path / "manifest.json").write_bytes(content)
    with pytest.raises(ArtefactError) as error:
        Artefacts(tmp_path).read("a.bin")
    assert "manifest.json" in message_of(error)


def npz(**arrays) -> bytes:
    file = io.BytesIO()
    np.savez(file, **arrays)
    return file.getvalue()


def test_arrays_come_back_as_they_were_stored(served):
    served("a.npz", npz(one=np.arange(3), name="b"))
    found = served.artefacts().arrays("a.npz")
    assert found["one"].tolist() == [0, 1, 2] and str(found["name"]) == "b"


class Trap:
    """Would raise another error if it were ever unpickled."""

    def __reduce__(self):
        return (exec, ("raise RuntimeError('unpickled')",))


def test_pickles_are_not_read(served):
    objects = np.empty(1, object)
    objects[0] = Trap()
    for content in (npz(binary=objects), pickle.dumps(Trap())):
        served("a.npz", content)
        with pytest.raises(ValueError, match="pickle"):
            served.artefacts().arrays("a.npz")


def test_sources_name_the_hashes_that_ship(served):
    for path in ("library/library.npz", "classifier/classifier.tflite"):
        served(path, b"abc")
    assert served.artefacts().sources("library/library.npz") == {"classifier": SHA256_OF_ABC[:12]}


@pytest.mark.parametrize("path", DERIVED_FROM)
def test_what_was_made_with_another_version_is_refused(served, path):
    sources = DERIVED_FROM[path]
    for source in sources.values():
        served(source, b"abc")
    right = dict.fromkeys(sources, SHA256_OF_ABC[:12])

    def read(stored: dict) -> dict:
        is_json = path.endswith(".json")
        served(path, json.dumps(stored).encode() if is_json else npz(**stored))
        artefacts = served.artefacts()
        return artefacts.json(path) if is_json else artefacts.arrays(path)

    assert read(right).keys() == right.keys()
    for name, source in sources.items():
        with pytest.raises(
            ArtefactError, match=f"{path} was made with another version of {source}"
        ):
            read({**right, name: "0" * 12})
