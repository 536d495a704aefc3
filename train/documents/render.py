"""Fill README, cards and `docs/` from `assets/metrics` and the code: no result is typed by hand.

    python -m train.documents.render

What stands between `<!-- results:NAME -->` and `<!-- /results -->` of a document is replaced by the
block NAME of its template in `templates/`; the words around it are written by hand in the document.
A measurement whose file is missing, or was made with another network than the one that ships, is an
empty dictionary in the context of the templates, which then say "not run yet".
`tests/train/documents/test_render.py` fails when a document and the metrics drift apart.
"""

import json
import re
from pathlib import Path

import jinja2

from cxr_demo.artefacts import ASSETS
from train.documents import figures
from train.documents.outline import outline
from train.records.manifest import ROOT

TEMPLATES = Path(__file__).parent / "templates"
DOCUMENTS = {
    "README.md": "README.md.j2",
    "docs/architecture.md": "architecture.md.j2",
    "docs/experiments.md": "experiments.md.j2",
    "docs/input_check.md": "input_check.md.j2",
    "docs/released_classifier.md": "released_classifier.md.j2",
    "docs/released_detector.md": "released_detector.md.j2",
    "docs/results.md": "results.md.j2",
    "docs/speed.md": "speed.md.j2",
    "assets/autoencoder/CARD.md": "autoencoder_card.md.j2",
    "assets/classifier/CARD.md": "classifier_card.md.j2",
    "assets/detector/CARD.md": "detector_card.md.j2",
    "assets/library/CARD.md": "library_card.md.j2",
}
"""Template of each document, which is named by its path in the repository."""

MEASURED_WITH = {
    "ablation": (),
    "alignment": ("alignment",),
    "anomaly_parts": ("detector",),
    "bench": (),
    "classifier_seeds": (),
    "lent_surroundings": (),
    "detector_seeds": (),
    "gate": ("detector",),
    "growth": (),
    "localisation": ("detector", "autoencoder"),
    "parity": ("classifier",),
    "retrieval": ("classifier",),
    "runtimes": ("classifier",),
    "saliency": ("classifier",),
    "stages": (),
    "stress": ("classifier",),
    "test_time_views": (),
}
"""Files of metrics, and the networks whose hashes each must share with `evaluation.json`."""

MARKER = re.compile(r"(<!-- results:(\w+) -->\n).*?(<!-- /results -->)", re.DOTALL)


def decimals(value: float | None, places: int = 3) -> str:
    """A number with so many decimals; a dash for None, what was not trained."""
    return "–" if value is None else f"{value:.{places}f}"


def percent(share: float, places: int = 1) -> str:
    """A share in [0, 1] in percent."""
    return f"{share:.{places}%}"


def thousands(count: int) -> str:
    """A count with commas."""
    return f"{count:,}"


def environment() -> jinja2.Environment:
    """Templates with their filters, the functions of `figures`, `outline`, and `macros`."""
    made = jinja2.Environment(
        loader=jinja2.FileSystemLoader(TEMPLATES),
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    made.filters.update(decimals=decimals, percent=percent, thousands=thousands)
    made.globals |= {"figures": figures, "outline": outline}
    # A block that is rendered alone does not see what its template imports.
    made.globals["macros"] = made.get_template("_macros.md.j2").module
    return made


def measurements(assets: Path = ASSETS) -> dict[str, object]:
    """What the templates can refer to: the content of JSON files, by the name of the file.

    Also "official_test", the figures of "evaluation" that have intervals; "screening" by method;
    "experiments" by recipe, only those that were run; and "test_log", a list.

    Raises:
        FileNotFoundError: if there is no evaluation, or no log of the official test.
    """
    metrics = assets / "metrics"
    evaluation = json.loads((metrics / "evaluation.json").read_text())
    shipped = evaluation["model"]
    files = {name: _read(metrics / f"{name}.json") for name in MEASURED_WITH}
    for name, networks in MEASURED_WITH.items():
        hashes = files[name].get("model", files[name])
        if any(hashes.get(network) != shipped[network] for network in networks):
            files[name] = {}
    recipes = sorted((metrics / "experiments").glob("*.json"))
    return {
        **files,
        "evaluation": evaluation,
        "official_test": figures.with_intervals(evaluation),
        "calibration": _read(assets / "classifier/calibration.json"),
        "screening": {
            method: _read(assets / method / "held_out_scores.json")
            for method in ("detector", "autoencoder")
        },
        "experiments": {file.stem: _read(file) for file in recipes},
        "test_log": [json.loads(line) for line in (metrics / "test_log.jsonl").open()],
    }


def fill(document: str, template: jinja2.Template, context: dict[str, object]) -> str:
    """A document with what stands between its markers replaced by the template's blocks.

    Raises:
        KeyError: if the document names a block that the template does not have.
        jinja2.UndefinedError: if a block names something that the context does not have.
    """

    def filled(marker: re.Match) -> str:
        render = template.blocks[marker[2]]
        return marker[1] + "".join(render(template.new_context(context))) + marker[3]

    return MARKER.sub(filled, document)


def main() -> None:
    templates, context = environment(), measurements()
    for name, template in DOCUMENTS.items():
        path = ROOT / name
        path.write_text(fill(path.read_text(), templates.get_template(template), context))
        print(name)


def _read(file: Path) -> dict:
    return json.loads(file.read_text()) if file.exists() else {}


if __name__ == "__main__":
    main()
