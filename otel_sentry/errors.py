"""What otel_sentry raises, as a tree.

OtelSentryError
├── InvalidSetting     a setting cannot be used; names variable, masked value and what is allowed
├── MissingExtra       an optional package is not installed; says what to type
└── MalformedEnvelope  bytes that are no Sentry envelope; says where and why

User input raises at start-up; running telemetry never raises into the application.
"""

from __future__ import annotations


class OtelSentryError(Exception):
    """Base of everything this package raises on purpose."""


class InvalidSetting(OtelSentryError, ValueError):
    """A setting has a value that cannot be used.

    Args:
        variable: name that the user typed (an environment variable or a keyword).
        value: the refused value as it may be shown; the caller masks secrets.
        allowed: what would be accepted, as the end of "…: allowed is".
    """

    def __init__(self, variable: str, value: str, allowed: str) -> None:
        self.variable = variable
        self.value = value
        self.allowed = allowed
        super().__init__(f"{variable}={value!r} cannot be used; allowed: {allowed}")


class MalformedEnvelope(OtelSentryError, ValueError):
    """Bytes that do not follow Sentry's envelope grammar."""


class MissingExtra(OtelSentryError, ImportError):
    """A part of the package needs an extra that is not installed; says what to type.

    Args:
        part: what was asked for, as the start of the sentence.
        extra: name of the extra.
    """

    def __init__(self, part: str, extra: str) -> None:
        super().__init__(f"{part} needs packages that are not installed: pip install 'otel-sentry[{extra}]'")
