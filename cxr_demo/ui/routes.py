"""What the page is made of, over HTTP: the page itself, its scripts, wording and pictures.

Nothing here depends on who asks or on any radiograph of theirs.
"""

import gzip
import json
from functools import partial
from pathlib import Path

from starlette.concurrency import run_in_threadpool
from starlette.middleware.gzip import GZipMiddleware
from starlette.requests import Request
from starlette.responses import FileResponse, JSONResponse, Response
from starlette.routing import BaseRoute, Mount, Route
from starlette.staticfiles import StaticFiles

from cxr_demo.analysis import Analyser
from cxr_demo.artefacts import Artefacts
from cxr_demo.errors import UserError
from cxr_demo.i18n import FOLDER as WORDING
from cxr_demo.reading.reader import read_radiograph
from cxr_demo.reference.thumbnails import Thumbnails
from cxr_demo.ui import briefing
from cxr_demo.ui.clients import refusal
from cxr_demo.ui.later import Later
from cxr_demo.ui.reading import MOST_NEIGHBOURS, png

STATIC = Path(__file__).parent / "static"
PLOTLY = Path(__file__).parent / "vendor" / "plotly-strict.min.js.gz"


class Contents:
    """What the page is told of library and measurements; made once, when the service is loaded.

    Args:
        analyser: the loaded service.
        artefacts: where examples and measurements come from.

    Attributes:
        analyser: the same.
        example: a radiograph to try the networks with.
        answers: JSON by path, compressed.
        pictures: those of the references.
        atlas: their places on the maps.
        thumbnails: library rows of the shipped examples.
    """

    def __init__(self, analyser: Analyser, artefacts: Artefacts):
        self.analyser = analyser
        self._artefacts = artefacts
        paths = briefing.example_paths(artefacts)
        self.example = read_radiograph(artefacts.read(paths[0]))
        self.thumbnails = [analyser.library.row_of[Path(path).stem] for path in paths]
        self.answers = {
            "/start.json": _told_once(briefing.start(analyser, artefacts)),
            "/about.json": _told_once(briefing.about(artefacts)),
        }
        self.renew_pictures()

    def renew_pictures(self) -> None:
        """Look again which references have pictures."""
        self.pictures = Thumbnails(self.analyser.library, self._artefacts)
        self.atlas = briefing.Atlas(self.analyser.library, self.pictures)
        self.answers["/atlas.json"] = _told_once(self.atlas.overview())

    def share_with_pictures(self) -> float:
        """How many of the references show themselves rather than a prototype."""
        rows = range(len(self.analyser.library))
        return sum(self.pictures.of(row).averaged == 1 for row in rows) / len(rows)


def routes(artefacts: Artefacts, contents: Later[Contents]) -> list[BaseRoute]:
    """The page's routes; those that tell of the library wait for it."""
    examples = [artefacts.read(path) for path in briefing.example_paths(artefacts)]
    drawing = PLOTLY.read_bytes()

    async def plotly(request: Request) -> Response:
        return _packed(request, drawing, "text/javascript")

    async def told(request: Request) -> Response:
        answers = (await contents()).answers
        return _packed(request, answers[request.url.path], "application/json")

    async def view(request: Request) -> Response:
        there, asked = await contents(), request.query_params
        try:
            left, bottom, right, top = (float(edge) for edge in asked["box"].split(","))
        except (KeyError, ValueError):
            return refusal(UserError("call.malformed"))
        if asked.get("map") not in there.analyser.library.coordinates:
            return refusal(UserError("call.malformed"))
        rectangle = (left, bottom, right, top)
        return JSONResponse(await run_in_threadpool(there.atlas.view, asked["map"], rectangle))

    async def some(request: Request) -> Response:
        ids = request.query_params.get("ids", "").split(",")
        if len(ids) > MOST_NEIGHBOURS:
            return refusal(UserError("call.malformed"))
        return JSONResponse((await contents()).atlas.of(ids))

    async def picture(request: Request) -> Response:
        row, there = request.path_params["row"], await contents()
        if row >= len(there.analyser.library):
            return Response(status_code=404)
        return _kept(png(there.pictures.of(row).pixels), "image/png")

    async def example(request: Request) -> Response:
        number = request.path_params["number"]
        if number >= len(examples):
            return Response(status_code=404)
        return _kept(examples[number], "application/octet-stream")

    async def thumbnail(request: Request) -> Response:
        number, there = request.path_params["number"], await contents()
        if number >= len(there.thumbnails):
            return Response(status_code=404)
        return _kept(png(there.pictures.of(there.thumbnails[number]).pixels), "image/png")

    folder = partial(GZipMiddleware, minimum_size=1024)
    return [
        Route("/", lambda _: FileResponse(STATIC / "index.html")),
        Mount("/ui", folder(StaticFiles(directory=STATIC))),
        Mount("/wording", folder(StaticFiles(directory=WORDING))),
        Route("/start.json", told),
        Route("/atlas.json", told),
        Route("/about.json", told),
        Route("/atlas/view", view),
        Route("/atlas/some", some),
        Route("/plotly.js", plotly),
        Route("/examples/{number:int}", example),
        Route("/examples/{number:int}/thumbnail", thumbnail),
        Route("/pictures/{row:int}", picture),
    ]


def _told_once(content: dict) -> bytes:
    return gzip.compress(json.dumps(content, separators=(",", ":")).encode(), 6)


def _packed(request: Request, content: bytes, media_type: str) -> Response:
    """What is kept compressed, for those that take it so and those that do not."""
    if "gzip" not in request.headers.get("accept-encoding", ""):
        return _kept(gzip.decompress(content), media_type)
    answer = _kept(content, media_type)
    answer.headers.update({"Content-Encoding": "gzip", "Vary": "Accept-Encoding"})
    return answer


def _kept(content: bytes, media_type: str) -> Response:
    """An answer that a browser may keep for as long as the page is open."""
    kept = {"Cache-Control": "private, max-age=600"}
    return Response(content, media_type=media_type, headers=kept)
