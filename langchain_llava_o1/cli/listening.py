"""Seeing that an address can be listened on, before anything is loaded for it."""

import socket
from typing import Annotated

import typer

from langchain_llava_o1.errors import ConfigurationError

_LAST_PORT = 65_535

HostOption = Annotated[
    str, typer.Option("--host", help="Address to listen on; 127.0.0.1 is reached from this machine only.")
]

PortOption = Annotated[int, typer.Option("--port", min=1, max=_LAST_PORT, help="Port to listen on.")]


def check_address(host: str, port: int) -> None:
    """See that the address can be listened on.

    Raises:
        ConfigurationError: If it cannot, with the reason.
    """
    try:
        with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET) as found:
            # As servers do: a port that was just given up may be taken at once.
            found.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            found.bind((host, port))
    except OSError as error:
        raise ConfigurationError(
            f"{host}:{port} cannot be listened on ({error.strerror or error}); "
            "choose another --host or --port."
        ) from error
