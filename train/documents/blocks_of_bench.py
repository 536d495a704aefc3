"""Results as Markdown: how fast and how light it is → blocks of README.

Pure: dictionaries as they stand in `assets/metrics` in, Markdown out.
"""

from train.documents.blocks import NOT_RUN, met, table


def speed(bench: dict, parity: dict) -> str:
    """What was aimed at and what was reached, side by side with the other ways."""
    if not (bench and parity):
        return NOT_RUN + "\n"
    ms, start = bench["latency_ms"], bench["cold_start_s"]
    memory, batch = bench["peak_memory_mb"], bench["batch_images_per_s"]
    shares = {way: ms[way]["p50"] / ms["ours"]["p50"] for way in ("obvious", "tf_function")}
    page, answer = (
        (start["ours"][name], start["obvious"][name] / start["ours"][name])
        for name in ("first_page", "first_answer")
    )
    faster = batch["ours"] / batch["obvious"]
    passed = bench["classifier_pass"]
    near = min(parity[head]["share_near"] for head in ("binary", "three_class"))
    gap = abs(parity["auc"]["kept"] - parity["auc"]["served"])
    overlap = parity["neighbours_overlap"]
    return table(
        ("", "ours", "the obvious way", "aim", "met"),
        [
            (
                "whole analysis, p50 (p95)",
                _milliseconds(ms["ours"]),
                f"{_milliseconds(ms['obvious'])}, {shares['obvious']:.1f} times as long",
                "≥ 10 times",
                met(shares["obvious"] >= 10),
            ),
            (
                "… against plain `tf.function`",
                "",
                f"{_milliseconds(ms['tf_function'])}, {shares['tf_function']:.1f} times as long",
                "≥ 2.5 times",
                met(shares["tf_function"] >= 2.5),
            ),
            _start("first page after a start", page, start["obvious"]["first_page"], 5),
            _start("first answer after a start", answer, start["obvious"]["first_answer"], 8),
            (
                "peak memory of the server",
                f"{memory['ours']:.0f} MB after 200 analyses",
                f"{memory['obvious']:.0f} MB after 40",
                "≤ 450 MB",
                met(memory["ours"] <= 450),
            ),
            (
                "images per second over a folder",
                f"{batch['ours']:.1f}",
                f"{batch['obvious']:.1f}, {faster:.1f} times as slow",
                "≥ 2.5 times",
                met(faster >= 2.5),
            ),
            (
                "share of the machine's int8 matrix peak in the classifier's pass",
                f"{bench['peak_share']:.0%} of {_billions(passed['peak_products_per_s']['int8'])}",
                "",
                "≥ 50 %",
                met(bench["peak_share"] >= 0.5),
            ),
            (
                "nearest 10 of 500,000 references",
                f"{bench['search_ms_500k']:.1f} ms, recall {bench['recall_500k']:.3f}",
                "",
                "≤ 10 ms, ≥ 0.99",
                met(bench["search_ms_500k"] <= 10 and bench["recall_500k"] >= 0.99),
            ),
            (
                "probabilities within 0.03 of the kept Keras weights",
                f"{near:.1%} of {parity['n']} images",
                "",
                "≥ 99 %",
                met(near >= 0.99),
            ),
            ("… AUROC apart", f"{gap:.4f}", "", "≤ 0.002", met(gap <= 0.002)),
            ("… same of the 10 nearest", f"{overlap:.1%}", "", "≥ 90 %", met(overlap >= 0.9)),
        ],
    )


def growth(found: dict) -> str:
    """How search, memory and the map bear up when the library grows."""
    if not found:
        return NOT_RUN + "\n"
    return table(
        (
            "references", "all compared", "index", "recall@10", "vectors", "index on top",
            "built in", "a whole map sends",
        ),
        [
            (
                f"{size['references']:,}",
                f"{size['exact']['p50_ms']:.1f} ms",
                f"{size['indexed']['p50_ms']:.1f} ms",
                f"{size['recall']:.4f}",
                f"{size['exact']['megabytes']:,} MB",
                f"{size['indexed']['megabytes']:,} MB",
                f"{size['indexed']['build_s']:.0f} s",
                f"{size['map']['overview']['kilobytes']:,} of {size['map']['all_kilobytes']:,} kB",
            )
            for size in found["sizes"]
        ],
    )  # fmt: skip


def _start(name: str, reached: tuple[float, float], theirs: float, most: float) -> tuple:
    seconds, times = reached
    return (
        name,
        f"{seconds:.1f} s",
        f"{theirs:.1f} s, {times:.1f} times as late",
        f"≤ {most} s, ≥ 3 times sooner",
        met(seconds <= most and times >= 3),
    )


def _milliseconds(percentiles: dict[str, float]) -> str:
    return f"{percentiles['p50']:.0f} ms ({percentiles['p95']:.0f})"


def _billions(products_per_s: float) -> str:
    return f"{products_per_s / 1e9:.0f} · 10⁹ products a second"
