"""What the page is made of, over HTTP: the page itself, its scripts, wording and pictures.

Nothing here depends on who asks or on any radiograph of theirs.
"""

import gzip
import json
from pathlib import Path

from starlette.requests import Request
from starlette.responses import FileResponse, Response
from starlette.routing import BaseRoute, Mount, Route
from starlette.staticfiles import StaticFiles

from cxr_demo.analysis import Analyser
from cxr_demo.artefacts import Artefacts
from cxr_demo.pictures import Pictures
from cxr_demo.ui import briefing
from cxr_demo.ui.reading import png
from cxr_demo.wording import FOLDER as WORDING

STATIC = Path(__file__).parent / "static"
PLOTLY = Path(__file__).parent / "vendor" / "plotly-strict.min.js.gz"


def routes(analyser: Analyser, artefacts: Artefacts) -> list[BaseRoute]:
    """The page's routes; all answers but the pictures are made here, once."""
    pictures = Pictures(analyser.library, artefacts)
    paths = briefing.example_paths(artefacts)
    examples = [artefacts.read(path) for path in paths]
    rows = [analyser.library.row_of[Path(path).stem] for path in paths]

    def picture(request: Request) -> Response:
        row = request.path_params["row"]
        if row >= len(analyser.library):
            return Response(status_code=404)
        return _kept(png(pictures.of(row).pixels), "image/png")

    def example(request: Request) -> Response:
        number = request.path_params["number"]
        if number >= len(examples):
            return Response(status_code=404)
        return _kept(examples[number], "application/octet-stream")

    def thumbnail(request: Request) -> Response:
        number = request.path_params["number"]
        if number >= len(rows):
            return Response(status_code=404)
        return _kept(png(pictures.of(rows[number]).pixels), "image/png")

    return [
        Route("/", lambda _: FileResponse(STATIC / "index.html")),
        Mount("/ui", StaticFiles(directory=STATIC)),
        Mount("/wording", StaticFiles(directory=WORDING)),
        _json("/start.json", briefing.start(analyser, artefacts)),
        _json("/atlas.json", briefing.atlas(analyser, pictures)),
        _json("/about.json", briefing.about(artefacts)),
        _fixed("/plotly.js", gzip.decompress(PLOTLY.read_bytes()), "text/javascript"),
        Route("/examples/{number:int}", example),
        Route("/examples/{number:int}/thumbnail", thumbnail),
        Route("/pictures/{row:int}", picture),
    ]


def _json(path: str, content: dict) -> Route:
    return _fixed(path, json.dumps(content, separators=(",", ":")).encode(), "application/json")


def _fixed(path: str, content: bytes, media_type: str) -> Route:
    # A new answer each time: compressing middleware writes into the headers of the one it is given.
    return Route(path, lambda _: _kept(content, media_type))


def _kept(content: bytes, media_type: str) -> Response:
    """An answer that a browser may keep for as long as the page is open."""
    kept = {"Cache-Control": "private, max-age=600"}
    return Response(content, media_type=media_type, headers=kept)
