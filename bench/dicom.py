"""Times whole analyses of the same radiographs as JPEG and as DICOM, from bytes to result.

    python -m bench.dicom

Prints JSON: by kind of `bench.inputs`, {"p50", "p95"} in milliseconds. The kinds take turns, in one
process, as a server reads them.
"""

import json
import statistics
import time

from bench.inputs import KINDS, prepare
from cxr_demo.analysis import Analyser
from cxr_demo.artefacts import Artefacts
from cxr_demo.reading.reader import read_radiograph

ROUNDS = 3


def measure_kinds() -> dict[str, dict[str, float]]:
    inputs, analyser = prepare(), Analyser(Artefacts())
    took: dict[str, list[float]] = {kind: [] for kind in KINDS}
    for turn in range(ROUNDS + 1):  # the first to warm up
        for files in zip(*inputs.values(), strict=True):
            for kind, file in zip(inputs, files, strict=True):
                content, began = file.read_bytes(), time.perf_counter()
                analyser.analyse(read_radiograph(content))
                if turn:
                    took[kind].append(1000 * (time.perf_counter() - began))
    return {
        kind: {"p50": statistics.median(ms), "p95": statistics.quantiles(ms, n=20)[-1]}
        for kind, ms in took.items()
    }


if __name__ == "__main__":
    print(json.dumps(measure_kinds()))
