"""Identity for every backend when Sentry is not one of them: plain OpenTelemetry, nothing of Sentry."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from otel_sentry.masking.own_log import own_logger
from otel_sentry.otel.segment_tracker import SegmentTracker
from otel_sentry.otel.segments import Segment
from otel_sentry.propagation.trace import Verdict

if TYPE_CHECKING:
    from opentelemetry.context import Context
    from opentelemetry.sdk.trace import Span

_logger = own_logger(__name__)


class IdentitySpanProcessor(SegmentTracker):
    """Keeps `user.*` and `wallet.*` on local roots and on spans that carry a wallet.

    Args:
        wallet_attributes: span attributes read as the wallet, first that is set.
    """

    def __init__(self, wallet_attributes: Sequence[str] = ("wallet.address",)) -> None:
        super().__init__(wallet_attributes)

    def _new_segment(self, root: Span, context: Context) -> Segment:  # noqa: ARG002 - of Sentry alone
        undecided = Verdict(sampled=False, sample_rate=None, sample_rand=0.0)
        return Segment(root, incoming=None, verdict=undecided, freeze_dsc=lambda _: {})

    def _not_recorded(self, error: Exception) -> None:
        _logger.debug("otel_sentry could not read or pass on the identity of a span: %r", error)
