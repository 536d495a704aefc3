"""The Gradio app: three endpoints behind its queue.

Slow to import, since Gradio is; the page is up long before.
"""

import inspect
import os
import sys
from dataclasses import dataclass
from importlib import import_module
from types import ModuleType
from unittest.mock import patch

from fastapi import FastAPI
from starlette.types import ASGIApp

from cxr_demo.analysis import Analyser
from cxr_demo.reading.reader import MAX_FILE_BYTES
from cxr_demo.ui.payload import Questions
from cxr_demo.ui.uploads import Uploads


class Deferred(ModuleType):
    """Stands for a module that others import and that is hardly ever used; imported when it is."""

    def __getattr__(self, name: str):
        if name.startswith("__"):
            raise AttributeError(name)
        return getattr(import_module(self.__name__), name)


# It tells nobody of what it does, and does not add up after each question how long all have taken.
os.environ["GRADIO_ANALYTICS_ENABLED"] = "False"
os.environ["GRADIO_ANALYTICS_MAX_EVENTS"] = "1"
os.environ["GRADIO_ANALYTICS_CACHE_FREQUENCY"] = str(10**12)

# Gradio imports pandas for tables and plots that we do not have: 0.4 s and 33 MB. And whenever it
# is imported it writes the stubs of its components for editors anew: 1.6 s, but for classes whose
# source is not found.
with patch.object(inspect, "getfile", side_effect=OSError):
    known = sys.modules.setdefault("pandas", Deferred("pandas"))
    import gradio as gr

    if isinstance(known, Deferred):
        del sys.modules["pandas"]

from gradio.queueing import Queue  # noqa: E402

from cxr_demo.ui.endpoints import Endpoints  # noqa: E402

WAITING = 32
"""How many radiographs may wait for the networks; more are asked to come back."""


@dataclass(frozen=True)
class Gradio:
    """Gradio, ready to be asked.

    Attributes:
        app: the ASGI application; its lifespan has to be entered.
        queue: where questions wait.
        questions: what may be asked.
    """

    app: ASGIApp
    queue: Queue
    questions: Questions


def gradio(analyser: Analyser, uploads: Uploads) -> Gradio:
    """Gradio with our endpoints and nothing to see.

    Args:
        analyser: the loaded service.
        uploads: where files arrive.
    """
    endpoints = Endpoints(analyser, uploads)
    with gr.Blocks(analytics_enabled=False) as api:
        gr.api(endpoints.analyse, api_name="analyse", concurrency_limit=1)
        gr.api(endpoints.neighbours, api_name="neighbours", concurrency_limit=4)
        gr.api(endpoints.rethreshold, api_name="rethreshold", concurrency_limit=4)
    api.queue(max_size=WAITING)
    api.state_session_capacity = 64
    app = gr.mount_gradio_app(
        FastAPI(docs_url=None, redoc_url=None, openapi_url=None),
        api,
        path="",
        show_error=False,
        mcp_server=False,
        footer_links=[],
        run_history=False,
        enable_monitoring=False,
        ssr_mode=False,
        pwa=False,
        max_file_size=MAX_FILE_BYTES,
        app_kwargs={"docs_url": None, "redoc_url": None, "openapi_url": None},
    )
    return Gradio(app, api._queue, Questions(api))
