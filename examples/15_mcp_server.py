"""Ask the search as a program of another language would: over the Model Context Protocol.

Needs `pip install "langchain-llava-o1[mcp]"`. Programs such as editors and desktop assistants start the
server by themselves. This one does what they do: it starts `llava-o1 mcp`, lists its tools and calls one.
"""

import asyncio
import sys

from mcp import ClientSession, StdioServerParameters
from mcp.client.stdio import stdio_client

from langchain_llava_o1.tiny import DEMO_QUESTION, demo_picture_path

picture = demo_picture_path()
server = StdioServerParameters(
    command=sys.executable,
    args=["-m", "langchain_llava_o1.cli", "mcp", "--image-root", str(picture.parent), "--seed", "1"],
)


async def show(progress: float, total: float | None, message: str | None) -> None:
    """Print what the server tells while it searches."""
    if message and "is kept" in message:
        print(" ", message)


async def main() -> None:
    """Start the server, and ask it."""
    async with stdio_client(server) as (incoming, outgoing), ClientSession(incoming, outgoing) as client:
        await client.initialize()
        for tool in (await client.list_tools()).tools:
            print(f"{tool.name} takes {', '.join(tool.inputSchema['properties'])}")
        arguments = {"question": DEMO_QUESTION, "image": str(picture)}
        answer = await client.call_tool("visual_reasoning", arguments, progress_callback=show)
        print("Answer:", answer.content[0].text)
        refused = await client.call_tool("visual_reasoning", {**arguments, "image": "/etc/hostname"})
        print("Refused:", refused.content[0].text)


asyncio.run(main())
