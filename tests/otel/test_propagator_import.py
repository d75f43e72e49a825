"""OpenTelemetry loads the propagator inside its own import: that must work, and stay cheap."""

from __future__ import annotations

import os
import subprocess
import sys

ALLOWED = {
    "opentelemetry",
    "opentelemetry.attributes",
    "opentelemetry.baggage",
    "opentelemetry.context",
    "opentelemetry.environment_variables",
    "opentelemetry.propagators",
    "opentelemetry.trace",
    "opentelemetry.util",
}
"""Packages that importing opentelemetry.{context,trace,baggage,propagators.textmap} brings along."""

SCRIPT = "import sys; {statement}; print('\\n'.join(sorted(sys.modules)))"


def modules_after(statement: str, **environment: str) -> list[str]:
    """Names of what is loaded in a fresh interpreter after `statement`."""
    variables = {key: value for key, value in os.environ.items() if not key.startswith(("OTEL_", "SENTRY_"))}
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", SCRIPT.format(statement=statement)],
        env={**variables, **environment},
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    return done.stdout.split()


def test_it_imports_next_to_nothing() -> None:
    """Of OpenTelemetry only the API that it may import; of ours no settings, no SDK, no sentry-sdk."""
    loaded = modules_after("import otel_sentry.otel.propagator")
    opentelemetry = [name for name in loaded if name.split(".")[0] == "opentelemetry"]
    foreign = {"sentry_sdk", "orjson", "httpx", "asyncio", "urllib.request", "random", "decimal"}

    assert {
        name for name in opentelemetry if not any(name == one or name.startswith(f"{one}.") for one in ALLOWED)
    } == set()
    assert "opentelemetry.propagate" not in loaded
    assert foreign.isdisjoint(loaded)
    assert not [name for name in loaded if name.startswith(("otel_sentry.settings", "otel_sentry.identity"))]


def test_opentelemetry_imports_it_by_name() -> None:
    """OTEL_PROPAGATORS=tracecontext,otel_sentry works in a bare interpreter, without reading any setting."""
    loaded = modules_after(
        "import opentelemetry.propagate", OTEL_PROPAGATORS="tracecontext,otel_sentry", SENTRY_DSN="nonsense"
    )

    assert "otel_sentry.otel.propagator" in loaded
    assert "otel_sentry.settings.settings" not in loaded


def test_its_entry_point_serves_requests() -> None:
    """The propagator that OpenTelemetry builds from the environment injects and extracts."""
    statement = (
        "from opentelemetry import propagate; "
        "context = propagate.extract({'sentry-trace': 'a'*32 + '-' + 'b'*16 + '-1', 'baggage': 'sentry-a=1,c=2'}); "
        "carrier = {}; propagate.inject(carrier, context); "
        "assert carrier['sentry-trace'] == 'a'*32 + '-' + 'b'*16 + '-1', carrier; "
        "assert carrier['baggage'] == 'sentry-a=1,c=2', carrier"
    )

    assert modules_after(statement, OTEL_PROPAGATORS="tracecontext,otel_sentry")
