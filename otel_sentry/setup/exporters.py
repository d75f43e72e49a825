"""Which exporters were asked for, by the rules of OTEL_*_EXPORTER; those of other backends from their entry points."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Final

from otel_sentry.errors import InvalidSetting
from otel_sentry.setup.entry_points import component, named

if TYPE_CHECKING:
    from opentelemetry.sdk.trace.export import SpanExporter

    from otel_sentry.settings.settings import Settings

SENTRY: Final = "sentry"
OTLP: Final = "otlp"
NONE: Final = "none"
TRACES_VARIABLE: Final = "OTEL_TRACES_EXPORTER"
TRACES_GROUP: Final = "opentelemetry_traces_exporter"
OTLP_BY_PROTOCOL: Final = {"grpc": "otlp_proto_grpc", "http/protobuf": "otlp_proto_http"}
"""OTEL_EXPORTER_OTLP_PROTOCOL → entry point; without it, the first that is installed."""


def traces_exporters(settings: Settings) -> tuple[str, ...]:
    """Names of the exporters that spans go to; with a DSN and nothing chosen, Sentry."""
    if settings.traces_exporters is not None:
        return tuple(name for name in settings.traces_exporters if name != NONE)
    return (SENTRY,) if settings.dsn is not None and not settings.errors_only else ()


def reaches_sentry(settings: Settings) -> bool:
    """Whether spans or issues go to Sentry."""
    return settings.dsn is not None and (settings.errors_only or SENTRY in traces_exporters(settings))


def other_exporters(settings: Settings) -> list[Callable[[], SpanExporter]]:
    """What makes the exporters that are not ours.

    Raises:
        InvalidSetting: an exporter is not installed.
    """
    names = [name for name in traces_exporters(settings) if name != SENTRY]
    protocol = settings.otlp_traces_protocol
    return [component(TRACES_GROUP, _entry_point_name(name, protocol), TRACES_VARIABLE) for name in names]


def _entry_point_name(name: str, protocol: str | None) -> str:
    """`otlp` becomes the entry point of its protocol; other names are entry points."""
    if name != OTLP:
        return name
    if protocol is None:
        installed = named(TRACES_GROUP)
        return next((one for one in OTLP_BY_PROTOCOL.values() if one in installed), OTLP_BY_PROTOCOL["grpc"])
    if protocol not in OTLP_BY_PROTOCOL:
        raise InvalidSetting("OTEL_EXPORTER_OTLP_PROTOCOL", protocol, ", ".join(OTLP_BY_PROTOCOL))
    return OTLP_BY_PROTOCOL[protocol]
