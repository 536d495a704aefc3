"""The server: the page at once, then what it needs of the library, then Gradio with the networks.

The page is hand-written (`static/`): a viewer that repaints within a frame and panels that point
at each other are not what Gradio's components are for. What it is for, it does here: the queue in
front of the networks and a documented API. It takes seconds to import, so it comes last; who asks
it before that waits a moment.
"""

import asyncio
import socket
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress

import uvicorn
from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.routing import BaseRoute, Mount
from starlette.types import ASGIApp, Receive, Scope, Send

from cxr_demo.analysis import Analyser
from cxr_demo.artefacts import Artefacts
from cxr_demo.reference.fetch_thumbnails import fetch_thumbnails
from cxr_demo.ui.arrival import arrival
from cxr_demo.ui.fetching import Fetching
from cxr_demo.ui.guard import Guard
from cxr_demo.ui.health import Health
from cxr_demo.ui.later import Later
from cxr_demo.ui.routes import Contents, routes
from cxr_demo.ui.settings import Settings
from cxr_demo.ui.tidy import keep_tidy
from cxr_demo.ui.uploads import Uploads

GRACE_S = 3
"""How long answers under way may take when the server is told to end."""


def site(
    load: Callable[[], Analyser],
    artefacts: Artefacts,
    uploads: Uploads,
    settings: Settings,
    failed: Callable[[BaseException], None],
) -> ASGIApp:
    """Page and API as an ASGI application that wakes up while it already answers.

    Args:
        load: gives the service; takes its time, in a thread.
        artefacts: what the page shows of them.
        uploads: where files arrive.
        settings: who may ask, and how much.
        failed: told what went wrong if it cannot wake up.
    """
    contents, gradio, awake = Later(), Later(), Later()

    def fetch(progress: Callable[[str, float], None]) -> int:
        return fetch_thumbnails(contents.value.analyser.library, artefacts, progress)

    ours: list[BaseRoute] = [
        *routes(artefacts, contents),
        arrival(uploads),
        Health(awake, uploads).route(),
        *Fetching(contents, fetch, settings.offers_pictures).routes(),
    ]

    async def wake() -> None:
        contents.set(await run_in_threadpool(lambda: Contents(load(), artefacts)))
        side = await run_in_threadpool(_gradio, contents.value.analyser, uploads)
        async with side.app.router.lifespan_context(side.app):
            gradio.set(side)
            awake.set(contents.value)
            await keep_tidy(side.queue, uploads)

    @asynccontextmanager
    async def waking(_: Starlette) -> AsyncIterator[None]:
        task = asyncio.create_task(wake())
        task.add_done_callback(lambda done: done.cancelled() or failed(done.exception()))
        yield
        task.cancel()
        with suppress(asyncio.CancelledError, Exception):
            await task

    async def answered_by_gradio(scope: Scope, receive: Receive, send: Send) -> None:
        await (await gradio()).app(scope, receive, send)

    app = Starlette(routes=[*ours, Mount("", app=answered_by_gradio)], lifespan=waking)
    return Guard(app, gradio, ours, settings)


def serve(artefacts: Artefacts, uploads: Uploads, settings: Settings) -> None:
    """Serve page and API until stopped.

    Raises:
        ArtefactError: if what is to be loaded cannot be trusted.
        OSError: if the address is taken or none.
    """
    failures: list[BaseException] = []

    def give_up(error: BaseException) -> None:
        failures.append(error)
        server.should_exit = True

    app = site(lambda: Analyser(artefacts), artefacts, uploads, settings, give_up)
    server = uvicorn.Server(configured(app, settings))
    family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
    with socket.create_server((settings.host, settings.port), family=family) as listening:
        shown = f"[{settings.host}]" if ":" in settings.host else settings.host
        print(f"Open http://{shown}:{settings.port}", flush=True)
        server.run(sockets=[listening])
    if failures:
        raise failures[0]


def configured(app: ASGIApp, settings: Settings) -> uvicorn.Config:
    """How uvicorn is to serve it: no log of who asked for what, forwarded addresses from our
    proxies alone."""
    return uvicorn.Config(
        app,
        log_level="warning",
        access_log=False,
        lifespan="on",
        ws="none",
        forwarded_allow_ips=settings.proxies,
        timeout_graceful_shutdown=GRACE_S,
    )


def _gradio(analyser: Analyser, uploads: Uploads):
    from cxr_demo.ui.gradio_side import gradio  # seconds

    return gradio(analyser, uploads)
