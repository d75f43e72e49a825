"""The ASGI application, set up by one line."""

import otel_sentry

otel_sentry.configure()

from asgi_app import app  # noqa: E402  # instrumentations replace classes, so they come first

__all__ = ["app"]
