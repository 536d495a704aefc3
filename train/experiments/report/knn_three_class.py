"""Report, experiment 6: kNN with k = 3 on the penultimate layer, three classes.

    python -m train.experiments.report.knn_three_class --data ../shared/data/chest_xray

See `knn_binary` for what the network has seen.
Time: 3 min.
Expected: 70 to 82 % on a random split, 69 % on the official test (at 64 px). The report
printed 81.03 %.
"""

from train.experiments.report.knn import report_knn


def main() -> None:
    report_knn("knn_three_class", classes=3, neighbours=3, doc=__doc__)


if __name__ == "__main__":
    main()
