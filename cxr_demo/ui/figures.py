"""`Analysis` → HTML and Plotly. Pure presentation: no Gradio, no files, no networks.

Pictures travel inside the HTML as data URIs, so that no part of a radiograph is written to disk.
Every piece of text is escaped on its way in.
"""

import base64
from html import escape

import cv2
import numpy as np
import plotly.graph_objects as go

from cxr_demo.analysis import Agreement, Analysis
from cxr_demo.library import Neighbour, Reference, ReferenceLibrary
from cxr_demo.pictures import Picture, Pictures
from cxr_demo.prediction import THREE_CLASS
from cxr_demo.preprocess import to_levels
from cxr_demo.ui import text

# Okabe and Ito's colours, told apart with any colour vision; shapes tell the classes apart too.
COLOURS = {
    "normal": "#56B4E9",
    "pneumonia": "#E69F00",
    "bacterial": "#E69F00",
    "viral": "#E78AC3",
}
SYMBOLS = {"normal": "circle", "bacterial": "diamond", "viral": "square"}


def header() -> str:
    """Title and the line that says what this is not."""
    return f'<header><h1>{text.TITLE}</h1><p class="disclaimer">{text.DISCLAIMER}</p></header>'


def heading(title: str) -> str:
    """The heading of one sheet."""
    return f"<h2>{title}</h2>"


def note(sentence: str) -> str:
    """Small print under a sheet."""
    return f'<p class="note">{sentence}</p>'


def nothing_yet() -> str:
    """What a sheet shows before the first radiograph."""
    return f'<p class="nothing">{text.NOTHING_YET}</p>'


def example_buttons(thumbnails: list[np.ndarray]) -> str:
    """The shipped examples as a grid of buttons; uint8 (side, side) each."""
    buttons = "".join(
        f'<button type="button" data-index="{index}" aria-label="Example {index + 1}">'
        f'<img alt="" src="{picture_uri(pixels)}"></button>'
        for index, pixels in enumerate(thumbnails)
    )
    return (
        f'<h2>{text.EXAMPLES}</h2><div class="examples">{buttons}</div>{note(text.EXAMPLES_NOTE)}'
    )


def status_line(sentence: str, tone: str) -> str:
    """The line that says what the page is doing; tone is busy, done or refused."""
    return f'<p class="status {tone}">{escape(sentence)}</p>'


def probability_bars(analysis: Analysis) -> str:
    """Bars of both heads, with the figures beside them."""
    heads = (("binary", text.BINARY_HEAD), ("three_class", text.THREE_CLASS_HEAD))
    bars = "".join(
        f"<h3>{title}</h3>"
        + "".join(_bar(name, p) for name, p in analysis.probabilities[head].items())
        for head, title in heads
    )
    normal = [analysis.probabilities[head]["normal"] > 0.5 for head, _ in heads]
    return bars + ("" if normal[0] == normal[1] else f'<p class="doubt">{text.HEADS_DISAGREE}</p>')


def neighbour_cards(analysis: Analysis, pictures: Pictures) -> str:
    """The vote, then a card for each neighbour, nearest first."""
    shares = ", ".join(
        f"{text.SHORT_NAMES[name].lower()} {round(share * len(analysis.neighbours))}"
        for name, share in analysis.vote.items()
    )
    tone = "agree" if analysis.agreement is Agreement.FULL else "doubt"
    cards = "".join(
        f"<li>{reference_card(n, pictures.of(n.row))}</li>" for n in analysis.neighbours
    )
    return (
        f'<p class="vote"><b>Vote of the {len(analysis.neighbours)} nearest:</b> {shares}. '
        f'<span class="{tone}">{text.AGREEMENT[analysis.agreement]}</span></p>'
        f'<ol class="cards">{cards}</ol>'
    )


def reference_card(reference: Reference, picture: Picture) -> str:
    """One reference: picture or prototype, label, patient key; a neighbour's similarity too."""
    similarity = (
        f" <span>{reference.similarity:.3f}</span>" if isinstance(reference, Neighbour) else ""
    )
    note = "" if picture.averaged == 1 else text.prototype_caption(picture.averaged)
    alt = note or f"reference {reference.id}"
    return (
        f'<figure class="card {reference.label}"><img alt="{escape(alt)}" '
        f'src="{picture_uri(picture.pixels)}"><figcaption><dl>'
        f"<dt>{text.SHORT_NAMES[reference.label]}{similarity}</dt>"
        f"<dd>{escape(reference.patient)}</dd>"
        + (f'<dd class="mean">{note}</dd>' if note else "")
        + "</dl></figcaption></figure>"
    )


