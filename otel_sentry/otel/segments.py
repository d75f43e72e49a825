"""Which local root ("segment") a live span belongs to, and what is known of it.

Imports next to nothing, because the propagator needs it. A span finds its segment through an attribute on the span
object itself: it lives exactly as long as the span, so that nothing has to be forgotten in time.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, Final

from otel_sentry.convert.sdk_fields import attribute_dict
from otel_sentry.propagation.dsc import replay_id_of

if TYPE_CHECKING:
    from opentelemetry.sdk.trace import ReadableSpan, Span

    from otel_sentry.identity.user import Identity
    from otel_sentry.propagation.trace import IncomingTrace, Verdict

SEGMENT_ATTRIBUTE: Final = "_otel_sentry_segment"


class Segment:
    """A local root span and what its whole tree shares.

    Attributes:
        trace_id: 128-bit trace id.
        span_id: 64-bit id of the local root.
        root: the live root span while it is open, then None (this breaks the cycle root → segment → root).
        ended: the root as it was when it ended; None before.
        incoming: what the caller's Sentry headers said, if there was a caller.
        verdict: whether Sentry keeps the trace; told in headers, never changes.
        final: the verdict for this process's envelopes once all that counts is known; None before.
        ignored: OTEL_SENTRY_IGNORE_SPANS names the root, so that none of the segment's spans leaves.
        several: it has seen more than one wallet; then only spans that know theirs have a user.
        stamp: the identity that was written to the root at its start, as attributes.
        has_blocks: a `use_wallet` block was entered inside it, so that its spans have to look for theirs.
    """

    __slots__ = (
        "__weakref__",
        "_dsc",
        "_freeze",
        "_learnt",
        "ended",
        "final",
        "has_blocks",
        "ignored",
        "incoming",
        "name_at_end",
        "root",
        "several",
        "span_id",
        "stamp",
        "trace_id",
        "verdict",
    )

    def __init__(
        self,
        root: Span,
        incoming: IncomingTrace | None,
        verdict: Verdict,
        freeze_dsc: Callable[[Segment], Mapping[str, str]],
    ) -> None:
        self.trace_id: int
        self.span_id: int
        try:
            context: Any = root._context  # noqa: SLF001 - each property is a call
            self.trace_id, self.span_id = context[0], context[1]
            name = root._name  # noqa: SLF001
        except (AttributeError, TypeError, IndexError):  # not the SDK's own
            context, name = root.get_span_context(), root.name
            self.trace_id, self.span_id = context.trace_id, context.span_id
        self.root: Span | None = root
        self.ended: ReadableSpan | None = None
        self.name_at_end = name
        self.incoming = incoming
        self.verdict = verdict
        self.final: Verdict | None = None
        self.ignored = False
        self.several = False
        self.has_blocks = False
        self.stamp: Mapping[str, str] = {}
        self._learnt: Identity | None = None
        self._freeze = freeze_dsc
        self._dsc: Mapping[str, str] | None = None

    @property
    def plain(self) -> Segment:
        """The segment itself, also of one as a block sees it."""
        return self

    @property
    def name(self) -> str:
        """The root's current name: frameworks rename their root when the route is known."""
        root = self.root
        return self.name_at_end if root is None else root.name

    @property
    def attributes(self) -> Mapping[str, Any]:
        """The root's attributes as they are now; empty once an ended root has been forgotten."""
        span = self.root or self.ended
        return {} if span is None else attribute_dict(span)

    @property
    def replay_id(self) -> str | None:
        """Sentry session replay that the request belongs to: 32 hex digits, or None."""
        return replay_id_of(self.incoming.dsc) if self.incoming is not None else None

    def dsc(self) -> Mapping[str, str]:
        """The trace's dynamic sampling context, frozen when it is first needed.

        Two threads that ask at the same instant may both build it; the first result that is stored stays.
        """
        if self._dsc is None:
            frozen = self._freeze(self)
            if self._dsc is None:
                self._dsc = frozen
        return self._dsc

    @property
    def identity(self) -> Identity | None:
        """Who the user is, as far as any span or block has told; None when nobody has, or when they disagree."""
        return None if self.several else self._learnt

    def learn(self, identity: Identity) -> None:
        """Add what a span or block says about the user; the newest non-empty fields win.

        A second wallet makes the segment nobody's: what a batch works on for many users belongs to none of them.
        """
        known = self._learnt
        self.several = self.several or (
            known is not None and None not in (known.wallet, identity.wallet) and known.wallet != identity.wallet
        )
        self._learnt = identity if known is None else known.merged(identity)

    def bind(self, identity: Identity) -> None:
        """A `use_wallet` block begins inside this segment; an empty identity is a logout."""
        self.has_blocks = True
        if identity:
            self.learn(identity)
        else:
            self.forget_identity()

    def forget_identity(self) -> None:
        """The user signed out: spans from here on carry nobody."""
        self._learnt = None
        self.several = False

    def ignore(self) -> None:
        """None of the segment's spans is for Sentry; those that ended before may have left."""
        from otel_sentry.propagation.decision import dropped  # noqa: PLC0415  # keeps `import opentelemetry.propagate` cheap

        self.ignored = True
        self.verdict = dropped(self.verdict)

    def close(self, ended: ReadableSpan) -> None:
        """The root has ended: keep its final name, let the live span go."""
        self.name_at_end = ended.name
        self.ended = ended
        self.root = None


def segment_of(span: object) -> Segment | None:
    """The segment of a live span that our processor has seen, else None."""
    return getattr(span, SEGMENT_ATTRIBUTE, None)
