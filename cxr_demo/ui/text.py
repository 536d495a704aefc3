"""All wording of the page in one place."""

from cxr_demo.analysis import Agreement, Analysis

TITLE = "Chest X-ray reading demo"

DISCLAIMER = (
    "Research demo, not a medical device and not for diagnosis. The models have seen chest "
    "radiographs of children aged 1–5 from one hospital (Guangzhou) and nothing else."
)

DROP = "Chest X-ray, PNG or JPEG"
EXAMPLES = "Or choose an example"
EXAMPLES_NOTE = "16 images the networks were not trained on. Kermany et al. 2018, CC BY 4.0."

WAITING = "Waiting for a radiograph."
WORKING = "Received. Reading it, running the networks, searching the reference library…"
UPLOAD_GONE = "The upload did not arrive; please drop the file once more."
STILL_THE_ONE_BEFORE = "What is shown below is still the radiograph before."
FAILED = (
    "Something went wrong inside the demo, not with your file. "
    "Please try once more; if it stays, tell whoever runs this page."
)

CLASSIFICATION = "What the classifier says"
BINARY_HEAD = "Normal or pneumonia"
THREE_CLASS_HEAD = "Normal, bacterial or viral"
CLASSIFICATION_NOTE = (
    "Calibrated as if half of the children were healthy and pneumonia as often bacterial as viral. "
    "Radiographs cannot reliably tell viral from bacterial pneumonia in children (PMC5922330). On "
    "another hospital's children a model trained on these images fell from an AUROC of .95 to .54 "
    "(Xin 2021)."
)

NOTHING_YET = "Appears once a radiograph is in."
PROJECTION = "Projection of the map"

NEIGHBOURS = "Nearest reference X-rays"
NEIGHBOURS_NOTE = (
    "Nearest first. The number is the cosine similarity of the embeddings; 1 is the same direction."
)
MAP = "Where it lies among the references"
MAP_NOTE = (
    "The star is this radiograph, joined to its nearest references; its position is approximate, "
    "their median. Distances on a map mislead: the vote is taken in the embedding itself."
)
HOVER = "Point at the map to see a reference; click to keep it, click again to let go."

RECONSTRUCTION = "What an autoencoder of normal X-rays cannot reproduce"
THRESHOLD = "Threshold (squared error of grey levels between 0 and 1)"
CLASS_NAMES = {
    "normal": "Normal",
    "pneumonia": "Pneumonia",
    "bacterial": "Bacterial pneumonia",
    "viral": "Viral pneumonia",
}

SHORT_NAMES = {"normal": "Normal", "bacterial": "Bacterial", "viral": "Viral"}


AGREEMENT = {
    Agreement.FULL: "Vote and classifier agree.",
    Agreement.UP_TO_CAUSE: "Vote and classifier agree on normal or pneumonia, not on the class.",
    Agreement.NONE: "Vote and classifier disagree: look at both with more doubt.",
}

HEADS_DISAGREE = "The two heads disagree on normal or pneumonia: read both with doubt."


def done(analysis: Analysis) -> str:
    """The status line after an analysis."""
    height, width = analysis.size
    line = f"Done: {width} × {height} pixels, {analysis.bit_depth}-bit."
    if analysis.same_picture:
        others = analysis.left_out - len(analysis.same_picture)
        line += (
            f" It is in the reference library as {', '.join(analysis.same_picture)}; that picture"
        )
        line += (
            f" and {others} more of its patient are left out below."
            if others
            else " is left out below."
        )
    return line


def prototype_caption(averaged: int) -> str:
    """What stands under a picture that is not the reference's own."""
    return f"mean of {averaged} similar training images"


def reconstruction_note(auc: float) -> str:
    """What the autoencoder's score is and how little it tells, with its measured AUROC."""
    return (
        "Trained on normal images only, it rebuilds what it knows. The threshold is held against "
        "the score, the mean squared error of the whole image, and against each pixel of the "
        "heatmap. A low score does not mean normal: on the official test images the score tells "
        f"pneumonia from normal with an AUROC of {auc:.2f}, where 0.50 is chance."
    )


def verdict(score: float, threshold: float, share: float, unusual: bool) -> str:
    """The sentence under the heatmap."""
    word = "Unusual" if unusual else "Not flagged"
    relation = "above" if unusual else "not above"
    return (
        f"{word}: the score {score:.4f} is {relation} the threshold {threshold:.4f}. "
        f"{share:.1%} of the image lies above the threshold."
    )
