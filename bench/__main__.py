"""Measures this project beside the obvious way and plain TensorFlow: `make bench`.

Writes `assets/metrics/bench.json`, from which README's table is made. Every measurement runs in a
process of its own, one after the other, and the ways take turns, so that a machine whose speed
changes slows all of them. Takes 12 minutes on 2 cores, on which nothing else should run.
"""

import json
import os
import platform
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from bench.growth import measure
from bench.served import EXAMPLES, KERAS_MODELS, ROOT, measure_servers
from cxr_demo.artefacts import ASSETS
from train.records.manifest import write_json

TURNS = 3
FILES = 128


def processor() -> str:
    """The processor's name, where Linux gives one."""
    lines = Path("/proc/cpuinfo").read_text().splitlines()
    names = [line.partition(": ")[2] for line in lines if line.startswith("model name")]
    return names[0] if names else platform.machine()


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
    """Images per second over a folder: our whole command with its start, Keras without."""
    with tempfile.TemporaryDirectory() as folder:
        for number in range(FILES):
            shutil.copy(EXAMPLES[number % len(EXAMPLES)], Path(folder, f"{number:04}.jpeg"))
        theirs = float(python("-m", "bench.keras_baseline", "batch", KERAS_MODELS, folder))
        began = time.perf_counter()
        python("-m", "cxr_demo", "analyse", folder, "--json", os.devnull)
        ours = FILES / (time.perf_counter() - began)
    return {"ours": ours, "obvious": theirs}


def main() -> None:
    python("-m", "bench.keras_baseline", "prepare", KERAS_MODELS)
    latency_ms = latency()
    classifier = json.loads(python("-m", "bench.peak", OPENBLAS_NUM_THREADS=str(os.cpu_count())))
    cold_start_s, peak_memory_mb = measure_servers()
    repaint_ms = json.loads(python("-m", "bench.repaint"))
    large = measure(500_000)
    found = {
        "latency_ms": latency_ms,
        "cold_start_s": cold_start_s,
        "peak_memory_mb": peak_memory_mb,
        "threshold_repaint_ms": repaint_ms,
        "batch_images_per_s": throughput(),
        "peak_share": classifier["products_per_s"] / classifier["peak_products_per_s"]["int8"],
        "search_ms_500k": large["indexed"]["p50_ms"],
        "recall_500k": large["recall"],
        "classifier_pass": classifier,
        "machine": {"cores": os.cpu_count(), "processor": processor()},
    }
    write_json(ASSETS / "metrics" / "bench.json", found, "make bench")
    print(json.dumps(found, indent=1))


if __name__ == "__main__":
    main()
