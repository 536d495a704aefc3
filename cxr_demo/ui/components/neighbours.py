"""References as cards or as a table to choose from: the nearest with their vote, or those picked.

Data contract: neighbours are those of `report.neighbourhood_json`, {"id", "label", "similarity"},
nearest first. Pictures are at most 96 pixels wide; the browser enlarges them. The functions return
HTML of our own words, the library's names and pictures; its looks are in `findings.css`.
"""

import base64
import html
from collections.abc import Iterable, Mapping, Sequence

import cv2
import numpy as np

from cxr_demo.models.calibration import THREE_CLASS
from cxr_demo.reference.library import ReferenceLibrary
from cxr_demo.reference.projection import Typicality
from cxr_demo.reference.thumbnails import Thumbnails
from cxr_demo.server.gradio_setup import gr
from cxr_demo.ui.components.module import LANGUAGE
from cxr_demo.ui.wording import in_every_language, number, say, sentence

LARGE = 4
"""Cards with a picture of at least 120 px; those after them are small."""
MAX_PICKED = 24
"""Cards of a lasso; the table has more."""
MAX_LISTED = 200

PICK = """
element.addEventListener('click', (event) => {
  const chosen = event.target.closest('[data-row]');
  if (!chosen) return;
  const again = chosen.getAttribute('aria-pressed') === 'true';
  for (const card of document.querySelectorAll('[data-row]')) {
    card.setAttribute('aria-pressed', card.dataset.row === chosen.dataset.row && !again);
  }
  trigger('pick', { rows: again ? [] : [Number(chosen.dataset.row)] });
});
"""


class Neighbours(gr.HTML):
    """Cards or a table of references.

    Value, Python → browser: what `neighbours_html`, `picked_html` or `references_html` returns, ""
    for nothing. Handlers get it back as they gave it and have no use for it.

    Event "pick": a card was pressed. `gr.EventData` holds {"rows": [library row]}, or {"rows": []}
    where it was pressed again; anybody can forge it: `map_link.picked_rows(event._data, library)`.
    """

    def __init__(self, value: str = "", **options):
        super().__init__(value, label=LANGUAGE, js_on_load=PICK, **options)


def neighbours_html(
    library: ReferenceLibrary,
    thumbnails: Thumbnails,
    neighbours: Sequence[Mapping],
    vote: Mapping[str, float],
    probabilities: Mapping[str, Mapping[str, float]],
    typicality: Typicality,
    classes: Sequence[str] = THREE_CLASS,
    left_out: int = 0,
) -> str:
    """The vote, whether the classifier agrees, and cards of the nearest, four of them large.

    Args:
        library: the references.
        thumbnails: their pictures.
        neighbours: nearest first.
        vote: share of each class among them.
        probabilities: the classifier's, by head and class.
        typicality: what similarities are usual.
        classes: those that were searched; a search that leaves some out is no vote.
        left_out: references of the same patient that were not searched.
    """
    counts = ", ".join(
        f'<span data-class="{name}">{say(f"class.{name}")} {round(share * len(neighbours))}</span>'
        for name, share in vote.items()
        if share > 0
    )
    if set(classes) == set(THREE_CLASS):
        agrees = agreement(probabilities, neighbours, vote)
        tone = "agree" if agrees == "full" else "doubt"
        verdict = f'<span class="{tone}">{say(f"agreement.{agrees}")}</span>'
    else:
        verdict = f'<span class="dim">{say("vote.filtered")}</span>'
    excluded = f' <span class="dim">{say("neighbours.left_out", count=left_out)}</span>'
    cards = [
        _card(library, thumbnails, library.row_of[near["id"]], rank, near["similarity"], typicality)
        for rank, near in enumerate(neighbours, 1)
    ]
    return (
        f'<div class="findings"><p class="vote">{say("vote", k=len(neighbours))} {counts}. '
        f"{verdict}{excluded if left_out else ''}</p>"
        f"{_list(cards[:LARGE], 'large')}{_list(cards[LARGE:], 'small', LARGE + 1)}</div>"
    )


def picked_html(library: ReferenceLibrary, thumbnails: Thumbnails, rows: Sequence[int]) -> str:
    """Cards of the references picked: one large, or how many and the first MAX_PICKED small."""
    if not rows:
        return ""
    cards = [_card(library, thumbnails, row, pressed=True) for row in rows[:MAX_PICKED]]
    if len(rows) == 1:
        return f'<div class="findings">{_list(cards, "large")}</div>'
    told = f'<p role="status">{say("map.selected", count=len(rows))}</p>'
    return f'<div class="findings">{told}{_list(cards, "small")}</div>'


