"""`llava-o1 mcp`: a search as the tool of any program that speaks the Model Context Protocol."""

import functools
import logging
import os
from pathlib import Path
from typing import Annotated

import typer

from langchain_llava_o1.cli.answering import AnswerSettings
from langchain_llava_o1.cli.judge_options import (
    JudgeKindOption,
    JudgeModelOption,
    JudgeOption,
    JudgeSettingsOption,
    JudgeUrlOption,
    read_judge,
)
from langchain_llava_o1.cli.listening import HostOption, PortOption, check_address
from langchain_llava_o1.cli.options import (
    CandidatesOption,
    DebugOption,
    ModelOption,
    SeedOption,
    SettingsOption,
    StrategyOption,
    TemperatureOption,
    read_further_settings,
)
from langchain_llava_o1.cli.output import write_error
from langchain_llava_o1.search.catalogue import DEFAULT_SEARCH


def mcp(
    image_roots: Annotated[
        list[Path] | None,
        typer.Option(
            "--image-root",
            metavar="FOLDER",
            exists=True,
            file_okay=False,
            help="Folder whose pictures may be named by path, also below it; may be repeated. Default: "
            "LLAVA_O1_IMAGE_ROOTS, separated as in PATH, else none.",
            show_default=False,
        ),
    ] = None,
    allow_urls: Annotated[
        bool | None,
        typer.Option(
            "--image-urls/--no-image-urls",
            help="Whether pictures may be named by https URL. Default: LLAVA_O1_IMAGE_URLS, else not.",
            show_default=False,
        ),
    ] = None,
    is_http: Annotated[
        bool, typer.Option("--http", help="Serve streamable HTTP at /mcp, in place of standard input/output.")
    ] = False,
    host: HostOption = "127.0.0.1",
    port: PortOption = 8000,
    model: ModelOption = None,
    strategy: StrategyOption = DEFAULT_SEARCH,
    candidates: CandidatesOption = None,
    judge: JudgeOption = None,
    judge_model: JudgeModelOption = None,
    judge_base_url: JudgeUrlOption = None,
    judge_kind: JudgeKindOption = None,
    judge_settings: JudgeSettingsOption = None,
    temperature: TemperatureOption = None,
    seed: SeedOption = None,
    settings: SettingsOption = None,
    is_debug: DebugOption = False,
) -> None:
    """Serve the search as an MCP tool, until the client closes it or Ctrl-C.

    The tool takes a question and a picture: by path below the folders that are allowed, by https URL where
    that is allowed, or in base64.
    """
    answering = AnswerSettings(
        model=model,
        num_candidates=candidates,
        temperature=temperature,
        seed=seed,
        search=strategy,
        judge=read_judge(judge, judge_model, judge_kind, judge_base_url, judge_settings),
        further=read_further_settings(settings),
    )
    from langchain_llava_o1 import ChatLlavaO1
    from langchain_llava_o1.agents.mcp_server import HTTP_PATH, create_mcp_server, serve_http, serve_stdio

    chat = ChatLlavaO1.model_validate(
        {
            "model": model,
            "temperature": temperature,
            "allowed_image_roots": list(map(os.fspath, image_roots)) if image_roots else None,
            "allow_image_urls": allow_urls,
        }
    )
    policy = chat.image_policy
    if not (policy.allowed_roots or policy.allow_urls):
        write_error("llava-o1: pictures are taken in base64 alone; --image-root FOLDER allows files")
    search = answering.build_search(chat)
    server = create_mcp_server(search.graph, search.context, policy)
    import anyio

    if not is_http:
        anyio.run(serve_stdio, server)
        return
    check_address(host, port)
    if not is_debug:
        # The SDK writes a traceback whenever a client leaves.
        logging.getLogger("mcp.server.streamable_http").setLevel(logging.CRITICAL)
    shown = f"[{host}]" if ":" in host else host
    write_error(f"llava-o1: MCP at http://{shown}:{port}{HTTP_PATH}; Ctrl-C ends it")
    anyio.run(functools.partial(serve_http, server, host, port, policy))
