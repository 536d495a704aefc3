"""The mean chest that radiographs are aligned to, and where the lungs lie in its frame.

    python -m train.recipes.alignment --data ../shared/data/chest_xray

Group-wise registration: the mean of the images as they come is the first template. ROUNDS times
they are aligned to it, their median matrix is made the identity, so that the frame is that of a
usual radiograph, and their mean in register is the next template. Each class weighs alike, so that
it favours none; labels serve for nothing else. The lungs are outlined by hand on the mean of
aligned normals. Time on 2 cores: 2 min. Expected: assets/metrics/alignment.json.
"""

import cv2
import numpy as np
from tqdm import tqdm

from cxr_demo.anomaly.zones import ZONES, ZONES_SIDE
from cxr_demo.artefacts import ALIGNMENT, ASSETS
from cxr_demo.models.affine import INVERSE, compose, to_pixels
from cxr_demo.models.alignment import (
    POOR,
    TEMPLATE_SIDE,
    Aligner,
    Alignment,
    features,
)
from train.arguments import parse
from train.data.kermany import CLASSES, Images
from train.data.splits import training_and_validation
from train.records.manifest import register

OF_EACH_CLASS, ROUNDS, SEED = 600, 4, 0

RIGHT_LUNG = [
    (0.35, 0.11), (0.39, 0.16), (0.415, 0.27), (0.395, 0.38), (0.35, 0.50), (0.36, 0.62),
    (0.39, 0.73), (0.30, 0.745), (0.20, 0.78), (0.14, 0.83), (0.105, 0.88), (0.095, 0.80),
    (0.11, 0.65), (0.135, 0.50), (0.17, 0.38), (0.22, 0.27), (0.29, 0.17),
]  # fmt: skip
"""The patient's right, the image's left: points of the frame, from the apex on."""
LEFT_LUNG = [
    (0.65, 0.11), (0.61, 0.16), (0.595, 0.27), (0.625, 0.36), (0.665, 0.43), (0.70, 0.52),
    (0.73, 0.63), (0.74, 0.74), (0.80, 0.79), (0.85, 0.82), (0.895, 0.88), (0.905, 0.80),
    (0.885, 0.65), (0.865, 0.50), (0.83, 0.38), (0.78, 0.27), (0.71, 0.17),
]  # fmt: skip
LEVELS = 0.37, 0.60
"""Where upper and middle, middle and lower zones meet, from top to bottom of the frame."""


def class_balanced(images: Images, rng: np.random.Generator) -> Images:
    """OF_EACH_CLASS images of each class, or all there are of the rarest."""
    of_class = [np.flatnonzero(images.labels == label) for label in range(len(CLASSES))]
    count = min(OF_EACH_CLASS, *map(len, of_class))
    return images[np.concatenate([rng.choice(rows, count, replace=False) for rows in of_class])]


def mean_chest(images: Images) -> np.ndarray:
    """The template: float32 (TEMPLATE_SIDE, TEMPLATE_SIDE) of mean 0 and variance 1."""
    squares = images.as_float()
    contrasts = [features(square) for square in squares]
    template = _standardised(np.mean(contrasts, axis=0))
    for number in range(ROUNDS):
        aligner = Aligner(template)
        found = [
            aligner.register(square)
            for square in tqdm(squares, desc=f"round {number + 1}", disable=None)
        ]
        template = _standardised(_mean_in_register(contrasts, found))
    return template


def zone_mask() -> np.ndarray:
    """uint8 (ZONES_SIDE, ZONES_SIDE): 0 outside the lungs, else 1 + the index in ZONES."""
    heights = (np.arange(ZONES_SIDE) + 0.5) / ZONES_SIDE
    thirds = np.digitize(heights, LEVELS)[:, None]
    mask = np.zeros((ZONES_SIDE, ZONES_SIDE), np.uint8)
    for first, outline in ((0, RIGHT_LUNG), (len(ZONES) // 2, LEFT_LUNG)):
        lung = np.zeros_like(mask)
        # OpenCV fills from pixel centre to pixel centre, in 16ths of a pixel.
        corners = np.rint((np.array(outline) * ZONES_SIDE - 0.5) * 16).astype(np.int32)
        cv2.fillPoly(lung, [corners], 1, shift=4)
        mask = np.where(lung > 0, 1 + first + thirds, mask).astype(np.uint8)
    return mask


def _mean_in_register(contrasts: list[np.ndarray], found: list[Alignment]) -> np.ndarray:
    """Mean of the features of all that were well aligned, with the median matrix undone."""
    rows = [row for row, one in enumerate(found) if one.correlation >= POOR]
    if not rows:  # in the first round of a few images nothing may be
        return np.mean(contrasts, axis=0)
    middle = np.median([found[row].matrix for row in rows], axis=0)
    back = cv2.invertAffineTransform(middle)
    size = (TEMPLATE_SIDE, TEMPLATE_SIDE)
    return np.mean(
        [
            cv2.warpAffine(
                contrasts[row],
                to_pixels(compose(found[row].matrix, back), TEMPLATE_SIDE),
                size,
                flags=INVERSE,
                borderMode=cv2.BORDER_REPLICATE,
            )
            for row in rows
        ],
        axis=0,
    )


def _standardised(picture: np.ndarray) -> np.ndarray:
    return ((picture - picture.mean()) / picture.std()).astype(np.float32)


def main() -> None:
    arguments = parse(__doc__, "data")
    cv2.setNumThreads(1)  # a registration is too small to share out
    training, _ = training_and_validation(arguments.data)
    chosen = class_balanced(training, np.random.default_rng(SEED))
    path = ASSETS / ALIGNMENT
    path.parent.mkdir(parents=True, exist_ok=True)
    np.savez_compressed(path, template=mean_chest(chosen), zones=zone_mask())
    register(path)


if __name__ == "__main__":
    main()
