"""What otel_sentry costs beside its peers, measured.

Rule: every figure is a count, or a ratio to FLOOR (the bare OpenTelemetry SDK without a processor) taken in the same
instants; each peer runs in a fresh process, with its defaults, against a sink of its own.
"""
