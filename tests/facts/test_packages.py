"""What is installed, read from real distributions."""

from __future__ import annotations

from importlib.metadata import distribution, version

from otel_sentry.facts.packages import libraries, package_facts


def test_what_an_instrumentation_instruments() -> None:
    """As its extras say: `instruments`, and `instruments-any` for several libraries."""
    assert libraries(distribution("opentelemetry-instrumentation-fastapi")) == ("fastapi",)
    assert "httpx" in libraries(distribution("opentelemetry-instrumentation-httpx"))
    assert libraries(distribution("otel-sentry")) == ()


def test_what_is_installed_here() -> None:
    """Versions, entry points with their distribution."""
    facts = package_facts()
    ours = {(one.group, one.name) for one in facts.entry_points if one.distribution == "otel-sentry"}

    assert facts.versions["sentry-sdk"] == version("sentry-sdk")
    assert ("opentelemetry_traces_exporter", "sentry") in ours
    assert "pytest" not in facts.versions
    assert "httpx" in facts.instruments["opentelemetry-instrumentation-httpx"]
