"""The references' pictures, fetched when somebody asks for them on the page.

The only time that the server asks another one anything: a file that is the same for everybody, from
an address that no visitor can choose, and nothing of any radiograph goes with it.
"""

import logging
import threading
from collections.abc import Callable

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from cxr_demo.errors import CXRError
from cxr_demo.ui.later import Later

PATH = "/reference-pictures"
ENOUGH = 0.9
"""Share of references with a picture from which on none are missed."""

log = logging.getLogger(__name__)


class Fetching:
    """Fetches once, however many ask.

    Args:
        contents: the `routes.Contents`; made anew when there are pictures.
        fetch: gets the pictures, telling stage and share as `fetch_thumbnails` does.
        offered: whether a visitor may have it done.
    """

    def __init__(
        self, contents: Later, fetch: Callable[[Callable[[str, float], None]], int], offered: bool
    ):
        self._contents = contents
        self._fetch = fetch
        self._offered = offered
        self._said: dict | None = None

    def routes(self) -> list[Route]:
        """GET says how it stands, POST begins: {"state": "there" | "middles" | "missing" |
        "fetching" | "failed" | "not_offered"}, with "stage" and "share" or with "error"."""
        return [Route(PATH, self._answer, methods=["GET", "POST"])]

    async def _answer(self, request: Request) -> Response:
        there = await self._contents()
        if self._said is None:
            share = there.share_with_pictures()
            missing = "missing" if self._offered else "not_offered"
            self._said = _there(there) if share >= ENOUGH else {"state": missing}
        if request.method == "POST" and self._said["state"] in ("missing", "failed"):
            self._said = {"state": "fetching", "stage": "download", "share": 0.0}
            threading.Thread(target=self._run, args=(there,), daemon=True).start()
        return JSONResponse(self._said, headers={"Cache-Control": "no-store"})

    def _run(self, there) -> None:
        try:
            self._fetch(self._progress)
            there.renew_pictures()
            self._said = _there(there)
        except CXRError as error:
            self._said = {"state": "failed", "error": str(error)}
        except Exception:
            log.exception("fetching pictures failed")
            self._said = {"state": "failed", "error": ""}

    def _progress(self, stage: str, share: float) -> None:
        self._said = {"state": "fetching", "stage": stage, "share": round(share, 3)}


def _there(contents) -> dict:
    """References have pictures: whole ones, or such as `thumbnails.pack_pneumoniamnist` makes."""
    return {"state": "middles" if contents.pictures.middles else "there"}
