"""The decision on a local root: rules by span, functions, failures; the same at the head and at export."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any

import pytest
import sentry_sdk

from otel_sentry.errors import InvalidSetting
from otel_sentry.otel.head_decision import custom_sampling_context
from otel_sentry.otel.sampler import SentrySampler
from otel_sentry.otel.segments import segment_of
from otel_sentry.settings.settings import Settings

if TYPE_CHECKING:
    from collections.abc import Callable

DSN = "https://public@o12.ingest.sentry.io/1"
RULES = "/health*=0,messaging.system=kafka=0.5,job*=1"


@pytest.mark.parametrize("head", [False, True], ids=["at export", "at the head"])
@pytest.mark.parametrize(
    ("name", "attributes", "rate"),
    [
        pytest.param("GET", {"url.path": "/healthz"}, 0.0, id="route"),
        pytest.param("poll", {"messaging.system": "kafka"}, 0.5, id="attribute"),
        pytest.param("job 7", {}, 1.0, id="name"),
        pytest.param("GET", {"url.path": "/orders"}, 0.25, id="all others"),
    ],
)
def test_rules_by_span(
    pipe: Callable[..., Any], name: str, attributes: dict[str, Any], rate: float, head: bool
) -> None:
    """The first rule that names the local root gives its rate, at the head and at export."""
    settings = {"traces_sample_rate": 0.25, "traces_sample_rules": RULES}
    one = pipe(sampler=SentrySampler(dsn=DSN, **settings) if head else None, **settings)
    with one.tracer.start_as_current_span(name, attributes=attributes) as root:
        segment = segment_of(root)

    assert segment is not None
    assert segment.verdict.sample_rate == rate
    assert segment.dsc()["sample_rate"] == str(rate)


def test_a_bad_rule_is_named_at_start() -> None:
    """The variable, the value and what is allowed."""
    with pytest.raises(InvalidSetting, match=r"OTEL_SENTRY_TRACES_SAMPLE_RULES.*/api=2.*rate from 0 to 1"):
        Settings.from_env({"OTEL_SENTRY_TRACES_SAMPLE_RULES": "/api=2"})


def test_a_failing_function_is_told_once(pipe: Callable[..., Any], caplog: pytest.LogCaptureFixture) -> None:
    """One line says why traces are dropped, however many there are."""
    one = pipe(traces_sampler=lambda _: 1 / 0)
    with caplog.at_level(logging.WARNING, "otel_sentry"):
        for _ in range(3):
            one.tracer.start_span("root").end()

    assert [record.getMessage() for record in caplog.records] == [
        "otel_sentry drops traces, and counts them, because traces_sampler raised ZeroDivisionError"
    ]
    assert one.lost() == {"sample_rate": 3}


@pytest.mark.skipif(not hasattr(sentry_sdk.Scope, "set_custom_sampling_context"), reason="newer than this sentry-sdk")
def test_the_functions_context_has_what_the_application_added(pipe: Callable[..., Any]) -> None:
    """`Scope.set_custom_sampling_context` reaches `traces_sampler`."""
    seen: list[Any] = []

    def rate_of(context: dict[str, Any]) -> float:
        seen.append(context.get("tenant"))
        return 0.0

    one = pipe(traces_sampler=rate_of)
    with sentry_sdk.new_scope():
        sentry_sdk.Scope.set_custom_sampling_context({"tenant": "acme"})
        try:
            one.tracer.start_span("root").end()
        finally:
            sentry_sdk.Scope.set_custom_sampling_context({})

    assert seen == ["acme"]


def test_no_context_without_sentry_sdk(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where sentry-sdk is not loaded nobody has added anything."""
    monkeypatch.delitem(__import__("sys").modules, "sentry_sdk")

    assert custom_sampling_context() is None
