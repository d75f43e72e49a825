"""What lies between the OpenTelemetry shells and delivery: one object per processor or exporter.

Decides a new segment's sampling, freezes its dynamic sampling context, and knows what the spans of a segment share.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, cast

from otel_sentry._version import __version__
from otel_sentry.convert.container import NO_PROCESS, CommonPart, ProcessPart
from otel_sentry.convert.encode import SpanEncoder
from otel_sentry.convert.ignore_rules import compile_all_ignored
from otel_sentry.convert.sdk_fields import attribute_dict
from otel_sentry.convert.segment import segment_attributes, segment_source
from otel_sentry.convert.service import event_fields, service_attributes, service_names
from otel_sentry.convert.span import UNKNOWN_NAME, span_name
from otel_sentry.convert.transaction import transaction_payload
from otel_sentry.convert.values import attributes as typed_attributes
from otel_sentry.identity.privacy import Privacy
from otel_sentry.identity.user import NOBODY, identity_keys, identity_reader, user_attributes, user_payload
from otel_sentry.masking.mask import SecretMask
from otel_sentry.otel.bound_segment import identity_in
from otel_sentry.otel.head_decision import HeadDecision
from otel_sentry.otel.keeping import keeping_of
from otel_sentry.otel.segment_hold import SegmentHold
from otel_sentry.otel.segments import Segment
from otel_sentry.otel.span_batches import SpanBatches
from otel_sentry.otel.trace_memory import TraceMemory
from otel_sentry.otel.transaction_batches import TransactionBatches
from otel_sentry.propagation.carried_verdict import VerdictTraceState, carried_verdict
from otel_sentry.propagation.decision import at_rate, dropped
from otel_sentry.propagation.dsc import DscSource, continued_dsc, envelope_dsc, head_dsc, replay_id_of, with_replay
from otel_sentry.propagation.extraction import link_context
from otel_sentry.propagation.keep import kept_dsc
from otel_sentry.propagation.trace import KEYS_OF_CALLERS, IncomingTrace, incoming_of, unjoined_trace
from otel_sentry.settings.choices import WireFormat

if TYPE_CHECKING:
    from opentelemetry.context import Context
    from opentelemetry.sdk.resources import Resource
    from opentelemetry.sdk.trace import ReadableSpan, Span

    from otel_sentry.convert.attribute_names import UserOf
    from otel_sentry.delivery.outbox import Outbox, OutgoingEnvelope
    from otel_sentry.identity.user import Identity
    from otel_sentry.otel.span_queue import SpanConsumer
    from otel_sentry.protocol.attributes import Attribute
    from otel_sentry.protocol.items import Transaction
    from otel_sentry.settings.settings import Settings

    Send = Callable[[OutgoingEnvelope], object]

_SEGMENT_NAMES = frozenset(segment_attributes(segment_id="", segment_name="", replay_id="0", user={}))
_REMEMBERED_USERS = 1024
_SEGMENT_BYTES = 500
"""What a segment's own attributes add to each span, about: id, name, user."""


