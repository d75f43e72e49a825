"""The last stop before a client's transport: holds events of sentry-sdk until it is known whether they were handled.

By then all hooks have run; what waits here is a finished envelope. Other envelopes pass at once.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from sentry_sdk.client import BaseClient
    from sentry_sdk.envelope import Envelope

Forward = Callable[[Any], None]
_GATES = "_otel_sentry_gates"
_OWN_DEDUPLICATION = "dedupe"
"""sentry-sdk's integration that drops the same exception twice in a row: it would hide a capture that is to be joined,
and holds the last exception with all its frames."""


class Gate:
    """Stands before the transports of the clients it was shown.

    Args:
        offer: gets each envelope that holds an event, with the function that sends it; True if it is kept.
        release: sends on everything that is kept.
    """

    def __init__(self, offer: Callable[[Envelope, Forward], bool], release: Callable[[], None]) -> None:
        self._offer = offer
        self._release = release
        self._here = threading.local()

    def watch(self, client: BaseClient) -> None:
        """Stand before `client`'s transport from now on; again after the transport was changed."""
        client.integrations.pop(_OWN_DEDUPLICATION, None)
        transport: Any = client.transport
        if transport is None or self in getattr(transport, _GATES, ()):
            return
        setattr(transport, _GATES, (*getattr(transport, _GATES, ()), self))
        forward, flush, lost = transport.capture_envelope, transport.flush, transport.record_lost_event

        def capture_envelope(envelope: Envelope) -> None:
            if not self._offer(envelope, forward):
                forward(envelope)

        def flush_all(*arguments: Any, **keywords: Any) -> Any:
            self._release()
            return flush(*arguments, **keywords)

        def record_lost_event(*arguments: Any, **keywords: Any) -> None:
            if not self._is_repetition():
                lost(*arguments, **keywords)

        # On the instance, not around it: others look at the transport's class and attributes.
        transport.capture_envelope = capture_envelope
        transport.flush = flush_all
        transport.record_lost_event = record_lost_event

    def expect_drop(self) -> None:
        """The event processor is about to drop a repetition: nothing is lost, so nothing is counted."""
        self._here.repetition = True

    def _is_repetition(self) -> bool:
        expected = getattr(self._here, "repetition", False)
        self._here.repetition = False
        return expected
