"""How the page is served: read from the environment, once, at start. SECURITY.md explains each."""

import ipaddress
import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from cxr_demo.errors import CXRError

LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})
HUGGING_FACE = ("https://huggingface.co", "https://*.hf.space")
PRIVATE_NETWORKS = "10.0.0.0/8,172.16.0.0/12,192.168.0.0/16"

_ORIGIN = re.compile(r"https?://([a-z0-9.-]+|\[[0-9a-f:.]+\])(:\d{1,5})?")
_YES_OR_NO = {"yes": True, "1": True, "no": False, "0": False}


@dataclass(frozen=True)
class Settings:
    """What whoever runs the server decides.

    Attributes:
        login: "name:password" that everybody has to give; empty asks nobody.
        host: the address to listen on.
        port: where to listen.
        hosts: names under which the page is called; None takes any. Addresses always do.
        origins: addresses of the page where a proxy changes the Host header, as
            "https://xray.example.org".
        embed_origins: addresses of pages that may show this one in themselves, in a frame or as
            `<gradio-app>`.
        proxies: networks whose X-Forwarded-For is believed, as uvicorn takes them.
        offers_pictures: whether a visitor may have the references' pictures fetched.
        mcp: whether the endpoints are tools for clients of the Model Context Protocol, too.
    """

    login: str = field(default="", repr=False)
    host: str = "127.0.0.1"
    port: int = 7860
    hosts: frozenset[str] | None = LOOPBACK
    origins: frozenset[str] = frozenset()
    embed_origins: tuple[str, ...] = ()
    proxies: str = ""
    offers_pictures: bool = True
    mcp: bool = False

    @classmethod
    def from_environment(cls, given: Mapping[str, str] = os.environ) -> "Settings":
        """Settings as the environment has them.

        Raises:
            CXRError: if one is not what it has to be.
        """
        on_spaces = "SPACE_ID" in given
        origins = _origins(given, "CXR_ORIGINS")
        space = given.get("SPACE_HOST", "").lower()
        bound = given.get("GRADIO_SERVER_NAME", cls.host).strip("[]")
        names = {urlsplit(origin).hostname for origin in origins}
        if names and space:
            names.add(space)
        login = given.get("CXR_LOGIN", "")
        if login and not all(login.partition(":")):
            raise CXRError("CXR_LOGIN has to be name:password.")
        embedding = _origins(given, "CXR_EMBED_ORIGINS")
        return cls(
            login=login,
            host=bound,
            port=_count(given, "GRADIO_SERVER_PORT", cls.port),
            hosts=LOOPBACK | {bound} | names if names or bound in LOOPBACK else None,
            origins=origins | ({f"https://{space}"} if space else set()),
            embed_origins=(*sorted(embedding), *(HUGGING_FACE if on_spaces else ())),
            proxies=_networks(given.get("FORWARDED_ALLOW_IPS", PRIVATE_NETWORKS * on_spaces)),
            offers_pictures=_choice(given, "CXR_OFFER_PICTURES", bound in LOOPBACK),
            mcp=_choice(given, "CXR_MCP", cls.mcp),
        )


def _origins(given: Mapping[str, str], name: str) -> frozenset[str]:
    origins = frozenset(given.get(name, "").lower().split())
    for origin in origins:
        if not _ORIGIN.fullmatch(origin):
            raise CXRError(
                f"{name} has {origin}, which is not an address like https://xray.example.org."
            )
    return origins


def _networks(listed: str) -> str:
    try:
        for network in filter(None, listed.replace(" ", "").split(",")):
            ipaddress.ip_network(network, strict=False)
    except ValueError as error:
        raise CXRError(f"FORWARDED_ALLOW_IPS has to be addresses or networks ({error}).") from None
    return listed


def _choice(given: Mapping[str, str], name: str, default: bool) -> bool:
    value = given.get(name, "yes" if default else "no")
    if value not in _YES_OR_NO:
        raise CXRError(f"{name} was given as {value}; it has to be yes or no.")
    return _YES_OR_NO[value]


def _count(given: Mapping[str, str], name: str, default: int) -> int:
    value = given.get(name, str(default))
    if not value.isdecimal() or not 1 <= int(value) <= 1_000_000:
        raise CXRError(f"{name} was given as {value}; it has to be a whole number from 1 on.")
    return int(value)
