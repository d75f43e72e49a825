"""Backends by configuration: the same file, started in both ways, with every choice of OTEL_TRACES_EXPORTER."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from otel_sentry.cli.demo_witness import recorded_spans

if TYPE_CHECKING:
    from otel_sentry.local.receiver import Receiver

WALLET = "0x" + "ab" * 20
APPLICATION = """
import json, os, sys, threading
import otel_sentry
from opentelemetry import propagate, trace

otel_sentry.configure()
tracer = trace.get_tracer("dapp")
headers = {}
with tracer.start_as_current_span("db.get_user", attributes={"wallet.address": "0x" + "AB" * 20}):
    with tracer.start_as_current_span("SELECT", attributes={"db.system": "sqlite"}):
        propagate.inject(headers)
with open("facts.json", "w") as file:
    threads = sorted(thread.name for thread in threading.enumerate() if "sentry" in thread.name.lower())
    json.dump({"headers": sorted(headers), "sentry_sdk": "sentry_sdk" in sys.modules, "threads": threads}, file)
print(os.path.abspath("facts.json"))
"""
TREE = {("db.get_user", None, WALLET), ("SELECT", "db.get_user", None)}
WITH_SENTRY = {"headers": ["baggage", "sentry-trace", "traceparent"], "sentry_sdk": True}
WITHOUT = {"headers": ["traceparent"], "sentry_sdk": False, "threads": []}


def tree(spans: list[tuple[str, str, str | None, Any]]) -> set[tuple[str, str | None, Any]]:
    """Name, parent's name and user of each span, from (id, name, parent's id, user)."""
    names = {span_id: name for span_id, name, _, _ in spans}
    return {(name, names.get(parent or ""), user) for _, name, parent, user in spans}


def otlp_tree(spans: list[Any]) -> set[tuple[str, str | None, Any]]:
    def user(span: Any) -> str | None:
        return next((one.value.string_value for one in span.attributes if one.key == "user.id"), None)

    return tree([(span.span_id.hex(), span.name, span.parent_span_id.hex(), user(span)) for span in spans])


@pytest.mark.parametrize("way", ["configure", "opentelemetry-instrument"])
@pytest.mark.parametrize("exporters", ["sentry", "otlp", "sentry,otlp", "console", "none"])
def test_the_same_file_feeds_what_is_named(
    exporters: str, way: str, receiver: Receiver, run_app: Any, otlp_sink: Any
) -> None:
    """Each named backend has the tree with the wallet as user; without Sentry nothing of it is left in the process."""
    variables = {
        "SENTRY_DSN": receiver.dsn,
        "OTEL_TRACES_EXPORTER": exporters,
        "OTEL_LOGS_EXPORTER": "none",
        "OTEL_METRICS_EXPORTER": "none",
        "OTEL_EXPORTER_OTLP_PROTOCOL": "http/protobuf",
        "OTEL_EXPORTER_OTLP_ENDPOINT": otlp_sink.endpoint,
    }
    ended = run_app(APPLICATION, variables, zero_code=way != "configure")
    names = exporters.split(",")
    printed, _, rest = ended.stdout.partition("facts.json")
    with open(f"{printed}facts.json", encoding="utf-8") as file:  # noqa: PTH123  # as the application wrote it
        facts = json.load(file)
    receiver.wait_for(lambda: "sentry" not in names or len(receiver.spans) >= len(TREE))

    at_sentry = receiver.plain_spans
    assert len(at_sentry) == ("sentry" in names) * len(TREE)
    sentry = tree([(s["span_id"], s["name"], s.get("parent_span_id"), WALLET) for s in at_sentry])
    assert sentry == ({(name, parent, WALLET) for name, parent, _ in TREE} if at_sentry else set())
    assert {span["attributes"]["user.id"] for span in at_sentry} <= {WALLET}
    assert otlp_tree(otlp_sink.spans) == (TREE if "otlp" in names else set())
    console = [(s.span_id, s.name, s.parent_id, s.attributes.get("user.id")) for s in recorded_spans(printed + rest)]
    assert tree(console) == (TREE if "console" in names else set())
    assert "sentry." not in rest
    assert [key.key for span in otlp_sink.spans for key in span.attributes if "sentry" in key.key] == []
    assert facts == (WITHOUT if "sentry" not in names else {**WITH_SENTRY, "threads": facts["threads"]})
    assert receiver.requests == 0 or "sentry" in names
