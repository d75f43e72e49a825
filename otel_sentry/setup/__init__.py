"""Sets OpenTelemetry and sentry-sdk up: `configure()` and the instrumentor. The only room that touches their globals."""
