"""Read first: the readings in which an impression was marked before anything was shown.

Data contract: a log is a list of `Marked` as dictionaries; it lies in the browser, is gone with the
page, and what comes back of it is checked. Pure functions.
"""

from typing import Literal

from pydantic import BaseModel

from cxr_demo.server.facts import Class, Share
from cxr_demo.server.refusals import checked
from cxr_demo.server.serialise import called

IMPRESSIONS = ("normal", "bacterial", "viral", "unsure")
CONFIDENCES = ("low", "medium", "high")
MAX_LOG = 500


class Marked(BaseModel):
    """One reading: what the person made of it, what the classifier did, and the label, if known."""

    impression: Literal[IMPRESSIONS]
    confidence: Literal[CONFIDENCES]
    called: Class
    pneumonia: Share
    known: Class | None


def logged(log: object, impression: object, confidence: object, facts: dict) -> list[dict]:
    """A log with one reading more, the last MAX_LOG of them.

    Args:
        log, impression, confidence: not trusted; None for an empty log.
        facts: of the reading, checked.

    Raises:
        UserError: if it is no such thing.
    """
    row = {
        "impression": impression,
        "confidence": confidence,
        "called": called(facts["probabilities"]),
        "pneumonia": facts["probabilities"]["binary"]["pneumonia"],
        "known": facts["known"],
    }
    rows = [*checked(list[Marked], [] if log is None else log), checked(Marked, row)]
    return [vars(one) for one in rows[-MAX_LOG:]]


def agreements(log: list[dict]) -> list[bool | None]:
    """Whether the classifier called what the person marked; None where they were unsure."""
    return [
        None if row["impression"] == "unsure" else row["impression"] == row["called"] for row in log
    ]
