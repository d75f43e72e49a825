"""What Sentry does not get."""

from __future__ import annotations

from typing import Any

import pytest
from opentelemetry.trace import SpanKind

from otel_sentry.convert.ignore import compile_ignore


@pytest.mark.parametrize(
    ("kind", "attributes", "expected"),
    [
        pytest.param(SpanKind.SERVER, {"url.path": "/healthz"}, True, id="path"),
        pytest.param(SpanKind.SERVER, {"http.target": "/health/?verbose"}, True, id="old convention"),
        pytest.param(SpanKind.SERVER, {"http.route": "/actuator/health"}, True, id="Spring"),
        pytest.param(SpanKind.SERVER, {"url.path": "/__lbheartbeat__"}, True, id="Dockerflow"),
        pytest.param(
            SpanKind.SERVER, {"url.path": "/", "user_agent.original": "kube-probe/1.30"}, True, id="Kubernetes"
        ),
        pytest.param(SpanKind.SERVER, {"rpc.service": "grpc.health.v1.Health"}, True, id="gRPC"),
        pytest.param(SpanKind.SERVER, {"url.path": "/healthy-recipes"}, False, id="a longer path"),
        pytest.param(SpanKind.SERVER, {"url.path": "/users/ping"}, False, id="a deeper path"),
        pytest.param(SpanKind.CLIENT, {"url.full": "https://a/healthz"}, False, id="asking others is no noise"),
        pytest.param(SpanKind.SERVER, {}, False, id="nothing known"),
    ],
)
def test_health(kind: SpanKind, attributes: dict[str, Any], expected: bool) -> None:
    """The preset names requests that only ask whether this process lives."""
    ignore = compile_ignore(["health"])
    assert ignore is not None

    assert ignore("GET", kind, attributes) is expected


def test_entries_are_alternatives() -> None:
    """A span that one entry names is ignored; the preset is off unless it is named."""
    ignore = compile_ignore(("GET /a", "/b", "c=d"))
    assert ignore is not None

    assert ignore("GET /a", SpanKind.SERVER, {})
    assert ignore("x", SpanKind.INTERNAL, {"url.path": "/b"})
    assert ignore("x", SpanKind.INTERNAL, {"c": "d"})
    assert not ignore("GET /healthz", SpanKind.SERVER, {"url.path": "/healthz"})


def test_no_entries_no_filter() -> None:
    """Nothing is asked where nothing is ignored."""
    assert compile_ignore(()) is None


def test_bad_entries_are_refused() -> None:
    """An expression that cannot be read is refused when the filter is made."""
    with pytest.raises(ValueError, match="regular expression"):
        compile_ignore(["/(/"])
