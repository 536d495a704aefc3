"""`Analysis` → JSON for command line, API and page. Pure; nothing is read or written."""

from cxr_demo.analysis import Analysis
from cxr_demo.anomaly.zones import ZoneReading
from cxr_demo.i18n import translate
from cxr_demo.models.alignment import Alignment
from cxr_demo.models.input_check import InputCheck, NotAChestError
from cxr_demo.reference.neighbourhood import Neighbourhood

USUAL_PERCENTILES = 5, 95
"""Of normal children, between which the brightness of a zone is nothing to speak of."""


def result_line(file: str, analysis: Analysis) -> dict:
    """The line of one analysed file, with the keys in the documented order."""
    return {"file": file, "status": "ok", "error": None, **analysis_json(analysis)}


def analysis_json(analysis: Analysis) -> dict:
    """The result of one radiograph."""
    return {
        "gate": input_check_json(analysis.input_check),
        "alignment": alignment_json(analysis.alignment),
        "probabilities": analysis.probabilities,
        **neighbourhood_json(analysis.neighbourhood),
        "anomaly": {
            "score": analysis.anomaly.primary.score,
            "threshold": analysis.anomaly.primary.threshold,
            "unusual": analysis.anomaly.primary.unusual,
            "autoencoder": {"score": analysis.anomaly.maps["autoencoder"].score},
        },
        "zones": zones_json(analysis.zones),
        "model": analysis.model,
    }


def alignment_json(found: Alignment) -> dict:
    """How well a radiograph was registered to the mean chest, and a note if not well enough."""
    return {
        "correlation": round(found.correlation, 4),
        "aligned": found.aligned,
        "note": None if found.aligned else translate("zone.not_aligned"),
    }


def zones_json(zones: tuple[ZoneReading, ...] | None) -> dict | None:
    """By zone, its numbers and what they say; None for a radiograph that could not be aligned."""
    return zones and {
        zone.name: {
            "brightness": round(zone.brightness, 3),
            "percentile": round(zone.percentile, 1),
            "level": round(zone.level, 3),
            "reading": translate(
                f"zone.{zone_wording(zone.percentile)}",
                zone=translate(f"zone.{zone.name}"),
                percent=shown_percent(zone.percentile),
            ),
        }
        for zone in zones
    }


def zone_wording(percentile: float) -> str:
    """The key of a zone's sentence: denser or darker than most normal children, or as usual."""
    if percentile > USUAL_PERCENTILES[1]:
        return "denser"
    return "darker" if percentile < USUAL_PERCENTILES[0] else "usual"


def shown_percent(percentile: float) -> int:
    """How many of a hundred normal children lie on the other side, in [50, 99]: rounded towards the
    usual, so that no zone is said to be beyond all of them."""
    return min(int(max(percentile, 100 - percentile)), 99)


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
