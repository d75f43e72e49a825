"""The instrumentor: a mistake is one error line, and the application runs on."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from otel_sentry.local.receiver import Receiver

APPLICATION = """
from opentelemetry import trace
with trace.get_tracer("dapp").start_as_current_span("work"):
    print("ran")
"""
NONE_BUT_SENTRY = {"OTEL_TRACES_EXPORTER": "sentry", "OTEL_LOGS_EXPORTER": "none", "OTEL_METRICS_EXPORTER": "none"}


def error_lines(text: str) -> list[str]:
    """What was logged about us."""
    return [line for line in text.splitlines() if "otel_sentry" in line]


@pytest.mark.parametrize(
    ("variables", "part"),
    [
        pytest.param({"SENTRY_DSN": "https://topsecret@host/x"}, "SENTRY_DSN='https://[Filtered]@host/x'", id="DSN"),
        pytest.param({"SENTRY_TRACES_SAMPLE_RATE": "7"}, "SENTRY_TRACES_SAMPLE_RATE='7'", id="rate"),
        pytest.param({"OTEL_SENTRY_WIRE_FORMAT": "smoke"}, "OTEL_SENTRY_WIRE_FORMAT='smoke'", id="wire format"),
    ],
)
@pytest.mark.parametrize("distro", [True, False], ids=["with distro", "without distro"])
def test_a_bad_setting_is_one_error_line(
    distro: bool,
    variables: dict[str, str],
    part: str,
    receiver: Receiver,
    run_app: Any,
    python_with_distro: str,
    python_without_distro: str,
) -> None:
    """In zero-code mode a mistake never stops the application; nothing goes to Sentry."""
    environ = {"SENTRY_DSN": receiver.dsn, **NONE_BUT_SENTRY, **variables}
    ended = run_app(
        APPLICATION, environ, zero_code=True, python=python_with_distro if distro else python_without_distro
    )

    assert ended.stdout == "ran\n"
    assert [part in line for line in error_lines(ended.stderr)] == [True]
    assert "topsecret" not in ended.stderr
    assert receiver.requests == 0


def test_no_dsn_is_silent(run_app: Any, python_without_distro: str) -> None:
    """Installed but not asked for: nothing is logged, nothing is set up."""
    look = "print(type(trace.get_tracer_provider()).__name__)\n"
    ended = run_app(APPLICATION + look, zero_code=True, python=python_without_distro)

    assert ended.stdout == "ran\nProxyTracerProvider\n"
    assert error_lines(ended.stderr) == []


def test_it_can_be_switched_off(receiver: Receiver, run_app: Any, python_without_distro: str) -> None:
    """OTEL_PYTHON_DISABLED_INSTRUMENTATIONS names it like any other."""
    environ = {"SENTRY_DSN": receiver.dsn, "OTEL_PYTHON_DISABLED_INSTRUMENTATIONS": "otel_sentry"}
    ended = run_app(APPLICATION, environ, zero_code=True, python=python_without_distro)

    assert ended.stdout == "ran\n"
    assert receiver.requests == 0


def test_yaml_without_sentry_sends_nothing(receiver: Receiver, run_app: Any) -> None:
    """In YAML mode the file has the last word: without our exporter in it, a DSN alone sends nothing."""
    pytest.importorskip("opentelemetry.configuration")
    text = 'file_format: "1.0"\ntracer_provider: {processors: [{simple: {exporter: {console: }}}]}\n'
    environ = {"SENTRY_DSN": receiver.dsn, "OTEL_CONFIG_FILE": "otel.yaml"}
    ended = run_app(APPLICATION, environ, files={"otel.yaml": text}, zero_code=True)

    assert ended.stdout.startswith("ran\n")
    assert receiver.requests == 0
