"""Sentry's wire vocabulary: payload types, limits, item kinds. Pure; knows nothing of OpenTelemetry."""
