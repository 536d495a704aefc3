"""What the Read tab answers: plain methods from values to values, without layout.

Data contract: `facts` is what the page holds of one reading, in the browser and nowhere else: see
`messages`. Whatever comes in may be a stranger's and is checked. An answer has one entry for each
of OUTPUTS, in that order; what does not change is `gr.skip()`.
"""

import logging
import secrets
from collections.abc import Callable
from functools import cached_property, wraps

from cxr_demo.errors import UserError
from cxr_demo.models.calibration import THREE_CLASS
from cxr_demo.models.input_check import UNUSUAL
from cxr_demo.models.preprocessing import SIDE
from cxr_demo.reading.reader import read_radiograph
from cxr_demo.reading.types import Radiograph
from cxr_demo.reference.neighbourhood import Neighbourhood, find_neighbourhood
from cxr_demo.report import neighbourhood_json
from cxr_demo.server.gradio_setup import gr
from cxr_demo.server.serialise import (
    MAX_NEIGHBOURS,
    analysis_answer,
    called,
    frame_matrix,
    parse_facts,
    picture_of_uri,
    picture_uri,
    viewer_value,
)
from cxr_demo.server.service import Service
from cxr_demo.server.uploads import Uploads
from cxr_demo.ui import messages
from cxr_demo.ui.components.drop_zone import parse_radiograph
from cxr_demo.ui.components.map_link import looked_at, map_marks, map_query, picked_rows
from cxr_demo.ui.components.neighbours import (
    find_references,
    neighbours_html,
    picked_html,
    references_html,
)
from cxr_demo.ui.components.probabilities import (
    nothing_html,
    per_hundred_html,
    probabilities_html,
    zones_html,
)
from cxr_demo.ui.components.viewer import parse_probe, probed
from cxr_demo.ui.map_figure import ReferenceMap
from cxr_demo.ui.wording import say

OUTPUTS = (
    "facts", "status", "viewer", "map_link", "frames", "frame", "gate", "gate_text", "ask",
    "findings", "zones", "cards", "picked",
)  # fmt: skip
IMPRESSIONS = (*THREE_CLASS, "unsure")
CONFIDENCES = ("low", "medium", "high")
MAX_LOG = 500

log = logging.getLogger(__name__)


def answer(**changed: object) -> list:
    """One entry for each of OUTPUTS."""
    assert set(changed) <= set(OUTPUTS)
    return [changed.get(name, gr.skip()) for name in OUTPUTS]


def told(handler: Callable[..., list]) -> Callable[..., list]:
    """Say refusals and failures on the status line; nothing else on the page changes."""

    @wraps(handler)
    def tell(*sent) -> list:
        try:
            return handler(*sent)
        except UserError as refusal:
            frames = refusal.key == "refused.dicom.frames"
            asked = (
                {"frame": gr.update(maximum=refusal.values["frames"], value=1)} if frames else {}
            )
            return answer(
                status=messages.refused_html(refusal, handler.__name__.startswith("read_")),
                frames=gr.update(visible=frames),
                **asked,
            )
        except Exception:
            # A programming error: its trace goes to the log, which never sees pixels or names.
            log.exception("%s failed", handler.__name__)
            return answer(status=messages.status_html("refused", say("failed")))

    return tell


