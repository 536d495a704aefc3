"""Find the neighbourhood of a query in the library: nearest references, vote, map positions.

Data contract: float32 (D,), an embedding of unit length, → `Neighbourhood`. No network runs.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import numpy as np

from cxr_demo.errors import UserError
from cxr_demo.models.calibration import THREE_CLASS
from cxr_demo.reference.library import Neighbour, ReferenceLibrary
from cxr_demo.reference.projection import project

NEIGHBOURS = 11
"""How many vote and place the query; odd, so that normal against pneumonia cannot tie."""


@dataclass(frozen=True)
class Neighbourhood:
    """The references around an embedding.

    Attributes:
        neighbours: nearest first.
        vote: share of each class among them, had the library equally many of each.
        majority_class: the class that wins the vote.
        position: (x, y) by map: {"umap": …, "tsne": …}.
    """

    neighbours: tuple[Neighbour, ...]
    vote: dict[str, float]
    majority_class: str
    position: dict[str, tuple[float, float]]


def find_neighbourhood(
    library: ReferenceLibrary,
    embedding: np.ndarray,
    k: int = NEIGHBOURS,
    classes: Iterable[str] = THREE_CLASS,
    leave_out: Iterable[str] = (),
) -> Neighbourhood:
    """Search as `ReferenceLibrary.nearest`, count the vote, and place the query on both maps.

    Raises:
        UserError: if nobody is left to be found.
    """
    neighbours = library.nearest(embedding, k, classes, leave_out)
    if not neighbours:
        raise UserError("refused.leave_out")
    rows = [neighbour.row for neighbour in neighbours]
    shares = vote(neighbours, library.vote_weights)
    return Neighbourhood(
        neighbours,
        shares,
        majority_class(neighbours, shares),
        {name: project(spots, rows) for name, spots in library.coordinates.items()},
    )


def vote(neighbours: tuple[Neighbour, ...], weights: Mapping[str, float]) -> dict[str, float]:
    """Share of each class among the neighbours: {"normal", "bacterial", "viral"}, summing to 1.

    Args:
        neighbours: at least one.
        weights: what a neighbour of a class counts, see `ReferenceLibrary.vote_weights`: of a
            library with twice as many bacterial references as others, every second neighbour is
            bacterial where nothing is known.
    """
    labels = [neighbour.label for neighbour in neighbours]
    votes = {name: weights[name] * labels.count(name) for name in THREE_CLASS}
    total = sum(votes.values())
    return {name: found / total for name, found in votes.items()}


def majority_class(neighbours: tuple[Neighbour, ...], shares: Mapping[str, float]) -> str:
    """The class with the largest share of the vote; between equals, the one with the larger sum of
    similarities."""
    return max(
        THREE_CLASS,
        key=lambda name: (
            shares[name],
            sum(n.similarity for n in neighbours if n.label == name),
        ),
    )


def agreement(
    probabilities: Mapping[str, Mapping[str, float]], shares: Mapping[str, float], majority: str
) -> str:
    """How far the classifier calls what the neighbours vote.

    Args:
        probabilities: the classifier's, by head and class.
        shares: the neighbours' `vote`.
        majority: their `majority_class`.

    Returns:
        "full", "cause" (on normal or pneumonia, but not on which pneumonia), or "none".
    """
    if (probabilities["binary"]["pneumonia"] > 0.5) != (shares["normal"] < 0.5):
        return "none"
    three = probabilities["three_class"]
    return "full" if max(three, key=three.get) == majority else "cause"
