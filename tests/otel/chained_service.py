"""One process of `test_three_processes`: reads headers from standard input, writes headers to standard output.

The first one reads numbers instead. Each line is a request; the propagators are the global ones.
"""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path

from opentelemetry import propagate, trace
from opentelemetry.context import attach, detach
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

OTHER_BACKEND = InMemorySpanExporter()


def serve(tracer: trace.Tracer, line: str) -> dict[str, str]:
    """A request with a call to the next service."""
    caller = json.loads(line)
    headers: dict[str, str] = {}
    token = attach(propagate.extract(caller if isinstance(caller, dict) else {}))
    with tracer.start_as_current_span("request", kind=trace.SpanKind.SERVER):
        propagate.inject(headers)
    detach(token)
    return headers


def main(role: str, trace_ids: str) -> None:
    """Serve until standard input ends; then write the trace ids that another backend has seen to a file."""
    telemetry = None
    if role != "sampled at the head":
        provider = TracerProvider()
        if role == "beside another backend":
            provider.add_span_processor(SimpleSpanProcessor(OTHER_BACKEND))
        trace.set_tracer_provider(provider)
    if role != "knows W3C only":
        import otel_sentry  # noqa: PLC0415  # the hop without Sentry does without

        telemetry = otel_sentry.configure()
    tracer = trace.get_tracer("chain")
    for line in sys.stdin:
        sys.stdout.write(json.dumps(serve(tracer, line)) + "\n")
    sys.stdout.flush()
    os.close(sys.stdout.fileno())  # the next process is to end; Python's own `close` leaves standard output open
    if telemetry is not None:
        telemetry.flush(float(os.environ["OTEL_SENTRY_SHUTDOWN_TIMEOUT"]))
    found = [f"{span.context.trace_id:032x}\n" for span in OTHER_BACKEND.get_finished_spans()]
    Path(trace_ids).write_text("".join(found), encoding="utf-8")
    os._exit(0)  # standard output is closed already, about which Python would complain


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2])
