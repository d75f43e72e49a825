"""An application that fails, and how to read what became of it."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable

    from opentelemetry import trace

WALLET = "0x" + "Ab" * 20
needs_groups = pytest.mark.skipif(sys.version_info < (3, 11), reason="exception groups came with Python 3.11")


def fail(message: str = "boom") -> None:
    """The raise that all tests look for."""
    number = 3
    raise ValueError(message, number) if message == "args" else ValueError(message)


def values(event: dict[str, Any]) -> list[dict[str, Any]]:
    """The exceptions of an event, oldest first."""
    return event["exception"]["values"]


def types(event: dict[str, Any]) -> list[str]:
    """Their types."""
    return [value["type"] for value in values(event)]


def functions(value: dict[str, Any]) -> list[str]:
    """Functions of an exception's frames, caller first."""
    return [frame["function"] for frame in value["stacktrace"]["frames"]]


def handled(event: dict[str, Any]) -> bool:
    """What the event says of its last exception."""
    return values(event)[-1]["mechanism"]["handled"]


def caught(tracer: trace.Tracer, names: list[str], work: Callable[[], None], catch: bool = True) -> None:
    """Run `work` in nested spans; the exception leaves them all, or is caught in the first."""
    if not names:
        work()
        return
    with tracer.start_as_current_span(names[0]):
        if catch and len(names) > 1:
            with pytest.raises(ValueError, match="boom"):
                caught(tracer, names[1:], work, catch=False)
        else:
            caught(tracer, names[1:], work, catch=False)
