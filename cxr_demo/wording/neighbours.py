"""References as cards or as a table to choose from: the nearest with their vote, or those picked.

Data contract: rows are those of the library; thumbnails are its pictures, at most 96 pixels wide,
which the browser enlarges. The functions return HTML of our own words, the library's names and
pictures; its looks are in `ui/components/findings.css`. `MapLink` tells which `data-row` was
pressed, and presses those of what is marked.
(`gr.Gallery` cannot press the card of a point picked on the map, has captions in one language and
colour only and hides them from screen readers, and writes each picture to the disk.)
"""

import base64
import html
from collections.abc import Mapping, Sequence

import cv2

from cxr_demo.models.calibration import THREE_CLASS
from cxr_demo.reference.library import Reference, ReferenceLibrary
from cxr_demo.reference.neighbourhood import Neighbourhood, agreement
from cxr_demo.reference.projection import Typicality
from cxr_demo.reference.thumbnails import Thumbnails
from cxr_demo.wording.messages import table_html
from cxr_demo.wording.spans import in_every_language, number, percent, say, sentence

LARGE = 4
"""Cards with a picture of at least 120 px; those after them are small."""
MAX_PICKED = 24
"""Cards of a lasso; the table has more."""
MAX_LISTED = 200


def neighbours_html(
    thumbnails: Thumbnails,
    found: Neighbourhood,
    probabilities: Mapping[str, Mapping[str, float]],
    typicality: Typicality,
    classes: Sequence[str] = THREE_CLASS,
    left_out: int = 0,
) -> str:
    """The vote, whether the classifier agrees, and cards of the nearest, four of them large.

    Args:
        thumbnails: see above.
        found: the search.
        probabilities: the classifier's, by head and class.
        typicality: what similarities are usual.
        classes: those that were searched; a search that leaves some out is no vote.
        left_out: references of the same patient that were not searched.
    """
    nearest = found.neighbours
    labels = [near.label for near in nearest]
    tone, told = "dim", "vote.filtered"
    if set(classes) == set(THREE_CLASS):
        agrees = agreement(probabilities, found.vote, found.majority_class)
        tone, told = "agree" if agrees == "full" else "doubt", f"agreement.{agrees}"
    counts = ", ".join(
        f"{say(f'class.{name}')} {labels.count(name)} ({in_every_language(percent(share))})"
        for name, share in found.vote.items()
        if share > 0
    )
    without = f' <span class="dim">{say("neighbours.left_out", count=left_out)}</span>'
    cards = [_card(near, thumbnails, rank, typicality) for rank, near in enumerate(nearest, 1)]
    return (
        f'<div class="findings"><p class="vote">{say("vote", k=len(nearest))} {counts}. '
        f'<span class="{tone}">{say(told)}</span>{without if left_out else ""}</p>'
        f"{_list(cards[:LARGE], 'large')}{_list(cards[LARGE:], 'small', LARGE + 1)}</div>"
    )


def picked_html(library: ReferenceLibrary, thumbnails: Thumbnails, rows: Sequence[int]) -> str:
    """Cards of the references picked: one large, or how many and the first MAX_PICKED small."""
    if not rows:
        return ""
    size, told = "large", ""
    if len(rows) > 1:
        size, told = "small", f'<p role="status">{say("map.selected", count=len(rows))}</p>'
    cards = [_card(library.reference(row), thumbnails) for row in rows[:MAX_PICKED]]
    return f'<div class="findings">{told}{_list(cards, size)}</div>'


def references_html(library: ReferenceLibrary, rows: Sequence[int]) -> str:
    """The same for keyboards: a table whose first column chooses a reference."""
    return table_html(
        say("table.caption", count=len(rows)),
        [say(key) for key in ("table.patient", "table.class", "table.id")],
        [
            [
                f'<button type="button" data-row="{reference.row}" aria-pressed="false">'
                f"{html.escape(reference.patient)}</button>",
                say(f"class.{reference.label}"),
                html.escape(reference.id),
            ]
            for reference in map(library.reference, rows[:MAX_LISTED])
        ],
    )


def _list(cards: Sequence[str], size: str, start: int = 1) -> str:
    items = "".join(f"<li>{card}</li>" for card in cards)
    return f'<ol class="cards {size}" start="{start}">{items}</ol>' if cards else ""


def _card(
    reference: Reference,
    thumbnails: Thumbnails,
    rank: int | None = None,
    typicality: Typicality | None = None,
) -> str:
    """A neighbour with its rank and what its similarity means, or a reference picked."""
    thumbnail = thumbnails.of(reference.row)
    name, near = sentence(f"class.{reference.label}"), ""
    title = say("card.rank", rank=rank, **{"class": name}) if rank else in_every_language(name)
    if rank:
        usual = say(f"near.{typicality.nearness(reference.similarity)}")
        similarity = in_every_language(number(reference.similarity, 3))
        near = f'<span class="near">{similarity}<span class="dim"> · {usual}</span></span>'
    averaged, pressed = "", "false" if rank else "true"
    if thumbnail.averaged > 1:
        averaged = f'<span class="dim">{say("card.prototype", averaged=thumbnail.averaged)}</span>'
    # A JPEG takes a third of the PNG.
    picture = cv2.imencode(".jpg", thumbnail.pixels, [cv2.IMWRITE_JPEG_QUALITY, 90])[1].tobytes()
    return (
        f'<button type="button" class="card" title="{html.escape(reference.id)}" '
        f'data-row="{reference.row}" data-class="{reference.label}" aria-pressed="{pressed}">'
        f'<img alt="" src="data:image/jpeg;base64,{base64.b64encode(picture).decode()}">'
        f'<span class="words"><span class="name">{title}</span>{near}'
        f'<span class="dim">{html.escape(reference.patient)}</span>{averaged}</span></button>'
    )
