"""`otel-sentry doctor`: what would happen to telemetry here, why, and what to type instead.

Facts come in at one edge (`otel_sentry.facts`, the answers in `answering.py` and `stored.py`); each file of `checks` is
a few functions from facts to findings. Only the command line imports this room.
"""
