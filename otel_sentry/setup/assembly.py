"""Puts the parts together: client, provider, processors, propagators. Their order is the reason for this file.

What can be refused is looked at before anything is changed. sentry-sdk's client comes before the provider, for exit
handlers run last in, first out: the provider's last flush must reach a living transport.
"""

from __future__ import annotations

import atexit
import sys
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any, Final

from opentelemetry import _logs, trace

from otel_sentry.masking.mask import SecretMask
from otel_sentry.masking.own_log import mask_own_log, own_logger
from otel_sentry.otel.identity_everywhere import IdentityEverywhere
from otel_sentry.otel.identity_processor import IdentitySpanProcessor
from otel_sentry.settings.parsers import dsn as parsed_dsn
from otel_sentry.settings.reading import DEFAULT
from otel_sentry.setup.debug_output import show_debug
from otel_sentry.setup.departure import again_in_children, before_child_exits, on_sigterm
from otel_sentry.setup.dump_file import DumpFile
from otel_sentry.setup.exporters import reaches_sentry
from otel_sentry.setup.instrumentations import tell_instrumentors
from otel_sentry.setup.provider import ProviderPlan, existing_provider, is_free, other_processors
from otel_sentry.setup.signals import SignalsPlan, is_set
from otel_sentry.setup.telemetry import Telemetry

if TYPE_CHECKING:
    from otel_sentry.settings.settings import Settings

_logger = own_logger(__name__)

TELEMETRY_ATTRIBUTE: Final = "_otel_sentry_telemetry"
"""On a tracer provider: the handle of its set-up. So the state lives as long as the provider."""


def present_telemetry() -> Telemetry | None:
    """The handle of an earlier set-up of the global provider."""
    return getattr(trace.get_tracer_provider(), TELEMETRY_ATTRIBUTE, None)


def set_up(settings: Settings) -> Telemetry:
    """Do what the settings say, on the provider that is there or on a new one.

    Raises:
        InvalidSetting: an exporter, sampler, propagator or id generator is not installed; nothing has changed then.
    """
    if settings.secret_patterns is not None:
        mask_own_log(SecretMask(settings.secret_patterns))
    show_debug(settings)
    settings = _with_application_client(settings)
    if settings.sdk_disabled or _is_barred():
        return Telemetry(settings)
    plan = ProviderPlan.of(settings)
    signals = SignalsPlan.of(settings)
    if reaches_sentry(settings):
        telemetry = _with_sentry(settings, plan)
    else:
        if settings.dsn is None:
            _logger.info("otel_sentry sends nothing to Sentry: SENTRY_DSN is not set")
        telemetry = _without_sentry(settings, plan)
    tell_instrumentors(telemetry.settings)
    telemetry.also_flush(signals.carried_out(plan.resource, telemetry.settings))
    atexit.register(telemetry.begin_to_leave)
    if settings.logging_handler and is_set(_logs.get_logger_provider()):
        from otel_sentry.setup.logging_handler import install_logging_handler  # noqa: PLC0415 - rarely needed

        install_logging_handler()
    if settings.dump_dir is not None:
        DumpFile(telemetry, settings.dump_dir)
    return telemetry


def _with_sentry(settings: Settings, plan: ProviderPlan) -> Telemetry:
    # Imported here: whoever sends nothing to Sentry does not load sentry-sdk.
    from otel_sentry.setup.sentry_parts import add_sentry  # noqa: PLC0415

    telemetry = add_sentry(settings, plan)
    atexit.register(telemetry.leave)
    before_child_exits(telemetry)
    if settings.sigterm:
        seconds = settings.shutdown_timeout_seconds
        arm = partial(on_sigterm, flush=telemetry.flush, leave=telemetry.shutdown, timeout=seconds)
        arm()
        telemetry.on_begin(again_in_children(arm))
    return _attached(telemetry)


def _without_sentry(settings: Settings, plan: ProviderPlan) -> Telemetry:
    """Other backends alone: identity stays, for it is plain OpenTelemetry."""
    if plan.existing is None and not settings.traces_exporters:
        return Telemetry(settings)  # `none` by name is another matter: traces still pass through this process
    provider = plan.carried_out()
    provider.add_span_processor(IdentitySpanProcessor(settings.wallet_attributes))
    if settings.wallet_on_all_spans:
        provider.add_span_processor(IdentityEverywhere())
    return _attached(Telemetry(settings, others=partial(other_processors, provider)))


def _attached(telemetry: Telemetry) -> Telemetry:
    """Remember the handle on the global provider."""
    setattr(trace.get_tracer_provider(), TELEMETRY_ATTRIBUTE, telemetry)
    return telemetry


def _is_barred() -> bool:
    """Whether a foreign provider is in the way, which takes no processors and must not be replaced."""
    if existing_provider() is not None or is_free():
        return False
    _logger.warning("otel_sentry is off: the tracer provider %r takes no span processors", trace.get_tracer_provider())
    return True


def _with_application_client(settings: Settings) -> Settings:
    """Without a DSN of ours, that of the application's own `sentry_sdk.init`, if sentry-sdk is loaded at all."""
    sentry_sdk: Any = sys.modules.get("sentry_sdk")
    if settings.dsn is not None or settings.origins.get("dsn", DEFAULT) != DEFAULT or sentry_sdk is None:
        return settings
    client = sentry_sdk.get_client()
    if not client.is_active() or client.transport is None or not client.dsn:
        return settings
    return replace(settings, dsn=parsed_dsn(client.dsn), origins={**settings.origins, "dsn": "sentry_sdk.init"})
