"""Which traces are kept in spite of the rate (OTEL_SENTRY_KEEP), applied to ended spans; `propagation.keep` rules."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING, Any

from otel_sentry.convert.status import ERROR, wire_status
from otel_sentry.identity.wallet import canonical_wallet
from otel_sentry.propagation.keep import TraceFacts, final_verdict, is_worth_keeping, keep_rules
from otel_sentry.settings.parsers import duration_seconds

if TYPE_CHECKING:
    from opentelemetry.sdk.trace import ReadableSpan

    from otel_sentry.identity.user import Identity
    from otel_sentry.otel.segments import Segment
    from otel_sentry.propagation.trace import Verdict

_FORGET_AT = 10_000
"""Decisions after which older ones count half, so that the share of traces that found room is the recent one."""


class Keeping:
    """Gives segments their final verdict. Used by one thread.

    Args:
        entries: of OTEL_SENTRY_KEEP.
        identity_of: reads who a span's user is from its attributes.
    """

    def __init__(self, entries: Iterable[str], identity_of: Callable[[Mapping[str, Any]], Identity | None]) -> None:
        self._rules = keep_rules(entries, duration_seconds=duration_seconds, canonical_wallet=canonical_wallet)
        self._identity_of = identity_of
        self._with_room = 1.0
        self._all = 1.0

    @property
    def room(self) -> float:
        """Share of the segments that could wait for their root, lately."""
        return self._with_room / self._all

    def final(
        self, segment: Segment, root: ReadableSpan | None, spans: Iterable[ReadableSpan], *, no_room: bool
    ) -> Verdict:
        """The verdict on a segment, by what is known of it.

        Args:
            segment: with the verdict taken at its start.
            root: as it ended; None while it is open.
            spans: what has ended of it.
            no_room: it had to be decided on before its root ended.
        """
        facts = self._facts(segment, root, spans)
        if no_room and not is_worth_keeping(self._rules, facts):
            self._count(0.0)
            return segment.verdict
        self._count(1.0)
        return final_verdict(segment.verdict, self._rules, facts, room=self.room)

    def _facts(self, segment: Segment, root: ReadableSpan | None, spans: Iterable[ReadableSpan]) -> TraceFacts:
        spans = list(spans)
        return TraceFacts(
            failed=self._rules.errors and any(map(_has_failed, spans)),
            root_seconds=None if root is None else ((root.end_time or 0) - (root.start_time or 0)) / 1e9,
            wallet=self._wallet(segment, spans) if self._rules.wallets else None,
        )

    def _wallet(self, segment: Segment, spans: Iterable[ReadableSpan]) -> str | None:
        """The user's wallet; of several users the one that a rule names."""
        known = [segment.identity, self._identity_of(segment.attributes)]
        known += [self._identity_of(span.attributes or {}) for span in spans]
        wallets = [one.wallet for one in known if one is not None and one.wallet]
        return next((one for one in wallets if one in self._rules.wallets), None)

    def _count(self, found_room: float) -> None:
        self._with_room += found_room
        self._all += 1.0
        if self._all > _FORGET_AT:
            self._with_room, self._all = self._with_room / 2, self._all / 2


def keeping_of(entries: Iterable[str], identity_of: Callable[[Mapping[str, Any]], Identity | None]) -> Keeping | None:
    """What OTEL_SENTRY_KEEP asks for; None if it is unset."""
    entries = tuple(entries)
    return Keeping(entries, identity_of) if entries else None


def _has_failed(span: ReadableSpan) -> bool:
    return wire_status(span.status.status_code, span.kind, span.attributes or {}) == ERROR or any(
        event.name == "exception" for event in span.events
    )
