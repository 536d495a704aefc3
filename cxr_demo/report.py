"""`Analysis` → JSON for command line, API and page. Pure; nothing is read or written."""

from cxr_demo.analysis import Analysis
from cxr_demo.i18n import translate
from cxr_demo.models.input_check import InputCheck, NotAChestError
from cxr_demo.reference.neighbourhood import Neighbourhood


def result_line(file: str, analysis: Analysis) -> dict:
    """The line of one analysed file, with the keys in the documented order."""
    return {"file": file, "status": "ok", "error": None, **analysis_json(analysis)}


def analysis_json(analysis: Analysis) -> dict:
    """What was found in one radiograph."""
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
    """What lies around it in the library."""
    return {
        "neighbours": [
            {
                "id": neighbour.id,
                "label": neighbour.label,
                "similarity": round(neighbour.similarity, 6),
            }
            for neighbour in found.neighbours
        ],
        "vote": found.vote,
        "map": {name: list(position) for name, position in found.position.items()},
    }


def input_check_json(verdict: InputCheck) -> dict:
    """What the gate said, the reason as a sentence."""
    reason = verdict.reason and translate(f"gate.{verdict.reason}")
    return {"grade": verdict.grade, "reason": reason}


def refusal_json(error: Exception) -> dict:
    """What is said of a file that is not analysed: unreadable, or no chest radiograph."""
    said = {"status": "refused", "error": str(error)}
    if isinstance(error, NotAChestError):
        said["gate"] = input_check_json(error.check)
    return said
