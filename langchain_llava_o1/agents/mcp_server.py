"""A search as an MCP server with one tool, for programs that speak the Model Context Protocol."""

import asyncio
import os
import sys
from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from langchain_llava_o1.agents.asking import aask, compile_search
from langchain_llava_o1.agents.failures import describe_failure
from langchain_llava_o1.agents.tool import TOOL_DESCRIPTION, TOOL_NAME, VisualQuestion
from langchain_llava_o1.errors import ConfigurationError
from langchain_llava_o1.pictures.policy import ImagePolicy
from langchain_llava_o1.validation import PlainRefusals
from langchain_llava_o1.version import __version__

try:
    import anyio
    import uvicorn
    from mcp import types
    from mcp.server.lowlevel import Server
    from mcp.server.stdio import stdio_server
    from mcp.server.streamable_http_manager import StreamableHTTPSessionManager
    from mcp.server.transport_security import TransportSecuritySettings
    from starlette.applications import Starlette
    from starlette.routing import Route
except ModuleNotFoundError as error:
    raise ConfigurationError(
        'The MCP server needs the package mcp: pip install "langchain-llava-o1[mcp]".'
    ) from error

HTTP_PATH = "/mcp"
_LOCAL_HOSTS = ("127.0.0.1", "localhost", "::1")
_PROGRESS = {
    "stage_started": "{stage}: sampling, {num_candidates} at a time",
    "candidate": "{stage}: candidate {index} is written",
    "round": "{stage}: round {round} of the knock-out, {num_matches} at a time",
    "scores": "{stage}: the candidates are scored",
    "winner": "{stage}: candidate {index} is kept",
}
"""What is told of an event of a search, by its type."""


def create_mcp_server(search: Any, context: Any, policy: ImagePolicy) -> Server[Any, Any]:
    """Make a server with the search as its only tool.

    Args:
        search: The search's graph.
        context: Its settings.
        policy: Which pictures the search reads by path or URL; clients are told.
    """
    compiled = compile_search(search, TOOL_NAME)
    server: Server[Any, Any] = Server("llava-o1", version=__version__)
    tool = _describe_tool(policy)

    @server.list_tools()  # type: ignore[no-untyped-call, untyped-decorator]
    async def list_tools() -> list[types.Tool]:
        return [tool]

    # What is wrong with arguments is told as everywhere, not in the words of a JSON schema's validator.
    @server.call_tool(validate_input=False)  # type: ignore[untyped-decorator]
    async def call_tool(name: str, arguments: dict[str, Any]) -> types.CallToolResult:
        if name != TOOL_NAME:
            return _result(f"There is no tool {name!r}; there is {TOOL_NAME}.", is_error=True)
        try:
            asked = _Arguments(**arguments)
        except ConfigurationError as error:
            return _result(
                f"The arguments cannot be used: {error} Call the tool again with others.", is_error=True
            )
        progress = _Progress(server.request_context)
        try:
            # A task group would hide a failure in a group of failures.
            reporting = asyncio.create_task(progress.report())
            try:
                answered = await aask(compiled, asked.model_dump(), context, progress.events.put_nowait)
            finally:
                progress.events.put_nowait(None)
                await reporting
        except Exception as error:
            return _result(describe_failure(error), is_error=True)
        return _result(answered.answer)

    return server


async def serve_stdio(server: Server[Any, Any]) -> None:
    """Serve one client on standard input and output, until it closes them."""
    # What libraries print would break the protocol: their standard output is standard error from here on.
    sys.stdout.flush()
    protocol = os.fdopen(os.dup(sys.stdout.fileno()), "w", encoding="utf-8")
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
    async with stdio_server(stdout=anyio.wrap_file(protocol)) as (incoming, outgoing):
        await server.run(incoming, outgoing, server.create_initialization_options())


async def serve_http(server: Server[Any, Any], host: str, port: int, policy: ImagePolicy) -> None:
    """Serve any number of clients by streamable HTTP at ``HTTP_PATH``, until interrupted.

    On an address of this machine alone, requests that a browser sends for a page from elsewhere are refused.
    """
    local = [f"{f'[{name}]' if ':' in name else name}:*" for name in _LOCAL_HOSTS]
    security = TransportSecuritySettings(
        enable_dns_rebinding_protection=host in _LOCAL_HOSTS,
        allowed_hosts=local,
        allowed_origins=[f"http://{name}" for name in local],
    )
    # A picture in base64 is a third larger than its file.
    manager = StreamableHTTPSessionManager(
        server, security_settings=security, max_request_body_size=2 * policy.max_bytes
    )
    application = Starlette(
        routes=[Route(HTTP_PATH, endpoint=manager.asgi_app)], lifespan=lambda _: manager.run()
    )
    await uvicorn.Server(uvicorn.Config(application, host=host, port=port, log_level="warning")).serve()


class _Arguments(PlainRefusals, BaseModel):
    """What a client asks, as ``_describe_tool`` tells it."""

    model_config = ConfigDict(extra="forbid")

    question: str = Field(min_length=1)
    image: str = Field(min_length=1)


class _Progress:
    """Tells a client how a search gets on, if it asked for that.

    Attributes:
        events: The search's events, and None after the last.
    """

    def __init__(self, request: Any) -> None:
        self.events: asyncio.Queue[dict[str, Any] | None] = asyncio.Queue()
        self._session = request.session
        self._request_id = request.request_id
        self._token = request.meta.progressToken if request.meta else None

    async def report(self) -> None:
        """Send a notification for each event until there are no more."""
        num_told = 0
        while (event := await self.events.get()) is not None:
            if self._token is None or event["type"] not in _PROGRESS:
                continue
            num_told += 1
            await self._session.send_progress_notification(
                progress_token=self._token,
                progress=num_told,
                message=_PROGRESS[event["type"]].format(**event),
                related_request_id=str(self._request_id),
            )


def _describe_tool(policy: ImagePolicy) -> types.Tool:
    ways = []
    if policy.allowed_roots:
        folders = " or ".join(str(root.resolve()) for root in policy.allowed_roots)
        ways.append(f"the absolute path of a file below {folders}")
    if policy.allow_urls:
        ways.append("an https URL")
    ways += ["a data URL", "base64"]
    asked = VisualQuestion.model_json_schema()["properties"]["question"]
    return types.Tool(
        name=TOOL_NAME,
        title="Visual reasoning",
        description=TOOL_DESCRIPTION,
        inputSchema={
            "type": "object",
            "properties": {
                "question": {name: asked[name] for name in ("type", "description", "minLength")},
                "image": {
                    "type": "string",
                    "description": f"The picture, as {', '.join(ways[:-1])} or {ways[-1]}.",
                    "minLength": 1,
                },
            },
            "required": ["question", "image"],
            "additionalProperties": False,
        },
        annotations=types.ToolAnnotations(readOnlyHint=True, openWorldHint=policy.allow_urls),
    )


def _result(text: str, *, is_error: bool = False) -> types.CallToolResult:
    return types.CallToolResult(content=[types.TextContent(type="text", text=text)], isError=is_error)
