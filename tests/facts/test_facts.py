"""Facts: JSON both ways, and what a reader of another version does."""

from __future__ import annotations

import json

import pytest

from otel_sentry.facts.facts import (
    BookFact,
    EntryPointFact,
    Facts,
    PackageFacts,
    ProcessFacts,
    ProviderFacts,
    SdkFacts,
    SettingFact,
    facts_from_json,
    facts_to_json,
)

WHOLE = Facts(
    at=1_795_324_768.5,
    process=ProcessFacts(pid=7, command="web", python="3.11.7", hosts=("gevent",), set_up=True),
    settings=(SettingFact("dsn", "https://***@host/1", "SENTRY_DSN"),),
    variables={"SENTRY_DSN": "https://***@host/1"},
    exporters={"traces": ("sentry", "otlp"), "logs": ()},
    provider=ProviderFacts("a.Provider", takes_processors=True, processors=("a.Processor → b.Exporter → http://host",)),
    propagators=("a.Propagator",),
    sdk=SdkFacts(version="2.75.0", active=True, integrations=("logging",)),
    packages=PackageFacts(
        versions={"otel-sentry": "1"},
        entry_points=(EntryPointFact("group", "name", "otel-sentry"),),
        instruments={"one": ("httpx",)},
        not_instrumented={"flask": "opentelemetry-instrumentation-flask"},
    ),
    books=(BookFact("span", 3, 2, 0, {"ignored": 1}),),
)


@pytest.mark.parametrize("facts", [pytest.param(WHOLE, id="whole"), pytest.param(Facts(), id="empty")])
def test_json_and_back(facts: Facts) -> None:
    """Nothing changes."""
    assert facts_from_json(facts_to_json(facts)) == facts


def test_fields_of_a_later_version_are_left_out() -> None:
    """A newer process can be judged by an older doctor."""
    said = json.loads(facts_to_json(WHOLE))
    said["process"]["colour"] = "red"
    said["later"] = True

    assert facts_from_json(json.dumps(said)) == WHOLE


def test_what_is_on_the_provider() -> None:
    """Processors by their class, exporters by theirs."""
    assert WHOLE.on_provider("b.Exporter")
    assert WHOLE.on_provider("a.Processor", "c.Other")
    assert not WHOLE.on_provider("http")


def test_what_the_settings_send() -> None:
    """Spans go where the exporters say; nothing goes without a DSN, or with settings that are refused."""
    assert WHOLE.to_sentry
    assert WHOLE.sends_spans
    assert not Facts(exporters={"traces": ("sentry",)}).to_sentry
    assert not Facts(settings=WHOLE.settings, refusal="no").sends_spans
