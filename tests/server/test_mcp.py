"""The endpoints as tools of the Model Context Protocol, where that is asked for."""

import ast
import asyncio
import base64

from mcp import ClientSession
from mcp.client.streamable_http import streamablehttp_client

from tests.conftest import chest_like, png


def test_a_client_finds_three_tools_and_has_a_radiograph_analysed(serve_tiny, monkeypatch):
    address, uploads = serve_tiny(mcp=True)
    image = "data:image/png;base64," + base64.b64encode(png(chest_like(1000))).decode()

    async def use() -> tuple[list[str], list[str]]:
        async with (
            streamablehttp_client(f"{address}/gradio_api/mcp/") as (read, write, _),
            ClientSession(read, write) as session,
        ):
            await session.initialize()
            names = sorted(tool.name for tool in (await session.list_tools()).tools)
            analyse = next(name for name in names if name.endswith("analyse"))
            said = []
            for given in (image, "http://127.0.0.1:1/x.png", "/etc/passwd"):
                answer = await session.call_tool(analyse, {"image": given})
                said.append(answer.content[0].text)
            return names, said

    names, (found, *refused) = asyncio.run(use())
    ends = ("analyse", "neighbours", "rethreshold")
    assert len(names) == 3 and all(
        name.endswith(end) for name, end in zip(names, ends, strict=True)
    )
    assert ast.literal_eval(found)["status"] == "ok"  # as Gradio writes it
    assert all("probabilities" not in one for one in refused)
    monkeypatch.setattr("cxr_demo.server.uploads.LIES_S", -1)
    from cxr_demo.server.uploads import Uploads

    Uploads(uploads).sweep()
    assert not [path for path in uploads.rglob("*.png")]
