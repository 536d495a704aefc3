"""Measures one pass of the classifier by the runtime that serves and by others.

    python -m bench.runtimes          # all that are installed, in turns; 3 minutes
    python -m bench.runtimes litert   # one of them, in this process: prints a line of JSON

Needs requirements-bench.txt and, for the rows of OpenVINO, `pip install openvino nncf`; what cannot
be imported is left out. Writes `assets/metrics/runtimes.json`: {"classifier": hash, "machine",
"runtimes": {name: {"ms", "ms_one_core", "difference"}}}: medians on all cores and on one, and how
far P(pneumonia) of an example is at most from that of the kept weights in float32. 8-bit rows but
LiteRT's fix the range of each activation on the examples themselves, which flatters them.
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

import numpy as np

from bench.inputs import EXAMPLES, ROOT
from bench.parts import machine
from bench.ways import milliseconds
from cxr_demo.artefacts import ALIGNMENT, ASSETS, CLASSIFIER, Artefacts
from cxr_demo.models.affine import warp
from cxr_demo.models.alignment import Aligner
from cxr_demo.models.calibration import softmax
from cxr_demo.models.networks import CLASSIFIER_SIDE, Classifier
from cxr_demo.models.preprocessing import to_network_input
from cxr_demo.reading.reader import read_radiograph
from train.records.manifest import write_json

Run = Callable[[np.ndarray], np.ndarray]
"""A frame, float32 (CLASSIFIER_SIDE, CLASSIFIER_SIDE) in [0, 1] → logits (2,)."""
TURNS = 3
OUTPUTS = {"binary": (1, 2), "three_class": (1, 3), "features": (1, 512, 6, 6)}


def litert(threads: int, _: list[np.ndarray]) -> Run:
    classifier = Classifier(Artefacts().read(CLASSIFIER), threads)
    return lambda frame: classifier(frame).binary


def onnxruntime_float32(threads: int, _: list[np.ndarray]) -> Run:
    return _onnx_session(_as_onnx(), threads)


def onnxruntime_int8(threads: int, frames: list[np.ndarray]) -> Run:
    from onnxruntime.quantization import CalibrationDataReader, QuantFormat, quantize_static

    class Frames(CalibrationDataReader):
        def __init__(self):
            self._left = iter(frames)

        def get_next(self) -> dict | None:
            frame = next(self._left, None)
            return None if frame is None else {"image": frame[None, None]}

    with tempfile.TemporaryDirectory() as folder:
        plain, quantised = Path(folder, "plain.onnx"), Path(folder, "quantised.onnx")
        plain.write_bytes(_as_onnx())
        quantize_static(plain, quantised, Frames(), QuantFormat.QDQ, per_channel=True)
        return _onnx_session(quantised.read_bytes(), threads)


def openvino_float32(threads: int, _: list[np.ndarray]) -> Run:
    return _openvino(_openvino_model(), threads, "f32")


def openvino_bfloat16(threads: int, _: list[np.ndarray]) -> Run:
    return _openvino(_openvino_model(), threads, "bf16")


def openvino_int8(threads: int, frames: list[np.ndarray]) -> Run:
    import nncf

    dataset = nncf.Dataset([frame[None, None] for frame in frames])
    quantised = nncf.quantize(_openvino_model(), dataset, subset_size=len(frames))
    return _openvino(quantised, threads, "f32")


RUNTIMES: dict[str, Callable[[int, list[np.ndarray]], Run]] = {
    runtime.__name__: runtime
    for runtime in (
        *(litert, onnxruntime_float32, onnxruntime_int8),
        *(openvino_float32, openvino_bfloat16, openvino_int8),
    )
}


def _as_onnx() -> bytes:
    """The kept weights as an ONNX model of `image` (1, 1, side, side) and OUTPUTS."""
    from onnx import TensorProto, helper, numpy_helper

    from train.models.networks import IMAGENET_MEAN_BGR, build_classifier
    from train.models.weights import load_quantised

    model = build_classifier()
    load_quantised(model, ASSETS / "classifier/classifier.weights.h5")
    constants = {
        "scale": np.float32(255),
        "mean": np.float32(IMAGENET_MEAN_BGR).reshape(1, 3, 1, 1),
    }
    nodes = [
        helper.make_node("Concat", ["image"] * 3, ["bgr"], axis=1),
        helper.make_node("Mul", ["bgr", "scale"], ["scaled"]),
        helper.make_node("Sub", ["scaled", "mean"], ["last"]),
    ]

    def add(kind: str, arrays: list[np.ndarray], out: str, **attributes) -> None:
        """A node that goes on from the one before."""
        names = [f"{out}_{place}" for place in range(len(arrays))]
        constants.update(zip(names, arrays, strict=True))
        nodes.append(helper.make_node(kind, [nodes[-1].output[0], *names], [out], **attributes))

    for layer in model.get_layer("vgg16").layers[1:]:
        if layer.weights:
            kernel, bias = layer.get_weights()
            arrays = [np.ascontiguousarray(kernel.transpose(3, 2, 0, 1)), bias]
            add("Conv", arrays, f"{layer.name}_linear", pads=[1] * 4)
            add("Relu", [], layer.name)
        else:
            end = "features" if layer.name == "block5_pool" else layer.name
            add("MaxPool", [], end, kernel_shape=[2, 2], strides=[2, 2])
    add("GlobalAveragePool", [], "pooled")
    add("Flatten", [], "pool")
    add("Gemm", model.get_layer("embedding").get_weights(), "embedding_linear")
    add("Gelu", [], "embedding")
    embedding = len(nodes)
    for head in ("binary", "three_class"):
        add("Gemm", model.get_layer(head).get_weights(), head)
        nodes[-1].input[0] = nodes[embedding - 1].output[0]
    sides = (1, 1, CLASSIFIER_SIDE, CLASSIFIER_SIDE)
    graph = helper.make_graph(
        nodes,
        "classifier",
        [helper.make_tensor_value_info("image", TensorProto.FLOAT, sides)],
        [helper.make_tensor_value_info(out, TensorProto.FLOAT, s) for out, s in OUTPUTS.items()],
        [numpy_helper.from_array(array, name) for name, array in constants.items()],
    )
    opset = helper.make_opsetid("", 20)
    return helper.make_model(graph, opset_imports=[opset], ir_version=10).SerializeToString()


def _onnx_session(model: bytes, threads: int) -> Run:
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    session = onnxruntime.InferenceSession(model, options)
    return lambda frame: session.run([*OUTPUTS], {"image": frame[None, None]})[0][0]


def _openvino_model():
    import openvino

    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder, "classifier.onnx")
        file.write_bytes(_as_onnx())
        return openvino.Core().read_model(file)


def _openvino(model, threads: int, precision: str) -> Run:
    import openvino

    core = openvino.Core()
    wanted = {
        "INFERENCE_NUM_THREADS": threads,
        "PERFORMANCE_HINT": "LATENCY",
        "INFERENCE_PRECISION_HINT": precision,
    }
    request = core.compile_model(model, "CPU", wanted).create_infer_request()
    return lambda frame: request.infer([frame[None, None]])["binary"][0]


def frames() -> list[np.ndarray]:
    """The examples as the classifier is shown them."""
    align, shown = Aligner.from_arrays(Artefacts().arrays(ALIGNMENT)), []
    for file in EXAMPLES:
        square = to_network_input(read_radiograph(file.read_bytes()).pixels)
        shown.append(warp(square, align(square).matrix, CLASSIFIER_SIDE))
    return shown


def measure(name: str, threads: int) -> dict:
    """{"ms": [each pass], "pneumonia": [of each example]} by one runtime."""
    shown = frames()
    run = RUNTIMES[name](threads, shown)
    ms = milliseconds(run, shown)
    return {"ms": ms, "pneumonia": [float(softmax(run(frame))[1]) for frame in shown]}


def measured_apart(name: str, threads: int) -> dict | None:
    """As `measure`, in a process of its own; None where the runtime is not installed."""
    command = [sys.executable, "-m", __spec__.name, name, "--threads", str(threads)]
    ended = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    if "ModuleNotFoundError" in ended.stderr:
        return None
    ended.check_returncode()
    return json.loads(ended.stdout.splitlines()[-1])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("runtime", choices=RUNTIMES, nargs="?")
    parser.add_argument("--threads", type=int, default=os.cpu_count())
    chosen = parser.parse_args()
    if chosen.runtime:
        print(json.dumps(measure(chosen.runtime, chosen.threads)))
        return
    passes: dict[str, dict[int, list[dict]]] = {}
    for _ in range(TURNS):
        for name in RUNTIMES:
            for threads in (os.cpu_count(), 1):
                if found := measured_apart(name, threads):
                    passes.setdefault(name, {}).setdefault(threads, []).append(found)
    kept = passes["onnxruntime_float32"][1][0]["pneumonia"]
    result = {
        "classifier": Artefacts().short_hash(CLASSIFIER),
        "machine": machine(),
        "runtimes": {
            name: {
                "ms": _median_ms(by_threads[os.cpu_count()]),
                "ms_one_core": _median_ms(by_threads[1]),
                "difference": float(np.abs(np.subtract(by_threads[1][0]["pneumonia"], kept)).max()),
            }
            for name, by_threads in passes.items()
        },
    }
    write_json(ASSETS / "metrics" / "runtimes.json", result, "python -m bench.runtimes")
    print(json.dumps(result, indent=1))


def _median_ms(turns: list[dict]) -> float:
    return statistics.median(ms for turn in turns for ms in turn["ms"])


if __name__ == "__main__":
    main()
