"""sentry-sdk's own tracing in its two forms, loaded through its own API."""

from __future__ import annotations

import time
from typing import Any, Final

import sentry_sdk
from sentry_sdk.integrations.stdlib import StdlibIntegration

from tests.benchmarks.native_dialects import StreamingDialect, TransactionDialect
from tests.benchmarks.peers.rig import DELIVERY_SECONDS, Rig, dsn

_LATECOMERS_SECONDS: Final = 0.25
"""`flush()` of 2.75 does not wait for envelopes that the span batcher's own thread is just building."""


def deliver() -> None:
    """Flush what sentry-sdk holds, and once more what its threads had in their hands."""
    sentry_sdk.flush(timeout=DELIVERY_SECONDS)
    time.sleep(_LATECOMERS_SECONDS)
    sentry_sdk.flush(timeout=DELIVERY_SECONDS)


def initialise(url: str, **options: Any) -> None:
    """Start sentry-sdk with tracing on and all else at its defaults.

    Its http.client integration compares the DSN's host and port with the host alone; behind a DSN with a port it
    traces the SDK's own requests, as no hosted Sentry would see it. Off, they cost what they cost in production.
    """
    sentry_sdk.init(dsn=dsn(url), traces_sample_rate=1.0, disabled_integrations=[StdlibIntegration()], **options)


def transactions(url: str) -> Rig:
    """Set up transactions, the default of 2.x."""
    initialise(url)
    return Rig(TransactionDialect(), deliver)


def streaming(url: str) -> Rig:
    """Set up span streaming, the only form of 3.x."""
    initialise(url, trace_lifecycle="stream")
    return Rig(StreamingDialect(), deliver)
