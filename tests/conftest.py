"""A tiny but complete set of artefacts, made here: every stage real, every network small."""

import hashlib
import json
import os
import threading
import time
import urllib.request
from collections.abc import Callable
from contextlib import ExitStack, contextmanager
from pathlib import Path

import cv2
import numpy as np
import pytest

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

SHIPPED = Path(__file__).parent.parent / "assets"
SHARED = Path(__file__).parent.parent.parent / "shared"


@pytest.fixture
def shared() -> Path:
    """The data set beside the checkout; tests that want it skip where there is none."""
    if not (SHARED / "data").exists():
        pytest.skip("no ../shared here")
    return SHARED


def png(pixels: np.ndarray) -> bytes:
    """Encode uint8 or uint16 pixels as PNG."""
    return cv2.imencode(".png", pixels)[1].tobytes()


def chest_like(seed: int, height: int = 260, width: int = 320) -> np.ndarray:
    """A uint8 picture with two dark lungs on a bright body; the seed moves and mottles them."""
    rng = np.random.default_rng(seed)
    y, x = np.mgrid[0 : 1 : height * 1j, 0 : 1 : width * 1j]
    body = 0.75 - 0.5 * ((x - 0.5) ** 2 + (y - 0.5) ** 2)
    for side in (0.3, 0.7):
        cx, cy = side + rng.uniform(-0.05, 0.05), 0.5 + rng.uniform(-0.08, 0.08)
        body -= 0.45 * np.exp(-(((x - cx) / 0.13) ** 2) - ((y - cy) / 0.27) ** 2)
    mottle = cv2.resize(rng.normal(0, 0.08, (9, 9)), (width, height), interpolation=cv2.INTER_CUBIC)
    return np.clip((body + mottle) * 255, 0, 255).astype(np.uint8)


