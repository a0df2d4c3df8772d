"""Fetch a picture or a PDF file from an https address that a message names, safely.

A message must not make this machine call its own network. So the host name is resolved once, every
address it resolves to must be public, and the connection goes to that very address: a name server
that answers differently a second time gains nothing. Redirects go through the same checks. Proxies
set in the environment are not used, since they would resolve the name again.
"""

import contextlib
import http.client
import ipaddress
import socket
import ssl
import threading
import time
import urllib.parse

from langchain_llava_o1.errors import ImageError
from langchain_llava_o1.pictures.advice import ALLOW_MORE_BYTES, SEND_IN_BASE64

MAX_REDIRECTS = 3
_REDIRECTS = (301, 302, 303, 307, 308)
_CHUNK_BYTES = 65536
_HEADERS = {"Accept": "image/*, application/pdf", "User-Agent": "langchain-llava-o1"}
_UNQUOTED = "/%:@!$&'()*+,;=~-._?"


def download(url: str, *, max_bytes: int, timeout: float) -> bytes:
    """Return the bytes at an https address.

    Args:
        url: The address.
        max_bytes: Give up beyond this many bytes.
        timeout: Give up after this many seconds, redirects included.

    Raises:
        ImageError: The address is not https or not public, or the download fails.
    """
    deadline = time.monotonic() + timeout
    for _ in range(MAX_REDIRECTS + 1):
        parts = _parse_https(url)
        host, port = parts.hostname or "", parts.port or 443
        address = resolve_public_address(host, port)
        seconds_left = _seconds_left(deadline, url)
        connection = PinnedConnection(host, port, address, timeout=seconds_left)
        # A socket's own timeout starts anew with every byte that a slow server sends.
        alarm = threading.Timer(seconds_left, connection.abort)
        alarm.daemon = True
        alarm.start()
        try:
            target = parts._replace(scheme="", netloc="", path=parts.path or "/", fragment="").geturl()
            connection.request("GET", urllib.parse.quote(target, safe=_UNQUOTED), headers=_HEADERS)
            response = connection.getresponse()
            if response.status not in _REDIRECTS:
                return _read_body(response, url, max_bytes, deadline)
            url = urllib.parse.urljoin(url, response.headers.get("Location", ""))
        except (OSError, http.client.HTTPException, UnicodeError) as error:
            _seconds_left(deadline, url)
            raise ImageError(f"{url} cannot be fetched ({error}). {SEND_IN_BASE64}") from error
        finally:
            alarm.cancel()
            connection.close()
    raise ImageError(
        f"{url} is reached after more than {MAX_REDIRECTS} redirects. Name the picture's own address."
    )


def resolve_public_address(host: str, port: int) -> str:
    """Return the address to connect to, once every address of ``host`` is known to be public.

    Raises:
        ImageError: The name does not resolve, or to an address of a private or local network.
    """
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:
        raise ImageError(f"The host {host!r} does not resolve ({error}). Check the URL.") from error
    addresses = [str(entry[4][0]) for entry in found]
    for address in addresses:
        if not _is_public(address):
            raise ImageError(
                f"The host {host!r} has the address {address}, which is not public. {SEND_IN_BASE64}"
            )
    if not addresses:
        raise ImageError(f"The host {host!r} has no address. Check the URL.")
    return addresses[0]


class PinnedConnection(http.client.HTTPSConnection):
    """An HTTPS connection to one address, whose certificate must still be the host's."""

    def __init__(self, host: str, port: int, address: str, *, timeout: float) -> None:
        """Prepare a connection to ``host`` at ``address``."""
        super().__init__(host, port, timeout=timeout)
        self._tls = ssl.create_default_context()
        self._address = address
        self._plain: socket.socket | None = None

    def connect(self) -> None:
        """Connect to the pinned address and check the certificate against the host's name."""
        plain = self._plain = socket.create_connection((self._address, self.port), self.timeout)
        try:
            self.sock = self._tls.wrap_socket(plain, server_hostname=self.host)
        except BaseException:
            plain.close()
            raise

    def abort(self) -> None:
        """End the connection from another thread, whatever it is waiting for."""
        # Wrapping detaches the plain socket, so only one of the two is alive.
        for end in (self.sock, self._plain):
            if end is not None:
                with contextlib.suppress(OSError):
                    end.shutdown(socket.SHUT_RDWR)


def _parse_https(url: str) -> urllib.parse.SplitResult:
    try:
        parts = urllib.parse.urlsplit(url)
        is_usable = parts.scheme == "https" and bool(parts.hostname) and parts.port != 0
    except ValueError as error:
        raise ImageError(f"{url!r} is no valid URL ({error}). Check it.") from error
    if not is_usable:
        raise ImageError(f"{url} is not an https address. Only https addresses are fetched.")
    if parts.username is not None or parts.password is not None:
        raise ImageError(f"A picture's URL must not hold a user name or password. {SEND_IN_BASE64}")
    return parts


def _is_public(address: str) -> bool:
    parsed = ipaddress.ip_address(address.split("%", 1)[0])
    if isinstance(parsed, ipaddress.IPv6Address):
        inner = parsed.ipv4_mapped or parsed.sixtofour or (parsed.teredo and parsed.teredo[1])
        # NAT64 too carries an IPv4 address that may be a private one.
        if parsed in _NAT64:
            inner = ipaddress.IPv4Address(int(parsed) & 0xFFFFFFFF)
        if inner:
            return inner.is_global and not inner.is_multicast
    return parsed.is_global and not parsed.is_multicast


_NAT64 = ipaddress.IPv6Network("64:ff9b::/96")


def _read_body(
    response: http.client.HTTPResponse,
    url: str,
    max_bytes: int,
    deadline: float,
) -> bytes:
    if response.status != http.HTTPStatus.OK:
        raise ImageError(f"{url} answers {response.status} {response.reason}. Check the URL.")
    body = bytearray()
    while chunk := response.read1(_CHUNK_BYTES):
        body += chunk
        if len(body) > max_bytes:
            raise ImageError(f"{url} has more than {max_bytes:,} bytes. {ALLOW_MORE_BYTES}")
    # An aborted connection looks like the end of the body.
    _seconds_left(deadline, url)
    return bytes(body)


def _seconds_left(deadline: float, url: str) -> float:
    seconds = deadline - time.monotonic()
    if seconds <= 0:
        raise ImageError(f"{url} takes too long to answer. {SEND_IN_BASE64}")
    return seconds
