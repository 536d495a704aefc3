"""Read first: the readings in which an impression was marked before anything was shown.

Data contract: a log is a list of `Marked` as dictionaries; it lies in the browser, is gone with the
page, and what comes back of it is checked. Pure functions.
"""

from typing import Literal

from pydantic import BaseModel

from cxr_demo.server.facts import Class, Share
from cxr_demo.server.serialise import called
from cxr_demo.ui.components.module import checked
from cxr_demo.ui.messages import table_html
from cxr_demo.ui.wording import in_every_language, percent, say

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


def log_html(log: list[dict]) -> str:
    """The readings, and how often the classifier agreed."""
    if not log:
        return f"<p>{say('log.empty')}</p>"
    rows, decided, same = [], 0, 0
    for number, row in enumerate(log, 1):
        agrees = row["impression"] == row["called"]
        unsure = row["impression"] == "unsure"
        decided, same = decided + (not unsure), same + agrees
        rows.append(
            [
                str(number),
                say(f"impression.{row['impression']}"),
                say(f"confidence.{row['confidence']}"),
                say(f"class.{row['called']}"),
                in_every_language(percent(row["pneumonia"], 1)),
                "–" if unsure else say("yes" if agrees else "no"),
                say(f"class.{row['known']}" if row["known"] else "log.unknown"),
            ]
        )
    columns = ("impression", "confidence", "model", "pneumonia", "agree", "label")
    names = ["#", *(say(f"log.{name}") for name in columns)]
    total = say("log.sum", same=same, decided=decided, count=len(log))
    return f"<p>{total}</p>{table_html(say('readfirst.log'), names, rows)}"