def image_panels(analysis: Analysis) -> str:
    """The radiograph and its reconstruction, in the file's own proportions."""
    reconstruction = to_levels(analysis.anomaly.reconstruction)
    return (
        f'<div class="pair">{panel("Radiograph", analysis.view, analysis)}'
        f"{panel('Reconstruction', reconstruction, analysis)}</div>"
    )


def panel(name: str, pixels: np.ndarray, analysis: Analysis) -> str:
    """One picture with its name under it, in the file's own proportions."""
    height, width = analysis.size
    return (
        f'<figure style="--ratio: {width / height:.4f}"><img alt="{name}" '
        f'src="{picture_uri(pixels)}"><figcaption>{name}</figcaption></figure>'
    )


def atlas_figure(
    library: ReferenceLibrary, projection: str, analysis: Analysis | None = None
) -> go.Figure:
    """The map of all references, with the query on it once there is one.

    Every trace is drawn by WebGL: what is not would lie hidden beneath what is.

    Args:
        library: the references.
        projection: "umap" or "tsne".
        analysis: the query and its neighbours, joined by lines.
    """
    coordinates = library.coordinates[projection]
    figure = go.Figure()
    for index, name in enumerate(THREE_CLASS):
        rows = np.flatnonzero(library.labels == index)
        figure.add_scattergl(
            x=coordinates[rows, 0],
            y=coordinates[rows, 1],
            mode="markers",
            name=f"{text.CLASS_NAMES[name]} ({len(rows):,})",
            customdata=rows,
            text=library.patients[rows],
            hovertemplate=f"{text.CLASS_NAMES[name]}<br>%{{text}}<extra></extra>",
            marker={"color": COLOURS[name], "symbol": SYMBOLS[name], "size": 4, "opacity": 0.65},
        )
    if analysis is not None:
        _mark_query(figure, coordinates, analysis.position[projection], analysis.neighbours)
    figure.update_layout(
        template="plotly_dark",
        paper_bgcolor="rgba(0,0,0,0)",
        plot_bgcolor="#0b0e11",
        height=310,
        margin={"l": 4, "r": 4, "t": 4, "b": 4},
        legend={"orientation": "h", "y": -0.02, "yanchor": "top", "itemsizing": "constant"},
        hovermode="closest",
        dragmode="pan",
        uirevision=projection,
    )
    figure.update_xaxes(visible=False)
    figure.update_yaxes(visible=False)
    return figure


def picture_uri(pixels: np.ndarray) -> str:
    """uint8 (H, W) or (H, W, 3) blue-green-red → a PNG as data URI."""
    _, png = cv2.imencode(".png", pixels)
    return "data:image/png;base64," + base64.b64encode(png).decode()


def _mark_query(
    figure: go.Figure,
    coordinates: np.ndarray,
    position: tuple[float, float],
    neighbours: tuple[Neighbour, ...],
) -> None:
    rows = [neighbour.row for neighbour in neighbours]
    x, y = position
    gap = [None] * len(rows)
    figure.add_scattergl(
        x=np.ravel([[x] * len(rows), coordinates[rows, 0], gap], order="F"),
        y=np.ravel([[y] * len(rows), coordinates[rows, 1], gap], order="F"),
        mode="lines",
        line={"color": "#f5f5f5", "width": 1},
        name="nearest references",
        showlegend=False,
        hoverinfo="skip",
    )
    figure.add_scattergl(
        x=coordinates[rows, 0],
        y=coordinates[rows, 1],
        mode="markers",
        name="neighbours",
        showlegend=False,
        customdata=rows,
        text=[neighbour.patient for neighbour in neighbours],
        hovertemplate="neighbour<br>%{text}<extra></extra>",
        marker={"symbol": "circle-open", "size": 9, "color": "#f5f5f5", "line": {"width": 1.5}},
    )
    figure.add_scattergl(
        x=[x],
        y=[y],
        mode="markers",
        name="this radiograph",
        showlegend=False,
        hovertemplate="this radiograph<extra></extra>",
        marker={
            "symbol": "star",
            "size": 13,
            "color": "#ffffff",
            "line": {"color": "#000000", "width": 1.5},
        },
    )


def _bar(name: str, probability: float) -> str:
    return (
        f'<div class="bar" data-class="{name}"><span>{text.CLASS_NAMES[name]}</span>'
        f'<span class="track"><span class="fill" style="width: {probability:.1%}; '
        f'background: {COLOURS[name]}"></span></span><b>{probability:.1%}</b></div>'
    )
