"""`IdentityEverywhere`: every span carries the user, for backends that know no segments. Off unless asked for."""

from __future__ import annotations

from typing import TYPE_CHECKING

from opentelemetry.sdk.trace import SpanProcessor

from otel_sentry.convert.sdk_fields import attribute_dict
from otel_sentry.identity.privacy import Privacy
from otel_sentry.identity.user import user_attributes
from otel_sentry.masking.own_log import own_logger
from otel_sentry.otel.identity_stamp import set_on_ended
from otel_sentry.otel.segments import segment_of

if TYPE_CHECKING:
    from opentelemetry.sdk.trace import Span

_logger = own_logger(__name__)


class IdentityEverywhere(SpanProcessor):
    """Writes `user.*` and `wallet.*` on each span that ends, as its segment or block knows them then.

    Needs one of our span processors on the provider, which knows the segments.
    """

    def __init__(self) -> None:
        self._plain = Privacy("plain")

    def _on_ending(self, span: Span) -> None:
        """Complete a span before anybody exports it; called on the application's thread."""
        try:
            segment = segment_of(span)
            known = segment.identity if segment is not None else None
            if known:
                said, found = attribute_dict(span), user_attributes(known, self._plain)
                set_on_ended(span, {name: value for name, value in found.items() if name not in said})
        except Exception as error:  # noqa: BLE001 - no exception of ours may reach the application
            _logger.debug("otel_sentry could not write the identity of a span: %r", error)
