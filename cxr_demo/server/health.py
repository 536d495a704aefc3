"""Whether the service can answer, for whoever balances load or restarts what has died."""

import asyncio
import math
import time

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from cxr_demo.server.service import Service
from cxr_demo.server.uploads import Uploads

HOLDS_S = 15
"""How long an answer of the networks speaks for them."""
PATIENCE_S = 10
"""What they may take for one, beside radiographs under way."""


class Health:
    """Asks the networks about an example, past the queue, when somebody wants to know.

    Args:
        service: models and library.
        uploads: where files need space to arrive.
    """

    def __init__(self, service: Service, uploads: Uploads):
        self._service = service
        self._uploads = uploads
        self._asking: asyncio.Task | None = None
        self._answered = -math.inf

    def route(self) -> Route:
        """GET /health: 200 and "ok", or 503 and what is wrong."""
        return Route("/health", self._answer)

    async def _answer(self, _: Request) -> Response:
        wrong = await self._wrong()
        return JSONResponse({"status": wrong or "ok"}, 503 if wrong else 200)

    async def _wrong(self) -> str | None:
        if not self._uploads.free():
            return "disk full"
        if not self._service.loaded.done():
            return "still loading"
        if time.monotonic() - self._answered < HOLDS_S:
            return None
        # One question at a time, however many want to know: one that hangs is not asked again.
        if self._asking is None or self._asking.done():
            self._asking = asyncio.create_task(run_in_threadpool(self._ask))
        done, _ = await asyncio.wait({self._asking}, timeout=PATIENCE_S)
        if not done:
            return "the networks do not answer"
        return "the networks fail" if self._asking.exception() else None

    def _ask(self) -> None:
        found = self._service.analyser.analyse(self._service.radiograph).probabilities
        if not all(math.isfinite(p) for head in found.values() for p in head.values()):
            raise ArithmeticError("a probability that is none")
        self._answered = time.monotonic()
