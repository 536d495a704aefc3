"""`make bench`: this project beside the obvious way and plain TensorFlow, in one run.

Writes `assets/metrics/bench.json`, from which README's table is made. Everything runs in processes
of its own, one after the other, the ways in turn so that a machine that changes its speed changes
it for all. Time: 12 min on 2 cores. Nothing else should run beside it.
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
from bench.served import ROOT, Served
from cxr_demo.artefacts import ASSETS
from train.records.manifest import write_json

TURNS, STARTS = 3, 3
ANALYSES = {"ours": 200, "obvious": 40}
"""After how many the memory is read; the obvious way is given less, for it is slow."""
FILES = 128
MODELS = ROOT / ".work" / "bench"
EXAMPLES = sorted(file for file in (ASSETS / "examples").iterdir() if file.suffix != ".md")


def processor() -> str:
    """What the operating system calls the processor."""
    information = Path("/proc/cpuinfo")
    lines = information.read_text().splitlines() if information.exists() else []
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.processor() or "unknown"


def python(*arguments: str, **environment: str) -> str:
    """What a Python process prints."""
    command, given = [sys.executable, *arguments], {**os.environ, **environment}
    ended = subprocess.run(
        command, cwd=ROOT, env=given, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, check=True
    )
    return ended.stdout.decode()


def latency() -> tuple[dict, float]:
    """Percentiles of a whole analysis by way, in milliseconds, and the classifier's median pass."""
    taken: dict[str, list[float]] = {"ours": [], "obvious": [], "tf_function": []}
    passes = []
    for _ in range(TURNS):
        for way, times in taken.items():
            found = json.loads(python("-m", "bench.ways", way, str(MODELS)))
            times += found["analysis"]
            if way == "ours":
                passes += found["pass"]
    return {way: percentiles(times) for way, times in taken.items()}, statistics.median(passes)


def percentiles(times: list[float]) -> dict[str, float]:
    """Median and 95th percentile."""
    return {"p50": statistics.median(times), "p95": statistics.quantiles(times, n=20)[-1]}


def server(way: str) -> Served:
    """A server of one way, about to start."""
    if way == "ours":
        return Served("app.py")
    return Served("-m", "bench.keras_baseline", "serve", str(MODELS), "{port}")


def cold_start() -> dict:
    """Seconds until the first page and the first answer, by way; medians of a few starts."""
    seen: dict[str, dict[str, list[float]]] = {
        way: {"first_page": [], "first_answer": []} for way in ANALYSES
    }
    for _ in range(STARTS):
        for way, times in seen.items():
            with server(way) as started:
                started.ask(EXAMPLES[0])
                times["first_answer"].append(started.since_start())
                times["first_page"].append(started.page_s)
    return {
        way: {name: statistics.median(values) for name, values in times.items()}
        for way, times in seen.items()
    }


def peak_memory() -> dict[str, float]:
    """The most memory that the serving process has had, in 10⁶ bytes, by way."""
    most = {}
    for way, analyses in ANALYSES.items():
        with server(way) as started:
            for number in range(analyses):
                started.ask(EXAMPLES[number % len(EXAMPLES)])
            most[way] = started.peak_mb()
    return most


def throughput() -> dict[str, float]:
    """Images per second over a folder: our whole command with its start, and Keras once loaded."""
    with tempfile.TemporaryDirectory() as folder:
        for number in range(FILES):
            original = EXAMPLES[number % len(EXAMPLES)]
            shutil.copy(original, Path(folder) / f"{number:04}{original.suffix}")
        theirs = json.loads(python("-m", "bench.ways", "obvious", str(MODELS), "--batch", folder))
        began = time.perf_counter()
        python("-m", "cxr_demo", "analyse", folder, "--json", os.devnull)
        ours = FILES / (time.perf_counter() - began)
    return {"ours": ours, "obvious": theirs["images_per_s"]}


def main() -> None:
    python("-m", "bench.keras_baseline", "prepare", str(MODELS))
    latency_ms, pass_ms = latency()
    peak = json.loads(python("-m", "bench.peak", OPENBLAS_NUM_THREADS=str(os.cpu_count())))
    reached = peak["products"] / (pass_ms / 1000)
    large = measure(500_000)
    found = {
        "latency_ms": latency_ms,
        "cold_start_s": cold_start(),
        "peak_memory_mb": peak_memory(),
        "batch_images_per_s": throughput(),
        "peak_share": reached / peak["products_per_s"]["int8"],
        "search_ms_500k": large["indexed"]["p50_ms"],
        "recall_500k": large["recall"],
        "classifier_pass": {
            "ms": pass_ms,
            "products": peak["products"],
            "products_per_s": reached,
            "peak_products_per_s": peak["products_per_s"],
        },
        "machine": {"cores": os.cpu_count(), "processor": processor()},
    }
    write_json(ASSETS / "metrics" / "bench.json", found, "make bench")
    print(json.dumps(found, indent=1))


if __name__ == "__main__":
    main()
