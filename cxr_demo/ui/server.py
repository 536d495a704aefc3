"""The Gradio app: three endpoints behind its queue, and the page's routes in front of its own.

The page is hand-written (`static/`): a viewer that repaints within a frame and panels that point at
each other are not what Gradio's components are for. What it is for, it does here: uploads, the
queue in front of the networks, a documented API, and a home on Hugging Face Spaces.
"""

from pathlib import Path

import gradio as gr

from cxr_demo.analysis import Analyser
from cxr_demo.artefacts import Artefacts
from cxr_demo.radiograph import MAX_FILE_BYTES
from cxr_demo.ui.endpoints import Endpoints
from cxr_demo.ui.routes import routes
from cxr_demo.ui.uploads import Uploads

WAITING = 32
"""How many radiographs may wait for the networks; more are asked to come back."""


def build_api(analyser: Analyser, uploads: Path) -> gr.Blocks:
    """The endpoints, and nothing to see.

    Args:
        analyser: the loaded service.
        uploads: the folder that Gradio puts uploads in.
    """
    endpoints = Endpoints(analyser, Uploads(uploads))
    with gr.Blocks(analytics_enabled=False, delete_cache=(30, 60)) as api:
        gr.api(endpoints.analyse, api_name="analyse", concurrency_limit=1)
        gr.api(endpoints.neighbours, api_name="neighbours", concurrency_limit=4)
        gr.api(endpoints.rethreshold, api_name="rethreshold", concurrency_limit=4)
    return api.queue(max_size=WAITING)


def serve(analyser: Analyser, artefacts: Artefacts, uploads: Path) -> None:
    """Serve page and API until stopped."""
    build_api(analyser, uploads).launch(
        footer_links=[],
        run_history=False,
        enable_monitoring=False,
        ssr_mode=False,
        pwa=False,
        max_file_size=2 * MAX_FILE_BYTES,
        state_session_capacity=64,
        app_kwargs={
            "routes": routes(analyser, artefacts),
            "docs_url": None,
            "redoc_url": None,
            "openapi_url": None,
        },
    )
