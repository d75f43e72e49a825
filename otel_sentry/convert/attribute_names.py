"""Old attribute names → the ones Sentry searches by, where its ingest does not rename them itself.

Rule: a name that is there already is never overwritten; the old pair then stays, unless it says the same.
Source: deprecations of Sentry's conventions, OpenTelemetry's migration guides.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final, NamedTuple

from opentelemetry.trace import SpanKind

from otel_sentry.convert.status import grpc_code_name
from otel_sentry.convert.values import text

DIRECTIVES: Final = frozenset(
    {
        "sentry.op",
        "sentry.origin",
        "sentry.name",
        "sentry.kind",
        "sentry.segment.name.source",
        "sentry.source",
        "sentry.span.source",
    }
)
"""Attributes that tell the bridge what to send; they leave in their own place, not as plain attributes."""


class Rename(NamedTuple):
    """What becomes of one old name.

    Attributes:
        new: the new name, for the documentation all of them.
        on_server: the new name on SERVER spans, where that differs.
        split: value → (new name, value) pairs, where one old value holds several or changes its form.
    """

    new: str
    on_server: str | None = None
    split: Callable[[Any], Iterator[tuple[str, Any]]] | None = None

    def pairs(self, value: Any, kind: SpanKind) -> Iterator[tuple[str, Any]]:
        """New pairs for an old value."""
        if self.split is not None:
            yield from self.split(value)
        else:
            yield (self.on_server if self.on_server and kind is SpanKind.SERVER else self.new), value


def _target(value: Any) -> Iterator[tuple[str, Any]]:
    rest, _, fragment = text(value).partition("#")
    path, _, query = rest.partition("?")
    yield "url.path", path
    if query:
        yield "url.query", query
    if fragment:
        yield "url.fragment", fragment


def _host(value: Any) -> Iterator[tuple[str, Any]]:
    host, colon, port = text(value).rpartition(":")
    if colon and port.isascii() and port.isdigit() and (":" not in host or host.startswith("[")):
        yield "server.address", host.strip("[]")
        yield "server.port", int(port[:9])
    else:
        yield "server.address", value


def _transport(value: Any) -> Iterator[tuple[str, Any]]:
    yield "network.transport", text(value).removeprefix("ip_")


def _grpc_status(value: Any) -> Iterator[tuple[str, Any]]:
    yield "rpc.response.status_code", grpc_code_name(value) or text(value)


RENAMES: Final[Mapping[str, Rename]] = {
    "http.url": Rename("url.full"),
    "http.target": Rename("url.path, url.query, url.fragment", split=_target),
    "http.scheme": Rename("url.scheme"),
    "http.status_code": Rename("http.response.status_code"),
    "http.user_agent": Rename("user_agent.original"),
    "http.flavor": Rename("network.protocol.version"),
    "net.protocol.version": Rename("network.protocol.version"),
    "http.client_ip": Rename("client.address"),
    "net.host.name": Rename("server.address"),
    "net.peer.name": Rename("server.address", on_server="client.address"),
    "http.server_name": Rename("server.address"),
    "http.host": Rename("server.address, server.port", split=_host),
    "net.host.port": Rename("server.port"),
    "net.peer.port": Rename("server.port", on_server="client.port"),
    "net.sock.peer.addr": Rename("network.peer.address"),
    "net.peer.ip": Rename("network.peer.address"),
    "net.transport": Rename("network.transport", split=_transport),
    "db.name": Rename("db.namespace"),
    "rpc.grpc.status_code": Rename("rpc.response.status_code", split=_grpc_status),
    "code.filepath": Rename("code.file.path"),
    "code.lineno": Rename("code.line.number"),
}
"""In order of precedence where several old names have the same new one."""


def renamed(attributes: Mapping[str, Any], kind: SpanKind) -> dict[str, Any]:
    """Attributes under the names they are sent with, without `DIRECTIVES`; values are left as they are."""
    result = {name: value for name, value in attributes.items() if name not in RENAMES and name not in DIRECTIVES}
    for old, rename in RENAMES.items():
        if attributes.get(old) is not None:
            keep_old = [_put(result, new, value) for new, value in rename.pairs(attributes[old], kind)].count(False)
            if keep_old:
                result[old] = attributes[old]
    return result


def _put(result: dict[str, Any], new: str, value: Any) -> bool:
    """Set `new` unless it is there; False if what is there says something else."""
    return bool(result.setdefault(new, value) == value)
