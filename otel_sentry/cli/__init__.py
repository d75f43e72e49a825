"""The command line `otel-sentry`. Nobody imports this room; it imports the others lazily."""
