"""What the handlers share: the analyser, which loads in a thread while the page starts, and what
the page shows of the reference library. Nothing of any radiograph is kept here.
"""

import hashlib
import threading
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from functools import cached_property
from pathlib import Path

import numpy as np

from cxr_demo.analysis import Analyser
from cxr_demo.artefacts import CALIBRATION, HELD_OUT_SCORES, Artefacts
from cxr_demo.reading.reader import read_radiograph
from cxr_demo.reference.fetch_thumbnails import fetch_thumbnails
from cxr_demo.reference.thumbnails import Thumbnails

ENOUGH = 0.9
"""Share of references with a picture from which on none are missed."""


class Service:
    """One server's models and library.

    Args:
        artefacts: where everything is loaded from.

    Attributes:
        loaded: done when the analyser is there, or holds why it never will.
    """

    def __init__(self, artefacts: Artefacts):
        self.artefacts = artefacts
        self._fetching = threading.Lock()
        with_one_thread = ThreadPoolExecutor(1, "load")
        self.loaded: Future = with_one_thread.submit(self._load)
        with_one_thread.shutdown(wait=False)

    def _load(self) -> Analyser:
        analyser = Analyser(self.artefacts)
        self._thumbnails = Thumbnails(analyser.library, self.artefacts)
        return analyser

    @property
    def analyser(self) -> Analyser:
        """Waits until it is loaded.

        Raises:
            ArtefactError: if what is to be loaded cannot be trusted.
        """
        return self.loaded.result()

    @property
    def thumbnails(self) -> Thumbnails:
        """Pictures of the references; waits as well."""
        self.loaded.result()
        return self._thumbnails

    @property
    def pictures(self) -> str:
        """What most references are shown by: "there", their own pictures; "middles" of them; or
        "missing", prototypes."""
        rows = range(len(self.analyser.library))
        own = sum(self.thumbnails.of(row).averaged == 1 for row in rows) / len(rows)
        return "missing" if own < ENOUGH else "middles" if self.thumbnails.middles else "there"

    def fetch_pictures(self, progress: Callable[[str, float], None]) -> None:
        """Get the references' pictures, once, however many ask.

        The only time that the server asks another one anything: a file that is the same for
        everybody, from an address that no visitor can choose.

        Args:
            progress: called with the stage and the share of it that is done.

        Raises:
            CXRError: if they cannot be had.
        """
        with self._fetching:
            if self.pictures == "missing":
                fetch_thumbnails(self.analyser.library, self.artefacts, progress)
                self._thumbnails = Thumbnails(self.analyser.library, self.artefacts)

    @cached_property
    def calibration(self) -> dict:
        """Operating points and assumed prevalences of the classifier, as stored."""
        return self.artefacts.json(CALIBRATION)

    @cached_property
    def held_out_scores(self) -> dict[str, dict]:
        """By anomaly method: its "presets", and scores of held-out "normal" and "pneumonia"."""
        return {method: self.artefacts.json(path) for method, path in HELD_OUT_SCORES.items()}

    def metrics(self, name: str) -> dict:
        """What was measured: "evaluation", "localisation", "self_test", "classifier_history"…"""
        return self.artefacts.json(f"metrics/{name}.json")

    @cached_property
    def example_paths(self) -> list[str]:
        """The shipped examples in a fixed order in which position tells nothing of the class."""
        paths = [path for path in self.artefacts.paths if path.startswith("examples/")]
        images = [path for path in paths if Path(path).suffix != ".md"]
        return sorted(images, key=lambda path: hashlib.sha256(path.encode()).digest())

    @cached_property
    def example_thumbnails(self) -> list[tuple[np.ndarray, str]]:
        """Small pictures of the examples with what a screen reader says of each."""
        rows = [self.analyser.library.row_of[Path(path).stem] for path in self.example_paths]
        return [(self.thumbnails.of(row).pixels, f"{n}") for n, row in enumerate(rows, 1)]

    def example(self, number: int) -> bytes:
        """The file of one example, from 0."""
        return self.artefacts.read(self.example_paths[number])

    @cached_property
    def radiograph(self):
        """One example, read; asked of the networks to see whether they answer."""
        return read_radiograph(self.example(0))
