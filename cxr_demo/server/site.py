"""Serve the page inside the guard: `python app.py`."""

import asyncio
import logging
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path

import uvicorn
from fastapi import FastAPI
from starlette.concurrency import run_in_threadpool
from starlette.middleware.gzip import GZipMiddleware
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import ASGIApp

from cxr_demo.reading import subprocess_reader
from cxr_demo.server.gradio_setup import gr
from cxr_demo.server.guard import guarded
from cxr_demo.server.health import Health
from cxr_demo.server.housekeeping import keep_house
from cxr_demo.server.questions import Questions
from cxr_demo.server.service import Service
from cxr_demo.server.settings import Settings
from cxr_demo.server.uploads import Uploads

EMBEDDED = """\
const root = new URL('.', import.meta.url).href.replace(/[/]$/, '');
window.cxr_config = await (await fetch(`${root}/config`)).json();
"""
"""What another page runs before Gradio's script, which leaves our components no config there."""
FIRST_PAGE_S = 3
"""How long nothing else is started, so that the first page has the cores for itself."""
GRACE_S = 3
"""How long answers under way may take when the server is told to end."""

# Of a form that is none it would log what its bytes are.
logging.getLogger("python_multipart").setLevel(logging.CRITICAL)


def site(
    demo: gr.Blocks, appearance: dict, service: Service, uploads: Uploads, settings: Settings
) -> ASGIApp:
    """Page, API and health check as an ASGI application, guarded.

    Args:
        demo: the page.
        appearance: its theme and what else `gr.mount_gradio_app` takes.
        service: models and library.
        uploads: where files arrive.
        settings: what visitors may do.
    """

    @asynccontextmanager
    async def tidy(_: FastAPI) -> AsyncIterator[None]:
        tasks = [
            asyncio.create_task(keep_house(demo._queue, uploads)),
            asyncio.create_task(prepare_reader()),
        ]
        yield
        for task in tasks:
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task

    closed = {"docs_url": None, "redoc_url": None, "openapi_url": None}
    app = FastAPI(lifespan=tidy, **closed)
    app.router.routes += [Health(service, uploads).route(), Route("/gradio.js", embedding_script)]
    gr.mount_gradio_app(
        app, demo, path="", mcp_server=settings.mcp, app_kwargs=closed, **appearance
    )
    within = guarded(app, settings, uploads, Questions(demo, uploads))
    return GZipMiddleware(within, minimum_size=1024)


async def prepare_reader() -> None:
    """Start what the first DICOM file would have to wait for, once the first page has been sent."""
    await asyncio.sleep(FIRST_PAGE_S)
    await run_in_threadpool(subprocess_reader.prepare)


def embedding_script(_: Request) -> Response:
    """What makes `<gradio-app>` an element of another page; Gradio ships it, but has no route."""
    file = Path(gr.__file__).parent / "templates" / "frontend" / "gradio.js"
    return Response(EMBEDDED + file.read_text(encoding="utf-8"), media_type="text/javascript")


def serve(
    demo: gr.Blocks, appearance: dict, service: Service, uploads: Uploads, settings: Settings
) -> None:
    """Serve until stopped; arguments as for `site`.

    Raises:
        ArtefactError: if what is to be loaded cannot be trusted.
        OSError: if the address is taken or none.
    """
    server = uvicorn.Server(
        configured(site(demo, appearance, service, uploads, settings), settings)
    )

    def give_up(loaded) -> None:
        server.should_exit = server.should_exit or loaded.exception() is not None

    with listen(settings.host, settings.port) as listening:
        shown = f"[{settings.host}]" if ":" in settings.host else settings.host
        print(f"Open http://{shown}:{settings.port}", flush=True)
        service.loaded.add_done_callback(give_up)
        server.run(sockets=[listening])
    if service.loaded.done():
        service.loaded.result()


def listen(host: str, port: int) -> socket.socket:
    """A socket that listens, and whose connections send each part of an answer at once.

    asyncio sees to that for sockets that are named as TCP's, which those of `create_server` are
    not. Else the second part waits 40 ms until the first is acknowledged.

    Raises:
        OSError: if the address is taken or none.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listening = socket.create_server((host, port), family=family)
    listening.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)  # connections inherit it
    return listening


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
