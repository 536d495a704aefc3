"""What the page says around a reading, as HTML in every language. Pure functions.

Data contract: `facts` is what the page holds of one reading, see `server.facts`.
"""

from cxr_demo.errors import UserError
from cxr_demo.server.reading_log import agreements
from cxr_demo.wording.spans import in_every_language, percent, say


def status_html(tone: str, *sentences: str) -> str:
    """The status line.

    Args:
        tone: "waiting", "busy", "done" or "refused".
        sentences: HTML.
    """
    return f'<p class="status {tone}" role="status">{" ".join(filter(None, sentences))}</p>'


def refused_html(refusal: UserError, reading: bool = False) -> str:
    """Why nothing new is shown.

    Args:
        refusal: the reason.
        reading: whether it was a radiograph that was refused; if another is on the page (see
            `page.css`), it is said that this one is still shown.
    """
    still = f'<span class="still">{say("status.still")}</span>' if reading else ""
    return status_html("refused", say(refusal.key, **refusal.values), still)


def done_html(facts: dict, excluded: bool = True) -> str:
    """What was read, and that it is in the library, if it is."""
    image, ids = facts["image"], facts["same_picture"]
    size = {"width": image["width"], "height": image["height"], "bits": image["bit_depth"]}
    known = ""
    if ids and not facts["veil"]:
        others = facts["left_out"] - len(ids)
        key = "status.same_and_others" if others else "status.same"
        known = say(key if excluded else "status.known", ids=", ".join(ids), others=others)
    notes = (say(key) for key in ("burned_in", "tinted") if image[key])
    return status_html("done", say("status.done", **size), known, *notes)


def gate_html(facts: dict) -> str:
    """What is unusual about the radiograph; nothing for a usable one."""
    if facts["gate"]["grade"] != "unusual":
        return ""
    reason = say(f"gate.{facts['gate']['key']}")
    return f'<p class="warning"><b>{say("gate.unusual")}</b> {reason}</p>'


def table_html(caption: str, columns: list[str], rows: list[list[str]]) -> str:
    """A table that can be scrolled by keyboard; the first cell of each row is its header.

    Args:
        caption, columns, rows: HTML.
    """
    head = "".join(f'<th scope="col">{name}</th>' for name in columns)
    body = "".join(row_html(*cells) for cells in rows)
    return (
        f'<div class="scroller" tabindex="0" role="group"><table><caption>{caption}</caption>'
        f"<thead><tr>{head}</tr></thead><tbody>{body}</tbody></table></div>"
    )


def row_html(first: str, *cells: str) -> str:
    """One row of a table's body."""
    return f'<tr><th scope="row">{first}</th>{"".join(f"<td>{cell}</td>" for cell in cells)}</tr>'


def log_html(log: list[dict]) -> str:
    """The readings of a `reading_log`, and how often the classifier agreed."""
    if not log:
        return f"<p>{say('log.empty')}</p>"
    agree = agreements(log)
    rows = [
        [
            str(number),
            say(f"impression.{row['impression']}"),
            say(f"confidence.{row['confidence']}"),
            say(f"class.{row['called']}"),
            in_every_language(percent(row["pneumonia"], 1)),
            "–" if agrees is None else say("yes" if agrees else "no"),
            say(f"class.{row['known']}" if row["known"] else "log.unknown"),
        ]
        for number, (row, agrees) in enumerate(zip(log, agree, strict=True), 1)
    ]
    columns = ("impression", "confidence", "model", "pneumonia", "agree", "label")
    names = ["#", *(say(f"log.{name}") for name in columns)]
    decided = len(log) - agree.count(None)
    total = say("log.sum", same=agree.count(True), decided=decided, count=len(log))
    return f"<p>{total}</p>{table_html(say('readfirst.log'), names, rows)}"
