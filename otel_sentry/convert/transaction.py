"""A local root with its children → one `transaction`, Sentry's older wire format. Pure.

Rules: at most 1,000 children and 1 MiB; what does not fit, or ends later, is a segment of its own in the same trace.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Any, Final, cast

from opentelemetry.sdk.trace import ReadableSpan

from otel_sentry.convert.attribute_names import IDENTITY_NAMES, UserOf
from otel_sentry.convert.op import sentry_op
from otel_sentry.convert.origin import EXPLICIT_ORIGIN, sentry_origin
from otel_sentry.convert.segment import segment_source
from otel_sentry.convert.span import EXPLICIT_NAME, KIND_NAMES, own_attributes, span_links, span_name, span_times
from otel_sentry.convert.status import precise_status
from otel_sentry.convert.values import text
from otel_sentry.protocol.item_kinds import MAX_EVENT_BYTES, MAX_SPANS_PER_TRANSACTION
from otel_sentry.protocol.items import (
    MAX_OP_LENGTH,
    MAX_TRANSACTION_NAME_LENGTH,
    SpanLink,
    Transaction,
    TransactionSpan,
)
from otel_sentry.protocol.json_text import dumps

PARENT_ALREADY_SENT: Final = "sentry.parent_span_already_sent"
"""Marks a segment whose parent left in an earlier one, as Sentry's own SDKs do."""

RESERVED_BYTES: Final = 1 << 16
"""Part of the 1 MiB kept for what is no span: resource, user, names."""

_FIELDS_OF_THEIR_OWN: Final = frozenset({"sentry.op", "sentry.origin"})

Segments = list[tuple[ReadableSpan, list[ReadableSpan]]]


def transaction_payload(
    root: ReadableSpan,
    children: Sequence[ReadableSpan],
    *,
    event_id: str,
    service: Mapping[str, Any],
    user: Mapping[str, Any] | None = None,
    user_of: UserOf | None = None,
    identity_names: Collection[str] = IDENTITY_NAMES,
    parent_already_sent: bool = False,
) -> Transaction:
    """Translate a segment that `split_segments` has made small enough.

    Args:
        root: the local root, or a late or surplus child that stands for one.
        children: in any order.
        event_id: 32 lower-case hex digits.
        service: `event_fields` of the process.
        user: Sentry's user, as it may be sent.
        user_of: a span's own identity attributes, raw → those that may be sent; None sends none.
        identity_names: attributes that are held back and handed to `user_of`.
        parent_already_sent: whether the parent of `root` left in an earlier transaction of this process.
    """
    own = _Translation(frozenset(identity_names), user_of or _nobody)
    trace = own.trace_context(root)
    if parent_already_sent:
        trace["data"][PARENT_ALREADY_SENT] = True
    start, end = span_times(root)
    payload = {
        **service,
        "type": "transaction",
        "event_id": event_id,
        "start_timestamp": start,
        "timestamp": end,
        "transaction": span_name(root)[:MAX_TRANSACTION_NAME_LENGTH],
        "transaction_info": {"source": segment_source(root.attributes or {}, root.kind, span_name(root))},
        "contexts": {**service.get("contexts", {}), "trace": trace},
        "spans": [own.span(child) for child in children],
        **({"user": dict(user)} if user else {}),
    }
    return cast("Transaction", payload)


def split_segments(
    root: ReadableSpan,
    children: Sequence[ReadableSpan],
    *,
    max_spans: int = MAX_SPANS_PER_TRANSACTION,
    max_bytes: int = MAX_EVENT_BYTES - RESERVED_BYTES,
) -> Segments:
    """Plan the transactions of a segment: the first has the true root, each other one a surplus child.

    The children that started first stay with the root. The rest follow tree by tree, cut into runs of what fits into
    one transaction; the first span of each run becomes its root, and its parent id links it to what was sent before
    (`parent_already_sent`).
    """
    sizes = {span.context.span_id: _size(span) for span in (root, *children)}
    by_start = sorted(children, key=lambda span: span.start_time or 0)
    first = next(_runs([root, *by_start], sizes, max_spans, max_bytes))
    surplus = _tree_by_tree(by_start[len(first) - 1 :])
    return [(run[0], run[1:]) for run in (first, *_runs(surplus, sizes, max_spans, max_bytes))]


