"""What the Read tab answers: plain methods from values to values, without layout.

Data contract: what a page holds of one reading are its facts, see `server.facts`. Whatever comes in
may be a stranger's and is checked. An answer has what changes on the page, by names among OUTPUTS.
"""

from collections.abc import Callable
from contextlib import suppress
from functools import cached_property
from typing import Annotated, Literal

from pydantic import Field

from cxr_demo.errors import UserError
from cxr_demo.models.preprocessing import SIDE
from cxr_demo.reading.reader import read_radiograph
from cxr_demo.reading.types import Radiograph
from cxr_demo.report import neighbourhood_json
from cxr_demo.server import serialise
from cxr_demo.server.facts import facts_of, parse_facts, picture_of_uri, search_again
from cxr_demo.server.gradio_setup import gr
from cxr_demo.server.reading_log import logged
from cxr_demo.server.refusals import attempt, checked
from cxr_demo.server.service import Service
from cxr_demo.server.uploads import Uploads
from cxr_demo.ui.components import map_link, viewer
from cxr_demo.ui.components.drop_zone import Radiograph as Sent
from cxr_demo.ui.map_figure import ReferenceMap
from cxr_demo.wording import messages, neighbours, probabilities
from cxr_demo.wording.spans import say

OUTPUTS = (
    "facts", "status", "viewer", "map_link", "frames", "frame", "gate", "gate_text", "ask",
    "probabilities", "zones", "cards", "picked", "found", "hundred", "readings", "log",
)  # fmt: skip


def saying_refusals(handler: Callable[..., dict]) -> Callable[..., dict]:
    """Say refusals and failures on the status line; nothing else on the page changes."""

    def tell(*sent: object) -> dict:
        answer, refusal = attempt(handler, *sent)
        if refusal is None:
            return answer
        frames = refusal.key == "refused.dicom.frames"
        last = {"frame": gr.update(maximum=refusal.values["frames"], value=1)} if frames else {}
        status = messages.refused_html(refusal, handler.__name__.startswith("read_"))
        return {"status": status, "frames": gr.update(visible=frames), **last}

    return tell