class Pipeline:
    """Settings made into functions.

    Args:
        settings: frozen settings.
        outbox: makes the outbox when the first span needs it.
    """

    def __init__(self, settings: Settings, outbox: Callable[[], Outbox]) -> None:
        self.settings = settings
        self._make_outbox = outbox
        self._outbox: Outbox | None = None
        self._privacy = Privacy(settings.wallet_privacy.value, settings.wallet_hash_key)
        self.mask = SecretMask(settings.secret_patterns)
        self._identity_of = identity_reader(settings.wallet_attributes)
        self._source = _dsc_source(settings)
        self._head = HeadDecision(settings)
        self._ignore = compile_all_ignored(settings.ignore_spans, settings.ignore_rules)
        self._memory = TraceMemory()
        self._told_traces = self._memory.known
        self._alone: HeadDecision | None = None
        self._process = NO_PROCESS
        self._users: dict[Identity, dict[str, Attribute]] = {}
        self._event_fields: dict[str, Any] = {}
        self._resource: Resource | None = None
        self.common_bytes = _SEGMENT_BYTES

    @property
    def outbox(self) -> Outbox:
        """Where envelopes go; joins or builds the sentry-sdk client when it is first asked for."""
        if self._outbox is None:
            self._outbox = self._make_outbox()
        return self._outbox

    def send(self, envelope: OutgoingEnvelope) -> None:
        """Hand an envelope to the outbox."""
        self.outbox.send(envelope)

    def send_all(self, envelopes: Sequence[OutgoingEnvelope]) -> None:
        """Hand several over."""
        self.outbox.send_all(envelopes)

    def adopt(self, settings: Settings) -> None:
        """Go by other settings from here on: the application has called `sentry_sdk.init` after us."""
        self._alone = None
        self.settings, self._source = settings, _dsc_source(settings)
        self._head = HeadDecision(settings)
        self._ignore = compile_all_ignored(settings.ignore_spans, settings.ignore_rules)
        if self._resource is not None:
            self._describe(self._resource)
            self._choose()

    def flush(self, timeout: float) -> bool:
        """Wait for delivery, at most `timeout` seconds; nothing was sent if nobody asked for the outbox."""
        return self._outbox is None or self._outbox.flush(max(0.0, timeout))

    def consumer(self, send: Send | None = None) -> SpanConsumer:
        """What turns ended spans into envelopes, by the wire format; `send` takes them instead of the outbox."""
        delay = self.settings.schedule_delay_seconds
        if self.settings.wire_format is WireFormat.TRANSACTION:
            return TransactionBatches(self, grace_seconds=delay, send=send)
        return SpanBatches(self, delay_seconds=delay, send=send)

    @property
    def ignores_spans(self) -> bool:
        """Whether any span may be left out."""
        return self._ignore is not None

    def ignores(self, span: ReadableSpan | None) -> bool:
        """Whether Sentry does not get this span, by what is known of it now."""
        ignore = self._ignore
        return ignore is not None and span is not None and ignore(span.name, span.kind, span.attributes or {})

    def hold_before(self, consumer: SpanConsumer) -> SegmentHold | None:
        """What holds segments back before `consumer` until their root has ended; None where nothing depends on it."""
        keeping = keeping_of(self.settings.keep, self._identity_of)
        if keeping is None and self._ignore is None:
            return None
        return SegmentHold(self, consumer, keeping=keeping, delay_seconds=self.settings.schedule_delay_seconds)

    @property
    def common_names(self) -> set[str]:
        """Names that the common part of a segment's spans may have."""
        return {*self._process.names, *_SEGMENT_NAMES}

    def encoder(self) -> SpanEncoder:
        """An encoder that holds back identity and knows which names the common part may have."""
        return SpanEncoder(
            common_names=self.common_names,
            identity_names=identity_keys(self.settings.wallet_attributes),
            mask=self.mask,
        )

    def new_segment(self, root: Span, parent_context: Context | None) -> Segment:
        """The segment of a local root that starts now; called on the application's thread.

        Most have no caller, and nothing but the rate decides on them: that takes few calls, because all this leaves the
        processor's cache between two requests, and each call then costs several times as much.
        """
        head = self._alone
        if head is not None and parent_context is not None and KEYS_OF_CALLERS.isdisjoint(parent_context):
            try:
                context: Any = root._context  # noqa: SLF001 - each property is a call
                has_parent, trace_id, state = root._parent is not None, context[0], context[4]  # noqa: SLF001
            except (AttributeError, TypeError, IndexError):  # not the SDK's own
                return self._new_segment(root, parent_context)
            if not has_parent and trace_id not in self._told_traces:
                # Where Sentry's head sampler is in use it has decided already.
                verdict = state.verdict if type(state) is VerdictTraceState else at_rate(head.rate, trace_id)
                return Segment(root, None, verdict, self._freeze_dsc)
        return self._new_segment(root, parent_context)

    def _new_segment(self, root: Span, parent_context: Context | None) -> Segment:
        unjoined = unjoined_trace(parent_context)
        if unjoined is not None and unjoined.trace_id != root.context.trace_id:
            root.add_link(link_context(unjoined))
        segment = self._segment(root, incoming_of(root.context.trace_id, parent_context))
        if self._ignore is not None and self.ignores(root):
            segment.ignored = True
            if segment.incoming is None:
                segment.verdict = dropped(segment.verdict)  # nobody is to hang spans under a root that is not there
        return segment

    def segment_of_ended(self, root: ReadableSpan) -> Segment:
        """The segment of an ended local root whose start was not seen."""
        segment = self._segment(root, None)
        segment.close(root)
        return segment

    def common_part(self, segment: Segment) -> CommonPart:
        """What the spans of a segment share, as it is known now."""
        identity = identity_in(segment, self._identity_of(segment.attributes))
        own = segment_attributes(
            segment_id=f"{segment.span_id:016x}",
            segment_name=self.mask.text(_name_of(segment)),
            replay_id=replay_id_of(segment.dsc()),
            user={},
        )
        if identity:
            own.update(self._user(identity))
        return CommonPart(own, self._user_of(identity), self._process)

    def transaction(
        self,
        segment: Segment,
        root: ReadableSpan,
        children: Sequence[ReadableSpan],
        *,
        event_id: str,
        parent_already_sent: bool,
    ) -> Transaction:
        """A segment, or a part of one that stands for itself, in the `transaction` wire format."""
        identity = identity_in(segment, self._identity_of(segment.attributes))
        payload = transaction_payload(
            root,
            children,
            event_id=event_id,
            service=self._event_fields,
            user=user_payload(identity, self._privacy),
            user_of=self._user_of(identity),
            identity_names=identity_keys(self.settings.wallet_attributes),
            parent_already_sent=parent_already_sent,
        )
        return cast("Transaction", self.mask.tree(payload))

    def trace_header(self, segment: Segment) -> dict[str, str]:
        """The envelope's `trace` header."""
        final, dsc = segment.final, segment.dsc()
        if final is not None and final is not segment.verdict:
            dsc = kept_dsc(dsc, final)
        return envelope_dsc(dsc, trace_id=segment.trace_id, public_key=self._source.public_key or "")

    def learn_resource(self, resource: Resource) -> None:
        """Take over what the provider's resource says, with its first span."""
        if self._resource is None:
            self._resource = resource
            self._describe(resource)
            self._choose()

    def _choose(self) -> None:
        """See whether nothing but the rate decides on traces that begin here; not before the resource is known."""
        head = self._head
        self._alone = head if self._ignore is None and not head.asks_about_spans else None
        if head is not self._head:  # another thread adopts settings
            self._choose()

    def _describe(self, resource: Resource) -> None:
        """Work out what all spans of the process share."""
        settings, names = self.settings, service_names(resource)
        self._source = self._source._replace(
            release=self._source.release or names.release,
            environment=self._source.environment or names.environment,
        )
        process: dict[str, Any] = {
            "release": settings.release,
            "environment": settings.environment,
            "server_name": settings.server_name,
            "dist": settings.dist,
            "sdk_version": __version__,
        }
        self._event_fields = event_fields(resource, **process)
        self._process = ProcessPart(self.mask.attributes(service_attributes(resource, **process)))
        self.common_bytes = _SEGMENT_BYTES + len(self._process.text(()))

    def _user(self, identity: Identity) -> dict[str, Attribute]:
        """What the spans of a segment say of its user; users come again."""
        found = self._users.get(identity)
        if found is None:
            if len(self._users) >= _REMEMBERED_USERS:
                self._users.clear()
            found = self._users[identity] = self.mask.attributes(
                typed_attributes(user_attributes(identity, self._privacy))
            )
        return found

    def _user_of(self, identity: Identity) -> UserOf:
        """What may be said of a span's user, given whose its segment is."""

        def user_of(found: Mapping[str, Any]) -> dict[str, str]:
            user = user_attributes(identity.merged(self._identity_of(found) or NOBODY), self._privacy)
            return {name: self.mask.text(value) for name, value in user.items()}

        return user_of

    def _segment(self, root: Any, incoming: IncomingTrace | None) -> Segment:
        self.learn_resource(root.resource)
        context, parent, head = root.context, root.parent, self._head
        # Where Sentry's sampler is the head sampler it has decided already, and a function may not be asked twice.
        verdict = carried_verdict(context)
        if verdict is None:
            verdict = self._memory.verdict(context.trace_id, incoming)
        if verdict is None:
            verdict = head.verdict(
                trace_id=context.trace_id,
                parent_span_id=None if parent is None else parent.span_id,
                name=root.name,
                attributes=root.attributes if head.asks_about_spans else None,
                incoming=incoming,
            )
        if head.asks_about_spans:
            self._memory.remember(context.trace_id, verdict)
        return Segment(root, incoming, verdict, self._freeze_dsc)

    def _freeze_dsc(self, segment: Segment) -> Mapping[str, str]:
        shared = self._memory.share(segment.trace_id, segment.verdict, self._new_dsc(segment))
        return with_replay(shared, segment.replay_id)

    def _new_dsc(self, segment: Segment) -> Mapping[str, str]:
        if segment.incoming is not None:
            return continued_dsc(segment.incoming, segment.verdict)
        span = segment.root or segment.ended
        return head_dsc(
            self._source,
            trace_id=segment.trace_id,
            verdict=segment.verdict,
            transaction=self.mask.text(_name_of(segment)),
            transaction_source=segment_source(attribute_dict(span), span.kind, span.name) if span else "custom",
        )


def _dsc_source(settings: Settings) -> DscSource:
    dsn = settings.dsn
    return DscSource(
        public_key=dsn.public_key if dsn else None,
        release=settings.release,
        environment=settings.environment,
        org_id=settings.org_id or (dsn.org_id if dsn else None),
    )


def _name_of(segment: Segment) -> str:
    """The local root's name as it is sent: `sentry.name` rules, and it is never empty."""
    span = segment.root or segment.ended
    return span_name(span) if span is not None else segment.name or UNKNOWN_NAME
