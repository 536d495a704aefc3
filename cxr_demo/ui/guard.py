"""Request filtering: what reaches the page and Gradio at all, and the headers of every answer.

Gradio has some sixty routes and trusts what comes through them. This wraps it from outside: only
what the page, `gradio_client`, `curl` and a health check need gets in, from where it may come from,
as often as one client may ask, with a body of a size and a form that our endpoints take.
"""

import base64
import hmac
import ipaddress
import re
from urllib.parse import urlsplit

from starlette.datastructures import Headers, MutableHeaders, QueryParams
from starlette.routing import BaseRoute, Match, Route
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from cxr_demo.errors import UserError
from cxr_demo.ui.arrival import MOST_BODY
from cxr_demo.ui.clients import Rate, client_of, refusal
from cxr_demo.ui.later import Later
from cxr_demo.ui.payload import Body
from cxr_demo.ui.settings import Settings

MOST_JSON = 2 << 20
GUESSES_PER_MINUTE = 30
"""Wrong logins of one client; a sixth of them at once."""

_CALL = r"/gradio_api/call/(v2/)?(analyse|neighbours|rethreshold)"
_EVENT = re.compile(rf"{_CALL}/[0-9a-f]{{32}}")
GRADIOS = {
    "GET": re.compile(rf"/config|/gradio_api/(info|queue/data)|{_EVENT.pattern}"),
    "POST": re.compile(rf"/gradio_api/queue/join|{_CALL}"),
}
"""Gradio's own routes that are needed: by its clients and by curl."""
OPEN = {"/health"}
"""What is told to anybody under any name: that we are alive."""

PLOTLYS_STYLES = (
    "'sha256-47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=' "
    "'sha256-ji27qzEtxXZW+7dun6UwjHXJ18e6WAin1VvNtkzIE/o='"
)
"""Two style elements that Plotly puts in: an empty one that it fills by script, and MapLibre's."""


