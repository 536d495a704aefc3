"""`Analysis` → JSON for command line, API and page. Pure; nothing is read or written."""

from cxr_demo.analysis import Analysis, Neighbourhood, NotAChest
from cxr_demo.i18n import sentence
from cxr_demo.models.input_check import Verdict


def accepted(file: str, analysis: Analysis) -> dict:
    """The line of one analysed file, with the keys in the documented order."""
    return {"file": file, "status": "ok", "error": None, **findings(analysis)}


def findings(analysis: Analysis) -> dict:
    """What was found in one radiograph."""
    return {
        "gate": graded(analysis.gate),
        "probabilities": analysis.probabilities,
        **surroundings(analysis.neighbourhood),
        "anomaly": {
            "score": analysis.anomaly.deciding.score,
            "threshold": analysis.anomaly.deciding.threshold,
            "unusual": analysis.anomaly.deciding.unusual,
            "autoencoder": {"score": analysis.anomaly.maps["autoencoder"].score},
        },
        "model": analysis.model,
    }


def surroundings(found: Neighbourhood) -> dict:
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


def graded(verdict: Verdict) -> dict:
    """What the gate said, the reason as a sentence."""
    reason = verdict.reason and sentence(f"gate.{verdict.reason}")
    return {"grade": verdict.grade, "reason": reason}


def refused(error: Exception) -> dict:
    """What is said of a file that is not analysed: unreadable, or no chest radiograph."""
    said = {"status": "refused", "error": str(error)}
    if isinstance(error, NotAChest):
        said["gate"] = graded(error.verdict)
    return said
