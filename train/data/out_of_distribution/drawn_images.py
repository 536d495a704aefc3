"""Pictures that are no chest radiographs, drawn by rule: what the gate has to know of without data.

Data contract: a kind and a generator → float32 (height, width) in [0, 1], another picture for every
draw. Bones and slices are no anatomy: they bring the tones, edges and outlines of such images.
"""

from collections.abc import Callable

import cv2
import numpy as np

WORDS = ["the", "of", "patient", "image", "save", "open", "file", "view", "report", "name", "left"]
FONT = cv2.FONT_HERSHEY_SIMPLEX


def _size(rng: np.random.Generator) -> tuple[int, int]:
    height = int(rng.integers(200, 400))
    return height, int(np.clip(height * np.exp(rng.uniform(-0.5, 0.6)), 120, 700))


def _smooth(shape: tuple[int, int], cells: int, rng: np.random.Generator) -> np.ndarray:
    """Noise of about `cells` bumps a side, mean 0 and deviation about 1."""
    coarse = rng.normal(size=(cells, cells)).astype(np.float32)
    return cv2.resize(coarse, shape[::-1], interpolation=cv2.INTER_CUBIC)


def blank(rng: np.random.Generator) -> np.ndarray:
    """One tone, or a slope of tones, with a little grain."""
    height, width = shape = _size(rng)
    y, x = np.mgrid[-1 : 1 : height * 1j, -1 : 1 : width * 1j]
    slope = rng.normal(0, 0.2, 3) * (rng.random() < 0.6)
    tone = rng.uniform(0, 1) + slope[0] * x + slope[1] * y + slope[2] * (x**2 + y**2)
    return tone + rng.normal(0, rng.uniform(0.002, 0.05), shape)


def noise(rng: np.random.Generator) -> np.ndarray:
    """White noise, noise of several scales, or salt and pepper."""
    shape = _size(rng)
    form = rng.integers(3)
    if form == 0:
        return rng.uniform(0.2, 0.8) + rng.uniform(0.05, 0.5) * rng.normal(size=shape)
    if form == 1:
        scales = rng.choice([3, 6, 12, 25, 50, 100], 3, replace=False)
        return 0.5 + 0.15 * sum(_smooth(shape, int(cells), rng) for cells in scales)
    return np.where(rng.random(shape) < rng.uniform(0.02, 0.5), rng.random(shape) > 0.5, 0.5)


