"""Measures search, memory and the map for growing reference libraries.

    python -m bench.growth                      # 5 k, 50 k, 500 k: 1 minute
    python -m bench.growth --largest 5000000    # 5 M as well: 5 minutes, 9 GB

Prints a line of JSON per size and writes `assets/metrics/growth.json`: {"library": hash, "cores",
"sizes": [as `measure`, smallest first], "search_ms_500k", "recall_500k"}, the last two of the
index, which such a library uses. Linux only, because of how the memory of a process is read.

References and queries are synthetic: each is a real embedding, moved as far as its nearest of
another patient lies, in a random direction with the covariance of those from all to their nearest.
"""

import argparse
import ctypes
import json
import multiprocessing
import os
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

import numpy as np

from cxr_demo.artefacts import ASSETS, LIBRARY, Artefacts
from cxr_demo.reference.library import ReferenceLibrary, unit_rows
from cxr_demo.reference.map_sampling import sample_rows, sampling_order
from cxr_demo.reference.search import ExactSearch, IndexedSearch
from train.records.manifest import write_json

SIZES = (5_000, 50_000, 500_000, 5_000_000)
NEIGHBOURS = 10
MAX_POINTS = 8_000
"""How many points of a map the page draws."""
BATCH = 100_000


def measure(n: int) -> dict:
    """Measure both searches and the map for a library of n references, in a process of its own.

    Returns:
        {"references", "queries", "recall", "shortfall", "map"} and, for "exact" and "indexed",
        {"p50_ms", "p95_ms", "megabytes"}, for the latter with "build_s" too. `recall` is the share
        of the true 10 nearest that the index finds, `shortfall` how much lower the mean similarity
        of those it finds is. `megabytes` of the index come on top of the vectors, which both
        searches need.
    """
    with multiprocessing.get_context("spawn").Pool(1) as process:
        return process.apply(_measure, (n, 200 if n <= 500_000 else 50))


def _measure(n: int, queries: int) -> dict:
    vectors, labels, places = synthetic_library(n + queries, np.random.default_rng(0))
    vectors, asked = vectors[:n], vectors[n:].copy()
    labels, places = labels[:n], places[:n]
    before = resident_megabytes()
    indexed, build_s = timed(lambda: IndexedSearch(vectors, labels))
    grown_by = resident_megabytes() - before
    true, exact_ms = answers(ExactSearch(vectors, labels), asked)
    found, indexed_ms = answers(indexed, asked)
    pairs = list(zip(true, found, strict=True))
    return {
        "references": n,
        "queries": queries,
        "exact": {**exact_ms, "megabytes": round(vectors.nbytes / 2**20)},
        "indexed": {**indexed_ms, "megabytes": round(grown_by), "build_s": round(build_s, 1)},
        "recall": float(np.mean([len(np.intersect1d(t[0], f[0])) / len(t[0]) for t, f in pairs])),
        "shortfall": float(np.mean([t[1].mean() - f[1].mean() for t, f in pairs])),
        "map": measure_map(places, labels),
    }


def measure_map(places: np.ndarray, labels: np.ndarray) -> dict:
    """Seconds to order the map; for two views, milliseconds, points and kilobytes sent."""
    order, order_s = timed(lambda: sampling_order(places, labels))
    result = {"order_s": round(order_s, 2), "all_kilobytes": kilobytes(places)}
    for name, edges in (("overview", (0, 1)), ("closer", (0.4, 0.6))):
        view = np.quantile(places, edges, axis=0).ravel()  # left, bottom, right, top
        draws = [timed(partial(sample_rows, places, order, view, MAX_POINTS)) for _ in range(20)]
        drawn = draws[0][0]
        result[name] = {
            "p50_ms": round(1000 * float(np.median([seconds for _, seconds in draws])), 2),
            "points": len(drawn),
            "kilobytes": kilobytes(places[drawn]),
        }
    return result


def synthetic_library(n: int, rng: np.random.Generator) -> tuple[np.ndarray, ...]:
    """Embeddings float32 (n, D) of unit length, labels (n,), UMAP coordinates float32 (n, 2)."""
    library = ReferenceLibrary(Artefacts().arrays(LIBRARY))
    nearest = [
        library.nearest(embedding, 1, leave_out=(str(patient),))[0].row
        for embedding, patient in zip(library.embeddings, library.patients, strict=True)
    ]
    apart = library.embeddings[nearest] - library.embeddings
    distances = np.linalg.norm(apart, axis=1, keepdims=True)
    directions = (apart / np.maximum(distances, 1e-6)).astype(np.float64)
    width = directions.shape[1]
    covariance = directions.T @ directions / len(directions) + 1e-9 * np.eye(width)
    spread = np.linalg.cholesky(covariance).astype(np.float32)
    rows = rng.integers(0, len(library), n)
    vectors = np.empty((n, width), np.float32)
    for start in range(0, n, BATCH):
        chosen = rows[start : start + BATCH]
        moves = unit_rows(rng.standard_normal((len(chosen), width), np.float32) @ spread.T)
        moved = library.embeddings[chosen] + distances[chosen] * moves
        vectors[start : start + BATCH] = unit_rows(moved)
    places = library.coordinates["umap"][rows]
    places += rng.normal(0, 0.01 * np.ptp(places), places.shape).astype(np.float32)
    return vectors, library.labels[rows], places


def answers(search: ExactSearch | IndexedSearch, queries: np.ndarray) -> tuple[list[tuple], dict]:
    """(rows, similarities) of each query, one at a time, and {"p50_ms", "p95_ms"} of them all."""
    ask = partial(search.nearest, k=NEIGHBOURS, labels=(0, 1, 2), leave_out=np.empty(0, np.int64))
    ask(queries[0])  # the first one warms the caches
    results, seconds = zip(*(timed(partial(ask, query)) for query in queries), strict=True)
    p50, p95 = 1000 * np.quantile(seconds, (0.5, 0.95))
    return list(results), {"p50_ms": round(p50, 3), "p95_ms": round(p95, 3)}


def timed(work: Callable) -> tuple:
    """What a function returns, and its seconds."""
    start = time.perf_counter()
    result = work()
    return result, time.perf_counter() - start


def resident_megabytes() -> float:
    """Memory of this process, after what it has freed was returned to the system."""
    ctypes.CDLL(None).malloc_trim(0)
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 2**20


def kilobytes(places: np.ndarray) -> int:
    """Size of places as JSON, rounded to three decimals, extrapolated from the first ones."""
    sample = places[:MAX_POINTS]
    size = len(json.dumps(np.round(sample.astype(float), 3).T.tolist()))
    return round(size * len(places) / len(sample) / 1024)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--largest", type=int, default=500_000, choices=SIZES)
    largest = parser.parse_args().largest
    sizes = []
    for n in SIZES[: SIZES.index(largest) + 1]:
        sizes.append(measure(n))
        print(json.dumps(sizes[-1]), flush=True)
    library = Artefacts().short_hash(LIBRARY)
    result = {"library": library, "cores": os.cpu_count(), "sizes": sizes}
    for size in sizes:
        if size["references"] == 500_000:
            result["search_ms_500k"] = size["indexed"]["p50_ms"]
            result["recall_500k"] = size["recall"]
    command = f"python -m bench.growth --largest {largest}"
    write_json(ASSETS / "metrics" / "growth.json", result, command)


if __name__ == "__main__":
    main()
