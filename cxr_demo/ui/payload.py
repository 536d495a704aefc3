"""Bodies of requests: how large, for how long, and what of a question reaches Gradio.

Gradio looks for descriptions of files in whatever it is sent, fetches those that are addresses and
logs what it does not like, names and values alike. Here a question becomes one that cannot be
misread: the parameters of its endpoint, and of a file no more than what our upload has called it.
"""

import asyncio
import json
import re
from typing import TYPE_CHECKING, Any

from starlette.types import Message, Receive, Send

from cxr_demo.errors import UserError

if TYPE_CHECKING:  # it takes seconds to import, and bodies arrive before that
    import gradio as gr

BODY_S = 300
"""How long a body may take to arrive."""
DRAIN_S = 10
"""How long what is left of a body that is refused is listened to."""

_SESSION = re.compile(r"[\w-]{10,64}")


class Body:
    """A body of so many bytes at most; may stand for the `receive` that it comes from.

    Raises:
        UserError: "call.too_large" or "call.slow" where it is read.
    """

    def __init__(self, receive: Receive, most: int):
        self._receive = receive
        self._most = most
        self._read = 0
        self._over = False
        self._deadline = asyncio.get_running_loop().time() + BODY_S

    async def __call__(self) -> Message:
        if self._over:  # what is waited for now is that the client leaves
            return await self._receive()
        try:
            async with asyncio.timeout_at(self._deadline):
                message = await self._next()
        except TimeoutError:
            raise UserError("call.slow") from None
        if self._read > self._most:
            raise UserError("call.too_large")
        return message

    async def _next(self) -> Message:
        message = await self._receive()
        self._read += len(message.get("body", b""))
        self._over = not message.get("more_body", False)
        return message

    async def whole(self) -> bytes:
        """All of it."""
        parts = []
        while not self._over:
            parts.append((await self()).get("body", b""))
        return b"".join(parts)

    def before(self, send: Send) -> Send:
        """A `send` that answers when the body is over: until then a browser does not listen."""

        async def send_after(message: Message) -> None:
            try:
                async with asyncio.timeout(DRAIN_S):
                    while not self._over:
                        await self._next()
            except TimeoutError:
                self._over = True
            await send(message)

        return send_after

    def again(self, content: bytes) -> Receive:
        """A `receive` that reads something else in place of the body."""
        given = False

        async def receive() -> Message:
            nonlocal given
            if given:
                return await self._receive()
            given = True
            return {"type": "http.request", "body": content, "more_body": False}

        return receive


class Questions:
    """What may be asked, each way that Gradio has.

    Args:
        api: whose endpoints are asked.
    """

    def __init__(self, api: "gr.Blocks"):
        described = api.get_api_info()["named_endpoints"]
        self._takes = {name: about["parameters"] for name, about in described.items()}
        self._name_of = {number: f"/{fn.api_name}" for number, fn in api.fns.items()}

    def reworded(self, path: str, body: bytes) -> bytes:
        """The body of a question as Gradio is to see it.

        Args:
            path: `…/queue/join`, `…/call/<endpoint>` or `…/call/v2/<endpoint>`.
            body: not trusted.

        Raises:
            UserError: "call.malformed" if it is not one.
        """
        try:
            question = self._question(path, json.loads(body))
        except (ValueError, RecursionError):
            question = None
        if question is None:
            raise UserError("call.malformed")
        return json.dumps(question).encode()

    def _question(self, path: str, asked: Any) -> dict[str, Any] | None:
        if not isinstance(asked, dict):
            return None
        endpoint = path[path.rindex("/") :]
        if "/call/v2/" in path:
            names = {one["parameter_name"] for one in self._takes[endpoint]}
            needed = {
                one["parameter_name"]
                for one in self._takes[endpoint]
                if not one["parameter_has_default"]
            }
            return without_files(asked) if needed <= asked.keys() <= names else None
        number, session = asked.get("fn_index"), asked.get("session_hash")
        joining = path.endswith("/queue/join")
        if joining:
            if type(number) is not int or number not in self._name_of:
                return None
            if not isinstance(session, str) or not _SESSION.fullmatch(session):
                return None
            endpoint = self._name_of[number]
        data = asked.get("data")
        if not isinstance(data, list) or len(data) > len(self._takes[endpoint]):
            return None
        missing = self._takes[endpoint][len(data) :]
        if not all(one["parameter_has_default"] for one in missing):
            return None
        question = {"data": without_files(data) + [one["parameter_default"] for one in missing]}
        return {**question, "fn_index": number, "session_hash": session} if joining else question


def without_files(sent: Any) -> Any:
    """The same, with nothing in it that Gradio takes for a file: of one only its path is left."""
    if isinstance(sent, list):
        return [without_files(one) for one in sent]
    if not isinstance(sent, dict):
        return sent
    kept = {"path"} if "path" in sent else sent.keys() - {"meta"}
    return {name: without_files(value) for name, value in sent.items() if name in kept}