def _runs(
    spans: Sequence[ReadableSpan], sizes: Mapping[int, int], max_spans: int, max_bytes: int
) -> Iterator[list[ReadableSpan]]:
    run: list[ReadableSpan] = []
    used = 0
    for span in spans:
        size = sizes[span.context.span_id]
        if run and (len(run) > max_spans or used + size > max_bytes):
            yield run
            run, used = [], 0
        run.append(span)
        used += size
    if run:
        yield run


def _tree_by_tree(spans: Sequence[ReadableSpan]) -> list[ReadableSpan]:
    """Spans ordered so that each is followed by its descendants; siblings keep their order."""
    ids = {span.context.span_id for span in spans}
    children: dict[int | None, list[ReadableSpan]] = {}
    for span in spans:
        parent = span.parent.span_id if span.parent else None
        children.setdefault(parent if parent in ids else None, []).append(span)
    ordered, waiting = [], children.pop(None, [])[::-1]
    while waiting:
        span = waiting.pop()
        ordered.append(span)
        waiting.extend(children.pop(span.context.span_id, [])[::-1])
    return ordered + [span for circle in children.values() for span in circle]


def _size(span: ReadableSpan) -> int:
    """Bytes of a span's JSON; an identity that is sent in other words later makes no difference that counts."""
    return len(dumps(_Translation(frozenset(), _nobody).span(span)))


def _nobody(_identity: Mapping[str, Any]) -> Mapping[str, str]:
    return {}


class _Translation:
    """Spans in the words of transactions, with identity attributes replaced."""

    def __init__(self, identity_names: frozenset[str], user_of: UserOf) -> None:
        self._identity_names = identity_names
        self._user_of = user_of

    def span(self, span: ReadableSpan) -> TransactionSpan:
        """An entry of `spans`."""
        start, end = span_times(span)
        fields = {"start_timestamp": start, "timestamp": end, "description": span_name(span), **self._fields(span)}
        return cast("TransactionSpan", {**fields, "kind": KIND_NAMES[span.kind]})

    def trace_context(self, root: ReadableSpan) -> dict[str, Any]:
        """The root's `contexts.trace`."""
        return {"type": "trace", **self._fields(root)}

    def _fields(self, span: ReadableSpan) -> dict[str, Any]:
        """What trace context and spans have in common."""
        attributes, context, status = span.attributes or {}, span.context, span.status
        op = sentry_op(attributes, span.kind)
        links = span_links(span.links)
        scope_name = span.instrumentation_scope.name if span.instrumentation_scope else ""
        optional = {
            "parent_span_id": f"{span.parent.span_id:016x}" if span.parent else None,
            "op": op[:MAX_OP_LENGTH] if op else None,
            "links": [_plain_link(link) for link in links],
        }
        return {
            "trace_id": f"{context.trace_id:032x}",
            "span_id": f"{context.span_id:016x}",
            "status": precise_status(status.status_code, status.description, attributes),
            "origin": sentry_origin(attributes.get(EXPLICIT_ORIGIN), scope_name, op),
            "data": self._data(span, op, len(span.links) - len(links)),
            **{name: value for name, value in optional.items() if value},
        }

    def _data(self, span: ReadableSpan, op: str | None, lost_links: int) -> dict[str, Any]:
        own = own_attributes(span, op, lost_links=lost_links)
        hidden = self._identity_names | _FIELDS_OF_THEIR_OWN
        attributes = span.attributes or {}
        identity = {name: attributes[name] for name in self._identity_names if attributes.get(name) is not None}
        user = self._user_of(identity) if identity else {}
        return {
            **{name: typed["value"] for name, typed in own.items() if name not in hidden},
            **{name: text(value) for name, value in user.items()},
            EXPLICIT_NAME: span_name(span),
        }


def _plain_link(link: SpanLink) -> dict[str, Any]:
    typed = link.get("attributes")
    return {**link, **({"attributes": {name: value["value"] for name, value in typed.items()}} if typed else {})}
