"""Times whole analyses of the same radiographs as JPEG and as DICOM, from bytes to result.

    python -m bench.dicom

Prints JSON: {"ms": {"small", "large"}, "large_side", "apart": {"halved", "other_noise"}}. "ms" has
the examples as they are and enlarged to so many pixels, then by kind of `bench.inputs`
{"p50", "p95"} in milliseconds; the kinds take turns, in one process, as a server reads them.
"apart" has {"mean", "most"} of how far P(pneumonia) of an enlarged picture moves where half its
sides are decoded, and where its noise is another.
"""

import json
import statistics
import time
from pathlib import Path

from bench.inputs import KINDS, LARGE, SYNTAXES, dicom_file, in_12_bits, prepare, prepare_large
from cxr_demo.analysis import Analyser
from cxr_demo.artefacts import Artefacts
from cxr_demo.reading.reader import read_radiograph

ROUNDS = 3
_OTHER_SEEDS = 1000
"""From here on, noise that no other file of these has."""


def measure_kinds() -> dict[str, dict]:
    small, large, analyser = prepare(), prepare_large(), Analyser(Artefacts())
    return {
        "ms": {"small": _measured(small, analyser), "large": _measured(large, analyser)},
        "large_side": LARGE,
        "apart": _apart(large, analyser),
    }


def _measured(inputs: dict[str, list[Path]], analyser: Analyser) -> dict[str, dict[str, float]]:
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


def _apart(inputs: dict[str, list[Path]], analyser: Analyser) -> dict[str, dict[str, float]]:
    def pneumonia(content: bytes) -> float:
        return analyser.examine(read_radiograph(content)).probabilities["binary"]["pneumonia"]

    halved, other_noise = [], []
    for number, picture in enumerate(inputs["jpeg"]):
        whole = inputs["uncompressed"][number].read_bytes()
        waves = inputs["jpeg_2000"][number].read_bytes()
        noisy = in_12_bits(picture.read_bytes(), seed=_OTHER_SEEDS + number)
        other = dicom_file(noisy, number, SYNTAXES["uncompressed"])
        found = pneumonia(whole)
        halved.append(abs(pneumonia(waves) - found))
        other_noise.append(abs(pneumonia(other) - found))
    return {
        name: {"mean": statistics.mean(moved), "most": max(moved)}
        for name, moved in (("halved", halved), ("other_noise", other_noise))
    }


if __name__ == "__main__":
    print(json.dumps(measure_kinds()))