def shapes(rng: np.random.Generator) -> np.ndarray:
    """Discs, boxes, lines and stripes on an even ground."""
    shape = _size(rng)
    canvas = np.full(shape, rng.random(), np.float32)
    for _ in range(rng.integers(1, 25)):
        a, b = (tuple(int(v) for v in rng.integers(0, shape[::-1])) for _ in range(2))
        tone, thick = float(rng.random()), int(rng.choice([-1, 1, 2, 5, 12]))
        form = rng.integers(3)
        if form == 0:
            cv2.circle(canvas, a, int(rng.integers(4, shape[0] // 3)), tone, thick)
        elif form == 1:
            cv2.rectangle(canvas, a, b, tone, thick)
        else:
            cv2.line(canvas, a, b, tone, max(1, thick))
    if rng.random() < 0.2:
        x = np.arange(shape[1]) * rng.uniform(0.02, 1)
        canvas = 0.5 * canvas + 0.25 * (1 + np.sin(x, dtype=np.float32))
    return canvas


def _write(canvas: np.ndarray, text: str, at: tuple[int, int], scale: float, tone: float) -> None:
    """Text with its lower left corner at (x, y)."""
    ink = np.zeros(canvas.shape, np.uint8)
    cv2.putText(ink, text, at, FONT, scale, 255, 1, cv2.LINE_AA)
    canvas += (np.float32(tone) - canvas) * (ink / np.float32(255))


def page_of_text(rng: np.random.Generator) -> np.ndarray:
    """Lines of text on paper, or light on dark."""
    shape = _size(rng)
    paper, ink = rng.uniform(0.8, 1), rng.uniform(0, 0.3)
    canvas = np.full(shape, paper, np.float32)
    scale = rng.uniform(0.3, 0.9)
    for y in range(int(30 * scale) + 4, shape[0], int(34 * scale) + int(rng.integers(3, 10))):
        line = " ".join(rng.choice(WORDS, rng.integers(1, 14)))
        _write(canvas, line, (int(rng.integers(3, 30)), y), scale, ink)
    return 1 - canvas if rng.random() < 0.3 else canvas


def screen(rng: np.random.Generator) -> np.ndarray:
    """Windows with bars, buttons, text and pictures of their own."""
    height, width = shape = _size(rng)
    canvas = np.full(shape, rng.uniform(0, 1), np.float32)
    for _ in range(rng.integers(2, 6)):
        x, y = int(rng.integers(0, width * 0.7)), int(rng.integers(0, height * 0.7))
        w, h = int(rng.integers(60, width)), int(rng.integers(50, height))
        tone = float(rng.uniform(0, 1))
        cv2.rectangle(canvas, (x, y), (x + w, y + h), tone, -1)
        cv2.rectangle(canvas, (x, y), (x + w, y + 14), float(1 - tone), -1)
        for line in range(y + 26, min(y + h, height), 14):
            text = " ".join(rng.choice(WORDS, rng.integers(1, 5)))
            _write(canvas, text, (x + 6, line), 0.35, float(tone < 0.5))
    picture = np.clip(rng.choice([noise, shapes, bones, slice_of_a_body])(rng), 0, 1)
    h, w = int(height * rng.uniform(0.2, 0.6)), int(width * rng.uniform(0.2, 0.6))
    top, left = int(rng.integers(0, height - h)), int(rng.integers(0, width - w))
    canvas[top : top + h, left : left + w] = cv2.resize(picture.astype(np.float32), (w, h))
    return canvas


def _bone(
    canvas: np.ndarray, start: np.ndarray, end: np.ndarray, thick: float, tone: float
) -> None:
    """Add a shaft with wide ends and a bright rim."""
    for share, bright in ((1.0, 0.5), (0.6, -0.22)):
        layer = np.zeros_like(canvas)
        a, b = (tuple(int(v) for v in point) for point in (start, end))
        cv2.line(layer, a, b, 1.0, max(1, int(thick * share)), cv2.LINE_AA)
        for point in (a, b):
            cv2.circle(layer, point, max(1, int(0.75 * thick * share)), 1.0, -1, cv2.LINE_AA)
        canvas += bright * tone * cv2.GaussianBlur(layer, (0, 0), 1 + thick * 0.08)


def bones(rng: np.random.Generator) -> np.ndarray:
    """Bright shafts in soft tissue on a dark ground: a hand's fan, a limb, a spine or a skull."""
    height, width = shape = _size(rng)
    tissue, hard = np.zeros(shape, np.float32), np.zeros(shape, np.float32)
    form, tone = rng.integers(4), rng.uniform(0.4, 0.9)
    foot = np.array([width * rng.uniform(0.35, 0.65), height * rng.uniform(0.7, 0.95)])
    if form == 0:
        for finger, angle in enumerate(np.linspace(-0.7, 0.7, 5) + rng.normal(0, 0.08, 5)):
            point, length = foot, height * rng.uniform(0.16, 0.24)
            towards = np.array([np.sin(angle), -np.cos(angle)])
            for _ in range(3 if finger == 0 else 4):
                end = point + towards * length
                _bone(hard, point + towards * 4, end - towards * 4, width * 0.03, tone)
                line = tuple(int(v) for v in point), tuple(int(v) for v in end)
                cv2.line(tissue, *line, 0.25, int(width * 0.09), cv2.LINE_AA)
                point, length = end, length * 0.7
    elif form == 1:
        for shift in rng.normal(0, 0.1, rng.integers(1, 3)):
            top = np.array([width * (0.5 + shift + rng.normal(0, 0.1)), 0])
            joint = np.array([width * (0.5 + shift), height * rng.uniform(0.4, 0.6)])
            thick = width * rng.uniform(0.07, 0.14)
            _bone(hard, top, joint - np.array([0, thick]), thick, tone)
            _bone(hard, joint + np.array([0, thick]), np.array([joint[0], height]), thick, tone)
        cv2.rectangle(tissue, (int(width * 0.2), 0), (int(width * 0.8), height), 0.3, -1)
    elif form == 2:
        for y in np.arange(0, height, height / rng.integers(6, 14)):
            centre = np.array([width * (0.5 + 0.05 * np.sin(y / height * 4)), y])
            half = np.array([width * rng.uniform(0.06, 0.12), 0])
            _bone(hard, centre - half, centre + half, height * 0.06, tone)
        tissue += 0.35
    else:
        axes = int(width * rng.uniform(0.25, 0.42)), int(height * rng.uniform(0.28, 0.45))
        centre = width // 2, height // 2
        cv2.ellipse(tissue, centre, axes, 0, 0, 360, 0.35, -1)
        cv2.ellipse(hard, centre, axes, 0, 0, 360, tone, int(rng.integers(4, 14)), cv2.LINE_AA)
    tissue = cv2.GaussianBlur(tissue, (0, 0), width * 0.02)
    mottle = 1 + 0.08 * _smooth(shape, 12, rng)
    return 0.03 + (tissue + hard) * mottle + rng.normal(0, 0.02, shape)


def slice_of_a_body(rng: np.random.Generator) -> np.ndarray:
    """A bright oval with rim, dark and light organs inside and black around, as in tomography."""
    height, width = shape = _size(rng)
    canvas = np.zeros(shape, np.float32)
    centre = np.array([width, height]) / 2
    axes = np.array([width, height]) * rng.uniform(0.3, 0.47, 2)
    rim, tone = float(rng.uniform(0.3, 1)), float(rng.uniform(0.25, 0.6))
    whole = tuple(int(v) for v in centre), tuple(int(v) for v in axes), 0, 0, 360
    cv2.ellipse(canvas, *whole, tone, -1, cv2.LINE_AA)
    for _ in range(rng.integers(3, 12)):
        place = centre + axes * rng.uniform(-0.6, 0.6, 2)
        size = axes * rng.uniform(0.05, 0.4, 2)
        organ = (
            tuple(int(v) for v in place),
            tuple(int(v) for v in size),
            int(rng.integers(180)),
            0,
            360,
        )
        cv2.ellipse(canvas, *organ, float(rng.uniform(0, 0.95)), -1, cv2.LINE_AA)
    canvas *= canvas > 0
    cv2.ellipse(canvas, *whole, rim, int(rng.integers(1, 9)), cv2.LINE_AA)
    return cv2.GaussianBlur(canvas, (0, 0), rng.uniform(0.5, 2)) + rng.normal(0, 0.015, shape)


KINDS: dict[str, Callable[[np.random.Generator], np.ndarray]] = {
    "blank": blank,
    "noise": noise,
    "shapes": shapes,
    "page_of_text": page_of_text,
    "screen": screen,
    "bones": bones,
    "slice": slice_of_a_body,
}


def draw_image(kind: str, rng: np.random.Generator) -> np.ndarray:
    """One picture of a kind in KINDS."""
    return np.clip(KINDS[kind](rng), 0, 1).astype(np.float32)
