"""The worst mistakes, to look at: a sheet made from your own data folder, never committed.

    python -m train.evaluate.mistakes --data ../shared/data/chest_xray [--out .work/mistakes.png]

Takes what the shipped model said of the official test from `assets/metrics/test_predictions.json`
and the pictures from DATA. Sorted by how sure the model was of the wrong class. Time: 5 s.
"""

from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw

from cxr_demo.artefacts import ASSETS
from train.arguments import parse
from train.data.kermany import CLASSES, list_split
from train.metrics.predictions import Predictions, from_json

TILE, CAPTION, COLUMNS = 224, 30, 6


def worst_mistakes(predictions: Predictions, most: int) -> np.ndarray:
    """Rows whose class the three-class head predicts wrong, surest first; int (at most `most`,)."""
    predicted = predictions.three_class.argmax(axis=1)
    wrong = np.flatnonzero(predicted != predictions.labels)
    surest_first = np.argsort(-predictions.three_class[wrong, predicted[wrong]], kind="stable")
    return wrong[surest_first][:most]


def captions(predictions: Predictions, rows: np.ndarray) -> list[str]:
    """Two lines for each row: the file, and what was said against what is known."""
    texts = []
    for row in rows:
        probability = predictions.three_class[row]
        predicted = f"predicted {CLASSES[probability.argmax()]} {probability.max():.2f}"
        known = CLASSES[predictions.labels[row]]
        texts.append(f"{predictions.ids[row]}\n{known}, {predicted}")
    return texts


def contact_sheet(pictures: list[Image.Image], texts: list[str]) -> Image.Image:
    """Pictures in rows of six, each above its caption."""
    rows = -(-len(pictures) // COLUMNS)
    page = Image.new("L", (COLUMNS * TILE, rows * (TILE + CAPTION)), 0)
    pen = ImageDraw.Draw(page)
    for index, (picture, text) in enumerate(zip(pictures, texts, strict=True)):
        left, top = index % COLUMNS * TILE, index // COLUMNS * (TILE + CAPTION)
        page.paste(picture.convert("L").resize((TILE, TILE)), (left, top))
        pen.text((left + 3, top + TILE + 2), text, fill=220, font_size=11, spacing=1)
    return page


def main() -> None:
    arguments = parse(
        __doc__,
        "data",
        out={"type": Path, "default": Path(".work/mistakes.png")},
        most={"type": int, "default": 36, "help": "how many to show"},
    )
    predictions = from_json((ASSETS / "metrics/test_predictions.json").read_text())
    path_of = {path.stem: path for path in list_split(arguments.data, "test")}
    rows = worst_mistakes(predictions, arguments.most)
    pictures = [Image.open(path_of[predictions.ids[row]]) for row in rows]
    arguments.out.parent.mkdir(parents=True, exist_ok=True)
    contact_sheet(pictures, captions(predictions, rows)).save(arguments.out)
    print(f"{arguments.out}: the {len(rows)} surest mistakes of {len(predictions)} images")


if __name__ == "__main__":
    main()
