"""What `traces_sampler` is told, in sentry-sdk's shape. Pure. Source: protocol page 6.4."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from otel_sentry.propagation.trace import IncomingTrace


def sampling_context(
    *,
    trace_id: int,
    parent_span_id: int | None,
    name: str,
    attributes: Mapping[str, Any] | None,
    incoming: IncomingTrace | None,
    custom: Mapping[str, Any] | None = None,
) -> dict[str, Any]:
    """The argument of `traces_sampler` for a trace that begins or arrives here.

    Args:
        trace_id: 128-bit id.
        parent_span_id: 64-bit id of the caller's span; None at the head of a trace.
        name: of the local root at its start.
        attributes: of the local root at its start; later ones come too late for any sampler.
        incoming: what the caller said, if there is a caller.
        custom: what the application added by `Scope.set_custom_sampling_context`; it wins.
    """
    data = dict(attributes or {})
    return {
        "transaction_context": {
            "trace_id": f"{trace_id:032x}",
            "span_id": None,
            "parent_span_id": None if parent_span_id is None else f"{parent_span_id:016x}",
            "op": data.get("sentry.op"),
            "name": name,
            "description": name,
            "start_timestamp": None,
            "timestamp": None,
            "source": data.get("sentry.segment.name.source"),
            "sampled": None,
            "data": data,
        },
        "parent_sampled": None if incoming is None else incoming.sampled,
        **(custom or {}),
    }
