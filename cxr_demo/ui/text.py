"""All wording of the page in one place."""

from dataclasses import dataclass

from cxr_demo.analysis import Agreement, Analysis
from cxr_demo.anomaly import EXTENT

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

ANOMALY = "What does not look like a normal X-ray"
METHOD = "Method"


@dataclass(frozen=True)
class Method:
    """How one way of finding what is unusual is called and shown.

    Attributes:
        name: on buttons and panels.
        unit: of its map, its score and its threshold.
        hottest: what the brightest colour stands for, the same for every patient.
        decimals: of scores and thresholds.
    """

    name: str
    unit: str
    hottest: float
    decimals: int


METHODS = {
    "detector": Method("Detector of change", "estimated change", 1.0, 3),
    "autoencoder": Method("Autoencoder", "squared error of grey levels", 0.04, 4),
}
PRESETS = {
    "specificity_95": "95 % of normals spared",
    "specificity_90": "90 %",
    "specificity_99": "99 %",
    "youden": "Youden",
    "report": "0.01, the report's",
}
HISTOGRAM = (
    "Scores of held-out patients: normal above, pneumonia below; heights are square roots of "
    "shares. Dashed: the threshold. White: this X-ray."
)
THRESHOLD = "Threshold"
PRESET = "Threshold by what it spares"
PREVALENCE = "Pneumonia among the children examined, %"
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


def anomaly_note(aucs: dict[str, float | None]) -> str:
    """What the two methods are and how well each tells pneumonia from normal, where measured."""
    measured = ", ".join(
        f"{METHODS[method].name.lower()} {'not measured yet' if auc is None else f'{auc:.2f}'}"
        for method, auc in aucs.items()
    )
    return (
        "Both networks have seen normal X-rays only. The detector learned to find synthetic "
        "opacities pasted into them and answers for each place, the more readily the rarer the "
        "texture of its region is among normals; an X-ray counts as unusual when more than "
        f"{EXTENT:.0%} of it exceeds the threshold. The autoencoder, kept for comparison, rebuilds "
        "what it knows; its mean squared error is held against the threshold. Neither score is a "
        "probability of disease. AUROC on the official test images, pneumonia against normal: "
        f"{measured}; 0.50 is chance."
    )


def verdict(method: str, score: float, threshold: float, share: float, unusual: bool) -> str:
    """The sentence under the heatmap."""
    word = "Unusual" if unusual else "Not flagged"
    relation = "above" if unusual else "not above"
    decimals = METHODS[method].decimals
    return (
        f"{word}: the score {score:.{decimals}f} is {relation} the threshold "
        f"{threshold:.{decimals}f}. {share:.1%} of the image lies above the threshold."
    )


def meaning(
    sensitivity: float,
    specificity: float,
    ppv: float | None,
    npv: float | None,
    prevalence: float,
    patients: tuple[int, int],
) -> str:
    """What the threshold does, in words."""
    right = "nobody is flagged" if ppv is None else f"a flag is right in {ppv:.0%}"
    spared = "nobody is spared" if npv is None else f"no flag is right in {npv:.0%}"
    return (
        f"At this threshold: sensitivity {sensitivity:.1%} on {patients[1]} pneumonia images and "
        f"specificity {specificity:.1%} on {patients[0]} normal images of held-out patients, on "
        f"which the presets were fitted. If {prevalence:.0%} of the children have pneumonia, "
        f"{right} (PPV) and {spared} (NPV)."
    )
