"""Fit the input check, choose its thresholds, and measure it on what it was not fitted to.

    python -m train.recipes.input_check --data ../shared/data/chest_xray \\
        --pictures .work/other_pictures

`--pictures` is filled by `python -m train.data.out_of_distribution.package_images FOLDER`. Writes
`assets/detector/input_check.npz` (see `cxr_demo.models.input_check`), `assets/metrics/gate.json`
and its drawing. The samples are kept in --work and made anew when alignment, the detector or the
code that they come from changes. The official test is not read; `train.evaluate.official_test`
measures how much of it is turned away. Time: 12 min.
"""

import hashlib
from collections.abc import Callable
from functools import partial
from pathlib import Path

import numpy as np
from sklearn.decomposition import PCA
from sklearn.linear_model import LogisticRegression

from cxr_demo.artefacts import ALIGNMENT, ASSETS, DETECTOR, INPUT_CHECK, Artefacts
from cxr_demo.models.alignment import Aligner
from cxr_demo.models.input_check import OTHER, USABLE, InputChecker
from cxr_demo.models.networks import Detector
from train.arguments import parse
from train.data.out_of_distribution import drawn_images as drawn_pictures
from train.data.out_of_distribution import package_images as pictures_of_packages
from train.data.out_of_distribution import package_sources as picture_sources
from train.data.out_of_distribution import photographed_views as gate_photographs
from train.data.out_of_distribution import samples as gate_samples
from train.data.out_of_distribution import unusual_views as gate_views
from train.data.out_of_distribution import volumes
from train.data.out_of_distribution.drawn_images import KINDS
from train.data.out_of_distribution.samples import (
    ELSEWHERE,
    Samples,
    concatenate,
    describe_pictures,
    drawn_views,
    package_views,
    radiograph_views,
)
from train.data.out_of_distribution.unusual_views import UNUSUAL_VIEWS
from train.data.splits import training_and_validation
from train.metrics.input_check import (
    choose_thresholds,
    grade_shares,
    measure_grades,
    separation_curves,
    target_classes,
)
from train.metrics.plots import draw_roc
from train.records.manifest import KERMANY, register, write_json

DATA = f"{KERMANY}; open pictures of Python packages named in `package_sources`; drawings"
METRICS = ASSETS / "metrics"

IMAGES, SPOILT_EACH, DRAWN_EACH = 2500, 4, 250
COMPONENTS, PENALTY = 1536, 0.01
PARTS = 5
"""Packages and drawings are left out in so many parts, in turn."""


def collect_samples(data: Path, pictures: Path, align: Aligner, detector: Detector) -> Samples:
    """All samples."""
    streams = [np.random.default_rng(seed) for seed in range(4)]
    training, held_out = training_and_validation(data)
    chosen = training[streams[0].permutation(len(training))[:IMAGES]]
    return concatenate(
        describe_pictures(align, detector, radiograph_views(chosen, streams[0], SPOILT_EACH)),
        describe_pictures(
            align,
            detector,
            radiograph_views(held_out, streams[1], len(UNUSUAL_VIEWS)),
            held_out=True,
        ),
        describe_pictures(align, detector, package_views(pictures, streams[2])),
        describe_pictures(align, detector, drawn_views(DRAWN_EACH, streams[3])),
    )


def source_hash() -> str:
    """A short hash of the code that samples come from."""
    packages = picture_sources, volumes, pictures_of_packages
    sources = drawn_pictures, gate_samples, gate_views, gate_photographs, *packages
    content = b"".join(Path(module.__file__).read_bytes() for module in sources)
    return hashlib.sha256(content).hexdigest()[:12]


def fit_pca(samples: Samples) -> PCA:
    """Principal components, of variance 1, of what the gate is always fitted to: the radiographs
    and drawings. Other pictures have no part in them, so that each can be left out of all."""
    rows = ~samples.held_out & np.isin(samples.kinds, [USABLE, *UNUSUAL_VIEWS, *KINDS])
    return PCA(COMPONENTS, whiten=True, svd_solver="randomized", random_state=0).fit(
        samples.described[rows].astype(np.float32)
    )


def project(samples: Samples, components: PCA) -> np.ndarray:
    """All samples in the components of `fit_pca`, float32 (N, COMPONENTS)."""
    parts = np.array_split(samples.described, 50)  # in 32 bits all at once they take gigabytes
    return np.concatenate([components.transform(part.astype(np.float32)) for part in parts])


