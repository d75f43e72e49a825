"""The test kit: what an application would send, captured by its whole real pipeline. `pip install otel-sentry` has it.

pytest finds the fixture `sentry` by itself. Names are loaded when they are first used: a suite that does not use the
kit pays for nothing. The kit sees Sentry's side only (a DSN, envelopes); the pipeline it sets up is the one that
`otel_sentry.configure()` sets up.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from otel_sentry.testing.captured import CapturedIssue, CapturedLog, CapturedMetric, CapturedSpan, CapturedUser
    from otel_sentry.testing.generators import IncrementalIdGenerator, TimeGenerator
    from otel_sentry.testing.sentry_capture import SentryCapture

__all__ = [
    "CapturedIssue",
    "CapturedLog",
    "CapturedMetric",
    "CapturedSpan",
    "CapturedUser",
    "IncrementalIdGenerator",
    "SentryCapture",
    "TimeGenerator",
]

_HOME = {
    "CapturedIssue": "captured",
    "CapturedLog": "captured",
    "CapturedMetric": "captured",
    "CapturedSpan": "captured",
    "CapturedUser": "captured",
    "IncrementalIdGenerator": "generators",
    "SentryCapture": "sentry_capture",
    "TimeGenerator": "generators",
}
"""Public name → the module that has it."""


if not TYPE_CHECKING:  # so that type checkers find misspelt names

    def __getattr__(name: str) -> Any:
        """Load a public name (PEP 562)."""
        home = _HOME.get(name)
        if home is None:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        return getattr(import_module(f"{__name__}.{home}"), name)


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
