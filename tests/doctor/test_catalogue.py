"""Checks by facts alone: what the staged set-ups do not reach, and what must not be found."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from otel_sentry.doctor.catalogue import CHECKS, findings_of
from otel_sentry.facts.facts import (
    BookFact,
    EntryPointFact,
    Facts,
    PackageFacts,
    ProcessFacts,
    ProviderFacts,
    SdkFacts,
    SettingFact,
)

PROCESSOR = "otel_sentry.otel.span_processor.SentrySpanProcessor"
OURS = EntryPointFact("opentelemetry_traces_exporter", "sentry", "otel-sentry")
HEALTHY = Facts(
    process=ProcessFacts(set_up=True),
    settings=(SettingFact("dsn", "https://***@host/1", "SENTRY_DSN"), SettingFact("service_name", "web", "keyword")),
    exporters=dict.fromkeys(("traces", "logs", "metrics"), ("sentry",)),
    provider=ProviderFacts("TracerProvider", takes_processors=True, processors=(PROCESSOR,), service="web"),
    propagators=("opentelemetry.trace.propagation.tracecontext.X", "otel_sentry.otel.propagator.SentryPropagator"),
    packages=PackageFacts(versions={"otel-sentry": "1"}, entry_points=(OURS,)),
)


def codes(facts: Facts) -> list[str]:
    """Of everything that is found."""
    return [finding.code for finding in findings_of(facts)]


def with_settings(**values: str) -> dict[str, Any]:
    """Settings beside those of `HEALTHY`."""
    return {"settings": (*HEALTHY.settings, *(SettingFact(name, value, "keyword") for name, value in values.items()))}


def packages(**changes: Any) -> dict[str, Any]:
    """What is installed beside ours."""
    return {"packages": replace(HEALTHY.packages, **changes)}


CASES = [
    pytest.param({"books": (BookFact("span", 5, 1, 0, {"network_error": 4}),)}, ["lost-network_error"], id="losses"),
    pytest.param({"books": (BookFact("log_byte", 5, 1, 0, {"send_error": 4}),)}, [], id="bytes are not told"),
    pytest.param({"books": (BookFact("span", 5, 1, 0, {"new_reason": 4}),)}, ["lost-new_reason"], id="unknown reason"),
    pytest.param({"books": (BookFact("span", 500, 0, 500),)}, ["stuck"], id="everything waits"),
    pytest.param({"process": ProcessFacts(set_up=True, hosts=("gevent",))}, ["gevent"], id="gevent"),
    pytest.param({"process": ProcessFacts(set_up=True, start_method="spawn")}, ["spawned-children"], id="spawn"),
    pytest.param(
        packages(
            entry_points=(OURS, *(EntryPointFact("opentelemetry_distro", "distro", name) for name in ("one", "two")))
        ),
        ["several-distros"],
        id="two distros",
    ),
    pytest.param(packages(entry_points=()), ["not-installed"], id="imported from a folder"),
    pytest.param(packages(conflicts=("x wants y",)), ["instrumentation-conflict"], id="versions that do not fit"),
    pytest.param(
        packages(
            not_instrumented={"starlette": "s"}, instruments={"opentelemetry-instrumentation-fastapi": ("fastapi",)}
        ),
        [],
        id="Starlette under FastAPI is seen",
    ),
    pytest.param(
        packages(not_instrumented={"starlette": "s"}), ["instrumentation-missing"], id="Starlette alone is not"
    ),
    pytest.param(
        packages(not_instrumented={"redis": "r", "jinja2": "j"}), ["instrumentation-possible"], id="a database unseen"
    ),
    pytest.param({"propagators": HEALTHY.propagators[1:]}, ["w3c-missing"], id="no traceparent"),
    pytest.param(
        {"propagators": (*HEALTHY.propagators, "sentry_sdk.integrations.opentelemetry.propagator.SentryPropagator")},
        ["propagator-twice"],
        id="two writers",
    ),
    pytest.param(
        {"provider": replace(HEALTHY.provider, processors=())},
        ["not-on-provider"],
        id="nothing of ours on the provider",
    ),
    pytest.param(
        {
            "provider": replace(
                HEALTHY.provider,
                processors=(PROCESSOR, "sentry_sdk.integrations.opentelemetry.span_processor.SentrySpanProcessor"),
            )
        },
        ["sentry-sdk-processor"],
        id="sentry-sdk's processor",
    ),
    pytest.param(
        {
            "sdk": SdkFacts(
                "2", active=True, dsn="https://***@host/1", transport="shop.Transport", hooks=("before_send",)
            )
        },
        ["own-transport", "hooks"],
        id="the application's transport and hooks",
    ),
    pytest.param(with_settings(errors_only="true"), ["errors-only"], id="errors only"),
    pytest.param(with_settings(traces_sample_rate="0.25"), ["rate"], id="rate"),
    pytest.param(with_settings(role="worker"), ["role-worker"], id="worker"),
    pytest.param(with_settings(disabled_instrumentations="*"), ["instrumentations-off"], id="no instrumentations"),
    pytest.param(
        {"variables": {"OTEL_EXPORTER_OTLP_ENDPOINT": "http://collector"}},
        ["otlp-not-named"],
        id="endpoint without otlp",
    ),
    pytest.param(
        {
            "variables": {
                "OTEL_SENTRY_FROBNICATE": "1",
                "SENTRY_LOG_LEVEL": "debug",
                "OTEL_SPAN_ATTRIBUTE_COUNT_LIMIT": "9",
            }
        },
        ["variable-ignored"],
        id="unknown variable of ours",
    ),
    pytest.param(
        {**with_settings(config_file="otel.yaml"), "variables": {"OTEL_PROPAGATORS": "b3"}},
        ["config-file-rules"],
        id="variables beside a file",
    ),
    pytest.param(
        {
            **with_settings(disabled_instrumentations="otel_sentry"),
            "process": ProcessFacts(zero_code=True),
            "provider": ProviderFacts("ProxyTracerProvider"),
        },
        ["not-set-up", "ourselves-disabled"],
        id="zero-code without us",
    ),
]


def test_nothing_is_found_where_nothing_is_wrong() -> None:
    """Not even a note."""
    assert codes(HEALTHY) == []


@pytest.mark.parametrize(("changes", "expected"), CASES)
def test_one_change_is_one_finding(changes: dict[str, Any], expected: list[str]) -> None:
    """Facts that are healthy but for one thing."""
    assert codes(replace(HEALTHY, **changes)) == expected


def test_every_finding_that_asks_for_something_says_what() -> None:
    """No check raises on facts that are empty; each runs once."""
    assert len(set(CHECKS)) == len(CHECKS)
    assert codes(Facts()) == ["no-dsn"]