class Guard:
    """ASGI application around another.

    Args:
        app: what is guarded: Gradio's, with our routes in front.
        gradio: what Gradio can be asked, once it is there.
        routes: ours; they let in what they match.
        settings: where requests may come from, and how many.
    """

    def __init__(self, app: ASGIApp, gradio: Later, routes: list[BaseRoute], settings: Settings):
        self._app = app
        self._gradio = gradio
        self._routes = routes
        self._settings = settings
        self._rate = Rate(settings.per_minute)
        self._guesses = Rate(GUESSES_PER_MINUTE)
        self._headers = headers(settings)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await self._app(scope, receive, send)
        elif scope["type"] == "http":
            await self._answer(scope, receive, self._dressed(scope, send))
        else:
            await send({"type": "websocket.close", "code": 1008})

    async def _answer(self, scope: Scope, receive: Receive, send: Send) -> None:
        body = Body(receive, MOST_BODY if _is_upload(scope) else MOST_JSON)
        if scope["method"] == "POST":
            receive, send = body, body.before(send)
        try:
            self._admit(scope)
            if scope["method"] == "POST":
                self._make_room(scope)
                if not self._is_ours(scope):
                    asked, gradio = await body.whole(), await self._gradio()
                    content = gradio.questions.reworded(scope["path"], asked)
                    scope, receive = _with_length(scope, len(content)), body.again(content)
        except UserError as refused:
            await refusal(refused)(scope, receive, send)
            return
        await self._app(scope, receive, send)

    def _admit(self, scope: Scope) -> None:
        """Refuse what nobody may ask, or not from there, or not without a login."""
        if not self._is_known(scope) or not self._is_awaited(scope):
            raise UserError("call.nothing")
        if scope["path"] in OPEN:
            return
        given = Headers(scope=scope)
        if not self._is_here(given, scope["method"]):
            raise UserError("call.elsewhere")
        if self._settings.login:
            if "authorization" not in given:
                raise UserError("call.login")
            self._guesses.spend(client_of(scope), 0)
            if not self._is_logged_in(given["authorization"]):
                self._guesses.spend(client_of(scope))
                raise UserError("call.login")

    def _is_known(self, scope: Scope) -> bool:
        method = "GET" if scope["method"] == "HEAD" else scope["method"]
        if method in GRADIOS and self._is_ours(scope):
            return True
        return method in GRADIOS and GRADIOS[method].fullmatch(scope["path"]) is not None

    def _is_ours(self, scope: Scope) -> bool:
        posted = scope["method"] == "POST"
        return any(
            route.matches(scope)[0] is Match.FULL
            for route in self._routes
            if isinstance(route, Route) or not posted  # a folder matches whatever the method
        )

    def _is_awaited(self, scope: Scope) -> bool:
        """Whether there is an answer to wait for; Gradio logs a failure where there is none."""
        is_session = scope["path"] == "/gradio_api/queue/data"
        is_event = _EVENT.fullmatch(scope["path"]) is not None
        if scope["method"] != "GET" or not (is_session or is_event):
            return True
        if self._gradio.value is None:
            return False
        queue = self._gradio.value.queue
        if is_session:
            session = QueryParams(scope["query_string"]).get("session_hash")
            return session in queue.pending_messages_per_session
        awaited = queue.pending_event_ids_session.values()
        return any(scope["path"][-32:] in events for events in awaited)

    def _is_here(self, given: Headers, method: str) -> bool:
        """Whether a request is for us and, if it changes anything, from a page of ours.

        The first keeps out pages whose name an attacker lets point at this machine.
        """
        host = given.get("host", "").lower()
        allowed = self._settings.hosts
        if allowed is not None and not _is_address(host) and _name(host) not in allowed:
            return False
        if method != "POST":
            return True
        if "origin" not in given:  # no browser, or one that says it so
            return given.get("sec-fetch-site", "none") in ("none", "same-origin")
        origin = given["origin"].lower()
        return origin in self._settings.origins or origin.partition("://")[2] == host != ""

    def _is_logged_in(self, authorization: str) -> bool:
        scheme, _, sent = authorization.partition(" ")
        try:
            login = base64.b64decode(sent, validate=True)
        except ValueError:
            return False
        right = hmac.compare_digest(login, self._settings.login.encode())
        return scheme.lower() == "basic" and right

    def _make_room(self, scope: Scope) -> None:
        """Refuse what would make work if there is too much of it, of this client or of all."""
        client = client_of(scope)
        self._rate.spend(client)
        if self._gradio.value is None:
            return
        queue = self._gradio.value.queue
        lines = queue.event_queue_per_concurrency_id.values()
        waiting = [event for line in lines for event in line.queue]
        if len(waiting) >= queue.max_size:
            raise UserError("call.full")
        theirs = [event for event in waiting if client_of(event.request.scope) == client]
        if len(theirs) >= self._settings.share:
            raise UserError("call.share", most=self._settings.share)

    def _dressed(self, scope: Scope, send: Send) -> Send:
        async def dressed(message: Message) -> None:
            if message["type"] == "http.response.start":
                given = MutableHeaders(scope=message)
                for name in [name for name in given if name.startswith("access-control-")]:
                    del given[name]  # Gradio lets any page in where its host is not local
                given.update(self._headers)
                if scope["path"].startswith(("/gradio_api/", "/config")):
                    given["Cache-Control"] = "no-store"
            await send(message)

        return dressed


def headers(settings: Settings) -> dict[str, str]:
    """What every answer says of how a browser is to treat it."""
    policy = {
        "default-src": "'none'",
        "script-src": "'self'",
        "style-src": f"'self' {PLOTLYS_STYLES}",
        "img-src": "'self' data: blob:",
        "connect-src": "'self' data:",
        "base-uri": "'none'",
        "form-action": "'none'",
        "frame-ancestors": " ".join(settings.frame_ancestors),
    }
    return {
        "Content-Security-Policy": "; ".join(f"{name} {value}" for name, value in policy.items()),
        "X-Content-Type-Options": "nosniff",
        "Referrer-Policy": "no-referrer",
        "Cross-Origin-Opener-Policy": "same-origin",
        "Cross-Origin-Resource-Policy": "same-origin",
        "Permissions-Policy": "camera=(), microphone=(), geolocation=()",
    }


def _is_upload(scope: Scope) -> bool:
    return scope["path"] == "/gradio_api/upload"


def _with_length(scope: Scope, length: int) -> Scope:
    kept = [
        pair
        for pair in scope["headers"]
        if pair[0] not in (b"content-length", b"transfer-encoding")
    ]
    return {**scope, "headers": [*kept, (b"content-length", b"%d" % length)]}


def _name(host: str) -> str:
    """The name in a Host header."""
    try:
        return urlsplit(f"//{host}").hostname or ""
    except ValueError:
        return ""


def _is_address(host: str) -> bool:
    try:
        ipaddress.ip_address(_name(host))
    except ValueError:
        return False
    return True