def fit(samples: Samples, components: PCA, seen: np.ndarray, rows: np.ndarray) -> InputChecker:
    """A gate without thresholds, from the rows given.

    The regression sees components and is then written in terms of the activations themselves. Each
    class weighs alike.

    Args:
        samples: all of them.
        components: of `fit_pca`.
        seen: float32 (N, COMPONENTS), of `project`.
        rows: bool (N,).
    """
    regression = LogisticRegression(C=PENALTY, class_weight="balanced", max_iter=300)
    regression.fit(seen[rows], target_classes(samples.kinds[rows]))
    spread = np.sqrt(components.explained_variance_)
    weights = (components.components_.T / spread) @ regression.coef_.T
    bias = regression.intercept_ - components.mean_ @ weights
    return InputChecker(
        tuple(regression.classes_.tolist()),
        weights.astype(np.float16).astype(np.float32),
        bias.astype(np.float32),
        0.0,
        1.0,
    )


def probability(gate: InputChecker, samples: Samples, name: str) -> np.ndarray:
    """P(name) of every sample."""
    found = [
        gate.probabilities(part.astype(np.float32))[:, gate.classes.index(name)]
        for part in np.array_split(samples.described, 50)
    ]
    return np.concatenate(found)


def cross_validated_probabilities(
    samples: Samples, fit_to: Callable[[np.ndarray], InputChecker]
) -> dict[str, np.ndarray]:
    """P(USABLE) and P(OTHER) of every sample, by a gate that has not seen its group."""
    is_other = target_classes(samples.kinds) == OTHER
    elsewhere = samples.kinds == ELSEWHERE
    movable = is_other | elsewhere
    groups, numbers = np.unique(samples.groups[movable], return_inverse=True)
    part = np.full(len(movable), -1)
    part[movable] = np.random.default_rng(1).permutation(len(groups))[numbers] % PARTS
    found = {name: np.zeros(len(movable)) for name in (USABLE, OTHER)}
    for number in range(PARTS):
        gate = fit_to(~samples.held_out & (part != number))
        asked = (part == number) | ((number == 0) & ~movable)
        for name, values in found.items():
            values[asked] = probability(gate, samples, name)[asked]
    return found


def leave_one_kind_out(
    samples: Samples, fit_to: Callable[[np.ndarray], InputChecker], thresholds: tuple[float, float]
) -> dict[str, dict]:
    """By kind of other picture: what becomes of it if the gate has never seen that kind."""
    found = {}
    for kind in np.unique(samples.kinds[target_classes(samples.kinds) == OTHER]):
        rows = samples.kinds == kind
        gate = fit_to(~samples.held_out & ~rows)
        usable, other = (probability(gate, samples, name)[rows] for name in (USABLE, OTHER))
        found[str(kind)] = grade_shares(usable, other, *thresholds)
    return found


def main() -> None:
    pictures = {
        "type": Path,
        "required": True,
        "help": "folder that train.data.out_of_distribution.package_images filled",
    }
    arguments = parse(__doc__, "data", work=".work/gate", pictures=pictures)
    artefacts = Artefacts()
    made_with = artefacts.sources(INPUT_CHECK)
    hashes = (*made_with.values(), source_hash())
    kept = arguments.work / f"samples-{'-'.join(hashes)}.npz"
    if kept.exists():
        samples = Samples(**np.load(kept, allow_pickle=False))
    else:
        detect = Detector(artefacts.read(DETECTOR))
        align = Aligner.from_arrays(artefacts.arrays(ALIGNMENT))
        samples = collect_samples(arguments.data, arguments.pictures, align, detect)
        kept.parent.mkdir(parents=True, exist_ok=True)
        np.savez(kept, **vars(samples))

    components = fit_pca(samples)
    fit_to = partial(fit, samples, components, project(samples, components))
    found = cross_validated_probabilities(samples, fit_to)
    thresholds = choose_thresholds(samples, found)
    write_gate(fit_to(~samples.held_out), thresholds, made_with)
    result = {
        **made_with,
        **dict(zip(("min_usable", "min_other"), thresholds, strict=True)),
        **measure_grades(samples, found, thresholds),
        "kind_never_seen": leave_one_kind_out(samples, fit_to, thresholds),
    }
    write_json(METRICS / "gate.json", result)
    register(draw_roc(separation_curves(samples, found), METRICS / "gate_roc.png"))
    print(result)


def write_gate(
    gate: InputChecker, thresholds: tuple[float, float], made_with: dict[str, str]
) -> None:
    """Write and register what `InputChecker` is read from, with `Artefacts.sources` of it."""
    min_usable, min_other = thresholds
    np.savez_compressed(
        ASSETS / INPUT_CHECK,
        classes=np.array(gate.classes),
        weights=gate.weights.astype(np.float16),
        bias=gate.bias,
        min_usable=min_usable,
        min_other=min_other,
        **made_with,
    )
    register(ASSETS / INPUT_CHECK, data=DATA)


if __name__ == "__main__":
    main()
