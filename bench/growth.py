"""How search, memory and the map bear up when the library grows.

    python -m bench.growth                      # 5 k, 50 k, 500 k: 1 minute
    python -m bench.growth --largest 5000000    # 5 M as well: 5 minutes, 9 GB

Prints a table and writes `assets/metrics/growth.json`: {"library": hash, "cores", "sizes": [what
`measure` returns, smallest first], "search_ms_500k", "recall_500k"}, the last two of the search
that such a library uses. Linux only, for its way of telling the memory of a process.

References and queries are made: a real embedding each, moved as far as its nearest of another
patient lies, in directions in which the real ones differ from their nearest.
"""

import argparse
import ctypes
import functools
import json
import multiprocessing
import os
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np

from cxr_demo.artefacts import ASSETS, LIBRARY, Artefacts
from cxr_demo.reference.library import ReferenceLibrary, unit_rows
from cxr_demo.reference.map_sampling import sample_rows, sampling_order
from cxr_demo.reference.search import MAX_EXACT, ExactSearch, IndexedSearch
from train.records.manifest import write_json

SIZES = (5_000, 50_000, 500_000, 5_000_000)
NEIGHBOURS = 10
BUDGET = 8_000
"""Points that a page draws."""

BATCH = 100_000
SEED = 0
RESULT = ASSETS / "metrics" / "growth.json"


def measure(n: int, queries: int = 200) -> dict:
    """Measure both searches and the map for a library of n references.

    Memory is what the process grew by, so only the first call of a process is to be trusted with
    it; `main` gives each size a process of its own.

    Returns:
        {"references", "queries", "recall", "shortfall", "map"} and, for "exact" and "indexed",
        {"p50_ms", "p95_ms", "megabytes"}, the latter with "build_s" too. `recall` is the share of
        the true 10 nearest that the index finds, `shortfall` how much less similar those are that
        it finds instead, on average over the 10. `megabytes` of the index come on top of the
        vectors, which both searches need.
    """
    rng = np.random.default_rng(SEED)
    vectors, labels, places = grown(n + queries, rng)
    vectors, asked = vectors[:n], vectors[n:].copy()
    labels, places = labels[:n], places[:n]
    exact = ExactSearch(vectors, labels)
    before = megabytes_held()
    indexed, build_s = timed(lambda: IndexedSearch(vectors, labels))
    held = megabytes_held() - before
    true, exact_ms = answers(exact, asked)
    found, indexed_ms = answers(indexed, asked)
    pairs = list(zip(true, found, strict=True))
    return {
        "references": n,
        "queries": queries,
        "exact": {**exact_ms, "megabytes": round(vectors.nbytes / 2**20)},
        "indexed": {**indexed_ms, "megabytes": round(held), "build_s": round(build_s, 1)},
        "recall": float(np.mean([len(np.intersect1d(t[0], f[0])) / len(t[0]) for t, f in pairs])),
        "shortfall": float(np.mean([t[1].mean() - f[1].mean() for t, f in pairs])),
        "map": measure_map(places, labels),
    }


def measure_map(places: np.ndarray, labels: np.ndarray) -> dict:
    """Of one map: seconds to order it, milliseconds for a view, points and kilobytes it sends."""
    order, order_s = timed(lambda: sampling_order(places, labels))
    low, high = np.quantile(places, (0.4, 0.6), axis=0)
    views = {
        "overview": (*places.min(axis=0), *places.max(axis=0)),
        "closer": (*low, *high),
    }
    result = {"order_s": round(order_s, 2), "all_kilobytes": kilobytes(places)}
    for name, view in views.items():
        draw = functools.partial(sample_rows, places, order, view, BUDGET)
        times = [timed(draw)[1] for _ in range(20)]
        drawn = draw()
        result[name] = {
            "p50_ms": round(1000 * float(np.median(times)), 2),
            "points": len(drawn),
            "kilobytes": kilobytes(places[drawn]),
        }
    return result


