"""How fast this machine multiplies matrices: what the classifier's pass is measured against.

The best that was seen of square products of a few sizes: float32 by NumPy's BLAS, int8 by ONNX
Runtime's `MatMulInteger` (8-bit times 8-bit, summed in 32 bits), both on all cores. A library that
is faster than these would lower the shares that are reported.
"""

import json
import os
import time

import numpy as np
import onnxruntime
from onnx import TensorProto, helper

SIDES = (512, 1024, 2048)
SECONDS = 1.5


def int8_peak() -> float:
    """Multiplications with an addition each, per second."""
    return max(_best(_int8_product(side), side**3) for side in SIDES)


def float32_peak() -> float:
    """The same in float32."""
    return max(_best(_float32_product(side), side**3) for side in SIDES)


def classifier_products() -> int:
    """Multiplications of one pass of the classifier: of every convolution and dense layer."""
    import keras

    from train.models.networks import build_classifier

    total = 0
    for layer in build_classifier()._flatten_layers():
        if isinstance(layer, keras.layers.Conv2D):
            total += int(np.prod(layer.kernel.shape) * np.prod(layer.output.shape[1:3]))
        elif isinstance(layer, keras.layers.Dense):
            total += int(np.prod(layer.kernel.shape))
    return total


def _best(product, size: int) -> float:
    product()
    shortest, until = np.inf, time.perf_counter() + SECONDS
    while time.perf_counter() < until:
        began = time.perf_counter()
        product()
        shortest = min(shortest, time.perf_counter() - began)
    return size / shortest


def _float32_product(side: int):
    left, right = np.random.default_rng(0).random((2, side, side), np.float32)
    out = np.empty_like(left)
    return lambda: np.matmul(left, right, out=out)


def _int8_product(side: int):
    rng = np.random.default_rng(0)
    left = rng.integers(0, 255, (side, side), np.uint8)
    weights = rng.integers(-127, 127, (side, side), np.int8)
    graph = helper.make_graph(
        [helper.make_node("MatMulInteger", ["left", "right"], ["out"])],
        "product",
        [helper.make_tensor_value_info("left", TensorProto.UINT8, (side, side))],
        [helper.make_tensor_value_info("out", TensorProto.INT32, (side, side))],
        [helper.make_tensor("right", TensorProto.INT8, (side, side), weights.tobytes(), raw=True)],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)], ir_version=10)
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = os.cpu_count()
    session = onnxruntime.InferenceSession(model.SerializeToString(), options)
    return lambda: session.run(None, {"left": left})


def main() -> None:
    peaks = {"int8": int8_peak(), "float32": float32_peak()}
    print(json.dumps({"products_per_s": peaks, "products": classifier_products()}))


if __name__ == "__main__":
    main()
