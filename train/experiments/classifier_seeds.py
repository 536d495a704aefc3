"""How much the classifier owes to chance: its teachers' figures, each on patients it has not seen.

    python -m train.experiments.classifier_seeds --teachers .work/seed0 .work/seed1 .work/seed2 \\
        --work .work/classifier

Collects what `train.recipes.classifier` scored after its last epoch, plain and stressed, in each
folder, with mean and standard deviation, and beside it the student of `train.recipes.distillation`.
Writes `assets/metrics/classifier_seeds.json`. The official test is not read. Time: 1 s.
"""

import json
from pathlib import Path

import numpy as np

from cxr_demo.artefacts import ASSETS
from train.arguments import parse
from train.records.manifest import write_json

CONDITIONS = ("validation", "validation_stressed")


def last_scores(work: Path) -> dict:
    """Seed, commit and scores by condition of a finished training."""
    run = json.loads((work / "run.json").read_text())
    history = json.loads((work / "history.json").read_text())
    if len(history) < run["recipe"]["epochs"]:
        raise SystemExit(f"{work} has {len(history)} of {run['recipe']['epochs']} epochs.")
    return {
        "seed": run["recipe"]["seed"],
        "commit": run["commit"],
        **{name: history[-1][name] for name in CONDITIONS},
    }


def mean_and_deviation(found: list[dict], condition: str) -> dict[str, dict[str, float]]:
    """Of each score of a condition over several trainings; the deviation is that of a sample."""
    columns = {name: [one[condition][name] for one in found] for name in found[0][condition]}
    return {
        name: {
            "mean": float(np.mean(values)),
            "standard_deviation": float(np.std(values, ddof=1)) if len(values) > 1 else 0.0,
        }
        for name, values in columns.items()
    }


def main() -> None:
    teachers = {"type": Path, "nargs": "+", "required": True, "help": "folders of trainings"}
    arguments = parse(__doc__, work=".work/classifier", teachers=teachers)
    found = [last_scores(work) for work in arguments.teachers]
    result = {
        "teachers": found,
        **{condition: mean_and_deviation(found, condition) for condition in CONDITIONS},
        "student": last_scores(arguments.work),
    }
    write_json(ASSETS / "metrics" / "classifier_seeds.json", result)
    print(json.dumps(result, indent=1))


if __name__ == "__main__":
    main()
