"""Identity for every backend when Sentry is not one of them: plain OpenTelemetry, nothing of Sentry."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from typing import TYPE_CHECKING

from opentelemetry.sdk.trace import SpanProcessor

from otel_sentry.otel.segment_tracker import SegmentTracker
from otel_sentry.otel.segments import Segment
from otel_sentry.propagation.trace import Verdict

if TYPE_CHECKING:
    from opentelemetry.context import Context
    from opentelemetry.sdk.trace import ReadableSpan, Span

_logger = logging.getLogger(__name__)


class IdentitySpanProcessor(SpanProcessor):
    """Keeps `user.*` and `wallet.*` on local roots and on spans that carry a wallet.

    Args:
        wallet_attributes: span attributes read as the wallet, first that is set.
    """

    def __init__(self, wallet_attributes: Sequence[str] = ("wallet.address",)) -> None:
        self._tracker = SegmentTracker(_segment, wallet_attributes)

    def on_start(self, span: Span, parent_context: Context | None = None) -> None:
        """Join the parent's segment or begin one; called on the application's thread."""
        try:
            self._tracker.on_start(span, parent_context)
        except Exception as error:  # noqa: BLE001 - no exception of ours may reach the application
            _logger.debug("otel_sentry could not read the identity of a span: %r", error)

    def on_end(self, span: ReadableSpan) -> None:
        """Pass identity on to the local root; called on the application's thread."""
        try:
            self._tracker.on_end(span)
        except Exception as error:  # noqa: BLE001 - no exception of ours may reach the application
            _logger.debug("otel_sentry could not pass on the identity of a span: %r", error)


def _segment(root: Span, _: Context | None) -> Segment:
    undecided = Verdict(sampled=False, sample_rate=None, sample_rand=0.0)
    return Segment(root, incoming=None, verdict=undecided, freeze_dsc=lambda _: {})
