"""Where a span comes from."""

from __future__ import annotations

from typing import Any

import pytest

from otel_sentry.convert.origin import sentry_origin


@pytest.mark.parametrize(
    ("explicit", "scope", "op", "origin"),
    [
        pytest.param(None, "app", None, "manual", id="the application"),
        pytest.param(None, "", "db", "manual", id="no scope"),
        pytest.param(
            None, "opentelemetry.instrumentation.fastapi", "http.server", "auto.http.otel.fastapi", id="server"
        ),
        pytest.param(None, "opentelemetry.instrumentation.sqlite3", "db", "auto.db.otel.sqlite3", id="database"),
        pytest.param(None, "opentelemetry.instrumentation.asgi", None, "auto.default.otel.asgi", id="no op"),
        pytest.param(
            None, "opentelemetry.instrumentation.celery", "queue.process", "auto.queue.otel.celery", id="queue"
        ),
        pytest.param(
            None,
            "opentelemetry.instrumentation.botocore.bedrock-runtime",
            "gen_ai.chat",
            "auto.gen_ai.otel.botocore.bedrock_runtime",
            id="part of a library",
        ),
        pytest.param(
            None, "openinference.instrumentation.openai", "gen_ai", "auto.gen_ai.otel.openai", id="OpenInference"
        ),
        pytest.param(None, "otel_sentry.instrumentation.files", "file", "auto.file.otel.files", id="ours"),
        pytest.param(None, "mcp-python-sdk", "mcp.server", "auto.mcp.otel.mcp", id="library with spans of its own"),
        pytest.param(
            None, "google.cloud.storage", "rpc", "auto.rpc.otel.google_cloud", id="by the beginning of a name"
        ),
        pytest.param(None, "google.cloudy", None, "manual", id="not by a part of a word"),
        pytest.param(None, "myapp.instrumentation.web", None, "manual", id="an application's own module"),
        pytest.param(None, "opentelemetry.instrumentation.", None, "manual", id="prefix alone"),
        pytest.param("auto.x.y", "app", None, "auto.x.y", id="explicit"),
        pytest.param("my origin/ü", "app", None, "my_origin__", id="explicit, forbidden signs"),
        pytest.param("a" * 200, "app", None, "a" * 128, id="explicit, too long"),
        pytest.param(None, "opentelemetry.instrumentation.x", "my op!", "auto.my_op_.otel.x", id="odd op"),
    ],
)
def test_origin(explicit: Any, scope: str, op: str | None, origin: str) -> None:
    """`manual` for the application, `auto.<category>.otel.<library>` for instrumentations, explicit before both."""
    assert sentry_origin(explicit, scope, op) == origin