def references_html(library: ReferenceLibrary, rows: Sequence[int]) -> str:
    """The same for keyboards: a table whose first column chooses a reference."""
    head = "".join(
        f'<th scope="col">{say(key)}</th>' for key in ("table.patient", "table.class", "table.id")
    )
    lines = "".join(
        f'<tr><td><button type="button" data-row="{near.row}" aria-pressed="false">'
        f"{html.escape(near.patient)}</button></td>"
        f"<td>{say(f'class.{near.label}')}</td><td>{html.escape(near.id)}</td></tr>"
        for near in map(library.reference, rows[:MAX_LISTED])
    )
    caption = say("table.caption", count=len(rows))
    return (
        f'<div class="findings scroller"><table class="references"><caption>{caption}</caption>'
        f"<thead><tr>{head}</tr></thead><tbody>{lines}</tbody></table></div>"
    )


def find_references(library: ReferenceLibrary, text: str) -> list[int]:
    """Library rows whose patient key or name in the data set holds a text, whatever its case."""
    wanted = text.strip().lower()
    if not wanted:
        return []
    named = np.char.find(np.char.lower(library.ids.astype(str)), wanted) >= 0
    of_patient = np.char.find(np.char.lower(library.patients.astype(str)), wanted) >= 0
    return np.flatnonzero(named | of_patient).tolist()


def agreement(
    probabilities: Mapping[str, Mapping[str, float]],
    neighbours: Sequence[Mapping],
    vote: Mapping[str, float],
) -> str:
    """How far vote and classifier call the same: "full", "cause" (normal or not, but not which
    pneumonia) or "none"; arguments as `neighbours_html`."""
    if (probabilities["binary"]["pneumonia"] > 0.5) != (vote["normal"] < 0.5):
        return "none"
    three = probabilities["three_class"]
    return "full" if max(three, key=three.get) == _elected(neighbours, vote) else "cause"


def _elected(neighbours: Iterable[Mapping], vote: Mapping[str, float]) -> str:
    """The class with most votes; between equals, the one with more similarity in sum."""
    weight = dict.fromkeys(vote, 0.0)
    for near in neighbours:
        weight[near["label"]] += near["similarity"]
    return max(vote, key=lambda name: (vote[name], weight[name]))


def nearness(similarity: float, typicality: Typicality) -> str:
    """The key of how near a similarity is, against the library's own neighbours."""
    if similarity >= typicality.upper_quartile:
        return "near.very"
    if similarity >= typicality.lower_quartile:
        return "near.usual"
    return "near.loose" if similarity >= typicality.lowest else "near.far"


def _list(cards: Sequence[str], size: str, start: int = 1) -> str:
    items = "".join(f"<li>{card}</li>" for card in cards)
    return f'<ol class="cards {size}" start="{start}">{items}</ol>' if cards else ""


def _card(
    library: ReferenceLibrary,
    thumbnails: Thumbnails,
    row: int,
    rank: int | None = None,
    similarity: float = 0.0,
    typicality: Typicality | None = None,
    pressed: bool = False,
) -> str:
    reference, thumbnail = library.reference(row), thumbnails.of(row)
    name = sentence(f"class.{reference.label}")
    title = say("card.rank", rank=rank, **{"class": name}) if rank else in_every_language(name)
    near = ""
    if rank:
        near = (
            f'<span class="near">{in_every_language(number(similarity, 3))}'
            f'<span class="dim"> · {say(nearness(similarity, typicality))}</span></span>'
        )
    averaged = ""
    if thumbnail.averaged > 1:
        averaged = f'<span class="dim">{say("card.prototype", averaged=thumbnail.averaged)}</span>'
    return (
        f'<button type="button" class="card" title="{html.escape(reference.id)}" data-row="{row}" '
        f'data-class="{reference.label}" aria-pressed="{str(pressed).lower()}">'
        f'<img alt="" src="{_picture(thumbnail.pixels)}">'
        f'<span class="words"><span class="name">{title}</span>{near}'
        f'<span class="dim">{html.escape(reference.patient)}</span>{averaged}</span></button>'
    )


def _picture(pixels: np.ndarray) -> str:
    """uint8 (H, W) → JPEG as data URI; a third of the PNG."""
    content = cv2.imencode(".jpg", pixels, [cv2.IMWRITE_JPEG_QUALITY, 90])[1].tobytes()
    return "data:image/jpeg;base64," + base64.b64encode(content).decode()
