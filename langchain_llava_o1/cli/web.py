"""`llava-o1 app`: ask in the browser."""

import os
import threading

from langchain_llava_o1.cli.listening import HostOption, PortOption, check_address
from langchain_llava_o1.cli.options import DebugOption, ModelOption
from langchain_llava_o1.cli.output import write_error
from langchain_llava_o1.errors import ConfigurationError


def app(
    model: ModelOption = None,
    host: HostOption = "127.0.0.1",
    port: PortOption = 7860,
    is_debug: DebugOption = False,
) -> None:
    """Serve a page to ask in the browser, until Ctrl-C.

    It shows searches while they run, and compares two of them.
    """
    # Read by Gradio when it is first imported: it would report each start and look for a newer version.
    os.environ["GRADIO_ANALYTICS_ENABLED"] = "False"
    from langchain_llava_o1 import ChatLlavaO1
    from langchain_llava_o1.app.page import create_page, create_theme, import_gradio

    import_gradio()
    _check_protocol(host)
    check_address(host, port)
    page = create_page(ChatLlavaO1.model_validate({"model": model}))
    _, address, _ = page.launch(
        server_name=host,
        server_port=port,
        share=False,
        ssr_mode=False,
        prevent_thread_lock=True,
        quiet=not is_debug,
        show_error=True,
        footer_links=[],
        theme=create_theme(),
    )
    write_error(f"llava-o1: open {address} in a browser; Ctrl-C ends it")
    try:
        threading.Event().wait()
    except KeyboardInterrupt:
        page.close(verbose=False)


def _check_protocol(host: str) -> None:
    if ":" in host:
        raise ConfigurationError(
            f"--host {host} is an address of IPv6, which Gradio does not serve; use 127.0.0.1, 0.0.0.0 or a "
            "name."
        )
