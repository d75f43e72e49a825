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
        "sentry.segment.id",
        "sentry.segment.name",
        "sentry.is_segment",
        "sentry.trace_lifecycle",
    }
)
"""Attributes that tell the bridge what to send, and those that only the bridge can know; none leaves as it was set."""


IDENTITY_NAMES: Final = frozenset(
    {"user.id", "user.name", "user.email", "enduser.id", "wallet.address", "wallet.chain", "wallet.name"}
)
"""Attributes that are held back from a span's own text: only their privacy-processed values are sent."""
IDENTITY_PREFIXES: Final = ("user.", "wallet.")

UserOf = Callable[[Mapping[str, Any]], Mapping[str, str]]
"""A span's own identity attributes, as the application set them → the `user.*`/`wallet.*` to send in place of the
segment's."""

Pairs = tuple[tuple[str, Any], ...]


class Rename(NamedTuple):
    """What becomes of one old name.

    Attributes:
        new: the new name, or all of them where one old value holds several.
        on_server: the same on SERVER spans, where it differs.
        split: (names, value) → pairs, where a value is taken apart or changes its form.
        kept: values of this type are left to their form, whatever `split` does to others.
    """

    new: tuple[str, ...]
    on_server: tuple[str, ...] = ()
    split: Callable[[tuple[str, ...], Any], Pairs] | None = None
    kept: type | None = None

    def names(self, kind: SpanKind) -> tuple[str, ...]:
        """New names on spans of a kind."""
        return self.on_server if self.on_server and kind is SpanKind.SERVER else self.new

    def pairs(self, value: Any, kind: SpanKind) -> Pairs:
        """New pairs for an old value."""
        names = self.names(kind)
        return ((names[0], value),) if self.split is None else self.split(names, value)


def _target(names: tuple[str, ...], value: Any) -> Pairs:
    rest, _, fragment = text(value).partition("#")
    path, _, query = rest.partition("?")
    return tuple((name, part) for name, part in zip(names, (path, query, fragment), strict=True) if part)


def _host(names: tuple[str, ...], value: Any) -> Pairs:
    address, port = names
    host, colon, number = text(value).rpartition(":")
    if colon and _is_number(number) and (":" not in host or host.startswith("[")):
        return (address, host.strip("[]")), (port, int(number))
    if number == "None":  # what ASGI instrumentation writes where the server has no port
        return ((address, host),)
    return ((address, value),)


def _number(names: tuple[str, ...], value: Any) -> Pairs:
    return ((names[0], int(value) if isinstance(value, str) and _is_number(value) else value),)


def _transport(names: tuple[str, ...], value: Any) -> Pairs:
    return ((names[0], text(value).removeprefix("ip_")),)


def _grpc_status(names: tuple[str, ...], value: Any) -> Pairs:
    return ((names[0], grpc_code_name(value) or text(value)),)


def _is_number(digits: str) -> bool:
    return len(digits) <= 5 and digits.isascii() and digits.isdigit()


RENAMES: Final[Mapping[str, Rename]] = {
    "http.url": Rename(("url.full",)),
    "http.target": Rename(("url.path", "url.query", "url.fragment"), split=_target),
    "http.scheme": Rename(("url.scheme",)),
    "http.status_code": Rename(("http.response.status_code",), split=_number, kept=int),
    "http.user_agent": Rename(("user_agent.original",)),
    "http.flavor": Rename(("network.protocol.version",)),
    "net.protocol.version": Rename(("network.protocol.version",)),
    "http.client_ip": Rename(("client.address",)),
    "net.host.name": Rename(("server.address",)),
    "net.peer.name": Rename(("server.address",), on_server=("client.address",)),
    "http.host": Rename(("server.address", "server.port"), split=_host),
    "http.server_name": Rename(("server.address", "server.port"), split=_host),
    "net.host.port": Rename(("server.port",), split=_number, kept=int),
    "net.peer.port": Rename(("server.port",), on_server=("client.port",), split=_number, kept=int),
    "net.sock.peer.addr": Rename(("network.peer.address",)),
    "net.peer.ip": Rename(("network.peer.address",)),
    "net.transport": Rename(("network.transport",), split=_transport),
    "db.name": Rename(("db.namespace",)),
    "rpc.grpc.status_code": Rename(("rpc.response.status_code",), split=_grpc_status),
    "code.filepath": Rename(("code.file.path",)),
    "code.lineno": Rename(("code.line.number",)),
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
