"""`Analysis` → JSON for command line, API and page. Pure; nothing is read or written."""

from cxr_demo.analysis import Analysis
from cxr_demo.i18n import translate
from cxr_demo.models.input_check import InputCheck, NotAChestError
from cxr_demo.reference.neighbourhood import Neighbourhood


def result_line(file: str, analysis: Analysis) -> dict:
    """The line of one analysed file, with the keys in the documented order."""
    return {"file": file, "status": "ok", "error": None, **analysis_json(analysis)}


def analysis_json(analysis: Analysis) -> dict:
    """The result of one radiograph."""
    return {
        "gate": input_check_json(analysis.input_check),
        "probabilities": analysis.probabilities,
        **neighbourhood_json(analysis.neighbourhood),
        "anomaly": {
            "score": analysis.anomaly.primary.score,
            "threshold": analysis.anomaly.primary.threshold,
            "unusual": analysis.anomaly.primary.unusual,
            "autoencoder": {"score": analysis.anomaly.maps["autoencoder"].score},
        },
        "model": analysis.model,
    }


def neighbourhood_json(found: Neighbourhood) -> dict:
    """The nearest references, their vote, and the positions on the maps."""
    return {
        "neighbours": [
            {"id": near.id, "label": near.label, "similarity": round(near.similarity, 6)}
            for near in found.neighbours
        ],
        "vote": found.vote,
        "map": {name: list(position) for name, position in found.position.items()},
    }


def input_check_json(check: InputCheck) -> dict:
    """The grade, and its reason as a sentence."""
    return {"grade": check.grade, "reason": check.reason and translate(f"gate.{check.reason}")}


def refusal_json(error: Exception) -> dict:
    """The result of a file that is not analysed: unreadable, or no chest radiograph."""
    gate = {"gate": input_check_json(error.check)} if isinstance(error, NotAChestError) else {}
    return {"status": "refused", "error": str(error), **gate}
