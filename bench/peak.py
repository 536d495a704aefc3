"""Measures how near the classifier's pass comes to the fastest matrix products of this machine.

Prints `classifier_pass` of `assets/metrics/bench.json`: the median milliseconds of a pass, how many
multiplications (each with an addition) it takes, how many a second that is, and the most a second
over square matrices of several sizes: float32 by NumPy's BLAS, int8 by ONNX Runtime's
`MatMulInteger` (summed in 32 bits), both on all cores. A faster library would lower the shares. And
"ms_by_batch": what a picture takes on one core, alone or with others in one pass.
"""

import json
import os
import statistics
import time
from collections.abc import Callable

import numpy as np
import onnx
import onnxruntime
from ai_edge_litert.interpreter import Interpreter

from bench.inputs import EXAMPLES
from bench.ways import milliseconds
from cxr_demo.artefacts import CLASSIFIER, Artefacts
from cxr_demo.models.networks import CLASSIFIER_SIDE, Classifier
from cxr_demo.models.preprocessing import resize_square
from cxr_demo.reading.reader import read_radiograph

SIDES = (512, 1024, 2048)
SECONDS = 1.5
BATCHES = (1, 2, 4, 8)
PASSES = 20


def float32_product(side: int) -> Callable:
    left, right = np.random.default_rng(0).random((2, side, side), np.float32)
    out = np.empty_like(left)
    return lambda: np.matmul(left, right, out=out)


def int8_product(side: int) -> Callable:
    rng = np.random.default_rng(0)
    left = rng.integers(0, 255, (side, side), np.uint8)
    right = rng.integers(-127, 127, (side, side), np.int8)
    model = onnx.parser.parse_model(
        f"""<ir_version: 10, opset_import: ["": 13]>
        product (uint8[{side}, {side}] left) => (int32[{side}, {side}] out)
        {{ out = MatMulInteger(left, right) }}"""
    )
    model.graph.initializer.append(onnx.numpy_helper.from_array(right, "right"))
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = os.cpu_count()
    session = onnxruntime.InferenceSession(model.SerializeToString(), options)
    return lambda: session.run(None, {"left": left})


def peak(product: Callable[[int], Callable]) -> float:
    """Multiplications per second in the fastest of the runs that fit into SECONDS per size."""
    speeds = []
    for side in SIDES:
        run = product(side)
        run()
        until = time.perf_counter() + SECONDS
        while (began := time.perf_counter()) < until:
            run()
            speeds.append(side**3 / (time.perf_counter() - began))
    return max(speeds)


def classifier_products() -> int:
    """Multiplications of one pass, in every convolution and dense layer."""
    from train.models.networks import build_classifier

    layers = [one for one in build_classifier()._flatten_layers() if hasattr(one, "kernel")]
    return sum(int(np.prod((*one.kernel.shape, *one.output.shape[1:-1]))) for one in layers)


def ms_by_batch() -> dict[int, float]:
    """Milliseconds of the classifier on one core for each picture, by how many are in a pass."""
    return {count: statistics.median(ms_of_batch(count)) / count for count in BATCHES}


def ms_of_batch(count: int) -> list[float]:
    interpreter = Interpreter(model_content=Artefacts().read(CLASSIFIER), num_threads=1)
    (image,) = interpreter.get_input_details()
    shape = (count, CLASSIFIER_SIDE, CLASSIFIER_SIDE, 1)
    interpreter.resize_tensor_input(image["index"], shape)
    interpreter.allocate_tensors()

    def run(pictures: np.ndarray) -> None:
        interpreter.set_tensor(image["index"], pictures)
        interpreter.invoke()

    return milliseconds(run, [np.random.default_rng(0).random(shape, np.float32)] * PASSES)


if __name__ == "__main__":
    squares = [
        resize_square(read_radiograph(file.read_bytes()).pixels, CLASSIFIER_SIDE)
        for file in EXAMPLES
    ]
    classifier = Classifier(Artefacts().read(CLASSIFIER))
    ms = statistics.median(milliseconds(classifier, squares))  # before other threads are started
    products = classifier_products()
    result = {
        "ms": ms,
        "ms_by_batch": ms_by_batch(),
        "products": products,
        "products_per_s": products / (ms / 1000),
        "peak_products_per_s": {"int8": peak(int8_product), "float32": peak(float32_product)},
    }
    print(json.dumps(result))
