"""Questions to Gradio: whether one can be answered at all, before Gradio sees it.

Gradio logs what it does not like, values and all, and fetches what looks like the address of a
file. Here a question has as many values as its event takes, and names no files but uploads. What
the values are is for the handlers to check; when it is answered, for `turns`.
"""

import inspect
from collections.abc import Iterator
from typing import Annotated

from gradio.queueing import Event
from pydantic import BaseModel, Field
from pydantic_core import from_json
from starlette.datastructures import QueryParams
from starlette.types import Scope

from cxr_demo.errors import UserError
from cxr_demo.server.gradio_setup import gr
from cxr_demo.server.limits import AGAIN_S, client_of
from cxr_demo.server.uploads import Uploads

MAX_DEPTH = 64
"""Of lists in lists; our own have less than ten."""
WAITING = 32
"""How many questions may wait. Gradio's own limit has to lie above it: it is said in another way,
and many who are let in at once meet it first."""
KEPT = 0.25
"""Share of these places that is for clients who have none."""


class Joined(BaseModel, strict=True):
    """What a page joins the queue with."""

    fn_index: int
    session_hash: Annotated[str, Field(pattern=r"^[\w-]{1,64}$")]


def named_files(sent: object) -> Iterator[object]:
    """What stands under "path", wherever in a question it is.

    Raises:
        UserError: "call.malformed" if it is deeper than any question of ours.
    """
    left = [(sent, 0)]
    while left:
        value, depth = left.pop()
        if depth > MAX_DEPTH:
            raise UserError("call.malformed")
        if isinstance(value, dict):
            if "path" in value:
                yield value["path"]
            value = list(value.values())
        if isinstance(value, list):
            left += [(one, depth + 1) for one in value]


class Questions:
    """What the page's events and endpoints can be asked.

    Args:
        demo: whose they are.
        uploads: the only files that a question may name.
    """

    def __init__(self, demo: gr.Blocks, uploads: Uploads):
        self._demo = demo
        self._uploads = uploads
        self._endpoints = {
            f"/{one.api_name}": (one, inspect.signature(one.fn).parameters)
            for one in demo.fns.values()
            if one.api_visibility == "public"
        }

    def check(self, path: str, body: bytes) -> None:
        """Refuse a question that cannot be answered.

        Raises:
            UserError: with the reason.
        """
        try:
            question = from_json(body or b"{}")
            self._check_asked(path, question)
        except (ValueError, KeyError, TypeError, AttributeError):
            raise UserError("call.malformed") from None
        # What was chosen in a gallery is told together with its picture.
        for path in named_files({**question, "event_data": None}):
            self._uploads.check(path)

    def _check_asked(self, path: str, question: dict) -> None:
        """
        Raises:
            ValueError, KeyError, TypeError, AttributeError: if no event or endpoint can be asked
                like this.
        """
        if not isinstance(question, dict):
            raise ValueError("no question")
        endpoint = path[path.rindex("/") :]
        if endpoint == "/join":
            function = self._demo.fns[Joined.model_validate(question).fn_index]
        elif "/call/" in path:
            function, takes = self._endpoints[endpoint]
        else:
            return
        if "/call/v2/" in path:
            needed = {name for name, one in takes.items() if one.default is one.empty}
            whole = needed <= question.keys() <= takes.keys()
        else:
            values = question["data"]
            whole = isinstance(values, list) and len(values) == len(function.inputs)
        if not whole:
            raise ValueError("not what it takes")

    def make_room(self, client: str) -> None:
        """Refuse where as many wait as can, or as leaves the last places to others.

        Raises:
            UserError: "call.full" or "call.share".
        """
        waiting = [client_of(event.request.scope) for event in self._waiting()]
        if len(waiting) >= WAITING:
            raise UserError("call.full", seconds=AGAIN_S)
        if client in waiting and len(waiting) >= (1 - KEPT) * WAITING:
            raise UserError("call.share", seconds=AGAIN_S)

    def _waiting(self) -> Iterator[Event]:
        for line in self._demo._queue.event_queue_per_concurrency_id.values():
            yield from line.queue

    def is_awaited(self, scope: Scope) -> bool:
        """Whether there is an answer to wait for; Gradio logs a failure where there is none."""
        path, queue = scope["path"], self._demo._queue
        if path.endswith("/queue/data"):
            session = QueryParams(scope["query_string"]).get("session_hash")
            return session in queue.pending_messages_per_session
        if "/call/" in path:
            awaited = queue.pending_event_ids_session.values()
            return any(path[-32:] in events for events in awaited)
        return True
