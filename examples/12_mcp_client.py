"""Give an agent what a LangGraph server offers as MCP tools.

pip install "langchain-llava-o1[agent]" langchain-mcp-adapters
make studio                                                        # in a clone, in another terminal
LANGGRAPH_URL=http://127.0.0.1:2024 python 12_mcp_client.py openai:gpt-5.2

Without a model's name the tool is called as an agent would call it, with no key. To let agents name pictures
by path, start the server with LLAVA_O1_IMAGE_ROOTS=/folder/of/pictures.
"""

import asyncio
import os
import sys

from langchain_llava_o1 import image_block
from langchain_llava_o1.tiny import DEMO_QUESTION, demo_picture_path

if "LANGGRAPH_URL" not in os.environ:
    print("Start a server with `make studio`, and name its address in LANGGRAPH_URL.")
    raise SystemExit

from langchain.agents import create_agent
from langchain_mcp_adapters.client import MultiServerMCPClient


async def main() -> None:
    """List the tools, and ask one."""
    address = f"{os.environ['LANGGRAPH_URL']}/mcp"
    client = MultiServerMCPClient({"llava-o1": {"transport": "streamable_http", "url": address}})
    tools = {tool.name: tool for tool in await client.get_tools()}
    print("Tools:", ", ".join(sorted(tools)))

    tool = tools["visual_question"]
    print(tool.name, "takes", ", ".join(tool.args))
    if sys.argv[1:]:
        agent = create_agent(sys.argv[1], tools=[tool])
        asked = f"{DEMO_QUESTION} The picture is {demo_picture_path()}."
        print((await agent.ainvoke({"messages": [("user", asked)]}))["messages"][-1].text)
    else:
        picture = image_block(demo_picture_path())["base64"]
        print((await tool.ainvoke({"question": DEMO_QUESTION, "image": picture}))[0]["text"])


asyncio.run(main())
