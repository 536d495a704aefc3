"""What a page holds of a reading, its facts, which lie in the browser and nowhere else; and what is
made of them when they come back, checked as a stranger's."""

import base64
import secrets
import struct
from typing import Annotated, Literal, NamedTuple

import cv2
import numpy as np
from pydantic import BaseModel, Field, FiniteFloat

from cxr_demo.analysis import Analysis
from cxr_demo.anomaly.zones import ZONES
from cxr_demo.errors import UserError
from cxr_demo.models.calibration import HEADS, THREE_CLASS
from cxr_demo.models.input_check import UNUSUAL
from cxr_demo.reference.library import ReferenceLibrary, unit_rows
from cxr_demo.reference.neighbourhood import Neighbourhood, find_neighbourhood
from cxr_demo.server.refusals import checked
from cxr_demo.server.serialise import MAX_NEIGHBOURS, analysis_answer, frame_matrix

Share = Annotated[float, Field(ge=0, le=1)]
Class = Literal[THREE_CLASS]
Names = Annotated[list[str], Field(max_length=MAX_NEIGHBOURS)]


class ImageFacts(BaseModel, strict=True):
    """Of the file that was read."""

    width: int
    height: int
    bit_depth: int
    burned_in: bool
    tinted: bool = False


class Zone(BaseModel, strict=True):
    """Of the lungs, as in `report.zones_json`."""

    brightness: FiniteFloat
    percentile: Annotated[float, Field(ge=0, le=100)]
    level: FiniteFloat


class Facts(BaseModel, strict=True):
    """What is needed of a reading for another search or another operating point: `analysis_answer`
    with "embedding", and what the page adds to it. What else comes is left out."""

    probabilities: dict[str, dict[str, Share]]
    plausible: list[Class]
    atypical: bool
    embedding: list[FiniteFloat]
    same_patients: Names
    left_out: int
    same_picture: Names
    image: ImageFacts
    veil: Literal["veiled", "gated"] | None
    known: Class | None
    zones: dict[Literal[ZONES], Zone] | None
    matrix: Annotated[list[FiniteFloat], Field(min_length=6, max_length=6)]


class Search(NamedTuple):
    """How many neighbours, of which classes, and whether those of the same patient are left out."""

    k: Annotated[int, Field(ge=1, le=MAX_NEIGHBOURS)]
    classes: list[Class]
    exclude: bool


def facts_of(analysis: Analysis, library: ReferenceLibrary, read_first: bool) -> dict:
    """The facts of a reading, as JSON.

    Returns:
        `analysis_answer` with "embedding" and "square"; "id", another one for every reading;
        "veil", why nothing of the models is to be seen yet: "veiled" (read first), "gated"
        (unusual) or None; "matrix", see `frame_matrix`; "known", the class of the reference that it
        is; "impression", None until one is marked.
    """
    gated, known = analysis.input_check.grade == UNUSUAL, analysis.same_picture
    return {
        **analysis_answer(analysis, ["embedding", "square"]),
        "id": secrets.randbelow(2**31),
        "veil": "gated" if gated else "veiled" if read_first else None,
        "matrix": frame_matrix(analysis),
        "known": library.reference(library.row_of[known[0]]).label if known else None,
        "impression": None,
    }


def search_again(
    facts: dict, library: ReferenceLibrary, sent: object
) -> tuple[Search, Neighbourhood]:
    """Another search around a reading.

    Args:
        facts: checked.
        library: to search in.
        sent: what a `Search` has; not trusted.

    Raises:
        UserError: if it is no such thing, or nobody is left to be found.
    """
    search = checked(Search, sent)
    if not search.classes:
        raise UserError("refused.classes", classes=", ".join(THREE_CLASS))
    left_out = facts["same_patients"] if search.exclude else ()
    embedding = facts["embedding"]
    return search, find_neighbourhood(library, embedding, search.k, search.classes, left_out)


def parse_facts(sent: object, library: ReferenceLibrary) -> dict:
    """`Facts` as a dictionary; "embedding" is float32 (D,) of unit length.

    Args:
        sent: as a browser returns it; not trusted.
        library: whose embeddings it has to fit.

    Raises:
        UserError: if it is no such thing.
    """
    facts = checked(Facts, sent).model_dump()
    heads = {head: set(names) for head, names in HEADS.items()}
    if {head: set(found) for head, found in facts["probabilities"].items()} != heads:
        raise UserError("call.malformed")
    return {**facts, "embedding": unit_embedding(facts["embedding"], library)}


def unit_embedding(values: list[float], library: ReferenceLibrary) -> np.ndarray:
    """float32 (D,) of unit length in the direction of an embedding's values.

    Raises:
        UserError: if there are not as many as the library's embeddings have, or all are 0.
    """
    query = np.array(values, np.float64)
    if query.shape != library.embeddings[0].shape or not 0 < np.linalg.norm(query) < np.inf:
        raise UserError("refused.embedding", length=library.embeddings.shape[1])
    return unit_rows(query[None])[0].astype(np.float32)


def picture_of_uri(sent: object, side: int) -> np.ndarray:
    """float32 (side, side) in [0, 1] of what `picture_uri` made of a square picture; not trusted.

    Raises:
        UserError: if it is not one.
    """
    head, _, packed = sent.partition(",") if isinstance(sent, str) else ("", "", "")
    try:
        content = base64.b64decode(packed, validate=True)
        # Declared in the header, and checked before anything is decoded.
        if head != "data:image/png;base64" or content[16:24] != struct.pack(">II", side, side):
            raise ValueError("not a square")
        pixels = cv2.imdecode(np.frombuffer(content, np.uint8), cv2.IMREAD_GRAYSCALE)
        return pixels.astype(np.float32) / 255
    except (ValueError, AttributeError, cv2.error):  # None where nothing was decoded
        raise UserError("refused.map") from None
