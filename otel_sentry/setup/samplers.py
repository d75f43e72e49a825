"""The sampler of a new provider, by OTEL_TRACES_SAMPLER."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Final

from opentelemetry.sdk.trace import sampling

from otel_sentry.errors import InvalidSetting
from otel_sentry.setup.entry_points import component, made

if TYPE_CHECKING:
    from otel_sentry.settings.settings import Settings

GROUP: Final = "opentelemetry_traces_sampler"
VARIABLE: Final = "OTEL_TRACES_SAMPLER"
ARGUMENT_VARIABLE: Final = "OTEL_TRACES_SAMPLER_ARG"

STANDARD: Final[dict[str, Callable[[float], sampling.Sampler]]] = {
    "always_on": lambda _: sampling.ALWAYS_ON,
    "always_off": lambda _: sampling.ALWAYS_OFF,
    "parentbased_always_on": lambda _: sampling.DEFAULT_ON,
    "parentbased_always_off": lambda _: sampling.DEFAULT_OFF,
    "traceidratio": sampling.TraceIdRatioBased,
    "parentbased_traceidratio": sampling.ParentBasedTraceIdRatio,
}
"""OpenTelemetry's own names → sampler of the rate in OTEL_TRACES_SAMPLER_ARG."""


def sampler_of(settings: Settings) -> sampling.Sampler | None:
    """The sampler that is named; None leaves it to OpenTelemetry.

    Raises:
        InvalidSetting: it is not installed, cannot be made, or its argument cannot be used.
    """
    name, argument = settings.traces_sampler_name, settings.traces_sampler_argument
    if name is None:
        return None
    if name.lower() in STANDARD:
        return STANDARD[name.lower()](_rate(argument))
    sampler = made(component(GROUP, name, VARIABLE), name, VARIABLE, argument)
    if not isinstance(sampler, sampling.Sampler):
        raise InvalidSetting(VARIABLE, name, f"a sampler; this one is {type(sampler).__qualname__}")
    return sampler


def _rate(argument: str | None) -> float:
    """The rate of a ratio sampler.

    Raises:
        InvalidSetting: it is none.
    """
    try:
        rate = float(argument) if argument else 1.0
        sampling.TraceIdRatioBased(rate)
    except ValueError:
        raise InvalidSetting(ARGUMENT_VARIABLE, argument or "", "a number from 0 to 1") from None
    return rate
