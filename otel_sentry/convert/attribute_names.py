"""Old attribute names → the ones Sentry searches by, where its ingest does not rename them itself.

Rule: a name that is there already is never overwritten; the old pair then stays, unless it says the same.
Source: deprecations of Sentry's conventions, OpenTelemetry's migration guides.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final, NamedTuple

from opentelemetry.trace import SpanKind

from otel_sentry.convert.status import grpc_code_name
from otel_sentry.convert.values import attribute, text
from otel_sentry.convert.values import attributes as typed_attributes
from otel_sentry.protocol.attributes import Attribute

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


Pairs = tuple[tuple[str, Any], ...]


class Rename(NamedTuple):
    """What becomes of one old name.

    Attributes:
        new: the new name, for the documentation all of them.
        on_server: the new name on SERVER spans, where that differs.
        split: value → (new name, value) pairs, where one old value holds several or changes its form.
    """

    new: str
    on_server: str | None = None
    split: Callable[[Any], Pairs] | None = None

    def pairs(self, value: Any, kind: SpanKind) -> Pairs:
        """New pairs for an old value."""
        if self.split is not None:
            return self.split(value)
        return (((self.on_server if self.on_server and kind is SpanKind.SERVER else self.new), value),)


def _target(value: Any) -> Pairs:
    rest, _, fragment = text(value).partition("#")
    path, _, query = rest.partition("?")
    pairs = (("url.path", path), ("url.query", query), ("url.fragment", fragment))
    return tuple(pair for pair in pairs if pair[1]) if query or fragment else pairs[:1]


def _host(value: Any) -> Pairs:
    host, colon, port = text(value).rpartition(":")
    if colon and port.isascii() and port.isdigit() and (":" not in host or host.startswith("[")):
        return ("server.address", host.strip("[]")), ("server.port", int(port[:9]))
    return (("server.address", value),)


def _transport(value: Any) -> Pairs:
    return (("network.transport", text(value).removeprefix("ip_")),)


def _grpc_status(value: Any) -> Pairs:
    return (("rpc.response.status_code", grpc_code_name(value) or text(value)),)


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


def wire_attributes(attributes: Mapping[str, Any], kind: SpanKind) -> dict[str, Attribute]:
    """Attributes typed and under the names they are sent with, without `DIRECTIVES`."""
    result = typed_attributes(
        {name: value for name, value in attributes.items() if name not in RENAMES and name not in DIRECTIVES}
    )
    for old in RENAMES:
        if old in attributes:
            put_renamed(result, old, attributes[old], kind)
    return result


def put_renamed(result: dict[str, Attribute], old: str, value: Any, kind: SpanKind) -> None:
    """Add what becomes of one old pair; where a new name says something else already, the old pair stays as well."""
    if value is None:
        return
    for new, part in RENAMES[old].pairs(value, kind):
        typed = attribute(part)
        if typed is not None and result.setdefault(new, typed) != typed:
            result.update(typed_attributes({old: value}))


def new_names(old: str, kind: SpanKind) -> tuple[str, ...]:
    """Every name that one old name may be sent under."""
    rename = RENAMES[old]
    if rename.split is not None:
        return (*rename.new.split(", "), old)
    return (rename.on_server if rename.on_server and kind is SpanKind.SERVER else rename.new, old)
