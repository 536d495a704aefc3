"""The only reader of `assets/`: every artefact is checked against the manifest before use.

Data contract: `assets/manifest.json` is a list of entries with `path` (relative to `assets/`),
`sha256`, `bytes`, `command`, `commit` and `data`. Bytes leave here only when their hash matches. An
artefact that was derived from others holds their short hashes under the names of DERIVED_FROM, and
leaves here only when these are still the ones that ship.
"""

import hashlib
import io
import json
import os
from collections.abc import Mapping
from functools import cached_property
from pathlib import Path

import numpy as np

from cxr_demo.errors import ArtefactError

ASSETS = Path(os.environ.get("CXR_ASSETS", Path(__file__).parent.parent / "assets"))
"""Where artefacts are read and written; `CXR_ASSETS` names another folder, for models of one's own.
"""

ALIGNMENT = "alignment/alignment.npz"
CLASSIFIER = "classifier/classifier.tflite"
HEADS_WEIGHTS = "classifier/heads.npz"
CALIBRATION = "classifier/calibration.json"
DETECTOR = "detector/detector.tflite"
DENSITY = "anomaly/density.npz"
PADIM = "detector/padim.npz"
INPUT_CHECK = "detector/input_check.npz"
AUTOENCODER = "autoencoder/autoencoder.tflite"
LIBRARY = "library/library.npz"
TYPICALITY = "library/typicality.json"
MIDDLES = "library/middles.npz"

ANOMALY_NETWORKS = {"detector": DETECTOR, "autoencoder": AUTOENCODER}
HELD_OUT_SCORES = {method: f"{method}/held_out_scores.json" for method in ANOMALY_NETWORKS}

DERIVED_FROM: dict[str, dict[str, str]] = {
    HEADS_WEIGHTS: {"classifier": CLASSIFIER},
    CALIBRATION: {"classifier": CLASSIFIER},
    DENSITY: {"alignment": ALIGNMENT},
    PADIM: {"detector": DETECTOR, "density": DENSITY},
    INPUT_CHECK: {"alignment": ALIGNMENT, "detector": DETECTOR},
    HELD_OUT_SCORES["detector"]: {"detector": DETECTOR, "padim": PADIM},
    HELD_OUT_SCORES["autoencoder"]: {"alignment": ALIGNMENT, "autoencoder": AUTOENCODER},
    LIBRARY: {"classifier": CLASSIFIER},
    TYPICALITY: {"library": LIBRARY},
    MIDDLES: {"library": LIBRARY},
}
"""By artefact, what it was made with and the name under which it keeps the hash of that."""

VERSIONED = {
    "alignment": ALIGNMENT,
    "classifier": CLASSIFIER,
    "detector": DETECTOR,
    "autoencoder": AUTOENCODER,
    "density": DENSITY,
    "padim": PADIM,
    "gate": INPUT_CHECK,
    "library": LIBRARY,
}
"""What an analysis names by hash, by the keys of its JSON."""

_REMEDY = "Restore it with `git checkout -- assets`, or rebuild it as README says."


class Artefacts:
    """The artefacts under one folder, verified on reading.

    Args:
        root: folder with `manifest.json`.

    Raises:
        ArtefactError: if the manifest is missing or unreadable.
    """

    def __init__(self, root: Path = ASSETS):
        self.root = Path(root)
        try:
            entries = json.loads((self.root / "manifest.json").read_text())
            self._entries = {entry["path"]: entry for entry in entries if entry["sha256"]}
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise ArtefactError(
                f"{self.root / 'manifest.json'} is missing or damaged ({error}). {_REMEDY}"
            ) from None

    def read(self, path: str) -> bytes:
        """The bytes of one artefact.

        Raises:
            ArtefactError: if it is not in the manifest, missing, or differs from its hash.
        """
        if path not in self._entries:
            raise ArtefactError(f"assets/manifest.json does not name {path}. {_REMEDY}")
        try:
            data = (self.root / path).read_bytes()
        except OSError as error:
            raise ArtefactError(f"assets/{path} cannot be read ({error}). {_REMEDY}") from None
        found = hashlib.sha256(data).hexdigest()
        if found != self._entries[path]["sha256"]:
            raise ArtefactError(
                f"assets/{path} is not the file the manifest names: its SHA-256 is {found[:12]}…, "
                f"expected {self._entries[path]['sha256'][:12]}…. {_REMEDY}"
            )
        return data

    def json(self, path: str) -> dict:
        """One JSON artefact, parsed.

        Raises:
            ArtefactError: as `read`, or if it was derived from another version of its sources.
        """
        content = json.loads(self.read(path))
        self._check_sources(path, content)
        return content

    def arrays(self, path: str) -> dict[str, np.ndarray]:
        """The arrays of one NPZ artefact, by name.

        Raises:
            ArtefactError: as `json`.
        """
        with np.load(io.BytesIO(self.read(path)), allow_pickle=False) as stored:
            content = dict(stored)
        self._check_sources(path, content)
        return content

    def short_hash(self, path: str) -> str:
        """The first 12 characters of the hash the manifest gives for an artefact."""
        return self._entries[path]["sha256"][:12]

    def sources(self, path: str) -> dict[str, str]:
        """The short hashes that a derived artefact has to hold, by the names of DERIVED_FROM."""
        return {name: self.short_hash(source) for name, source in DERIVED_FROM[path].items()}

    @cached_property
    def paths(self) -> tuple[str, ...]:
        """All artefacts the manifest names, in its order."""
        return tuple(self._entries)

    def _check_sources(self, path: str, content: Mapping) -> None:
        for name, source in DERIVED_FROM.get(path, {}).items():
            made_with = str(content[name])
            if made_with != self.short_hash(source):
                raise ArtefactError(
                    f"assets/{path} was made with another version of {source} ({made_with}, not "
                    f"{self.short_hash(source)}). Please run `make train` to its end."
                )
