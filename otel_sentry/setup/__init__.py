"""Sets OpenTelemetry and sentry-sdk up: `configure()`, the instrumentor. The only room that touches their globals."""
