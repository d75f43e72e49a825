"""Explanations: what happens to a name, a URL, a request's headers, and which setting says so."""

from __future__ import annotations

from typing import Any

import pytest

from otel_sentry.doctor.explain import Explanation, explained
from otel_sentry.settings.settings import Settings

DSN = "https://key@o12.ingest.sentry.io/1"
TRACE = "0af7651916cd43dd8448eb211c80319c"
SPAN = "b7ad6b7169203331"


def explanation(*questions: str, attributes: dict[str, str] | None = None, **settings: Any) -> Explanation:
    """The only one."""
    (found,) = explained(Settings.from_env({}, **{"dsn": DSN, **settings}), list(questions), attributes or {})
    return found


@pytest.mark.parametrize(
    ("settings", "answer", "reason"),
    [
        pytest.param({}, "Every trace", "SENTRY_TRACES_SAMPLE_RATE is not set", id="default"),
        pytest.param({"traces_sample_rate": 0.25}, "About 25%", "SENTRY_TRACES_SAMPLE_RATE=0.25", id="rate"),
        pytest.param({"traces_sample_rate": 0}, "No trace", "SENTRY_TRACES_SAMPLE_RATE=0", id="rate of zero"),
        pytest.param({"ignore_spans": "health,GET /*"}, "does not get it", "'health' names it", id="preset"),
        pytest.param({"ignore_spans": "/^GET/"}, "does not get it", "'/^GET/' names it", id="expression"),
        pytest.param({"ignore_spans": "POST *"}, "Every trace", "nothing names it", id="another filter"),
        pytest.param(
            {"traces_sample_rules": "POST *=1,/health=0.5", "traces_sample_rate": 0.1},
            "About 50%",
            "'/health=0.5' names it",
            id="rule",
        ),
        pytest.param(
            {"traces_sample_rate": 0.1, "keep": "errors,slow:2s"},
            "About 10%",
            "OTEL_SENTRY_KEEP=errors,slow:2s keeps some",
            id="kept in spite of the rate",
        ),
        pytest.param({"traces_sampler": lambda _: 1}, "traces_sampler decides", "no filter is set", id="function"),
    ],
)
def test_a_name(settings: dict[str, Any], answer: str, reason: str) -> None:
    """Filter first, then the rule or rate."""
    found = explanation("GET /health", attributes={"url.path": "/health"}, **settings)

    assert answer in found.answer
    assert any(reason in one for one in found.reasons), found.reasons


@pytest.mark.parametrize(
    ("url", "settings", "answer", "reason"),
    [
        pytest.param("https://api.example.com/v1", {}, "`sentry-trace` and `baggage`", "every address", id="default"),
        pytest.param("https://o12.ingest.sentry.io/x", {}, "no header", "host of the DSN", id="Sentry itself"),
        pytest.param(
            "https://api.example.com/v1",
            {"trace_propagation_targets": "localhost,example.com"},
            "`sentry-trace`",
            "'example.com' is in https://api.example.com/v1",
            id="target",
        ),
        pytest.param(
            "https://api.example.com/v1?for=localhost",
            {"trace_propagation_targets": "localhost"},
            "no header",
            "none of localhost is in https://api.example.com/v1",
            id="query never counts",
        ),
        pytest.param(
            "https://api.example.com/",
            {"wallet_baggage": "api.example.com"},
            "`sentry-trace`",
            "OTEL_SENTRY_WALLET_BAGGAGE names its host",
            id="wallet",
        ),
        pytest.param("https://a.example/", {"dsn": ""}, "no header", "nothing of this process goes", id="no DSN"),
        pytest.param("https://[", {}, "no absolute URL", "", id="no URL"),
    ],
)
def test_a_url(url: str, settings: dict[str, Any], answer: str, reason: str) -> None:
    """By the propagator itself."""
    found = explanation(url, **settings)

    assert answer in found.answer
    assert not reason or any(reason in one for one in found.reasons), found.reasons


@pytest.mark.parametrize(
    ("headers", "settings", "answer", "reason"),
    [
        pytest.param([f"sentry-trace: {TRACE}-{SPAN}-1"], {}, "Sentry keeps it", "the caller has decided", id="kept"),
        pytest.param(
            [f"sentry-trace: {TRACE}-{SPAN}-0"], {}, "does not keep it", "the caller has decided", id="dropped"
        ),
        pytest.param(
            [f"sentry-trace: {TRACE}-{SPAN}"],
            {"traces_sample_rate": 0.000001},
            "does not keep it",
            "decided here: sample_rand 0.",
            id="deferred",
        ),
        pytest.param(
            [f"traceparent: 00-{TRACE}-{SPAN}-00"], {}, "Sentry keeps it", "traceparent alone", id="W3C decides nothing"
        ),
        pytest.param(
            [f"Sentry-Trace: {TRACE}-{SPAN}-1", f"Baggage: sentry-trace_id={TRACE},sentry-org_id=99"],
            {},
            "is not continued",
            "the caller's organisation is 99, ours is 12",
            id="another organisation",
        ),
        pytest.param(["sentry-trace: nonsense"], {}, "a new trace begins", "no header could be read", id="nonsense"),
    ],
)
def test_headers(headers: list[str], settings: dict[str, Any], answer: str, reason: str) -> None:
    """Those of one request belong together, in any case of their names."""
    found = explanation(*headers, **settings)

    assert answer in found.answer
    assert any(reason in one for one in found.reasons), found.reasons
