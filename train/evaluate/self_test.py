"""What the service says of the shipped examples, to compare with what it says elsewhere.

    python -m train.evaluate.self_test

Reads the shipped artefacts alone and writes `assets/metrics/self_test.json`; the page and
`about.json` take it from there. Time: 5 s.
"""

from pathlib import Path

from cxr_demo.analysis import Analyser
from cxr_demo.artefacts import ASSETS, Artefacts
from cxr_demo.reading.reader import read_radiograph
from cxr_demo.self_test import TOLERANCE, outputs
from train.records.manifest import write_json

SELF_TEST = "metrics/self_test.json"


def self_test(analyser: Analyser, artefacts: Artefacts) -> dict:
    """The outputs of all examples.

    Args:
        analyser: the service.
        artefacts: where the examples are.

    Returns:
        "model" and "tolerance", and "examples": `self_test.outputs` by the first 12 characters of
        the file's SHA-256, which says nothing of the class.
    """
    images = [
        path
        for path in artefacts.paths
        if path.startswith("examples/") and Path(path).suffix != ".md"
    ]
    return {
        "model": analyser.model,
        "tolerance": TOLERANCE,
        "examples": {
            artefacts.short_hash(path): outputs(
                analyser.analyse(read_radiograph(artefacts.read(path)))
            )
            for path in images
        },
    }


def main() -> None:
    artefacts = Artefacts()
    content = self_test(Analyser(artefacts), artefacts)
    write_json(ASSETS / SELF_TEST, content)
    print(f"{len(content['examples'])} examples")


if __name__ == "__main__":
    main()
