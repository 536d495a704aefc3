"""The log of readings of the official test: one line each, so that none is forgotten."""

import datetime
import json

from cxr_demo.artefacts import ASSETS
from train.records.manifest import current_command, register

TEST_LOG = ASSETS / "metrics" / "test_log.jsonl"


def log_test_reading(note: str, figures: dict) -> None:
    """Add one line.

    Args:
        note: why.
        figures: what was seen, by name; plain enough for JSON.
    """
    reading = {
        "date": datetime.date.today().isoformat(),
        "command": current_command(),
        "note": note,
        **figures,
    }
    TEST_LOG.parent.mkdir(parents=True, exist_ok=True)
    with TEST_LOG.open("a") as lines:
        print(json.dumps(reading), file=lines)
    register(TEST_LOG, "python -m train.evaluate.official_test")
