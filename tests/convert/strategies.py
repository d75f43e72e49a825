"""Arbitrary spans, with the names that mean something among them."""

from __future__ import annotations

from enum import Enum
from types import MappingProxyType
from typing import Any

from hypothesis import strategies as st
from opentelemetry.trace import Link, SpanKind, StatusCode

from otel_sentry.convert.attribute_names import DIRECTIVES, IDENTITY_NAMES, RENAMES
from otel_sentry.convert.op import OP_RULES
from otel_sentry.convert.status import STATUS_KEYS
from tests.spans import context, span

KNOWN_NAMES = sorted(
    {
        *RENAMES,
        *(name for rename in RENAMES.values() for name in (*rename.new, *rename.on_server)),
        *(key for rule in OP_RULES for key in rule.keys),
        *DIRECTIVES,
        *IDENTITY_NAMES,
        *STATUS_KEYS,
        "messaging.operation.type",
        "sentry.http.prefetch",
        "asgi.event.type",
        "user.roles",
        "service.name",
        "server.address",
        "otel.scope.name",
        "otel.scope.version",
    }
)


class Word(str, Enum):
    """Texts of a class of their own, equal to plain ones."""

    REDIS = "redis"
    SEND = "send"


SCOPES = ["app", "opentelemetry.instrumentation.fastapi", "mcp-python-sdk", ""]

SCALARS = (
    st.none()
    | st.booleans()
    | st.integers(-5, 600)
    | st.integers()
    | st.floats()
    | st.sampled_from(
        ["GET", "/a?b=1#c", "h:80", "http", "redis", "ip_tcp", "send", "custom", "200", "\ud800", "", *Word]
    )
    | st.text(max_size=9)
    | st.binary(max_size=5)
)
VALUES = SCALARS | st.lists(SCALARS, max_size=4).map(tuple) | st.dictionaries(st.text(max_size=3), SCALARS, max_size=2)
ATTRIBUTES = st.dictionaries(st.sampled_from(KNOWN_NAMES) | st.text(max_size=5), VALUES, max_size=12)
LINKS = st.lists(st.builds(Link, st.sampled_from([context(2, 3), context(0, 0)]), ATTRIBUTES), max_size=2).map(tuple)


@st.composite
def spans(draw: st.DrawFn, *, simple_children: bool = False) -> Any:
    """An ended span; its attributes sometimes in a mapping that is not the SDK's.

    Args:
        draw: of Hypothesis.
        simple_children: only spans with a parent in this process, without links or losses, kept as the SDK keeps them.
    """
    attributes = draw(ATTRIBUTES)
    if simple_children:
        attributes.pop("", None)  # the SDK would drop it
    status = draw(st.sampled_from(StatusCode))
    return span(
        draw(st.text(max_size=9)),
        draw(st.integers(1, 99)),
        parent=draw(st.integers(1, 99) if simple_children else st.none() | st.integers(1, 99)),
        remote_parent=not simple_children and draw(st.booleans()),
        start=draw(st.integers(0, 9)),
        end=draw(st.none() | st.integers(0, 9)),
        kind=draw(st.sampled_from(SpanKind)),
        scope=draw(st.sampled_from(SCOPES)),
        scope_version=draw(st.sampled_from([None, "1.0"])),
        status=status,
        message=draw(st.none() | st.text(max_size=9)) if status is StatusCode.ERROR else None,
        links=() if simple_children else draw(LINKS),
        attributes=attributes if simple_children else draw(st.sampled_from([attributes, MappingProxyType(attributes)])),
    )
