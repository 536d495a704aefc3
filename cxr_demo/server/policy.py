"""Headers that tell a browser what the page may do."""

import base64
import hashlib
import re

from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from cxr_demo.server.settings import Settings

WITHOUT_LOGIN = b"""<script>
if (new URL(document.baseURI).username) {
  location.replace(location.origin + location.pathname + location.search);
}
</script>"""
"""Leaves an address that holds a login: relative to it browsers fetch nothing, and load each of
Gradio's modules a second time under the address without one. The login stays known to them."""

_INLINE = re.compile(rb"<script[^>]*>(.*?)</script>", re.DOTALL)


def headers(settings: Settings, scripts: list[bytes] = []) -> dict[str, str]:  # noqa: B006
    """What every answer says of how a browser is to treat it.

    Gradio compiles the scripts of its HTML components ('unsafe-eval') and puts style elements into
    the page. Of scripts that stand in a page only those named here run.

    Args:
        settings: who may show the page in theirs.
        scripts: their texts.
    """
    hashes = [base64.b64encode(hashlib.sha256(script).digest()).decode() for script in scripts]
    named = "".join(f" 'sha256-{digest}'" for digest in hashes)
    policy = {
        "default-src": "'none'",
        "script-src": f"'self' 'unsafe-eval'{named}",
        "style-src": "'self' 'unsafe-inline'",
        "img-src": "'self' data: blob:",
        "font-src": "'self'",
        "connect-src": "'self' data:",
        "base-uri": "'self'",
        "form-action": "'none'",
        "frame-ancestors": " ".join(("'self'", *settings.embed_origins)),
    }
    return {
        "Content-Security-Policy": "; ".join(f"{name} {value}" for name, value in policy.items()),
        "X-Content-Type-Options": "nosniff",
        "Referrer-Policy": "no-referrer",
        "Cross-Origin-Opener-Policy": "same-origin",
        "Cross-Origin-Resource-Policy": "cross-origin" if settings.embed_origins else "same-origin",
        "Permissions-Policy": "camera=(), microphone=(), geolocation=()",
    }


def whole_page(app: ASGIApp, settings: Settings) -> ASGIApp:
    """An application that answers with one page: scripts that the server wrote into it may run,
    and WITHOUT_LOGIN runs before them."""

    async def answered(scope: Scope, receive: Receive, send: Send) -> None:
        plain = [pair for pair in scope["headers"] if pair[0] != b"accept-encoding"]
        begun, body = None, bytearray()

        async def gather(message: Message) -> None:
            nonlocal begun
            if message["type"] == "http.response.start":
                begun = message
                return
            body.extend(message.get("body", b""))
            if not message.get("more_body", False):
                page = bytes(body).replace(b"<head>", b"<head>" + WITHOUT_LOGIN, 1)
                given = MutableHeaders(scope=begun)
                given.update(headers(settings, _INLINE.findall(page)))
                given["Content-Length"] = str(len(page))
                await send(begun)
                await send({"type": "http.response.body", "body": page})

        await app({**scope, "headers": plain}, receive, gather)

    return answered
