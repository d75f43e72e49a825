"""What sentry-sdk's current client is and does. Loads nothing: without sentry-sdk there is nothing to tell."""

from __future__ import annotations

import sys
from typing import Any, Final

from otel_sentry.facts.facts import SdkFacts
from otel_sentry.facts.providers import class_name
from otel_sentry.protocol.dsn import Dsn

_HOOKS: Final = (
    *("before_send", "before_send_log", "before_send_metric", "before_send_span", "before_send_transaction"),
    *("error_sampler", "ignore_errors", "sample_rate", "traces_sampler"),
)
_TRACING: Final = ("traces_sample_rate", "traces_sampler", "enable_tracing")


def sdk_facts() -> SdkFacts:
    """Of the client that the application, or we, have made."""
    sentry_sdk: Any = sys.modules.get("sentry_sdk")
    if sentry_sdk is None:
        return SdkFacts()
    client = sentry_sdk.get_client()
    version = str(sys.modules["sentry_sdk.consts"].VERSION)
    if not client.is_active():
        return SdkFacts(version=version)
    options = client.options
    return SdkFacts(
        version=version,
        active=True,
        dsn=_masked(options.get("dsn")),
        transport=class_name(client.transport) if client.transport is not None else "",
        integrations=tuple(sorted(client.integrations)),
        native_tracing=any(options.get(name) is not None for name in _TRACING),
        hooks=tuple(name for name in _HOOKS if _is_set(name, options.get(name))),
    )


def _is_set(name: str, value: Any) -> bool:
    return value not in (None, (), [], {}) and not (name == "sample_rate" and value == 1.0)


def _masked(dsn: Any) -> str:
    if not dsn:
        return ""
    try:
        return Dsn.parse(str(dsn)).masked
    except ValueError:
        return "***"
