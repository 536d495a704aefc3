"""The Gradio app: three endpoints behind its queue, and the page's routes in front of its own.

The page is hand-written (`static/`): a viewer that repaints within a frame and panels that point at
each other are not what Gradio's components are for. What it is for, it does here: uploads, the
queue in front of the networks, a documented API, and a home on Hugging Face Spaces.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import gradio as gr
from starlette.routing import BaseRoute

from cxr_demo.analysis import Analyser
from cxr_demo.artefacts import Artefacts
from cxr_demo.radiograph import MAX_FILE_BYTES, read_radiograph
from cxr_demo.ui.arrival import arrival
from cxr_demo.ui.briefing import example_paths
from cxr_demo.ui.endpoints import Endpoints
from cxr_demo.ui.guard import Guard
from cxr_demo.ui.health import Health
from cxr_demo.ui.routes import routes
from cxr_demo.ui.settings import Settings
from cxr_demo.ui.tidy import keep_tidy
from cxr_demo.ui.uploads import Uploads

WAITING = 32
"""How many radiographs may wait for the networks; more are asked to come back."""


def build_api(analyser: Analyser, uploads: Uploads) -> gr.Blocks:
    """The endpoints, and nothing to see.

    Args:
        analyser: the loaded service.
        uploads: where files arrive.
    """
    endpoints = Endpoints(analyser, uploads)
    with gr.Blocks(analytics_enabled=False) as api:
        gr.api(endpoints.analyse, api_name="analyse", concurrency_limit=1)
        gr.api(endpoints.neighbours, api_name="neighbours", concurrency_limit=4)
        gr.api(endpoints.rethreshold, api_name="rethreshold", concurrency_limit=4)
    return api.queue(max_size=WAITING)


def serve(analyser: Analyser, artefacts: Artefacts, uploads: Uploads, settings: Settings) -> None:
    """Serve page and API until stopped."""
    api = build_api(analyser, uploads)
    example = read_radiograph(artefacts.read(example_paths(artefacts)[0]))
    ours: list[BaseRoute] = [
        *routes(analyser, artefacts),
        arrival(uploads),
        Health(analyser, example, uploads).route(),
    ]

    @asynccontextmanager
    async def guarded(app: gr.routes.App) -> AsyncIterator[None]:
        # Around all else: a middleware that is handed over would stand inside Gradio's own.
        app.middleware_stack = Guard(app.middleware_stack, api, ours, settings)
        tidying = asyncio.create_task(keep_tidy(api._queue, uploads))
        yield
        tidying.cancel()

    api.launch(
        server_port=settings.port,  # and no other, if it is taken
        share=False,
        mcp_server=False,
        footer_links=[],
        run_history=False,
        enable_monitoring=False,
        ssr_mode=False,
        pwa=False,
        max_file_size=MAX_FILE_BYTES,
        state_session_capacity=64,
        app_kwargs={
            "routes": ours,
            "lifespan": guarded,
            "docs_url": None,
            "redoc_url": None,
            "openapi_url": None,
        },
    )