class ReadingHandlers:
    """What the tab can be asked. `how` is the name of an operating point and what a `Search` has.

    Args:
        service: models and library.
        uploads: where files arrive.
    """

    def __init__(self, service: Service, uploads: Uploads):
        self._service, self._uploads = service, uploads

    @cached_property
    def reference_map(self) -> ReferenceMap:
        """The library as a map draws it; waits until that is loaded."""
        return ReferenceMap(self._service.analyser.library)

    def read_upload(self, sent: object, read_first: bool, *how: object) -> dict:
        """Analyse what the drop zone sent."""
        path = sent.get("path") if isinstance(sent, dict) else None
        content = self._uploads.take(path)  # first of all: whatever is wrong, it leaves the disk
        frame = checked(Sent, sent, "refused.upload_gone").frame
        return self._read(read_radiograph(content, frame), read_first, how)

    def read_example(self, chosen: object, read_first: bool, *how: object) -> dict:
        """Analyse the shipped example that was chosen in the gallery."""
        number = chosen.get("index") if isinstance(chosen, dict) else None
        if type(number) is not int or not 0 <= number < len(self._service.example_paths):
            raise UserError("call.malformed")
        return self._read(read_radiograph(self._service.example(number)), read_first, how)

    def _read(self, radiograph: Radiograph, read_first: bool, how: tuple) -> dict:
        analyser = self._service.analyser
        analysis = analyser.analyse(radiograph)
        facts = facts_of(analysis, analyser.library, read_first)
        value = serialise.viewer_value(analysis, facts["id"], facts["veil"])
        return {
            "viewer": gr.update(value=value, compare=False),
            "frames": gr.update(visible=False),
            "gate": gr.update(visible=facts["veil"] == "gated"),
            "gate_text": messages.gate_html(facts),
            "picked": "",
            **self.again(facts, *how),
        }

    def again(self, sent: object, *how: object, **changed: object) -> dict:
        """Another operating point or another search, or facts that are new; no network runs."""
        if sent is None:
            return {}
        service, library = self._service, self._service.analyser.library
        facts, (name, *asked) = {**parse_facts(sent, library), **changed}, how
        point = self._point(name)
        search, found = search_again(facts, library, asked)
        now = {"search": search._asdict(), "operating_point": {"name": name, **point}}
        answer = {
            "facts": {**sent, **changed, **neighbourhood_json(found), **now},
            "status": messages.done_html(facts, search.exclude),
            "ask": gr.update(visible=facts["veil"] == "veiled"),
        }
        if facts["veil"]:
            hidden = probabilities.nothing_html(facts["veil"])
            nowhere = {"query": None, "marked": None}
            hides = {"probabilities": hidden, "cards": hidden, "zones": "", "map_link": nowhere}
            return {**answer, **hides}
        heads, atypical = facts["probabilities"], facts["atypical"]
        query = map_link.map_query(library, found, atypical)
        return {
            **answer,
            "probabilities": probabilities.probabilities_html(
                heads, facts["plausible"], name, point["threshold"], atypical
            ),
            "zones": probabilities.zones_html(facts["zones"]),
            "cards": neighbours.neighbours_html(
                service.thumbnails, found, heads, service.analyser.typicality, search.classes,
                facts["left_out"] if search.exclude else 0,
            ),
            "map_link": {"query": query, "marked": None},
        }  # fmt: skip

    def override(self, sent: object, read_first: bool, *how: object) -> dict:
        """Show an unusual radiograph's results all the same."""
        veil = "veiled" if read_first else None
        return {"gate": gr.update(visible=False), **self.again(sent, *how, veil=veil)}

    def switch(self, sent: object, read_first: bool, *how: object) -> dict:
        """Reading first was turned off: nothing stays veiled; or on: what is shown stays."""
        veiled = isinstance(sent, dict) and sent.get("veil") == "veiled"
        return self.again(sent, *how, veil=None) if veiled and not read_first else {}

    def reveal(
        self, sent: object, impression: object, confidence: object, readings: object, *how: object
    ) -> dict:
        """Log an impression, then show what the models say."""
        if impression is None or confidence is None:
            return {"status": messages.status_html("refused", say("readfirst.mark"))}
        facts = parse_facts(sent, self._service.analyser.library)
        if facts["veil"] != "veiled":
            return {}
        rows = logged(readings, impression, confidence, facts)
        mark = {name: rows[-1][name] for name in ("impression", "confidence")}
        shown = self.again(sent, *how, veil=None, impression=mark)
        return {"readings": rows, "log": messages.log_html(rows), **shown}

    def hundred(self, point: object, prevalence: object) -> dict:
        """What an operating point means for 100 children at a prevalence, in per cent."""
        share = checked(Annotated[float, Field(ge=0, le=100)], prevalence) / 100
        return {"hundred": probabilities.per_hundred_html(self._point(point), share)}

    def _point(self, name: object) -> dict:
        points = self._service.calibration["operating_points"]
        return points[checked(Literal[tuple(points)], name)]

    def probe(self, asked: object, sent: object) -> dict:
        """Hide boxes from the networks."""
        analyser, request = self._service.analyser, checked(viewer.ProbeRequest, asked)
        before = found = None
        with suppress(UserError):  # the viewer takes the box away again
            before = parse_facts(sent, analyser.library)["probabilities"]
            square = picture_of_uri(sent.get("square"), SIDE)
            hidden = analyser.examine(Radiograph(square, 8), request.hidden, request.fill)
            found = hidden.probabilities
        return {"viewer": viewer.probed(request, before, found)}

    def find(self, text: object) -> dict:
        """References by patient or name, as a table to choose from by keyboard."""
        library, text = self._service.analyser.library, checked(str, text)[:80]
        return {"found": neighbours.references_html(library, library.find(text)) if text else ""}

    def look(self, asked: object) -> dict:
        """What else a part of a large library's map holds, which does not show all of it."""
        return {"map_link": {"more": self.reference_map.points_in(*checked(map_link.Look, asked))}}

    def press(self, asked: object, sent: object) -> dict:
        """Mark references of cards on the map, and hold a single one beside the radiograph, if
        there is one; none lets them go."""
        library, thumbnails = self._service.analyser.library, self._service.thumbnails
        rows = map_link.picked_rows(asked, library)
        facts = None if sent is None else parse_facts(sent, library)
        compare = False
        if len(rows) == 1 and facts and not facts["veil"]:
            png = serialise.picture_uri(thumbnails.of(rows[0]).pixels)
            label = library.reference(rows[0]).id
            compare = {"label": label, "png": png, "matrix": facts["matrix"]}
        marked = map_link.map_marks(library, rows) if rows else None
        return {"viewer": gr.update(compare=compare), "map_link": {"marked": marked}}

    def pick(self, asked: object, sent: object) -> dict:
        """The same for points of the map, which are shown as cards, too."""
        library, thumbnails = self._service.analyser.library, self._service.thumbnails
        picked = neighbours.picked_html(library, thumbnails, map_link.picked_rows(asked, library))
        return {**self.press(asked, sent), "picked": picked}
