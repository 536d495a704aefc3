"""Request filtering: what reaches Gradio at all, and the headers of every answer.

An ASGI wrapper from outside: middleware given to Gradio sits inside its CORS, which answers foreign
origins itself. It lets in the routes that the page and its clients need, from where they may come,
as long as there is room, with bodies of a limited size that name no files but uploads.
"""

import base64
import hmac
import ipaddress
import re
from urllib.parse import urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.middleware.cors import CORSMiddleware
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from cxr_demo.errors import UserError
from cxr_demo.reading.archive import MAX_ARCHIVE_BYTES
from cxr_demo.server.limits import SPACE_AGAIN_S, Body, Rate, client_of, refusal
from cxr_demo.server.policy import headers, whole_page
from cxr_demo.server.questions import Questions
from cxr_demo.server.settings import Settings
from cxr_demo.server.uploads import Uploads

MAX_JSON = 4 << 20
MAX_UPLOAD = MAX_ARCHIVE_BYTES + (1 << 20)
"""Of one request: the largest archive and the form around it."""
GUESSES_PER_MINUTE = 30
"""Wrong logins of one client; a sixth of them at once."""

_API = "/gradio_api"
_UPLOAD = f"{_API}/upload"
_CALL = rf"{_API}/call/(v2/)?(analyse|neighbours|rethreshold)"
OPEN = {
    "GET": re.compile(
        rf"/|/config|/theme\.css|/favicon\.ico|/(assets|static)/[\w./-]+|/gradio\.js|/health"
        rf"|{_API}/(info|openapi\.json|queue/data|upload_progress|startup-events|app_id)"
        rf"|{_API}/(heartbeat/[\w-]+|file=.+|custom_component/.+)|{_CALL}/[0-9a-f]{{32}}"
    ),
    "POST": re.compile(rf"{_API}/(queue/join|upload|cancel|reset)|{_CALL}"),
}
"""Gradio's routes that the page, `gradio_client` and curl need; the others are closed."""
LEAVING = ("/cancel", "/reset")
"""What makes room."""
MCP = re.compile(rf"{_API}/mcp(/.*)?")


def guarded(app: ASGIApp, settings: Settings, uploads: Uploads, questions: Questions) -> ASGIApp:
    """An application behind a guard, which tells browsers what pages of `embed_origins` may read.

    Args:
        app: what is guarded.
        settings: where requests may come from.
        uploads: where files arrive.
        questions: what may be asked.
    """
    guard = Guard(app, settings, uploads, questions)
    methods, given = ("GET", "POST"), ("content-type", "x-gradio-user")
    return CORSMiddleware(guard, settings.embed_origins, methods, given)


class Guard:
    """ASGI application around another; arguments as for `guarded`."""

    def __init__(self, app: ASGIApp, settings: Settings, uploads: Uploads, questions: Questions):
        self._app, self._page = app, whole_page(app, settings)
        self._settings, self._uploads, self._questions = settings, uploads, questions
        self._guesses = Rate(GUESSES_PER_MINUTE)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await self._app(scope, receive, send)
        elif scope["type"] == "http":
            send = self._dressed(scope, send)
            body = Body(receive, MAX_UPLOAD if scope["path"] == _UPLOAD else MAX_JSON)
            try:
                self._admit(scope)
                if scope["method"] == "POST":
                    receive = await self._checked(scope, body)
            except UserError as refused:
                await body.drain()
                await refusal(refused)(scope, receive, send)
                return
            page = scope["path"] == "/" and scope["method"] == "GET"
            await (self._page if page else self._app)(scope, receive, send)
        else:
            await send({"type": "websocket.close", "code": 1008})

    def _admit(self, scope: Scope) -> None:
        """Refuse what nobody may ask, or not from there, or not without a login, or not now."""
        method = {"HEAD": "GET"}.get(scope["method"], scope["method"])
        path, given, client = scope["path"], Headers(scope=scope), client_of(scope)
        tools = self._settings.mcp and MCP.fullmatch(path)
        if not tools and (method not in OPEN or not OPEN[method].fullmatch(path)):
            raise UserError("call.nothing")
        if path == "/health":  # told to anybody under any name: that we are alive
            return
        if not self._is_here(given, method):
            raise UserError("call.elsewhere")
        if self._settings.login:
            if "authorization" not in given:
                raise UserError("call.login")
            self._guesses.spend(client, 0)
            if not self._is_logged_in(given["authorization"]):
                self._guesses.spend(client)
                raise UserError("call.login")
        if method == "POST" and not path.endswith(LEAVING):
            self._questions.make_room(client)
        elif not self._questions.is_awaited(scope):
            raise UserError("call.nothing")

    def _is_here(self, given: Headers, method: str) -> bool:
        """Whether a request is for us and, if it changes anything, from a page of ours.

        The first keeps out pages whose name an attacker lets point at this machine.
        """
        host, allowed = given.get("host", "").lower(), self._settings.hosts
        if allowed is not None and not _is_for(host, allowed):
            return False
        if method != "POST":
            return True
        if "origin" not in given:  # no browser, or one that says it so
            return given.get("sec-fetch-site", "none") in ("none", "same-origin")
        origin = given["origin"].lower()
        ours = {*self._settings.origins, *self._settings.embed_origins}
        return origin in ours or origin.partition("://")[2] == host != ""

    def _is_logged_in(self, authorization: str) -> bool:
        scheme, _, sent = authorization.partition(" ")
        try:
            login = base64.b64decode(sent, validate=True)
        except ValueError:
            return False
        right = hmac.compare_digest(login, self._settings.login.encode())
        return scheme.lower() == "basic" and right

    async def _checked(self, scope: Scope, body: Body) -> Receive:
        """The body of a post: an upload as it comes, a question once it is found to be one."""
        if scope["path"] != _UPLOAD:
            content, again = await body.whole()
            self._questions.check(scope["path"], content)
            return again
        declared = Headers(scope=scope).get("content-length", "")
        size = int(declared) if declared.isdecimal() else MAX_UPLOAD
        if size > MAX_UPLOAD:
            raise UserError("call.too_large")
        if self._uploads.free(client_of(scope)) < size:
            raise UserError("call.space", seconds=SPACE_AGAIN_S)
        return body

    def _dressed(self, scope: Scope, send: Send) -> Send:
        async def dressed(message: Message) -> None:
            if message["type"] == "http.response.start":
                given = MutableHeaders(scope=message)
                for name in [name for name in given if name.startswith("access-control-")]:
                    del given[name]  # Gradio lets any page in where its host is not local
                given.update({**headers(self._settings), **given})
                if scope["path"].startswith((f"{_API}/queue", f"{_API}/call")):
                    given["Cache-Control"] = "no-store"
            await send(message)

        return dressed


def _is_for(host: str, names: frozenset[str]) -> bool:
    """Whether a Host header has an address or one of the names."""
    try:
        name = urlsplit(f"//{host}").hostname or ""
    except ValueError:
        return False
    try:
        return name in names or bool(ipaddress.ip_address(name))
    except ValueError:
        return False
