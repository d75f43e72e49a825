"""The sample files in `docs/how-to/yaml`, as users run them."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from otel_sentry.local.receiver import Receiver

SAMPLES = Path(__file__).parents[2] / "docs" / "how-to" / "yaml"
APPLICATION = """
import sys, threading
from opentelemetry import propagate, trace
tracer = trace.get_tracer("dapp")
with tracer.start_as_current_span("db.get_user", attributes={"wallet.address": "0x" + "AB" * 20}):
    tracer.start_span("SELECT").end()
    headers = {}
    propagate.inject(headers)
with tracer.start_as_current_span("GET", kind=trace.SpanKind.SERVER, attributes={"url.path": "/healthz"}):
    pass
print(sorted(headers), 'sentry_sdk' in sys.modules, [t.name for t in threading.enumerate() if "sentry" in t.name])
"""
WALLET = "0x" + "ab" * 20


def run(sample: str, run_app: Any, receiver: Receiver, otlp_sink: Any) -> str:
    """Run the application under a sample file; what it printed."""
    variables = {"OTEL_CONFIG_FILE": "otel.yaml", "OTEL_EXPORTER_OTLP_ENDPOINT": otlp_sink.endpoint}
    if sample in {"sentry", "both"}:
        variables["SENTRY_DSN"] = receiver.dsn
    files = {"otel.yaml": (SAMPLES / f"{sample}.yaml").read_text(encoding="utf-8")}
    return str(run_app(APPLICATION, variables, files=files, zero_code=True).stdout)


@pytest.mark.parametrize(
    ("sample", "to_sentry", "to_otlp"),
    [
        pytest.param("sentry", {"db.get_user", "SELECT"}, set(), id="Sentry only, without health checks"),
        pytest.param("otlp", set(), {"db.get_user", "SELECT", "GET"}, id="OTLP only"),
        pytest.param("both", {"db.get_user", "SELECT", "GET"}, {"db.get_user", "SELECT", "GET"}, id="both"),
        pytest.param("collector", set(), {"db.get_user", "SELECT", "GET"}, id="Collector in between"),
    ],
)
def test_a_sample_sends_where_it_says(
    sample: str, to_sentry: set[str], to_otlp: set[str], run_app: Any, receiver: Receiver, otlp_sink: Any
) -> None:
    """Each backend gets its spans, and the process has nothing of Sentry where Sentry gets none."""
    pytest.importorskip("opentelemetry.configuration")
    printed = run(sample, run_app, receiver, otlp_sink)
    receiver.wait_for(lambda: {span["name"] for span in receiver.plain_spans} >= to_sentry)

    assert {span["name"] for span in receiver.plain_spans} == to_sentry
    assert {span.name for span in otlp_sink.spans} == to_otlp
    assert {key.key for span in otlp_sink.spans for key in span.attributes if "sentry" in key.key} == set()
    if to_sentry:
        assert printed.startswith("['baggage', 'sentry-trace', 'traceparent'] True")
        assert {s["attributes"]["user.id"] for s in receiver.plain_spans if s["name"] != "GET"} == {WALLET}
        assert {s["attributes"]["sentry.environment"] for s in receiver.plain_spans} == {"production"}
    else:
        assert printed.strip() == "['traceparent'] False []"
        assert receiver.requests == 0


def test_each_sample_is_tried() -> None:
    """No file in the folder is left out above or in `test_collector_samples.py`."""
    assert {path.stem for path in SAMPLES.glob("*.yaml")} == {
        *("sentry", "otlp", "both", "collector"),
        *("collector-agent", "collector-gateway"),
    }
