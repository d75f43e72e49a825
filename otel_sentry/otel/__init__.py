"""Thin OpenTelemetry shells. Stays empty: OpenTelemetry imports the propagator inside its own import."""
