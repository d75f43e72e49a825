"""What an issue says besides the exception: trace link, transaction, user, resource, breadcrumbs. Sends nothing."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any

from otel_sentry.convert.service import service_names
from otel_sentry.convert.values import plain_values
from otel_sentry.identity.context import wallet_in
from otel_sentry.identity.privacy import Privacy
from otel_sentry.identity.user import NOBODY, identity_of, user_payload
from otel_sentry.issues import breadcrumbs
from otel_sentry.issues.incident import SpanLink

if TYPE_CHECKING:
    from opentelemetry.sdk.resources import Resource
    from opentelemetry.sdk.trace import ReadableSpan
    from opentelemetry.trace import SpanContext

    from otel_sentry.issues.segment_view import SegmentView

Event = dict[str, Any]
TraceHeader = Callable[["SegmentView", str], Mapping[str, str]]

_MAX_RESOURCE_ATTRIBUTES = 64
_MAX_RESOURCES = 16


@dataclass(frozen=True, slots=True, kw_only=True)
class Surroundings:
    """Fills in what is known around an exception.

    Args:
        privacy: what stands for wallets.
        wallet_attributes: span attributes read as the wallet, in order.
        trace_header: what the envelope header `trace` of an event says; takes local root and public key.
        private: takes wallets out of a text, where that is asked for.
        trace_url: template with `{trace_id}` and `{span_id}`, of another backend's page of the trace.
        span_events: keeps span events as breadcrumbs; None if they are wanted elsewhere or not at all.
    """

    privacy: Privacy
    wallet_attributes: Sequence[str]
    trace_header: TraceHeader
    private: Callable[[str], str]
    trace_url: str | None
    span_events: breadcrumbs.SpanBreadcrumbs | None
    _described: dict[int, tuple[Resource, Event, dict[str, str]]] = field(default_factory=dict)

    def link(self, event: Event, link: SpanLink, segment: SegmentView | None, public_key: str | None) -> None:
        """Tie an event to a span and, if the public key is given, to its trace's dynamic sampling context.

        sentry-sdk moves that context from here into the envelope's header. Source: `Client.capture_event`.
        """
        trace: Event = {"trace_id": f"{link.trace_id:032x}", "span_id": f"{link.span_id:016x}"}
        if link.parent is not None:
            trace["parent_span_id"] = f"{link.parent:016x}"
        if segment is not None and public_key:
            trace["dynamic_sampling_context"] = self.header(segment, public_key)
        contexts = _part(event, "contexts")
        contexts["trace"] = {**_without_ids(contexts.get("trace")), **trace}
        if segment is not None and segment.replay_id:
            contexts.setdefault("replay", {"replay_id": segment.replay_id})
        if self.trace_url:
            url = self.trace_url.replace("{trace_id}", trace["trace_id"]).replace("{span_id}", trace["span_id"])
            _part(event, "extra").setdefault("trace_url", url)

    def header(self, segment: SegmentView, public_key: str) -> dict[str, str]:
        """The envelope header `trace` of an event under `segment`; freezes the trace's sampling context."""
        return {name: self.private(value) for name, value in self.trace_header(segment, public_key).items()}

    def name(self, event: Event, segment: SegmentView) -> None:
        """Name the transaction after its own local root, whatever a shared scope says."""
        event["transaction"] = self.private(segment.name)

    def user(self, attributes: Mapping[str, Any] | None, segment: SegmentView | None) -> Event:
        """The user of a span, as an event may name them; empty if nobody is known.

        What the span says wins over the block that is running, and that over the local root.
        """
        known = (segment.identity if segment is not None else None) or NOBODY
        block = wallet_in()
        if block is not None:
            known = known.merged(block) if block else NOBODY
        own = identity_of(attributes or {}, self.wallet_attributes)
        return user_payload(known.merged(own) if own else known, self.privacy)

    def late_user(self, root: ReadableSpan | None, segment: SegmentView) -> Event:
        """The user as the local root has come to know them; empty if that knows nobody, or several."""
        known = segment.identity or NOBODY
        on_root = identity_of(root.attributes or {}, self.wallet_attributes) if root is not None else None
        return user_payload(known.merged(on_root) if on_root and not segment.several else known, self.privacy)

    def process(self, event: Event, resource: Resource, options: Mapping[str, Any]) -> None:
        """Describe the process; name release, environment and server where the client's options name none."""
        # By identity: hashing a resource costs more than all the rest.
        known, context, names = self._described.get(id(resource)) or (None, {}, {})
        if known is not resource:
            context, names = _description(resource)
            if len(self._described) >= _MAX_RESOURCES:
                self._described.clear()
            self._described[id(resource)] = (resource, context, names)
        _part(event, "contexts").setdefault("otel", context)
        for name, value in names.items():
            if not options.get(name):
                event.setdefault(name, value)

    def crumbs(self, segment: SegmentView | None, until: datetime) -> list[breadcrumbs.Breadcrumb]:
        """Span events under `segment` up to a moment."""
        if self.span_events is None or segment is None:
            return []
        return self.span_events.of(segment, until)


def plain_trace_header(segment: SegmentView, public_key: str) -> dict[str, str]:
    """A trace's dynamic sampling context, with the two members that Sentry insists on."""
    return {"public_key": public_key, **segment.dsc(), "trace_id": f"{segment.trace_id:032x}"}


def merge_user(event: Event, user: Event) -> None:
    """Add to an event's user what it does not say yet; what the application told sentry-sdk wins."""
    told = event.get("user")
    if not user or (told is not None and not isinstance(told, dict)):
        return
    data = {**user.get("data", {}), **_part_of(told, "data")}
    event["user"] = {**user, **(told or {}), **({"data": data} if data else {})}


def link_of(context: SpanContext, parent: SpanContext | None) -> SpanLink:
    """A span's place in its trace."""
    return SpanLink(context.trace_id, context.span_id, parent.span_id if parent is not None else None)


def _description(resource: Resource) -> tuple[Event, dict[str, str]]:
    attributes = dict(list(resource.attributes.items())[:_MAX_RESOURCE_ATTRIBUTES])
    names = {name: value for name, value in service_names(resource)._asdict().items() if value is not None}
    return {"type": "otel", "resource": plain_values(attributes)}, names


def _part(event: Event, name: str) -> Event:
    """A mapping of the event that may be filled in; a new one where there is none."""
    found = event.get(name)
    if not isinstance(found, dict):
        found = event[name] = {}
    return found


def _part_of(event: Event | None, name: str) -> Event:
    found = (event or {}).get(name)
    return found if isinstance(found, dict) else {}


def _without_ids(trace: Any) -> Event:
    """What else a trace context says; sentry-sdk's own ids and sampling context belong to no span of ours."""
    own = {"trace_id", "span_id", "parent_span_id", "dynamic_sampling_context"}
    return {key: value for key, value in trace.items() if key not in own} if isinstance(trace, dict) else {}
