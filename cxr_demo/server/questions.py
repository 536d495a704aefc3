"""Questions to Gradio: whether one can be answered at all, before Gradio sees it.

Gradio logs what it does not like, values and all, and fetches what looks like the address of a
file. Here a question has as many values as its event takes, and names no files but uploads. What
the values are is for the handlers to check.
"""

import inspect
import json
import re

from starlette.datastructures import QueryParams
from starlette.types import Scope

from cxr_demo.errors import UserError
from cxr_demo.server.gradio_setup import gr
from cxr_demo.server.uploads import Uploads

MAX_DEPTH = 64
"""Of lists in lists; our own have less than ten."""

_SESSION = re.compile(r"[\w-]{1,64}")


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
            question = json.loads(body or b"{}")
        except (ValueError, RecursionError):
            question = None
        if not isinstance(question, dict) or not self._is_whole(path, question):
            raise UserError("call.malformed")
        # What was chosen in a gallery is told together with its picture.
        self._check_files({name: value for name, value in question.items() if name != "event_data"})

    def _is_whole(self, path: str, question: dict) -> bool:
        if not path.endswith("/queue/join") and "/call/" not in path:
            return True
        endpoint = path[path.rindex("/") :]
        if "/call/v2/" in path:
            _, takes = self._endpoints[endpoint]
            needed = {name for name, one in takes.items() if one.default is one.empty}
            return needed <= question.keys() <= takes.keys()
        number, session = question.get("fn_index"), question.get("session_hash")
        if endpoint == "/join":
            known = type(number) is int and number in self._demo.fns
            if not known or not isinstance(session, str) or not _SESSION.fullmatch(session):
                return False
            function = self._demo.fns[number]
        else:
            function, _ = self._endpoints[endpoint]
        values = question.get("data")
        return isinstance(values, list) and len(values) == len(function.inputs)

    def _check_files(self, sent: object) -> None:
        left = [(sent, 0)]
        while left:
            value, depth = left.pop()
            if depth > MAX_DEPTH:
                raise UserError("call.malformed")
            if isinstance(value, dict):
                if "path" in value:
                    self._uploads.check(value["path"])
                value = list(value.values())
            if isinstance(value, list):
                left += [(one, depth + 1) for one in value]

    def make_room(self) -> None:
        """Refuse where as many wait as can.

        Raises:
            UserError: "call.full".
        """
        queue = self._demo._queue
        if len(queue) >= queue.max_size:
            raise UserError("call.full")

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
