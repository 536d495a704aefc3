"""Report, experiment 7: t-SNE of the penultimate layer, coloured by two and by three classes.

    python -m train.experiments.report.tsne --data ../shared/data/chest_xray

The layer is that of `binary_sgd_early_stopping`, trained before.
Time: 4 min.
Expected: normals apart from pneumonia, bacterial and viral mixed.
"""

import json

import numpy as np
from sklearn.manifold import TSNE
from sklearn.neighbors import NearestNeighbors

from train.experiments.report.knn import knn_arguments, penultimate_features
from train.experiments.report.training import NAMES, RESULTS, class_targets
from train.metrics.plots import draw_scatter
from train.records.manifest import register, write_json


def neighbourhood_purity(points: np.ndarray, classes: np.ndarray, k: int = 10) -> float:
    """Mean share of a point's k nearest others, float (N, 2), that are of its class."""
    nearest = NearestNeighbors(n_neighbors=k + 1).fit(points).kneighbors(points)[1][:, 1:]
    return float((classes[nearest] == classes[:, None]).mean())


def main() -> None:
    layer, images = penultimate_features(knn_arguments(__doc__), "train")
    points = TSNE(perplexity=30, init="pca", random_state=0).fit_transform(layer)
    by_classes = {n: class_targets(images.labels, n) for n in (2, 3)}
    result = {
        "n": len(points),
        "neighbourhood_purity": {
            str(n): neighbourhood_purity(points, classes) for n, classes in by_classes.items()
        },
    }
    write_json(RESULTS / "tsne.json", result)
    drawing = draw_scatter(
        points, {n: (classes, NAMES[n]) for n, classes in by_classes.items()}, RESULTS / "tsne.png"
    )
    register(drawing)
    print(json.dumps(result))


if __name__ == "__main__":
    main()
