"""The three documented endpoints: bytes and JSON in, JSON out.

Nothing is kept between calls: `analyse` returns what the other two need. What comes in is not
trusted.
"""

from collections.abc import Callable
from functools import wraps

from gradio.data_classes import FileData

from cxr_demo.anomaly.maps import SCORES, is_unusual, share_above
from cxr_demo.anomaly.thresholds import predictive_values
from cxr_demo.errors import UserError
from cxr_demo.models.calibration import THREE_CLASS
from cxr_demo.reading.reader import read_radiograph
from cxr_demo.reference.neighbourhood import NEIGHBOURS, find_neighbourhood
from cxr_demo.report import neighbourhood_json, refusal_json
from cxr_demo.server.facts import unit_embedding
from cxr_demo.server.refusals import attempt
from cxr_demo.server.serialise import MAX_NEIGHBOURS, PARTS, analysis_answer, unpacked
from cxr_demo.server.service import Service
from cxr_demo.server.uploads import Uploads


def answered(endpoint: Callable[..., dict]) -> Callable[..., dict]:
    """Say refusals and failures in the answer; their key lets a page say them in its language."""

    @wraps(endpoint)
    def answer(*sent, **named) -> dict:
        found, refusal = attempt(endpoint, *sent, **named)
        if refusal is None:
            return found
        said = refusal_json(refusal) | ({"status": "failed"} if refusal.key == "failed" else {})
        return {**said, "refusal": {"key": refusal.key, "values": refusal.values}}

    return answer


class Endpoints:
    """What the service can be asked.

    Args:
        service: models and library.
        uploads: where files arrive.
    """

    def __init__(self, service: Service, uploads: Uploads):
        self._service = service
        self._uploads = uploads
        self.analyse = answered(self._analyse)
        self.neighbours = answered(self._neighbours)
        self.rethreshold = answered(self._rethreshold)

    def _analyse(
        self,
        image: FileData,
        include: list[str] = [],  # noqa: B006 - Gradio shows the default to callers
        hidden: list[list[float]] = [],  # noqa: B006
        fill: str = "blur",
        frame: int | None = None,
    ) -> dict:
        """Analyse one chest radiograph, PNG, JPEG or DICOM.

        Args:
            image: the file.
            include: more of the answer: "embedding", "maps", "saliency", "view", "square",
                "reconstruction".
            hidden: boxes (left, top, right, bottom), as shares of width and height, that the
                networks are not to see.
            fill: what they see there instead: "blur" or "surroundings".
            frame: which one of a DICOM file with several, from 1.

        Returns:
            The JSON of the command line with "plausible", "atypical", "same_picture",
            "same_patients", "left_out" and "image"; a refused file has "status", "error" and
            "refusal".
        """
        path = image.get("path") if isinstance(image, dict) else None
        content = self._uploads.take(path)  # first of all: whatever is wrong, it leaves the disk
        if not _are(str, include):
            raise UserError("refused.part", part=str(include)[:40], parts=", ".join(PARTS))
        if not isinstance(hidden, list):
            raise UserError("refused.box", box=str(hidden)[:80])
        if frame is not None and type(frame) is not int:
            raise UserError("refused.frame", frame=str(frame)[:40])
        radiograph = read_radiograph(content, frame)
        return analysis_answer(self._service.analyser.analyse(radiograph, hidden, fill), include)

    def _neighbours(
        self,
        embedding: list[float],
        k: int = NEIGHBOURS,
        classes: list[str] = list(THREE_CLASS),  # noqa: B006
        leave_out: list[str] = [],  # noqa: B006
    ) -> dict:
        """Search the reference library again; no network runs.

        Args:
            embedding: as `analyse` returns it.
            k: how many, 1 to 100.
            classes: those to search among.
            leave_out: keys of patients whose images may not be found, as in "same_patients".

        Returns:
            {"status", "error", "neighbours", "vote", "map"} as `analyse` returns them.
        """
        library = self._service.analyser.library
        query = unit_embedding(embedding if _are(float, embedding) else [], library)
        if type(k) is not int or not 1 <= k <= MAX_NEIGHBOURS:
            raise UserError("refused.k", k=str(k)[:40], most=MAX_NEIGHBOURS)
        if not classes or not _are(str, classes) or not set(classes) <= set(THREE_CLASS):
            raise UserError("refused.classes", classes=", ".join(THREE_CLASS))
        if not _are(str, leave_out):
            raise UserError("refused.leave_out")
        found = find_neighbourhood(library, query, k, classes, leave_out)
        return {"status": "ok", "error": None, **neighbourhood_json(found)}

    def _rethreshold(
        self,
        map: dict,
        threshold: float,
        method: str = "detector",
        prevalence: float = 0.5,
    ) -> dict:
        """Hold a map against another threshold; no network runs.

        Args:
            map: one of the "maps" that `analyse` returns.
            threshold: in the unit of the map.
            method: "detector" or "autoencoder", whose map it is.
            prevalence: of pneumonia among those examined, in [0, 1].

        Returns:
            {"status", "error", "score", "threshold", "unusual", "share_above"} of this map, and
            {"sensitivity", "specificity", "ppv", "npv"} of the threshold on held-out patients.
        """
        if not isinstance(method, str) or method not in SCORES:
            raise UserError("refused.method", methods=", ".join(SCORES))
        if not _are(float, [threshold, prevalence]) or not 0 <= prevalence <= 1:
            raise UserError("refused.threshold")
        values = unpacked(map)
        score = SCORES[method](values)
        rates = self._service.analyser.score_distributions[method].sensitivity_specificity(
            threshold
        )
        ppv, npv = predictive_values(*rates, prevalence)
        return {
            "status": "ok",
            "error": None,
            "score": score,
            "threshold": threshold,
            "unusual": is_unusual(score, threshold),
            "share_above": share_above(values, threshold),
            "sensitivity": rates[0],
            "specificity": rates[1],
            "ppv": ppv,
            "npv": npv,
        }


def _are(kind: type, values: object) -> bool:
    """Whether this is a list of strings, or, where `kind` is float, of finite numbers."""
    if not isinstance(values, list):
        return False
    if kind is str:
        return all(isinstance(value, str) for value in values)
    return all(type(value) in (int, float) and abs(value) < 1e30 for value in values)
