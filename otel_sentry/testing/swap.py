"""Two versions of what is global in a process: the suite's own and the test kit's. Around a test they change places.

A suite keeps its providers, propagators and sentry-sdk client; outside of tests that ask for the kit nothing of it is
there. Some of this state has no public name. What a version of a library does not have is left alone.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

import opentelemetry._logs._internal as logs
import opentelemetry.metrics._internal as metrics
import sentry_sdk
import sentry_sdk.scope as scopes
from opentelemetry import propagate, trace
from opentelemetry.instrumentation import propagators

_ABSENT: Final = object()


@dataclass(frozen=True, slots=True)
class Slot:
    """One place where state lives."""

    get: Callable[[], Any]
    put: Callable[[Any], None]


def attribute(holder: object, name: str) -> Slot:
    """An attribute of a module or object, which may be absent."""

    def put(value: Any) -> None:
        if value is not _ABSENT:
            setattr(holder, name, value)
        elif hasattr(holder, name):
            delattr(holder, name)

    return Slot(lambda: getattr(holder, name, _ABSENT), put)


def content(listed: list[Any]) -> Slot:
    """What a list holds."""

    def put(values: Any) -> None:
        listed[:] = values

    return Slot(lambda: tuple(listed), put)


def variable(name: str) -> Slot:
    """An environment variable, which may be unset."""

    def put(value: Any) -> None:
        if value is _ABSENT:
            os.environ.pop(name, None)
        else:
            os.environ[name] = value

    return Slot(lambda: os.environ.get(name, _ABSENT), put)


class Swap:
    """Slots, and the values they have while the other side is at home.

    Args:
        slots: the places.
    """

    def __init__(self, slots: list[Slot]) -> None:
        self._slots = slots
        self._inside: dict[Slot, Any] = {}
        self._outside: dict[Slot, Any] = {}
        self.entered = False

    def add(self, slot: Slot, *, outside: Any) -> None:
        """Another place, while inside."""
        self._slots.append(slot)
        self._outside[slot] = outside

    def enter(self) -> None:
        """The suite's values are put away; the kit's, if there are some already, come."""
        self._outside |= {slot: slot.get() for slot in self._slots}
        for slot, value in self._inside.items():
            slot.put(value)
        self.entered = True

    def leave(self) -> None:
        """The other way round."""
        self._inside = {slot: slot.get() for slot in self._slots}
        for slot in self._slots:
            slot.put(self._outside[slot])
        self.entered = False


def global_slots() -> list[Slot]:
    """Everything that `otel_sentry.configure()` sets or joins, as it is in this process."""
    scope = sentry_sdk.get_global_scope()
    slots = [
        attribute(trace, "_TRACER_PROVIDER"),
        attribute(trace._TRACER_PROVIDER_SET_ONCE, "_done"),  # noqa: SLF001
        attribute(metrics, "_METER_PROVIDER"),
        attribute(metrics._METER_PROVIDER_SET_ONCE, "_done"),  # noqa: SLF001
        attribute(logs, "_LOGGER_PROVIDER"),
        attribute(logs._LOGGER_PROVIDER_SET_ONCE, "_done"),  # noqa: SLF001
        attribute(propagate, "_HTTP_TEXT_FORMAT"),
        attribute(propagators, "_RESPONSE_PROPAGATOR"),
        attribute(scope, "__class__"),
        attribute(scope, "client"),
        content(scopes.global_event_processors),
        attribute(scopes, "_external_propagation_context_fn"),
        variable("SENTRY_DSN"),
        variable("OTEL_SDK_DISABLED"),
    ]
    return slots + provider_slots(trace.get_tracer_provider())


def provider_slots(provider: object) -> list[Slot]:
    """What is added to a tracer provider that the suite has set."""
    processors = getattr(provider, "_active_span_processor", None)
    if processors is None:
        return []
    return [attribute(processors, "_span_processors"), attribute(provider, "_otel_sentry_telemetry")]
