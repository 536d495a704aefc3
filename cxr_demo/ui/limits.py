"""Who asks, how much they may ask, and what they are told when it is too much or not allowed."""

import ipaddress
import math
import time

from starlette.responses import JSONResponse
from starlette.types import Scope

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
    "call.full": 503,
    "call.space": 507,
}
AGAIN_S = {"call.full": 5, "call.space": 60}
"""When to ask again after an answer that will not stand for long."""
MAX_CLIENTS = 10_000


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
    """A refusal as an endpoint would give it, with the status of its key.

    `detail` is where clients of Gradio look.
    """
    said = {"key": refused.key, "values": refused.values}
    again = refused.values.get("seconds", AGAIN_S.get(refused.key))
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
            UserError: "call.often" if there is less than one; what is taken may make it less than
                none.
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
