"""Logs and metrics follow their own variables, with `configure()` as with `opentelemetry-instrument`."""

from __future__ import annotations

import json
from typing import Any

import pytest

from otel_sentry.errors import InvalidSetting
from otel_sentry.setup.configure import configure

APPLICATION = """
import json
from opentelemetry import _logs, metrics
import otel_sentry
telemetry = otel_sentry.configure()
metrics.get_meter("dapp").create_counter("mints").add(3)
_logs.get_logger("dapp").emit(_logs.LogRecord(body="minted", timestamp=1, severity_number=_logs.SeverityNumber.INFO))
print(json.dumps(["flushed", telemetry.flush(5.0)]))
"""
OWN_METER_PROVIDER = """
from opentelemetry import metrics
from opentelemetry.sdk.metrics import MeterProvider
metrics.set_meter_provider(MeterProvider())
"""


def test_logs_and_metrics_go_to_the_exporters_named(run_app: Any) -> None:
    """Without a DSN, without traces: what is asked for is set up, and `flush()` covers it."""
    printed = run_app(APPLICATION, {"OTEL_LOGS_EXPORTER": "console", "OTEL_METRICS_EXPORTER": "console"}).stdout

    assert '"body": "minted"' in printed
    assert '"name": "mints"' in printed
    assert '["flushed", true]' in printed


def test_nothing_is_set_up_unasked(run_app: Any) -> None:
    """Unset variables, and `none`, set up nothing."""
    printed = run_app(APPLICATION, {"OTEL_LOGS_EXPORTER": "none"}).stdout

    assert json.loads(printed) == ["flushed", True]


def test_a_provider_that_is_there_stays(run_app: Any) -> None:
    """Whoever made a meter provider decides where its metrics go."""
    printed = run_app(OWN_METER_PROVIDER + APPLICATION, {"OTEL_METRICS_EXPORTER": "console"}).stdout

    assert "mints" not in printed


@pytest.mark.parametrize("keyword", ["logs_exporters", "metrics_exporters"])
def test_an_unknown_exporter_is_refused(keyword: str) -> None:
    """A misspelt exporter is named together with what is installed."""
    with pytest.raises(InvalidSetting, match=r"_EXPORTER='sentri' cannot be used; allowed: .*console"):
        configure(**{keyword: "sentri"})


SENTRY_APPLICATION = """
import logging
import sentry_sdk
{before}
import otel_sentry
telemetry = otel_sentry.configure()
{after}
from opentelemetry import _logs, metrics
logging.basicConfig(level=logging.INFO, force=False)
metrics.get_meter("dapp").create_histogram("latency", unit="ms").record(12.5)
with telemetry.start_span("mint"), otel_sentry.use_wallet("0x" + "5a" * 20):
    logging.getLogger("shop").info("minted %s for %d", "owl", 7, extra={{"chain": 1}})
    try:
        1 / 0
    except ZeroDivisionError:
        logging.getLogger("shop").exception("mint of %s failed", "owl")
    try:
        raise KeyError("native")
    except KeyError as error:
        attributes = {{"exception.type": "KeyError", "exception.message": str(error)}}
        _logs.get_logger("native").emit(_logs.LogRecord(
            body="native", severity_number=_logs.SeverityNumber.ERROR, attributes=attributes))
{end}
"""
LOGS_AND_METRICS = {
    "OTEL_LOGS_EXPORTER": "sentry",
    "OTEL_METRICS_EXPORTER": "sentry",
    "OTEL_PYTHON_LOGGING_AUTO_INSTRUMENTATION_ENABLED": "true",
}


def values(item: dict[str, Any]) -> dict[str, Any]:
    """Attributes without their types."""
    return {name: typed["value"] for name, typed in item["attributes"].items()}


