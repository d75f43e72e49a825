"""Which exporters were asked for, by the rules of OTEL_*_EXPORTER; those of other backends from their entry points."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from otel_sentry.errors import InvalidSetting
from otel_sentry.setup.entry_points import component, named

if TYPE_CHECKING:
    from otel_sentry.settings.settings import Settings

SENTRY: Final = "sentry"
OTLP: Final = "otlp"
NONE: Final = "none"
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


class Signal(NamedTuple):
    """One kind of telemetry: the variable that names its exporters, and the group where those are found."""

    variable: str
    group: str


TRACES: Final = Signal("OTEL_TRACES_EXPORTER", "opentelemetry_traces_exporter")
LOGS: Final = Signal("OTEL_LOGS_EXPORTER", "opentelemetry_logs_exporter")
METRICS: Final = Signal("OTEL_METRICS_EXPORTER", "opentelemetry_metrics_exporter")


def exporters_of(signal: Signal, names: Iterable[str], protocol: str | None) -> tuple[Callable[..., Any], ...]:
    """What makes the exporters of a signal.

    Args:
        signal: which.
        names: as typed; `otlp` becomes the entry point of its protocol, other names are entry points.
        protocol: by OTEL_EXPORTER_OTLP_PROTOCOL.

    Raises:
        InvalidSetting: an exporter is not installed.
    """
    chosen = [_otlp(signal, protocol) if name == OTLP else name for name in names if name != NONE]
    return tuple(component(signal.group, name, signal.variable) for name in chosen)


def _otlp(signal: Signal, protocol: str | None) -> str:
    if protocol is None:
        installed = named(signal.group)
        return next((one for one in OTLP_BY_PROTOCOL.values() if one in installed), OTLP_BY_PROTOCOL["grpc"])
    if protocol not in OTLP_BY_PROTOCOL:
        raise InvalidSetting("OTEL_EXPORTER_OTLP_PROTOCOL", protocol, ", ".join(OTLP_BY_PROTOCOL))
    return OTLP_BY_PROTOCOL[protocol]
