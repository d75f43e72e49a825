"""The version of this distribution; hatch reads it, telemetry carries it as `sentry.sdk.version`."""

__version__ = "0.1.0"
