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
