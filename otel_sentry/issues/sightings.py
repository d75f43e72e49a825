"""Who looks at exceptions, put together; `IssueProcessor` loads this when there is something to see."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING

from otel_sentry.identity.privacy import Privacy
from otel_sentry.issues.breadcrumbs import SpanBreadcrumbs
from otel_sentry.issues.expected import Expected
from otel_sentry.issues.log_sightings import LogSightings
from otel_sentry.issues.sdk import SentrySdk
from otel_sentry.issues.sdk_captures import SdkCaptures
from otel_sentry.issues.span_sightings import SpanSightings
from otel_sentry.issues.surroundings import Surroundings, TraceHeader, plain_trace_header
from otel_sentry.issues.workbench import Workbench

if TYPE_CHECKING:
    from sentry_sdk.client import BaseClient

    from otel_sentry.issues.segment_view import SegmentOf


class Sightings:
    """Everybody who looks at exceptions, around one workbench.

    Args:
        segment_of: gives the local root of a live span.
        client: gives the sentry-sdk client that carries issues; the current one if None.
        privacy: what stands for wallets.
        wallet_attributes: span attributes read as the wallet, in order.
        span_events: span events that are no exceptions become breadcrumbs.
        trace_header: what the envelope header `trace` of an issue says; takes local root and public key of the DSN.
        private: takes wallets out of a transaction's name; everything else passes sentry-sdk's event processors.
        trace_url: template of another backend's page of a trace, with `{trace_id}`.
        expected: further exceptions that are no issue, by qualified name or class.
        grace_seconds: how long an exception that has escaped its local root waits for a hook or framework that knows
            more of it; shorter than the delay after which an ended span counts as handed over.
        clock: monotonic seconds.

    Attributes:
        bench: incidents, and who makes and sends them.
        spans: looks at ending spans.
        captures: looks at events of sentry-sdk.
        logs: looks at log records.
    """

    def __init__(  # noqa: PLR0913  # keyword-only, each with its default
        self,
        *,
        segment_of: SegmentOf,
        client: Callable[[], BaseClient] | None = None,
        privacy: Privacy | None = None,
        wallet_attributes: Sequence[str] = ("wallet.address",),
        span_events: bool = True,
        trace_header: TraceHeader = plain_trace_header,
        private: Callable[[str], str] = str,
        trace_url: str | None = None,
        expected: Iterable[str | type[BaseException]] = (),
        grace_seconds: float = 0.5,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        crumbs = SpanBreadcrumbs() if span_events else None
        self.bench = Workbench(
            sdk=SentrySdk(client),
            expected=Expected(expected),
            surroundings=Surroundings(
                privacy=privacy or Privacy(),
                wallet_attributes=wallet_attributes,
                trace_header=trace_header,
                private=private,
                trace_url=trace_url,
                span_events=crumbs,
            ),
            grace_seconds=grace_seconds,
            clock=clock,
        )
        self.spans = SpanSightings(self.bench, crumbs)
        self.captures = SdkCaptures(self.bench, segment_of)
        self.logs = LogSightings(self.bench, segment_of)
