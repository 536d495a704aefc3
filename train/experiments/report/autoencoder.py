"""Report, experiment 8: an autoencoder of normals, Adam, mean squared error, threshold 0.01.

    python -m train.experiments.report.autoencoder --data ../shared/data/chest_xray

Time: 10 epochs, 3 to 5 min on 2 cores.
Expected: an AUROC near chance on the test: what an autoencoder reconstructs badly is sharp detail,
not disease. The report showed one image that exceeded its threshold and measured no more.
"""

import json
import time

import keras
import numpy as np

from cxr_demo.anomaly.reconstruction import AUTOENCODER_SIDE
from train.arguments import parse
from train.data.frames import in_frame
from train.data.kermany import load_split
from train.data.splits import training_and_validation
from train.experiments.report.training import (
    ALIGNED,
    RESULTS,
    log_report_reading,
    resize_images,
    result_name,
    write_result,
)
from train.metrics.classification import binary_scores
from train.models.networks import build_autoencoder
from train.models.training import use_bfloat16_where_it_is_fast

THRESHOLD = 0.01


def main() -> None:
    arguments = parse(__doc__, "data", work=".work/report", aligned=ALIGNED)
    use_bfloat16_where_it_is_fast()
    keras.utils.set_random_seed(0)
    training, validation = training_and_validation(arguments.data)
    test = load_split(arguments.data, "test")
    if arguments.aligned:
        training, validation, test = map(in_frame, (training, validation, test))
    called = result_name("autoencoder", arguments.aligned)
    normals, held_out = (
        resize_images(images[~images.is_pneumonia], AUTOENCODER_SIDE)
        for images in (training, validation)
    )
    model = build_autoencoder()
    model.compile(keras.optimizers.Adam(), loss="mean_squared_error")
    started = time.monotonic()
    history = model.fit(
        normals, normals, validation_data=(held_out, held_out), epochs=10, batch_size=32, verbose=2
    ).history
    seconds = time.monotonic() - started
    folder = arguments.work / called
    folder.mkdir(parents=True, exist_ok=True)
    model.save_weights(folder / "autoencoder.weights.h5")
    result = {
        "settings": {"side": AUTOENCODER_SIDE, "epochs_run": 10, "training_images": len(normals)},
        "seconds": round(seconds),
        "history": {name: np.round(values, 6).tolist() for name, values in history.items()},
    }
    for name, images in (("validation", validation), ("test", test)):
        squares = resize_images(images, AUTOENCODER_SIDE)
        errors = np.square(model.predict(squares, verbose=0) - squares).mean(axis=(1, 2, 3))
        result[name] = binary_scores(images.labels, errors, THRESHOLD)
    write_result(called, result, history)
    log_report_reading(result["test"])
    print(f"written to {RESULTS}", json.dumps(result["test"]))


if __name__ == "__main__":
    main()