def grown(n: int, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """A made library: float32 (n, D) of unit length, labels (n,), UMAP places float32 (n, 2)."""
    library = ReferenceLibrary(Artefacts().arrays(LIBRARY))
    nearest = [
        library.nearest(embedding, 1, leave_out=(str(patient),))[0].row
        for embedding, patient in zip(library.embeddings, library.patients, strict=True)
    ]
    apart = library.embeddings[nearest] - library.embeddings
    distances = np.linalg.norm(apart, axis=1, keepdims=True)
    directions = apart / np.maximum(distances, 1e-6)
    width = directions.shape[1]
    spread = np.linalg.cholesky(
        directions.T.astype(np.float64) @ directions / len(directions) + 1e-9 * np.eye(width)
    ).astype(np.float32)
    rows = rng.integers(0, len(library), n)
    vectors = np.empty((n, width), np.float32)
    for start in range(0, n, BATCH):
        chosen = rows[start : start + BATCH]
        moved = unit_rows(rng.standard_normal((len(chosen), width), np.float32) @ spread.T)
        moved = library.embeddings[chosen] + distances[chosen] * moved
        vectors[start : start + BATCH] = unit_rows(moved)
    places = library.coordinates["umap"][rows]
    places += rng.normal(0, 0.01 * np.ptp(places), places.shape).astype(np.float32)
    return vectors, library.labels[rows], places


def answers(
    search: ExactSearch | IndexedSearch, asked: np.ndarray
) -> tuple[list[tuple[np.ndarray, np.ndarray]], dict]:
    """What a search says to each query, one at a time, and its {"p50_ms", "p95_ms"}."""
    nobody = np.empty(0, np.int64)
    labels = (0, 1, 2)
    search.nearest(asked[0], NEIGHBOURS, labels, nobody)  # the first one warms the caches
    said = [timed(lambda q=q: search.nearest(q, NEIGHBOURS, labels, nobody)) for q in asked]
    p50, p95 = np.quantile([1000 * seconds for _, seconds in said], (0.5, 0.95))
    return [answer for answer, _ in said], {"p50_ms": round(p50, 3), "p95_ms": round(p95, 3)}


def timed(work: Callable) -> tuple:
    """What a piece of work returns, and its seconds."""
    start = time.perf_counter()
    result = work()
    return result, time.perf_counter() - start


def megabytes_held() -> float:
    """Memory of this process, once what it has freed went back to the system."""
    ctypes.CDLL(None).malloc_trim(0)
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 2**20


def kilobytes(places: np.ndarray) -> int:
    """Size of places as JSON, with the digits that `ui.briefing` sends; of many from a sample."""
    sample = places[:BUDGET]
    size = len(json.dumps(np.round(sample.astype(float), 3).T.tolist()))
    return round(size * len(places) / len(sample) / 1024)


def table(sizes: list[dict]) -> str:
    """One line for each size, as Markdown."""
    lines = [
        "| references | exact, ms p50 (p95) | indexed, ms p50 (p95) | recall of 10 | build, s "
        "| vectors, MB | index, MB | map, ms | map, kB (all) |",
        "| --- " * 9 + "|",
    ]
    for m in sizes:
        exact, indexed, overview = m["exact"], m["indexed"], m["map"]["overview"]
        lines.append(
            f"| {m['references']:,} | {exact['p50_ms']:.2f} ({exact['p95_ms']:.2f}) "
            f"| {indexed['p50_ms']:.2f} ({indexed['p95_ms']:.2f}) | {m['recall']:.4f} "
            f"| {indexed['build_s']:.1f} | {exact['megabytes']:,} | {indexed['megabytes']:,} "
            f"| {overview['p50_ms']:.1f} | {overview['kilobytes']:,} "
            f"({m['map']['all_kilobytes']:,}) |"
        )
    return "\n".join(lines)


def summary(sizes: list[dict], library: str) -> dict:
    """What is written, see the top of this file."""
    of = {m["references"]: m for m in sizes}
    result = {"library": library, "cores": os.cpu_count(), "sizes": sizes}
    if large := of.get(500_000):
        exact = large["references"] <= MAX_EXACT
        result["search_ms_500k"] = large["exact" if exact else "indexed"]["p50_ms"]
        result["recall_500k"] = 1.0 if exact else large["recall"]
    return result


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--largest", type=int, default=500_000, choices=SIZES)
    largest = parser.parse_args().largest
    sizes = []
    for n in (size for size in SIZES if size <= largest):
        with multiprocessing.get_context("spawn").Pool(1) as process:
            sizes.append(process.apply(measure, (n, 200 if n <= 500_000 else 50)))
        print(json.dumps(sizes[-1]), flush=True)
    library = Artefacts().short_hash(LIBRARY)
    write_json(RESULT, summary(sizes, library), f"python -m bench.growth --largest {largest}")
    print(table(sizes))


if __name__ == "__main__":
    main()
