"""The Celery tasks, set up by one line."""

import sys

import otel_sentry

otel_sentry.configure()

from tasks import app, send  # noqa: E402  # instrumentations replace classes, so they come first

__all__ = ["app"]

if __name__ == "__main__":
    send(int(sys.argv[1]))
