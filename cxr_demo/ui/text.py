"""All wording of the page in one place."""

TITLE = "Chest X-ray reading demo"

DISCLAIMER = (
    "Research demo, not a medical device and not for diagnosis. The models have seen chest "
    "radiographs of children aged 1–5 from one hospital (Guangzhou) and nothing else."
)

DROP = "Chest X-ray, PNG or JPEG"
EXAMPLES = "Or choose an example"
EXAMPLES_NOTE = "16 images the networks were not trained on. Kermany et al. 2018, CC BY 4.0."

WAITING = "Waiting for a radiograph."
READING = "Reading the file…"
LOOKING = "Running the networks and searching the reference library…"
FAILED = (
    "Something went wrong inside the demo, not with your file. Nothing was stored. "
    "Please try once more; if it stays, tell whoever runs this page."
)

CLASSIFICATION = "What the classifier says"
BINARY_HEAD = "Normal or pneumonia"
THREE_CLASS_HEAD = "Normal, bacterial or viral"
CLASSIFICATION_NOTE = (
    "Calibrated on held-out patients, all classes taken as equally common. Radiographs cannot "
    "reliably tell viral from bacterial pneumonia in children."
)

NOTHING_YET = "Appears once a radiograph is in."
PROJECTION = "Projection of the map"

NEIGHBOURS = "Nearest reference X-rays"
NEIGHBOURS_NOTE = "Similarity is the cosine between embeddings; 1 is the same direction."
MAP = "Where it lies among the references"
MAP_NOTE = (
    "Approximate position: the median of the nearest references. "
    "Distances on a map mislead; the vote is taken in the embedding itself."
)
HOVER = "Point at the map to see a reference; click to keep it."

RECONSTRUCTION = "What an autoencoder of normal X-rays cannot reproduce"
THRESHOLD = "Threshold (squared error, grey levels from 0 to 1)"
RECONSTRUCTION_NOTE = (
    "Trained on normal images only, it rebuilds what it knows. The score is the mean squared "
    "error of the whole image; it is not a probability."
)

CLASS_NAMES = {
    "normal": "Normal",
    "pneumonia": "Pneumonia",
    "bacterial": "Bacterial pneumonia",
    "viral": "Viral pneumonia",
}

SHORT_NAMES = {"normal": "Normal", "bacterial": "Bacterial", "viral": "Viral"}


def done(same_picture: tuple[str, ...], left_out: int, size: tuple[int, int], bits: int) -> str:
    """The status line after an analysis."""
    height, width = size
    line = f"Done: {width} × {height} pixels, {bits}-bit."
    if same_picture:
        others = left_out - len(same_picture)
        line += f" This picture is in the reference library as {', '.join(same_picture)}; it"
        line += (
            f" and {others} more of its patient are left out below."
            if others
            else " is left out below."
        )
    return line


def prototype_caption(averaged: int) -> str:
    """What stands under a picture that is not the reference's own."""
    return f"mean of {averaged} similar training images"


def verdict(score: float, threshold: float, share: float, unusual: bool) -> str:
    """The sentence under the heatmap."""
    word = "Unusual" if unusual else "Not unusual"
    relation = "above" if unusual else "not above"
    return (
        f"{word}: the score {score:.4f} is {relation} the threshold {threshold:.4f}. "
        f"{share:.1%} of the image lies above the threshold."
    )


def agreement(agrees: bool) -> str:
    """Whether vote and classifier say the same."""
    return (
        "Vote and classifier agree."
        if agrees
        else "Vote and classifier disagree: look at both with more doubt."
    )
