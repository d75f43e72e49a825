"""Traces through environment variables: a process started by a process is part of its trace."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from otel_sentry.local.receiver import Receiver

TRACE, SPAN = "771a43a4192642f0b136d5159a501700", "1234567890abcdef"
STARTER = """
import json, os, subprocess, sys
import otel_sentry
from opentelemetry import trace

telemetry = otel_sentry.configure()
with trace.get_tracer("app").start_as_current_span("nightly"):
    environment = telemetry.trace_environment()
    subprocess.run([sys.executable, "job.py"], env={**os.environ, **environment}, check=True)
print(json.dumps([sorted(environment), telemetry.trace_environment()]))
"""
JOB = """
from opentelemetry import trace
import otel_sentry

otel_sentry.configure()
with trace.get_tracer("app").start_as_current_span("job"):
    pass
"""
ZERO_CODE_JOB = JOB.replace("otel_sentry.configure()", "")
ZERO_CODE = {"OTEL_TRACES_EXPORTER": "sentry", "OTEL_PYTHON_DISABLED_INSTRUMENTATIONS": ""}
QUIET = {"OTEL_LOGS_EXPORTER": "none", "OTEL_METRICS_EXPORTER": "none", "OTEL_PYTHON_DISABLED_INSTRUMENTATIONS": "*"}


def test_a_child_is_part_of_its_starters_trace(receiver: Receiver, run_app: Any) -> None:
    """`trace_environment()` hands the trace on; outside a span there is none to hand on."""
    ended = run_app(STARTER, {"SENTRY_DSN": receiver.dsn, **QUIET}, files={"job.py": JOB})
    receiver.wait_for(lambda: len(receiver.spans) == 2)
    spans = {span["name"]: span for span in receiver.plain_spans}

    assert json.loads(ended.stdout) == [["SENTRY_BAGGAGE", "SENTRY_TRACE"], {}]
    assert spans["job"]["parent_span_id"] == spans["nightly"]["span_id"]
    assert spans["job"]["trace_id"] == spans["nightly"]["trace_id"]
    assert spans["job"]["is_segment"] is True
    assert (
        len({tuple(sorted(one.headers["trace"].items())) for one in receiver.envelopes if "trace" in one.headers}) == 1
    )


@pytest.mark.parametrize(
    ("code", "more", "joined"),
    [
        pytest.param(JOB, {}, True, id="configure()"),
        pytest.param(JOB, {"SENTRY_USE_ENVIRONMENT": "false"}, False, id="switched off"),
        pytest.param(JOB, {"SENTRY_TRACE": "nonsense\\r\\n"}, False, id="not readable"),
        pytest.param(ZERO_CODE_JOB, ZERO_CODE, True, id="zero code"),
    ],
)
def test_variables_of_any_starter(
    code: str, more: dict[str, str], joined: bool, receiver: Receiver, run_app: Any
) -> None:
    """A shell script or a CI job can hand a trace on too."""
    variables = {"SENTRY_DSN": receiver.dsn, **QUIET, "SENTRY_TRACE": f"{TRACE}-{SPAN}-1", **more}
    run_app(code, variables, zero_code="OTEL_TRACES_EXPORTER" in more)
    receiver.wait_for(lambda: len(receiver.spans) == 1)
    (span,) = receiver.spans

    assert (span["trace_id"] == TRACE, span.get("parent_span_id") == SPAN) == (joined, joined)
