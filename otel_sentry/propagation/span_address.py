"""Where the request or message of a client span goes, from its attributes. Pure.

Only spans of kind CLIENT and PRODUCER have such an address: a SERVER span's URL is this process's own.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from opentelemetry.trace import SpanKind

from otel_sentry.propagation.targets import DEFAULT_PORTS, Address, address_of

_URL: Final = ("url.full", "http.url")
_HOST: Final = ("server.address", "net.peer.name", "http.host", "peer.address", "net.peer.ip")
_PORT: Final = ("server.port", "net.peer.port")
_SCHEME: Final = ("url.scheme", "http.scheme", "rpc.system.name", "rpc.system", "messaging.system")
_PATH: Final = ("url.path", "http.target", "messaging.destination.name", "messaging.destination")


def span_address(kind: SpanKind | None, attributes: Mapping[str, Any]) -> Address | None:
    """The address a span calls; None when it is not known.

    A message's address is `system://broker:port/destination` (without a known broker `system:///destination`), a remote
    procedure call's `system://host:port/service/method`.

    Args:
        kind: of the span; None if it has none (it does not record).
        attributes: of the span, old or new semantic conventions.
    """
    if kind not in (SpanKind.CLIENT, SpanKind.PRODUCER):
        return None
    url = _first(attributes, _URL)
    if url is not None:
        return address_of(str(url))
    scheme, host = _first(attributes, _SCHEME), _first(attributes, _HOST)
    if scheme is None or (host is None and kind is SpanKind.CLIENT):
        return None
    return _address(str(scheme).lower(), str(host or "").lower(), _first(attributes, _PORT), _path(attributes))


def _address(scheme: str, host: str, port: Any, path: str) -> Address:
    name, colon, text = host.rpartition(":")
    if colon and text.isdigit() and "]" not in text and (":" not in name or name.endswith("]")):
        host, port = name, text if port is None else port
    number = int(port) if str(port).isdecimal() else 0
    return Address(scheme, host.strip("[]"), number or DEFAULT_PORTS.get(scheme, 0), path)


def _path(attributes: Mapping[str, Any]) -> str:
    path = _first(attributes, _PATH)
    if path is None:
        path = "/".join(str(attributes[key]) for key in ("rpc.service", "rpc.method") if attributes.get(key))
    return "/" + str(path).partition("?")[0].partition("#")[0].lstrip("/")


def _first(attributes: Mapping[str, Any], keys: tuple[str, ...]) -> Any:
    return next((value for key in keys if (value := attributes.get(key)) not in (None, "")), None)
