"""A span is a run of a cron monitor: what the embedded Sentry gets of it."""

from __future__ import annotations

import subprocess
from typing import TYPE_CHECKING, Any

import pytest

from otel_sentry.settings.child_processes import child_environment

if TYPE_CHECKING:
    from otel_sentry.local.receiver import Receiver

JOBS = """
import contextlib
import otel_sentry
telemetry = otel_sentry.configure()
from opentelemetry import trace
tracer = trace.get_tracer("jobs")
nightly = {"sentry.monitor.slug": "nightly", "sentry.monitor.schedule": "0 3 * * *", "sentry.monitor.max_runtime": 30}
with tracer.start_as_current_span("nightly", attributes=nightly):
    pass
with contextlib.suppress(ValueError), tracer.start_as_current_span("hourly") as span:
    span.set_attribute("sentry.monitor.slug", "hourly")
    raise ValueError("no")
with tracer.start_as_current_span("task"):
    tracer.start_span("inner", attributes={"sentry.monitor.slug": "inner"}).end()
running = tracer.start_span("running", attributes={"sentry.monitor.slug": "running"})
telemetry.shutdown()
"""


@pytest.mark.parametrize(
    "variables",
    [
        pytest.param({}, id="sampled"),
        pytest.param({"SENTRY_TRACES_SAMPLE_RATE": "0"}, id="unsampled"),
        pytest.param({"OTEL_SENTRY_ERRORS_ONLY": "true"}, id="errors only"),
    ],
)
def test_check_ins(variables: dict[str, str], receiver: Receiver, bare_python: str) -> None:
    """Begin and end, how it went, what the monitor is; whether Sentry gets the trace or not."""
    environment = {
        "SENTRY_DSN": receiver.dsn,
        **variables,
        "SENTRY_ENVIRONMENT": "test",
        "OTEL_SENTRY_SHUTDOWN_TIMEOUT": "20",
    }
    run = subprocess.run(
        [bare_python, "-c", JOBS], env=child_environment(environment), capture_output=True, check=False, text=True
    )
    assert run.returncode == 0, run.stderr
    seen: dict[str, list[dict[str, Any]]] = {}
    for check_in in receiver.check_ins:
        seen.setdefault(check_in["monitor_slug"], []).append(check_in)
    begin, end = sorted(seen["nightly"], key=lambda one: "duration" in one)

    assert (begin["status"], end["status"], begin["check_in_id"]) == ("in_progress", "ok", end["check_in_id"])
    assert end["monitor_config"] == {"schedule": {"type": "crontab", "value": "0 3 * * *"}, "max_runtime": 30}
    assert (end["environment"], end["duration"] >= 0) == ("test", True)
    assert [one["status"] for one in seen["hourly"]] == ["error"]
    assert sorted(one["status"] for one in seen["inner"]) == ["in_progress", "ok"]
    assert [one["status"] for one in seen["running"]] == ["in_progress"]
    assert receiver.problems == []
