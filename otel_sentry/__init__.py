"""Write OpenTelemetry, see Sentry, leave any time. Lazy: OpenTelemetry imports our propagator inside its own import."""

from __future__ import annotations

from otel_sentry._version import __version__

__all__ = ["__version__"]
