"""Opens connections as sentry-sdk's options want them: proxies, TLS, certificates, socket options. urllib3 enters here.

urllib3 resolves, connects, tunnels and shakes hands; requests are then written to its socket, because its request path
costs as much CPU as the spans in the request (figures: `docs/explanation/delivery.md`).
"""

from __future__ import annotations

# Resolving a name imports this codec. A process that forks while its first connection is being opened would leave the
# child the lock of that import, which nobody there ever lets go; so it is there before any thread is.
import encodings.idna  # noqa: F401
import socket
from typing import TYPE_CHECKING, Any, Protocol
from urllib.parse import unquote, urlsplit

from opentelemetry import context
from sentry_sdk.transport import HttpTransport
from urllib3.util.proxy import connection_requires_http_tunnel
from urllib3.util.request import make_headers

from otel_sentry.delivery.wire.message import request_start

if TYPE_CHECKING:
    from collections.abc import Mapping

    from urllib3.connectionpool import HTTPConnectionPool

_SUPPRESS_KEYS = ("_SUPPRESS_INSTRUMENTATION_KEY", "_SUPPRESS_HTTP_INSTRUMENTATION_KEY")


class Dialler(Protocol):
    """Opens connections to one destination. Called from threads that may block."""

    @property
    def request_start(self) -> bytes:
        """What every request to the destination starts with."""

    def dial(self, timeout: float) -> Any:
        """Open a connection.

        Args:
            timeout: seconds for each step but resolving the name.

        Returns:
            A connected blocking socket, TLS included.

        Raises:
            Exception: of whatever kind; the destination cannot be reached.
        """


class Urllib3Dialler:
    """Opens connections with urllib3, by the options of a sentry-sdk client.

    Args:
        options: the client's.
        url: envelope endpoint.
        headers: of every request.
    """

    def __init__(self, options: Mapping[str, Any], url: str, headers: Mapping[str, str]) -> None:
        parts = urlsplit(url)
        self._scheme = parts.scheme
        self._unix_path = _unix_path(options)
        if self._unix_path is None:
            # Never sends: it is asked for its pool, so that each option means what it means in sentry-sdk.
            manager: Any = HttpTransport(dict(options))._pool  # noqa: SLF001  the only place that knows all options
            self._pool: HTTPConnectionPool = manager.connection_from_url(url)
            self._pool.block = False
            _add_proxy_login(self._pool)
        target, extra = parts.path, {}
        if self._unix_path is None and self._pool.proxy is not None and not self._tunnels():
            target, extra = url, dict(self._pool.proxy_headers)
        self._request_start = request_start(target, parts.netloc.rpartition("@")[2], {**headers, **extra})

    @property
    def request_start(self) -> bytes:
        """What every request to the destination starts with."""
        return self._request_start

    def dial(self, timeout: float) -> socket.socket:
        """Open a connection; see `Dialler`."""
        token = context.attach(suppressed())
        try:
            return self._tcp(timeout) if self._unix_path is None else _unix(self._unix_path, timeout)
        finally:
            context.detach(token)

    def _tunnels(self) -> bool:
        """Whether a proxy is asked for a tunnel; otherwise it is sent the whole URL."""
        return connection_requires_http_tunnel(self._pool.proxy, self._pool.proxy_config, self._scheme)

    def _tcp(self, timeout: float) -> socket.socket:
        pool: Any = self._pool
        connection = pool._new_conn()  # noqa: SLF001  urllib3's public calls open a connection only to send on it
        connection.timeout = timeout
        try:
            if self._tunnels():
                pool._prepare_proxy(connection)  # noqa: SLF001  the same: asks for the tunnel and shakes hands
            else:
                connection.connect()
        except BaseException:
            connection.close()
            raise
        opened: socket.socket = connection.sock
        connection.sock = None  # the connection object must not close what is ours now
        return opened


def suppressed() -> context.Context:
    """The current context, in which no instrumentation makes spans or adds headers."""
    ours = context.get_current()
    for name in _SUPPRESS_KEYS:
        key = getattr(context, name, None)
        if key is not None:
            ours = context.set_value(key, True, ours)  # noqa: FBT003  the value is a flag
    return context.set_value("suppress_instrumentation", True, ours)  # noqa: FBT003  the value is a flag


def _unix(path: str, timeout: float) -> socket.socket:
    opened = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        opened.settimeout(timeout)
        opened.connect(path)
    except BaseException:
        opened.close()
        raise
    return opened


def _unix_path(options: Mapping[str, Any]) -> str | None:
    """Path of a Unix socket, given as a proxy: `unix:///run/relay.sock`."""
    for name in ("https_proxy", "http_proxy"):
        parts = urlsplit(str(options.get(name) or ""))
        if parts.scheme == "unix":
            return unquote(parts.path)
    return None


def _add_proxy_login(pool: HTTPConnectionPool) -> None:
    """Let user and password in a proxy's URL mean what they mean everywhere."""
    login = pool.proxy.auth if pool.proxy is not None else None
    if login and not any(name.lower() == "proxy-authorization" for name in pool.proxy_headers):
        pool.proxy_headers = {**pool.proxy_headers, **make_headers(proxy_basic_auth=unquote(login))}
