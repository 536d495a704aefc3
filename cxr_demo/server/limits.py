"""What one client may send: how much, how slowly, how often; and how a refusal is said."""

import asyncio
import ipaddress
import math
import time
from contextlib import suppress

from starlette.responses import JSONResponse
from starlette.types import Message, Receive, Scope

from cxr_demo.errors import UserError

STATUS = {
    "call.malformed": 400,
    "refused.upload_gone": 400,
    "call.login": 401,
    "call.elsewhere": 403,
    "call.nothing": 404,
    "call.slow": 408,
    "call.too_large": 413,
    "call.often": 429,
    "call.share": 429,
    "call.full": 429,  # of 503 Gradio's clients tell in words of their own, which name no time
    "call.space": 507,
}
AGAIN_S, SPACE_AGAIN_S = 5, 60
"""When there may be a place in the queue again, and space for files."""
MAX_CLIENTS = 10_000
BODY_S = 300
"""How long a body may take to arrive."""
DRAIN_S = 10
"""How long what is left of a body that is refused is listened to."""


def client_of(scope: Scope) -> str:
    """Whose request it is: an IPv4 address, or the network that an IPv6 address lies in.

    One subscriber has 2 to the 64 addresses of IPv6. Which address it is behind a proxy is for
    uvicorn to say, see `Settings.proxies`.
    """
    host = (scope.get("client") or ("",))[0]
    try:
        address = ipaddress.ip_address(host.partition("%")[0])
    except ValueError:
        return host
    if address.version == 4:
        return host
    if address.ipv4_mapped:
        return str(address.ipv4_mapped)
    return str(ipaddress.ip_network((address, 64), strict=False))


def refusal(refused: UserError) -> JSONResponse:
    """A refusal as an endpoint would give it, with the status of its key, and in a header, too,
    the seconds after which to ask again.

    `detail` is where clients of Gradio look.
    """
    said = {"key": refused.key, "values": refused.values}
    again = refused.values.get("seconds")
    headers = {} if again is None else {"Retry-After": str(again)}
    if refused.key == "call.login":
        headers["WWW-Authenticate"] = 'Basic realm="Chest X-ray reading demo", charset="UTF-8"'
    content = {"status": "refused", "error": str(refused), "refusal": said, "detail": str(refused)}
    return JSONResponse(content, STATUS[refused.key], headers)


class Rate:
    """A bucket of tokens for each client; what it holds is spent at once or as it is refilled.

    Args:
        per_minute: how many tokens come back in a minute; a bucket holds a sixth of them.
    """

    def __init__(self, per_minute: int):
        self._per_second = per_minute / 60
        self._most = max(1.0, per_minute / 6)
        self._left: dict[str, tuple[float, float]] = {}

    def spend(self, client: str, tokens: float = 1) -> None:
        """Take tokens from a client's bucket.

        Raises:
            UserError: "call.often" if there is less than one.
        """
        now = time.monotonic()
        left = self._refilled(client, now)
        if left < 1:
            raise UserError("call.often", seconds=math.ceil((1 - left) / self._per_second))
        self._left[client] = left - tokens, now
        if len(self._left) > MAX_CLIENTS:
            known = self._left
            self._left = {c: known[c] for c in known if self._refilled(c, now) < self._most}

    def _refilled(self, client: str, now: float) -> float:
        left, then = self._left.get(client, (self._most, now))
        return min(self._most, left + (now - then) * self._per_second)


class Body:
    """The body of a request, held to a size and a time; stands for the `receive` it comes from.

    Raises:
        UserError: "call.too_large" or "call.slow" where it is read.
    """

    def __init__(self, receive: Receive, most: int):
        self._receive = receive
        self._left = most
        self._over = False
        self._deadline = asyncio.get_running_loop().time() + BODY_S

    async def __call__(self) -> Message:
        if self._over:  # what is waited for now is that the client leaves
            return await self._receive()
        try:
            async with asyncio.timeout_at(self._deadline):
                message = await self._receive()
        except TimeoutError:
            raise UserError("call.slow") from None
        self._over = not message.get("more_body", False)
        self._left -= len(message.get("body", b""))
        if self._left < 0:
            raise UserError("call.too_large")
        return message

    async def whole(self) -> tuple[bytes, Receive]:
        """All of it, and a `receive` that gives it once more."""
        parts = []
        while not self._over:
            parts.append((await self()).get("body", b""))
        left = [{"type": "http.request", "body": b"".join(parts), "more_body": False}]

        async def again() -> Message:
            return left.pop() if left else await self._receive()

        return left[0]["body"], again

    async def drain(self) -> None:
        """Listen to what is left of a body that is refused: until then a browser does not."""
        with suppress(TimeoutError):
            async with asyncio.timeout(DRAIN_S):
                while not self._over:
                    self._over = not (await self._receive()).get("more_body", False)
