"""`Analysis` → the line of JSON that the command line prints. Pure; nothing is read or written."""

from cxr_demo.analysis import Analysis


def accepted(file: str, analysis: Analysis) -> dict:
    """One analysed file, with the keys in the documented order."""
    return {
        "file": file,
        "status": "ok",
        "error": None,
        "probabilities": analysis.probabilities,
        "neighbours": [
            {
                "id": neighbour.id,
                "label": neighbour.label,
                "similarity": round(neighbour.similarity, 6),
            }
            for neighbour in analysis.neighbours
        ],
        "vote": analysis.vote,
        "map": {name: list(position) for name, position in analysis.position.items()},
        "anomaly": {
            "score": analysis.anomaly.deciding.score,
            "threshold": analysis.anomaly.deciding.threshold,
            "unusual": analysis.anomaly.deciding.unusual,
            "autoencoder": {"score": analysis.anomaly.maps["autoencoder"].score},
        },
        "model": analysis.model,
    }


def refused(file: str, error: Exception) -> dict:
    """One file that could not be read as a radiograph."""
    return {"file": file, "status": "refused", "error": str(error)}