class ReadingHandlers:
    """What the tab can be asked.

    Args:
        service: models and library.
        uploads: where files arrive.
    """

    def __init__(self, service: Service, uploads: Uploads):
        self._service = service
        self._uploads = uploads

    @cached_property
    def reference_map(self) -> ReferenceMap:
        """The library as a map draws it; waits until that is loaded."""
        return ReferenceMap(self._service.analyser.library)

    def read_upload(self, sent: object, read_first: bool, *how: object) -> list:
        """Analyse what the drop zone sent."""
        path = sent.get("path") if isinstance(sent, dict) else None
        content = self._uploads.take(path)  # first of all: whatever is wrong, it leaves the disk
        _, frame = parse_radiograph(sent)
        return self._read(read_radiograph(content, frame), read_first, how)

    def read_example(self, number: object, read_first: bool, *how: object) -> list:
        """Analyse one of the shipped examples, counted from 0."""
        if type(number) is not int or not 0 <= number < len(self._service.example_paths):
            raise UserError("call.malformed")
        return self._read(read_radiograph(self._service.example(number)), read_first, how)

    def _read(self, radiograph: Radiograph, read_first: bool, how: tuple) -> list:
        analyser = self._service.analyser
        analysis = analyser.analyse(radiograph)
        gated = analysis.input_check.grade == UNUSUAL
        known = [analyser.library.row_of[name] for name in analysis.same_picture[:1]]
        facts = {
            **analysis_answer(analysis, ["embedding", "square"]),
            "id": secrets.randbelow(2**31),
            "veil": "gated" if gated else "veiled" if read_first else None,
            "matrix": frame_matrix(analysis),
            "known": THREE_CLASS[analyser.library.labels[known[0]]] if known else None,
            "zones": zones_json(getattr(analysis, "zones", None)),
            "impression": None,
        }
        return answer(
            viewer=viewer_value(analysis, facts["id"], facts["veil"]),
            frames=gr.update(visible=False),
            gate=gr.update(visible=gated),
            gate_text=messages.gate_html(facts),
            picked="",
            **self._findings(facts, how),
        )

    def _findings(self, sent: object, how: tuple, **changed: object) -> dict:
        """What is shown of the models, or that it is hidden.

        Args:
            sent: facts, not trusted.
            how: name of the operating point, and of the search k, classes, and whether to exclude
                the same patient.
            changed: facts that are new.
        """
        service, (point, k, classes, exclude) = self._service, how
        library = service.analyser.library
        facts = {**parse_facts(sent, library), **changed}
        points = service.calibration["operating_points"]
        if not isinstance(point, str) or point not in points:
            raise UserError("call.malformed")
        found = self._search(facts, k, classes, exclude)
        shown = {
            **sent,
            **changed,
            **neighbourhood_json(found),
            "search": {"k": k, "classes": classes, "exclude": exclude},
            "operating_point": {"name": point, **points[point]},
        }
        answered = {
            "facts": shown,
            "status": messages.done_html(facts, bool(exclude)),
            "ask": gr.update(visible=facts["veil"] == "veiled"),
        }
        if facts["veil"]:
            hidden = nothing_html(facts["veil"])
            nowhere = {"query": None, "marked": None}
            return {
                **answered,
                "findings": hidden,
                "cards": hidden,
                "zones": "",
                "map_link": nowhere,
            }
        query = map_query(library, shown["neighbours"], shown["map"], facts["atypical"])
        return {
            **answered,
            "findings": self._probabilities(facts, point),
            "zones": _zones(sent.get("zones")),
            "cards": neighbours_html(
                library, service.thumbnails, shown["neighbours"], shown["vote"],
                facts["probabilities"], service.analyser.typicality, classes,
                facts["left_out"] if exclude else 0,
            ),
            "map_link": {"query": query, "marked": None},
        }  # fmt: skip

    def _search(self, facts: dict, k: object, classes: object, exclude: object) -> Neighbourhood:
        if type(k) not in (int, float) or not 1 <= k <= MAX_NEIGHBOURS or k != int(k):
            raise UserError("refused.k", k=str(k)[:40], most=MAX_NEIGHBOURS)
        known = isinstance(classes, list) and all(name in THREE_CLASS for name in classes)
        if not known or not classes:
            raise UserError("refused.classes", classes=", ".join(THREE_CLASS))
        left_out = facts["same_patients"] if exclude else ()
        library = self._service.analyser.library
        return find_neighbourhood(library, facts["embedding"], int(k), classes, left_out)

    def _probabilities(self, facts: dict, point: str) -> str:
        threshold = self._service.calibration["operating_points"][point]["threshold"]
        return probabilities_html(
            facts["probabilities"], facts["plausible"], point, threshold, facts["atypical"]
        )

    def again(self, sent: object, *how: object) -> list:
        """Another operating point or another search; no network runs."""
        return answer() if sent is None else answer(**self._findings(sent, how))

    def hundred(self, point: object, prevalence: object) -> str:
        """What an operating point means for 100 children at a prevalence, in per cent."""
        points = self._service.calibration["operating_points"]
        known = isinstance(point, str) and point in points
        if not known or type(prevalence) not in (int, float) or not 0 <= prevalence <= 100:
            return gr.skip()
        return per_hundred_html(points[point], prevalence / 100)

    def override(self, sent: object, read_first: bool, *how: object) -> list:
        """Show an unusual radiograph's results all the same."""
        veil = "veiled" if read_first else None
        return answer(gate=gr.update(visible=False), **self._findings(sent, how, veil=veil))

    def switch(self, sent: object, read_first: bool, *how: object) -> list:
        """Reading first was turned off: nothing stays veiled; or on: what is shown stays."""
        veil = sent.get("veil") if isinstance(sent, dict) else None
        if read_first or veil != "veiled":
            return answer()
        return answer(**self._findings(sent, how, veil=None))

    def reveal(
        self, sent: object, impression: str, confidence: str, readings: object, *how: object
    ) -> list:
        """Log an impression, then show what the models say.

        Returns:
            The log as data and as HTML, then the answer.
        """
        unchanged = [gr.skip(), gr.skip()]
        if impression not in IMPRESSIONS or confidence not in CONFIDENCES:
            return [
                *unchanged,
                *answer(status=messages.status_html("refused", say("readfirst.mark"))),
            ]
        facts = parse_facts(sent, self._service.analyser.library)
        if facts["veil"] != "veiled":
            return [*unchanged, *answer()]
        marked = {"impression": impression, "confidence": confidence}
        row = {
            **marked,
            "called": called(facts["probabilities"]),
            "pneumonia": facts["probabilities"]["binary"]["pneumonia"],
            "known": facts["known"],
        }
        readings = [*parse_log(readings), row][-MAX_LOG:]
        shown = self._findings(sent, how, veil=None, impression=marked)
        return [readings, messages.log_html(readings), *answer(**shown)]

    def probe(self, sent: object, asked: object) -> dict:
        """Hide boxes from the networks.

        Returns:
            The viewer's update.
        """
        request = parse_probe(asked)
        try:
            square = picture_of_uri(sent.get("square") if isinstance(sent, dict) else None, SIDE)
            analysis = self._service.analyser.examine(
                Radiograph(square, 8), request.hidden, request.fill
            )
        except UserError:
            return probed(request, None)
        return probed(request, analysis.probabilities)

    def find(self, text: object) -> str:
        """References by patient or name, as a table to choose from by keyboard."""
        library = self._service.analyser.library
        return references_html(library, find_references(library, str(text)[:80])) if text else ""

    def look(self, asked: object) -> list:
        """What else a part of a large library's map holds, which does not show all of it."""
        return answer(map_link={"more": self.reference_map.points_in(*looked_at(asked))})

    def pick(self, sent: object, asked: object, show: bool = True) -> list:
        """Mark references on the map and hold a single one beside the radiograph.

        Args:
            sent: facts; None without a radiograph.
            asked: {"rows": [library row]}.
            show: whether to show them as cards, too.
        """
        library, thumbnails = self._service.analyser.library, self._service.thumbnails
        rows = picked_rows(asked, library)
        facts = None if sent is None else parse_facts(sent, library)
        compare = None
        if len(rows) == 1 and facts and not facts["veil"]:
            compare = {
                "label": str(library.ids[rows[0]]),
                "png": picture_uri(thumbnails.of(rows[0]).pixels),
                "matrix": facts["matrix"],
            }
        marks = map_marks(library, rows) if rows else None
        return answer(
            viewer=gr.update(compare=compare or False),
            map_link={"marked": marks},
            picked=picked_html(library, thumbnails, rows) if show else gr.skip(),
        )


def _zones(sent: object) -> str:
    try:
        return zones_html(sent)
    except (TypeError, KeyError, ValueError, AttributeError):
        raise UserError("call.malformed") from None


def zones_json(zones: object) -> list[dict] | None:
    """The zones of an `Analysis` that has some."""
    return None if zones is None else [dict(vars(zone)) for zone in zones]


def parse_log(sent: object) -> list[dict]:
    """The readings that a browser holds.

    Raises:
        UserError: if they are none.
    """
    if sent is None:
        return []
    try:
        rows = [
            {
                "impression": IMPRESSIONS[IMPRESSIONS.index(row["impression"])],
                "confidence": CONFIDENCES[CONFIDENCES.index(row["confidence"])],
                "called": THREE_CLASS[THREE_CLASS.index(row["called"])],
                "pneumonia": min(1.0, max(0.0, float(row["pneumonia"]))),
                "known": row["known"] and THREE_CLASS[THREE_CLASS.index(row["known"])],
            }
            for row in sent[:MAX_LOG]
        ]
    except (TypeError, KeyError, ValueError):
        raise UserError("call.malformed") from None
    return rows
