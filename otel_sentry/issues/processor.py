"""`IssueProcessor`: sees exceptions leave spans while they are alive, and makes one Sentry issue of each.

Runs on the application's thread; never raises into it.
"""

from __future__ import annotations

import inspect
import logging
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, cast

import sentry_sdk
from opentelemetry import trace
from opentelemetry.sdk.trace import ReadableSpan, SpanProcessor
from sentry_sdk.utils import event_from_exception

from otel_sentry.identity.context import wallet_in
from otel_sentry.identity.privacy import Privacy
from otel_sentry.identity.user import NOBODY, identity_of, user_payload
from otel_sentry.issues.live_exception import exception_events, leaving

if TYPE_CHECKING:
    from opentelemetry.sdk.trace import Span
    from sentry_sdk._types import Event
    from sentry_sdk.client import BaseClient

    from otel_sentry.issues.segment_view import SegmentOf, SegmentView

_logger = logging.getLogger(__name__)
_MARK = "_otel_sentry_issue"


class IssueProcessor(SpanProcessor):
    """Makes Sentry issues of exceptions that leave spans, and links those that sentry-sdk captures itself.

    Add it to the tracer provider, and register `event_processor` with
    `sentry_sdk.scope.add_global_event_processor`.

    Args:
        client: gives the sentry-sdk client that carries issues.
        segment_of: gives the local root of a live span.
        privacy: what stands for wallets.
        wallet_attributes: span attributes read as the wallet, in order.
        unsampled_errors: also make issues of exceptions in traces that Sentry does not keep.
    """

    def __init__(
        self,
        *,
        segment_of: SegmentOf,
        client: Callable[[], BaseClient] = sentry_sdk.get_client,
        privacy: Privacy | None = None,
        wallet_attributes: Sequence[str] = ("wallet.address",),
        unsampled_errors: bool = True,
    ) -> None:
        self._client = client
        self._segment_of = segment_of
        self._privacy = privacy or Privacy()
        self._wallet_attributes = wallet_attributes
        self._unsampled_errors = unsampled_errors
        self._options_wanted = "client_options" in inspect.signature(event_from_exception).parameters

    def _on_ending(self, span: Span) -> None:
        """Look whether an exception is leaving the span; called on the application's thread."""
        try:
            events = exception_events(span)
            if events:
                self._see(span, events)
        except Exception:  # no exception of ours may reach the application
            _logger.debug("an exception could not become an issue", exc_info=True)

    def event_processor(self, event: dict[str, Any], hint: dict[str, Any] | None) -> dict[str, Any] | None:
        """Link an event of sentry-sdk to its span and user; drop what is an issue already."""
        if event.get("type") is not None:
            return event
        exception = ((hint or {}).get("exc_info") or (None, None, None))[1]
        if exception is not None and (hint or {}).get("otel_sentry") is None:
            if _marked(exception):
                return None
            _mark(exception)
        span = trace.get_current_span()
        if isinstance(span, ReadableSpan):
            self._link(event, span)
        return event

    def _see(self, span: Span, events: list[Any]) -> None:
        exception = leaving(events)
        segment = self._segment_of(span)
        if exception is None or _marked(exception):
            return
        if segment is not None and not segment.verdict.sampled and not self._unsampled_errors:
            return
        _mark(exception)
        client = self._client()
        event, hint = self._event_of(exception, client)
        self._link(event, span)
        sentry_sdk.get_current_scope().capture_event(cast("Event", event), hint={**hint, "otel_sentry": True})

    def _event_of(self, exception: BaseException, client: BaseClient) -> tuple[dict[str, Any], dict[str, Any]]:
        options = {"client_options": client.options} if self._options_wanted else {}
        mechanism = {"type": "auto.otel.span", "handled": True}
        event, hint = event_from_exception(exception, mechanism=mechanism, **options)
        return dict(event), dict(hint)

    def _link(self, event: dict[str, Any], span: ReadableSpan) -> None:
        context = span.get_span_context()
        if context is None:
            return
        segment = self._segment_of(span)
        link: dict[str, Any] = {"trace_id": f"{context.trace_id:032x}", "span_id": f"{context.span_id:016x}"}
        if span.parent is not None:
            link["parent_span_id"] = f"{span.parent.span_id:016x}"
        if segment is not None:
            link["dynamic_sampling_context"] = dict(segment.dsc())
            event.setdefault("transaction", segment.name)
        event.setdefault("contexts", {})["trace"] = link
        user = self._user(span, segment)
        if user:
            event["user"] = {**user, **(event.get("user") or {})}

    def _user(self, span: ReadableSpan, segment: SegmentView | None) -> dict[str, Any]:
        known = (segment.identity if segment is not None else None) or NOBODY
        for found in (wallet_in(), identity_of(span.attributes or {}, self._wallet_attributes)):
            if found:
                known = known.merged(found)
        return user_payload(known, self._privacy)


def _marked(exception: BaseException) -> bool:
    return _MARK in exception.__dict__


def _mark(exception: BaseException) -> None:
    exception.__dict__[_MARK] = True
