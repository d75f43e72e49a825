"""Joins sentry-sdk, whoever called `init` first: one client, linked to OpenTelemetry, its own tracing quiet."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final, cast

import sentry_sdk
from opentelemetry import trace
from sentry_sdk.scope import add_global_event_processor, register_external_propagation_context

from otel_sentry.delivery.client import connect
from otel_sentry.otel.sentry_outbox import client_options, tuning_of
from otel_sentry.protocol.dsn import Dsn
from otel_sentry.settings.choices import WalletPrivacy
from otel_sentry.settings.parsers import targets
from otel_sentry.settings.pattern_parsers import ignore_rules
from otel_sentry.settings.reading import DEFAULT
from otel_sentry.setup.client_watch import watch_clients
from otel_sentry.setup.exporters import SENTRY
from otel_sentry.setup.private_payloads import private_payload

if TYPE_CHECKING:
    from sentry_sdk._types import EventProcessor
    from sentry_sdk.client import BaseClient

    from otel_sentry.delivery.client import Connection, SdkOutbox
    from otel_sentry.settings.settings import Settings

JOINED_OPTIONS: Final = ("release", "environment", "server_name", "dist")
"""Options of the client that spans carry too, so that issues and spans agree."""
_MOMENT_SECONDS: Final = 0.1


def join_sentry(settings: Settings) -> tuple[Connection, Settings]:
    """Make the application's client ours, or ours the application's.

    Args:
        settings: as the user typed them; release and environment already completed from the resource.

    Returns:
        The connection, and the settings that hold with its client.
    """
    connection = connect(
        client_options(settings), tuning=replace(tuning_of(settings), private=private_payload(settings))
    )
    effective = settings_with(settings, connection.client.options, joined=connection.joined)
    if not connection.joined:
        sentry_sdk.get_global_scope().set_client(connection.client)
    quieten(connection.client, settings)
    register_external_propagation_context(current_trace)
    return connection, effective


def follow_clients(outbox: SdkOutbox, asked: Settings, go_by: Callable[[Settings], None]) -> None:
    """Go along when the application calls `sentry_sdk.init` after us: its client, DSN and options rule from then on.

    Args:
        outbox: sends through the new client at once, not only with the next span.
        asked: the settings as the user typed them.
        go_by: takes the settings that hold with the new client.
    """

    def told(client: BaseClient) -> None:
        effective = settings_with(asked, client.options, joined=True)
        quieten(client, asked)
        outbox.adopt(client)
        go_by(effective)

    watch_clients(told)


def settings_with(settings: Settings, options: Mapping[str, Any], *, joined: bool) -> Settings:
    """Complete the settings by a client's options; those of the application's own `init` rule where they speak.

    Args:
        settings: ours.
        options: of the client.
        joined: the application made the client.
    """
    found = {name: options.get(name) for name in JOINED_OPTIONS}
    if joined:
        found |= {
            "dsn": _dsn(options.get("dsn")) or settings.dsn,
            "org_id": options.get("org_id") or settings.org_id,
            "strict_trace_continuation": bool(options.get("strict_trace_continuation"))
            or settings.strict_trace_continuation,
            "trace_propagation_targets": settings.trace_propagation_targets or _targets(options),
            "ignore_rules": (*settings.ignore_rules, *_ignore_rules(options)),
            "before_send_span": settings.before_send_span or _new_option(options, "before_send_span"),
            "before_send_transaction": settings.before_send_transaction or options.get("before_send_transaction"),
        }
        if declines_users(options) and settings.origins.get("wallet_privacy", DEFAULT) == DEFAULT:
            found["wallet_privacy"] = WalletPrivacy.OFF
        if settings.traces_sample_rate is None and settings.traces_sampler is None:
            found |= {name: options.get(name) for name in ("traces_sample_rate", "traces_sampler")}
    return replace(settings, **{name: value for name, value in found.items() if value is not None})


def declines_users(options: Mapping[str, Any]) -> bool:
    """Whether the application has told sentry-sdk in so many words to collect no users; its default says nothing."""
    collected = options.get("data_collection")
    if isinstance(collected, dict) and collected.get("provided_by_user", True):
        return collected.get("user_info") is False
    return options.get("send_default_pii") is False


def quieten(client: BaseClient, settings: Settings) -> None:
    """Turn off what sentry-sdk would tell a second time: its own tracing, and its logs where ours are of `logging` too.

    Without rate and sampler a client still sends streamed spans whose caller was sampled; without batcher it does not.
    """
    options = client.options
    for option in ("traces_sample_rate", "traces_sampler", "trace_lifecycle"):
        if options.get(option) is not None:
            options[option] = None
    experiments = options.get("_experiments") or {}
    if "trace_lifecycle" in experiments:
        options["_experiments"] = {key: value for key, value in experiments.items() if key != "trace_lifecycle"}
    client.span_batcher = None
    if settings.logging_handler and SENTRY in (settings.logs_exporters or ()):
        _quieten_logs(client)


def _quieten_logs(client: BaseClient) -> None:
    """Have the integration of `logging` make issues and breadcrumbs, but no logs; names of 2.x and of 3.x."""
    integration = client.integrations.get("logging")
    for name in ("_sentry_logs_handler", "_logs_handler"):
        if getattr(integration, name, None) is not None:
            setattr(integration, name, None)


def link_events(processor: Callable[[dict[str, Any], dict[str, Any]], dict[str, Any] | None]) -> None:
    """Have every event of sentry-sdk pass `processor`, whichever client sends it."""
    add_global_event_processor(cast("EventProcessor", processor))


def spare_time(seconds: float) -> None:
    """Let the current client's own exit handler wait no longer than this; not at all if it is but a moment."""
    options = sentry_sdk.get_client().options
    wait = seconds if seconds > _MOMENT_SECONDS else 0.0
    options["shutdown_timeout"] = min(wait, options.get("shutdown_timeout", wait))


def current_trace() -> tuple[str, str] | None:
    """Trace and span id of OpenTelemetry's current span, for what sentry-sdk captures by itself."""
    context = trace.get_current_span().get_span_context()
    return (f"{context.trace_id:032x}", f"{context.span_id:016x}") if context.is_valid else None


def _targets(options: Mapping[str, Any]) -> tuple[str, ...] | None:
    """The application's propagation targets, which sentry-sdk reads as regular expressions; None for its default."""
    entries: Sequence[Any] = options.get("trace_propagation_targets") or ()
    patterns = [entry if isinstance(entry, re.Pattern) else re.compile(str(entry)) for entry in entries]
    return None if any(one.pattern == ".*" for one in patterns) or not patterns else targets(patterns)


def _ignore_rules(options: Mapping[str, Any]) -> tuple[Any, ...]:
    """The application's own `ignore_spans`; one that sentry-sdk would stumble over counts as none."""
    try:
        return ignore_rules(_new_option(options, "ignore_spans") or ())
    except ValueError:
        return ()


def _new_option(options: Mapping[str, Any], name: str) -> Any:
    """An option that sentry-sdk 2.x also reads from `_experiments`."""
    value = options.get(name)
    return (options.get("_experiments") or {}).get(name) if value is None else value


def _dsn(text: Any) -> Dsn | None:
    try:
        return Dsn.parse(str(text)) if text else None
    except ValueError:
        return None