@pytest.fixture(scope="session")
def tiny_assets(tmp_path_factory) -> Path:
    """A folder like `assets/`, with small networks of random weights and 60 references."""
    import keras
    from keras import layers

    from cxr_demo.anomaly.maps import DETECTOR_SIDE
    from cxr_demo.anomaly.reconstruction import AUTOENCODER_SIDE
    from cxr_demo.anomaly.zones import ZONES
    from cxr_demo.models.affine import warp
    from cxr_demo.models.alignment import Aligner, features
    from cxr_demo.models.networks import CLASSIFIER_SIDE, Classifier
    from cxr_demo.models.preprocessing import to_network_input
    from cxr_demo.reference.library import perceptual_hash
    from cxr_demo.reference.pneumoniamnist import middle
    from cxr_demo.reference.thumbnails import to_thumbnail
    from train.models.export import export
    from train.models.networks import add_region_features

    keras.utils.set_random_seed(3)
    root = tmp_path_factory.mktemp("assets")
    for folder in (
        "alignment", "anomaly", "classifier", "detector", "autoencoder", "library", "examples",
    ):  # fmt: skip
        (root / folder).mkdir()

    image = keras.Input((CLASSIFIER_SIDE, CLASSIFIER_SIDE, 1), name="image")
    # Biases and ReLU, so that images differ in the direction of their features.
    convolved = layers.Conv2D(
        8,
        3,
        padding="same",
        activation="relu",
        bias_initializer=keras.initializers.RandomNormal(0, 0.2),
    )(image)
    feature_map = layers.AveragePooling2D(32)(convolved)
    penultimate = layers.Dense(8)(layers.Flatten()(feature_map))
    outputs = {
        "binary": layers.Dense(2, name="binary")(penultimate),
        "three_class": layers.Dense(3, name="three_class")(penultimate),
        "features": feature_map,
    }
    classifier = export(keras.Model(image, outputs, name="classifier"), quantised=False)
    (root / "classifier/classifier.tflite").write_bytes(classifier)
    small = keras.Input((AUTOENCODER_SIDE, AUTOENCODER_SIDE, 1), name="image")
    blurred = layers.UpSampling2D(8, name="reconstruction")(layers.AveragePooling2D(8)(small))
    (root / "autoencoder/autoencoder.tflite").write_bytes(
        export(keras.Model(small, blurred, name="autoencoder"), quantised=False)
    )
    seen = keras.Input((DETECTOR_SIDE, DETECTOR_SIDE, 1), name="image")
    brightness = layers.AveragePooling2D(8, name="even")(seen)
    change = layers.Identity(name="change")(brightness)
    (root / "detector/detector.tflite").write_bytes(
        export(add_region_features(keras.Model(seen, change, name="detector")), quantised=False)
    )
    short_hash = {
        name: hashlib.sha256((root / f"{name}/{name}.tflite").read_bytes()).hexdigest()[:12]
        for name in ("classifier", "detector", "autoencoder")
    }
    (root / "classifier/calibration.json").write_text(
        json.dumps(
            {
                "binary": {"temperature": 2.0, "prior": [0.5, 0.5]},
                "three_class": {"temperature": 1.0, "prior": [0.5, 0.25, 0.25]},
                "operating_points": {
                    name: {
                        "threshold": 0.4,
                        "sensitivity": 0.9,
                        "sensitivity_interval": [0.87, 0.92],
                        "specificity": 0.8,
                        "specificity_interval": [0.75, 0.84],
                    }
                    for name in ("youden", "sensitivity_95", "specificity_90")
                },
                "conformal": {"min_probability": {"normal": 0.3, "bacterial": 0.2, "viral": 0.25}},
                "classifier": short_hash["classifier"],
            }
        )
    )
    rng = np.random.default_rng(2)
    np.savez(
        root / "classifier/heads.npz",
        embedding_kernel=rng.normal(size=(8, 8)).astype(np.float32),
        embedding_bias=rng.normal(size=8).astype(np.float32),
        binary=rng.normal(size=(8, 2)).astype(np.float32),
        three_class=rng.normal(size=(8, 3)).astype(np.float32),
        classifier=short_hash["classifier"],
    )

    def short(path: str) -> str:
        return hashlib.sha256((root / path).read_bytes()).hexdigest()[:12]

    # The mean chest is that of the references; each zone is a block of the frame.
    squares = [to_network_input(chest_like(i).astype(np.float32) / 255) for i in range(60)]
    template = np.mean([features(square) for square in squares], axis=0).astype(np.float32)
    zones = np.zeros((64, 64), np.uint8)
    for number in range(len(ZONES)):
        column, row = (10, 40)[number // 3], 12 + 14 * (number % 3)
        zones[row : row + 14, column : column + 14] = 1 + number
    np.savez(
        root / "alignment/alignment.npz",
        template=template,
        zones=zones,
    )
    short_hash["alignment"] = short("alignment/alignment.npz")
    surroundings = np.zeros((2, 64, 64), bool)
    surroundings[:, 4:8, 4:60] = True
    np.savez(
        root / "anomaly/density.npz",
        surroundings=surroundings,
        coefficients=np.zeros((2, 2, 3, 64, 64), np.float16),
        spread=np.ones((2, 2, 64, 64), np.float16),
        limits=np.array([[-0.3, -0.3], [0.3, 0.3]]),
        zone_brightness=np.random.default_rng(4).normal(size=(20, len(ZONES))),
        alignment=short_hash["alignment"],
    )
    short_hash["density"] = short("anomaly/density.npz")
    cells = np.zeros((20, 20), bool)
    cells[4:18, 3:17] = True
    np.savez(
        root / "detector/padim.npz",
        cells=cells,
        components=np.ones((1, 1), np.float16),
        mean=np.full((cells.sum(), 1), 0.5, np.float32),
        whitening=np.full((cells.sum(), 1, 1), 4, np.float16),
        centre=np.zeros(cells.sum(), np.float32),
        spread=np.ones(cells.sum(), np.float32),
        change_centre=np.full((20, 20), 0.5, np.float32),
        change_spread=np.full((20, 20), 0.2, np.float32),
        weights=np.full(4, 0.25, np.float32),
        elsewhere=np.float32(0.25),
        detector=short_hash["detector"],
        density=short_hash["density"],
    )
    short_hash["padim"] = short("detector/padim.npz")
    # Graded by the mean brightness of the middle: over 0.9 no chest, under 0.1 badly exposed.
    np.savez(
        root / "detector/input_check.npz",
        classes=np.array(["usable", "other", "exposure"]),
        weights=np.vstack([np.tile(np.float32([0, 200, -200]) / 9, (9, 1)), np.zeros((8, 3))]),
        bias=np.float32([0, -180, 20]),
        min_usable=0.5,
        min_other=0.5,
        alignment=short_hash["alignment"],
        detector=short_hash["detector"],
    )
    for method, threshold in (("detector", 0.6), ("autoencoder", 0.002)):
        (root / method / "held_out_scores.json").write_text(
            json.dumps(
                {
                    "presets": {"specificity_95": threshold, "youden": threshold / 2},
                    "intervals": {"specificity_95": [threshold / 2, threshold]},
                    "normal": [threshold / 4, threshold],
                    "pneumonia": [threshold / 2, threshold * 1.5],
                    method: short_hash[method],
                    "padim": short_hash["padim"],
                    "alignment": short_hash["alignment"],
                }
            )
        )

    run = Classifier(classifier, threads=1)
    align = Aligner(template)
    matrices = np.stack([align(square).matrix for square in squares])
    frames = [
        warp(square, matrix, CLASSIFIER_SIDE)
        for square, matrix in zip(squares, matrices, strict=True)
    ]
    labels = np.arange(60) % 3
    np.savez(
        root / "library/library.npz",
        classifier=short_hash["classifier"],
        ids=np.array([f"reference{i:02}" for i in range(60)]),
        patients=np.array([f"patient{i // 2:02}" for i in range(60)]),
        labels=labels.astype(np.int8),
        embeddings=np.stack([run(frame).embedding for frame in frames]).astype(np.float16),
        matrices=matrices.astype(np.float32),
        perceptual_hashes=np.stack([perceptual_hash(square) for square in squares]),
        umap=np.random.default_rng(0).normal(size=(60, 2)).astype(np.float32),
        tsne=np.random.default_rng(1).normal(size=(60, 2)).astype(np.float32),
        prototype_of=labels.astype(np.int16),
        prototypes=np.stack([to_thumbnail(np.mean(frames[i::3], axis=0)) for i in range(3)]),
        prototype_sizes=np.full(3, 20, np.int16),
    )
    library = hashlib.sha256((root / "library/library.npz").read_bytes()).hexdigest()[:12]
    np.savez(
        root / "library/middles.npz",
        perceptual_hashes=np.stack([perceptual_hash(middle(square)) for square in squares]),
        library=library,
    )
    (root / "library/typicality.json").write_text(
        json.dumps(
            {
                "library": library,
                "least": 0.5,
                "lowest": 0.4,
                "lower_quartile": 0.8,
                "upper_quartile": 0.9,
            }
        )
    )
    (root / "metrics").mkdir()
    for path in (SHIPPED / "metrics").glob("*.json"):  # figures only, no models
        (root / "metrics" / path.name).write_bytes(path.read_bytes())
    for i in range(4):
        (root / f"examples/reference{i:02}.png").write_bytes(png(chest_like(i)))
    hashes = [hashlib.sha256(p.read_bytes()).hexdigest()[:12] for p in root.glob("examples/*")]
    expected = {
        "pneumonia": 0.5,
        "three_class": {"normal": 0.4, "bacterial": 0.3, "viral": 0.3},
        "score": 0.5,
        "autoencoder": 0.001,
        "neighbours": ["reference00"],
    }
    tolerance = {"probability": 0.02, "score": 0.02, "autoencoder": 0.0001}
    (root / "metrics/self_test.json").write_text(
        json.dumps(
            {"model": {}, "tolerance": tolerance, "examples": dict.fromkeys(hashes, expected)}
        )
    )
    manifest = [
        {
            "path": p.relative_to(root).as_posix(),
            "sha256": hashlib.sha256(p.read_bytes()).hexdigest(),
        }
        for p in sorted(root.rglob("*.*"))
    ]
    (root / "manifest.json").write_text(json.dumps(manifest))
    return root


@pytest.fixture(scope="session")
def tiny_analyser(tiny_assets):
    """The whole service on the tiny artefacts."""
    from cxr_demo.analysis import Analyser
    from cxr_demo.artefacts import Artefacts

    return Analyser(Artefacts(tiny_assets))


@pytest.fixture(scope="session")
def upload_folder(tmp_path_factory):
    """Where Gradio stores uploads of every server of these tests."""
    folder = tmp_path_factory.mktemp("uploads")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("GRADIO_TEMP_DIR", str(folder))
        yield folder


@pytest.fixture(scope="session")
def serve_tiny(tiny_assets, upload_folder):
    """Starts the whole server on the tiny artefacts, as `python app.py` does with the real ones.

    Takes settings; returns its address on a free loopback port and where its uploads lie. Ended
    with the tests.
    """
    from cxr_demo.artefacts import Artefacts
    from cxr_demo.server.service import Service
    from cxr_demo.server.settings import Settings
    from cxr_demo.server.site import site
    from cxr_demo.server.uploads import Uploads
    from cxr_demo.ui.blocks import APPEARANCE, build

    def start(**chosen) -> tuple[str, Path]:
        settings, uploads = Settings(**chosen), Uploads(upload_folder)
        service = Service(Artefacts(tiny_assets))
        demo = build(service, uploads, settings)
        app = site(demo, APPEARANCE, service, uploads, settings)
        address = served.enter_context(serving(app, settings))
        wait_for(f"{address}/health", lambda: not service.loaded.done() or service.analyser)
        return address, upload_folder

    with ExitStack() as served:
        yield start


@contextmanager
def serving(app, settings):
    """Our server around an ASGI application, in a thread; its address on a free loopback port."""
    import uvicorn

    from cxr_demo.server.site import configured, listen

    listening = listen("127.0.0.1", 0)
    ours = uvicorn.Server(configured(app, settings))
    run = {"target": ours.run, "kwargs": {"sockets": [listening]}}
    thread = threading.Thread(**run, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{listening.getsockname()[1]}"
    finally:
        ours.should_exit = True
        thread.join(20)
        assert not thread.is_alive()


def wait_for(address: str, alive: Callable[[], bool], seconds: float = 120) -> None:
    """Until a server answers with 200, as long as it is alive."""
    deadline = time.monotonic() + seconds
    while True:
        try:
            urllib.request.urlopen(address, timeout=30).close()
            return
        except OSError:
            assert alive() and time.monotonic() < deadline, f"{address} does not answer"
            time.sleep(0.1)
