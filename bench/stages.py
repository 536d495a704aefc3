"""Measures where the time of one radiograph goes, from the bytes of a file to the answer.

    python -m bench.stages    # half a minute

Writes `assets/metrics/stages.json`: {"machine", "ms": {stage: milliseconds}}: the least of ROUNDS
for each shipped example, since whatever else the machine does only adds to it, and the mean of
these. "analysis" is the whole of what comes after reading; the classifier runs beside other stages,
so that they add up to more. "request" is what an analysis over HTTP takes, all requests together.
"""

import contextlib
import json
import os
import statistics
import sys
import threading
import time
from collections import defaultdict
from collections.abc import Callable
from unittest import mock

from bench.inputs import EXAMPLES, ROOT
from bench.parts import machine
from bench.served import analyse
from cxr_demo import analysis
from cxr_demo.analysis import Analyser
from cxr_demo.anomaly.density import NormalDensity
from cxr_demo.artefacts import ASSETS, Artefacts
from cxr_demo.models.alignment import Aligner
from cxr_demo.models.input_check import InputChecker
from cxr_demo.models.networks import Autoencoder, Classifier, Detector
from cxr_demo.reading.reader import read_radiograph
from cxr_demo.reference.library import ReferenceLibrary
from cxr_demo.report import result_line
from cxr_demo.server.serialise import viewer_value
from deploy.local_server import local_server
from train.records.manifest import write_json

ROUNDS = 20
STAGES = {
    "square of 224 pixels": (analysis, "to_network_input"),
    "alignment": (Aligner, "__call__"),
    "frames": (analysis, "warp"),
    "classifier": (Classifier, "__call__"),
    "detector": (Detector, "__call__"),
    "input check": (InputChecker, "__call__"),
    "density": (NormalDensity, "__call__"),
    "maps and scores, with the autoencoder": (Analyser, "_score"),
    "… the autoencoder": (Autoencoder, "__call__"),
    "recognising a reference": (ReferenceLibrary, "rows_of_same_image"),
    "neighbours, vote and place on the maps": (analysis, "find_neighbourhood"),
    "saliency": (analysis, "saliency"),
    "zones": (Analyser, "_read_zones"),
}
"""What is called once or more in an analysis, and where it is looked up."""


class Watch:
    """Adds up the milliseconds of stages, from several threads."""

    def __init__(self):
        self._lock = threading.Lock()
        self.forget()

    def forget(self) -> None:
        self.ms: dict[str, float] = defaultdict(float)

    def watched(self, stage: str, run: Callable) -> Callable:
        """A function that does the same."""

        def timed(*given, **named):
            began = time.perf_counter()
            try:
                return run(*given, **named)
            finally:
                took = 1000 * (time.perf_counter() - began)
                with self._lock:
                    self.ms[stage] += took

        return timed


def measure_stages() -> dict[str, float]:
    """Milliseconds by stage, in this process."""
    watch, analyser = Watch(), Analyser(Artefacts())
    read = watch.watched("reading", read_radiograph)
    run = watch.watched("analysis", analyser.analyse)
    line = watch.watched("line of JSON", lambda found: json.dumps(result_line("", found)))
    value = watch.watched("what the viewer draws", lambda found: json.dumps(viewer_value(found, 1)))
    with contextlib.ExitStack() as patched:
        for stage, (where, name) in STAGES.items():
            timed = watch.watched(stage, getattr(where, name))
            patched.enter_context(mock.patch.object(where, name, timed))
        rounds = []
        for file in EXAMPLES:
            content, least = file.read_bytes(), {}
            for _ in range(ROUNDS):
                watch.forget()
                found = run(read(content))
                line(found)
                value(found)
                least = {s: min(ms, least.get(s, ms)) for s, ms in watch.ms.items()}
            rounds.append(least)
    order = ("reading", *STAGES, "analysis", "line of JSON", "what the viewer draws")
    return {stage: statistics.mean(least[stage] for least in rounds) for stage in order}


def measure_requests() -> float:
    """Milliseconds of an analysis over HTTP."""
    least = []
    with local_server([sys.executable, "app.py"], ROOT, os.environ) as server:
        server.wait_for("/health")
        for file in EXAMPLES:
            took = []
            for _ in range(ROUNDS // 4):
                began = time.perf_counter()
                analyse(server, file)
                took.append(1000 * (time.perf_counter() - began))
            least.append(min(took))
    return statistics.mean(least)


def main() -> None:
    result = {"machine": machine(), "ms": {**measure_stages(), "request": measure_requests()}}
    write_json(ASSETS / "metrics" / "stages.json", result, "python -m bench.stages")
    print(json.dumps(result, indent=1))


if __name__ == "__main__":
    main()
