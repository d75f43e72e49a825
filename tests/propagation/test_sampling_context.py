"""What `traces_sampler` is told."""

from __future__ import annotations

from otel_sentry.propagation.sampling_context import sampling_context
from otel_sentry.propagation.trace import IncomingTrace


def test_head_of_a_trace() -> None:
    """The shape is sentry-sdk's for a streamed span without caller."""
    attributes = {"sentry.op": "http.server", "sentry.segment.name.source": "route", "http.route": "/"}
    found = sampling_context(trace_id=1, parent_span_id=None, name="GET /", attributes=attributes, incoming=None)

    assert found == {
        "transaction_context": {
            "trace_id": "0" * 31 + "1",
            "span_id": None,
            "parent_span_id": None,
            "op": "http.server",
            "name": "GET /",
            "description": "GET /",
            "start_timestamp": None,
            "timestamp": None,
            "source": "route",
            "sampled": None,
            "data": attributes,
        },
        "parent_sampled": None,
    }


def test_continued_trace() -> None:
    """The caller's span and decision are there; what the application adds wins."""
    found = sampling_context(
        trace_id=1,
        parent_span_id=2,
        name="x",
        attributes=None,
        incoming=IncomingTrace(1, 2, sampled=False, dsc={}),
        custom={"shop": "a", "parent_sampled": True},
    )

    assert found["transaction_context"]["parent_span_id"] == "0" * 15 + "2"
    assert found["transaction_context"]["data"] == {}
    assert found["shop"] == "a"
    assert found["parent_sampled"] is True
