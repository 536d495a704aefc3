"""The only reader of `assets/`: every artefact is checked against the manifest before use.

Data contract: `assets/manifest.json` is a list of entries with `path` (relative to `assets/`),
`sha256`, `bytes`, `command`, `commit` and `data`. Bytes leave here only when their hash matches.
"""

import hashlib
import json
from functools import cached_property
from pathlib import Path

from cxr_demo.errors import ArtefactError

ASSETS = Path(__file__).parent.parent / "assets"

CLASSIFIER = "classifier/classifier.tflite"
HEADS_WEIGHTS = "classifier/heads.npz"
CALIBRATION = "classifier/calibration.json"
ANOMALY_NETWORKS = {
    "detector": "detector/detector.tflite",
    "autoencoder": "autoencoder/autoencoder.tflite",
}
NORMALITY = "detector/normality.npz"
GATE = "detector/gate.npz"
SCREENING = {method: f"{method}/screening.json" for method in ANOMALY_NETWORKS}
LIBRARY = "library/library.npz"
TYPICALITY = "library/typicality.json"
MIDDLES = "library/middles.npz"

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
        """One JSON artefact, parsed."""
        return json.loads(self.read(path))

    def short_hash(self, path: str) -> str:
        """The first 12 characters of the hash the manifest gives for an artefact."""
        return self._entries[path]["sha256"][:12]

    @cached_property
    def paths(self) -> tuple[str, ...]:
        """All artefacts the manifest names, in its order."""
        return tuple(self._entries)