@pytest.mark.parametrize(
    "end", [pytest.param("print(telemetry.flush(5.0))", id="flush"), pytest.param("", id="end of the process")]
)
def test_logs_and_metrics_reach_sentry(run_app: Any, receiver: Any, end: str) -> None:
    """With template, parameters, logger, code, user and trace; each exception is one issue; at exit too."""
    code = SENTRY_APPLICATION.format(before="", after="", end=end)
    run_app(code, {**LOGS_AND_METRICS, "SENTRY_DSN": receiver.dsn})
    receiver.wait_for(lambda: len(receiver.logs) >= 3 and receiver.metrics and len(receiver.events) >= 2)
    logs = {log["body"]: log for log in receiver.logs}
    minted = values(logs["minted owl for 7"])
    trace_id = receiver.spans[0]["trace_id"]

    assert len(receiver.logs) == 3
    assert (
        minted.items()
        >= {
            "sentry.message.template": "minted %s for %d",
            "sentry.message.parameter.0": "owl",
            "sentry.message.parameter.1": 7,
            "logger.name": "shop",
            "code.function.name": "<module>",
            "chain": 1,
            "user.id": "0x" + "5a" * 20,
        }.items()
    )
    assert {log["trace_id"] for log in receiver.logs} == {trace_id}
    assert logs["mint of owl failed"]["level"] == "error"
    assert sorted(event["exception"]["values"][-1]["type"] for event in receiver.events) == [
        "KeyError",
        "ZeroDivisionError",
    ]
    assert [(metric["name"], metric["value"]) for metric in receiver.metrics if metric["name"] == "latency"] == [
        ("latency", 12.5)
    ]


def test_the_client_of_the_application_rules(run_app: Any, receiver: Any) -> None:
    """A later `sentry_sdk.init`: its release and its hooks hold for logs and metrics."""
    after = (
        "sentry_sdk.init(release='9.9', enable_logs=False,"
        " before_send_log=lambda log, hint: log if 'minted' in log['body'] else None)"
    )
    code = SENTRY_APPLICATION.format(before="", after=after, end="telemetry.flush(5.0)")
    run_app(code, {**LOGS_AND_METRICS, "SENTRY_DSN": receiver.dsn})
    receiver.wait_for(lambda: receiver.logs and receiver.metrics)

    assert [log["body"] for log in receiver.logs] == ["minted owl for 7"]
    assert values(receiver.logs[0])["sentry.release"] == "9.9"
    assert values(receiver.metrics[0])["sentry.release"] == "9.9"


@pytest.mark.parametrize("order", ["before", "after"])
def test_logs_of_sentry_sdk_are_not_sent_beside_ours(run_app: Any, receiver: Any, order: str) -> None:
    """An application whose own `init` has `enable_logs` finds each line once."""
    init = f"sentry_sdk.init(dsn={receiver.dsn!r}, enable_logs=True)"
    code = SENTRY_APPLICATION.format(**{"before": "", "after": "", order: init}, end="telemetry.flush(5.0)")
    run_app(code, {**LOGS_AND_METRICS, "SENTRY_DSN": receiver.dsn})
    receiver.wait_for(lambda: len(receiver.logs) >= 3 and len(receiver.events) >= 2)

    assert sorted(log["body"] for log in receiver.logs) == ["mint of owl failed", "minted owl for 7", "native"]


def test_without_code_exporters_of_the_environment_are_joined(run_app: Any, receiver: Any) -> None:
    """`opentelemetry-instrument` made the providers; users and issues are there all the same."""
    code = SENTRY_APPLICATION.format(before="", after="", end="telemetry.flush(5.0)")
    environ = {**LOGS_AND_METRICS, "SENTRY_DSN": receiver.dsn, "OTEL_TRACES_EXPORTER": "sentry"}
    del environ["OTEL_PYTHON_LOGGING_AUTO_INSTRUMENTATION_ENABLED"]
    run_app(code, environ, zero_code=True)
    receiver.wait_for(lambda: receiver.logs and receiver.metrics and len(receiver.events) >= 2)

    assert [log["body"] for log in receiver.logs] == ["native"]
    assert values(receiver.logs[0])["user.id"] == "0x" + "5a" * 20
    assert len(receiver.events) == 2
