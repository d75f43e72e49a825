"""OpenTelemetry values → Sentry payloads. Pure: no I/O, clock, environment, randomness; those come in as arguments."""
