"""Thin OpenTelemetry shells: processor, exporters, propagator, sampler. Stays empty: the propagator is imported inside OpenTelemetry's own import."""
