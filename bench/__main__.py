"""Measures this project beside the obvious way and plain TensorFlow: `make bench`.

Writes `assets/metrics/bench.json`, from which README's table is made. Every measurement runs in a
process of its own, one after the other, and the ways take turns, so that a machine whose speed
changes slows all of them. Takes 15 minutes on 2 cores, on which nothing else should run. What is
measured is kept as it comes (`bench.parts`): stopped, the same command goes on where it was.
"""

import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from bench.growth import measure
from bench.inputs import INPUTS, ROOT, prepare
from bench.parts import KEPT, machine, measured
from bench.served import KERAS_MODELS, measure_servers
from cxr_demo.artefacts import ASSETS
from train.records.manifest import write_json

TURNS = 3
FILES = {"ours": 512, "obvious": 128}
"""Of a folder; fewer for the obvious way, which is slow and whose start does not count."""


def python(*arguments: str | Path, **variables: str) -> str:
    """What a Python process prints."""
    return subprocess.check_output(
        [sys.executable, *arguments], cwd=ROOT, env=os.environ | variables, text=True,
        stderr=subprocess.DEVNULL,
    )  # fmt: skip


def latency() -> dict:
    """Percentiles of a whole analysis, in milliseconds, by way."""
    times: dict[str, list[float]] = {"ours": [], "obvious": [], "tf_function": []}
    for _ in range(TURNS):
        for way in times:
            times[way] += json.loads(python("-m", "bench.ways", way))
    return {
        way: {"p50": statistics.median(ms), "p95": statistics.quantiles(ms, n=20)[-1]}
        for way, ms in times.items()
    }


def throughput() -> dict[str, float]:
    """Images per second over a folder: "ours", the whole command with its start, of pictures and of
    DICOM files by syntax; and "obvious", Keras on pictures, without its start."""
    inputs, rates = prepare(), {}
    with folder_of(inputs["jpeg"], FILES["obvious"]) as folder:
        theirs = python("-m", "bench.keras_baseline", "batch", KERAS_MODELS, folder)
        rates["obvious"] = float(theirs)
    for kind, files in inputs.items():
        with folder_of(files, FILES["ours"]) as folder:
            began = time.perf_counter()
            python("-m", "cxr_demo", "analyse", folder, "--json", os.devnull)
            rates["ours" if kind == "jpeg" else kind] = FILES["ours"] / (
                time.perf_counter() - began
            )
    return rates


@contextmanager
def folder_of(files: list[Path], count: int) -> Iterator[str]:
    """A folder with so many files, each a link to one of these."""
    with tempfile.TemporaryDirectory(dir=INPUTS) as folder:
        for number in range(count):
            os.link(files[number % len(files)], Path(folder, f"{number:04}"))
        yield folder


def classifier_pass() -> dict:
    """See `bench.peak`."""
    return json.loads(python("-m", "bench.peak", OPENBLAS_NUM_THREADS=str(os.cpu_count())))


PARTS: dict[str, Callable[[], object]] = {
    "latency_ms": latency,
    "kinds": lambda: json.loads(python("-m", "bench.dicom")),
    "classifier_pass": classifier_pass,
    "servers": measure_servers,
    "page": lambda: json.loads(python("-m", "bench.page")),
    "search": lambda: measure(500_000),
    "batch_images_per_s": throughput,
}


def main() -> None:
    python("-m", "bench.keras_baseline", "prepare", KERAS_MODELS)
    found = measured(PARTS)
    pass_, search = found["classifier_pass"], found.pop("search")
    found |= {
        **found.pop("servers"),
        **found.pop("page"),
        "peak_share": pass_["products_per_s"] / pass_["peak_products_per_s"]["int8"],
        "search_ms_500k": search["indexed"]["p50_ms"],
        "recall_500k": search["recall"],
        "machine": machine(),
    }
    write_json(ASSETS / "metrics" / "bench.json", found, "make bench")
    KEPT.unlink()
    print(json.dumps(found, indent=1))


if __name__ == "__main__":
    main()
