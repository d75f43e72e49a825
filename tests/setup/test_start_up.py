"""The start-up matrix: every documented way to start gives the same envelopes, and the same application bytes do."""

from __future__ import annotations

from typing import Any

import pytest

from otel_sentry.local.receiver import Receiver

APPLICATION = """
import urllib.request
from opentelemetry import trace

tracer = trace.get_tracer("dapp")

with tracer.start_as_current_span("db.get_user", attributes={"wallet.address": "0x" + "AB" * 20}):
    with tracer.start_as_current_span("SELECT", attributes={"db.system": "sqlite", "db.statement": "SELECT 1"}):
        pass
    try:
        with tracer.start_as_current_span("risky"):
            raise ValueError("boom")
    except ValueError:
        pass
"""
CONFIGURE = "import otel_sentry\notel_sentry.configure()\n"
OWN_PROVIDER = """
from opentelemetry import trace
from opentelemetry.sdk.trace import TracerProvider
trace.set_tracer_provider(TracerProvider())
"""
INIT = "import os, sentry_sdk\nsentry_sdk.init(dsn=os.environ['SENTRY_DSN'], traces_sample_rate=1.0)\n"
INIT_WITHOUT_TRACING = "import os, sentry_sdk\nsentry_sdk.init(dsn=os.environ['SENTRY_DSN'])\n"
YAML = """
file_format: "1.0"
resource: {attributes: [{name: service.name, value: dapp-web}]}
propagator: {composite: [{tracecontext: }, {otel_sentry: }]}
tracer_provider:
  processors:
    - batch: {exporter: {sentry: {dsn: "${SENTRY_DSN}", environment: test, release: "1.0"}}}
"""
NEITHER_DISTRO_NOR_EXPORTERS = {"OTEL_LOGS_EXPORTER": "none", "OTEL_METRICS_EXPORTER": "none"}
SENTRY = {"OTEL_TRACES_EXPORTER": "sentry", **NEITHER_DISTRO_NOR_EXPORTERS}
PATIENCE = {"OTEL_BSP_SCHEDULE_DELAY": "60000", "OTEL_SENTRY_SHUTDOWN_TIMEOUT": "30"}
"""However slow the machine is, spans leave when their segment ends, and everything leaves before the process does."""
NOT_COMPARED = {"process.pid", "telemetry.auto.version", "service.instance.id", "sentry.segment.id"}


def environment(receiver: Receiver, **more: str) -> dict[str, str]:
    """What a deployment sets."""
    return {
        "SENTRY_DSN": receiver.dsn,
        "SENTRY_ENVIRONMENT": "test",
        "SENTRY_RELEASE": "1.0",
        "OTEL_SERVICE_NAME": "dapp-web",
        **PATIENCE,
        **more,
    }


def arrived(receiver: Receiver) -> list[str]:
    """Spans and issues as Sentry got them, one fact per line, without what differs from run to run."""
    spans, events = receiver.plain_spans, receiver.events
    names = {span["span_id"]: span["name"] for span in spans}
    traces = {span["trace_id"] for span in spans} | {event["contexts"]["trace"]["trace_id"] for event in events}
    facts = [
        f"{kind} {number}: {key} = {value!r}"
        for kind, found in (
            ("span", [comparable_span(span, names) for span in sorted(spans, key=lambda span: str(span["name"]))]),
            ("issue", [comparable_issue(event, names) for event in events]),
        )
        for number, one in enumerate(found)
        for key, value in sorted(one.items())
    ]
    return [f"traces: {len(traces)}", *facts]


def comparable_span(span: dict[str, Any], names: dict[str, str]) -> dict[str, Any]:
    """A span without what differs from run to run, ids replaced by names."""
    attributes = {key: value for key, value in span["attributes"].items() if key not in NOT_COMPARED}
    return {
        **attributes,
        "name": span["name"],
        "parent": names.get(span.get("parent_span_id", "")),
        "status": span["status"],
        "is_segment": span["is_segment"],
        "segment": names[span["attributes"]["sentry.segment.id"]],
    }


def comparable_issue(event: dict[str, Any], names: dict[str, str]) -> dict[str, Any]:
    """An issue without what differs from run to run."""
    kept = ("level", "release", "environment", "server_name", "transaction", "user")
    values = event["exception"]["values"]
    return {
        **{key: event.get(key) for key in kept},
        "exceptions": [(one["type"], one["value"], one["mechanism"]["handled"]) for one in values],
        "span": names[event["contexts"]["trace"]["span_id"]],
    }


@pytest.fixture(scope="session")
def reference(run_app: Any) -> list[str]:
    """What `configure()` alone sends."""
    with Receiver(port=0) as receiver:
        run_app(CONFIGURE + APPLICATION, environment(receiver))
        receiver.wait_for(lambda: len(receiver.spans) >= 3 and receiver.events)
        return arrived(receiver)


def test_configure_sends_spans_and_issue(reference: list[str]) -> None:
    """The reference is right: one trace, a tree of three spans, the wallet as the user, one issue on its span."""
    wallet = "0x" + "ab" * 20
    expected = {
        "traces: 1",
        "span 0: name = 'SELECT'",
        "span 0: parent = 'db.get_user'",
        "span 0: status = 'ok'",
        "span 0: sentry.op = 'db'",
        f"span 0: user.id = '{wallet}'",
        "span 1: name = 'db.get_user'",
        "span 1: parent = None",
        "span 1: is_segment = True",
        "span 1: sentry.release = '1.0'",
        f"span 1: user.id = '{wallet}'",
        "span 2: name = 'risky'",
        "span 2: status = 'error'",
        "span 2: segment = 'db.get_user'",
        "issue 0: exceptions = [('ValueError', 'boom', True)]",
        "issue 0: span = 'risky'",
        "issue 0: release = '1.0'",
        "issue 0: environment = 'test'",
    }

    assert expected - set(reference) == set()
    assert [line for line in reference if line.startswith(("span 3", "issue 1"))] == []


@pytest.mark.parametrize(
    "code",
    [
        pytest.param(OWN_PROVIDER + CONFIGURE, id="own provider before"),
        pytest.param(INIT + CONFIGURE, id="init with tracing before"),
        pytest.param(INIT_WITHOUT_TRACING + CONFIGURE, id="init before"),
        pytest.param(CONFIGURE + INIT, id="init with tracing after"),
        pytest.param(CONFIGURE + INIT_WITHOUT_TRACING, id="init after"),
        pytest.param(INIT + OWN_PROVIDER + CONFIGURE, id="init and own provider before"),
        pytest.param(OWN_PROVIDER + CONFIGURE + INIT, id="own provider before, init after"),
        pytest.param(CONFIGURE + CONFIGURE, id="configured twice"),
    ],
)
def test_configure_joins_what_is_there(code: str, receiver: Receiver, run_app: Any, reference: list[str]) -> None:
    """Whoever set up a provider or sentry-sdk before or after, the same spans and issues arrive."""
    run_app(code + APPLICATION, environment(receiver))
    receiver.wait_for(lambda: len(receiver.spans) >= 3 and receiver.events)

    assert reference == arrived(receiver)


@pytest.mark.parametrize(
    ("code", "variables"),
    [
        pytest.param("", SENTRY, id="with distro"),
        pytest.param(INIT, SENTRY, id="with distro, init after"),
        pytest.param(OWN_PROVIDER, SENTRY, id="with distro, own provider refused"),
        pytest.param(CONFIGURE, SENTRY, id="with distro and configure"),
    ],
)
def test_zero_code_with_distro_gives_the_same(
    code: str,
    variables: dict[str, str],
    receiver: Receiver,
    run_app: Any,
    reference: list[str],
) -> None:
    """`opentelemetry-instrument` with opentelemetry-distro installed sends what `configure()` sends."""
    run_app(code + APPLICATION, environment(receiver, **variables), zero_code=True)
    receiver.wait_for(lambda: len(receiver.spans) >= 3 and receiver.events)

    assert reference == arrived(receiver)


@pytest.mark.parametrize(
    ("code", "variables"),
    [
        pytest.param("", {"OTEL_TRACES_EXPORTER": "sentry"}, id="exporter named"),
        pytest.param("", {}, id="DSN alone"),
        pytest.param(INIT, {"OTEL_TRACES_EXPORTER": "sentry"}, id="init after"),
    ],
)
def test_zero_code_without_distro_gives_the_same(
    code: str,
    variables: dict[str, str],
    receiver: Receiver,
    run_app: Any,
    python_without_distro: str,
    reference: list[str],
) -> None:
    """`opentelemetry-instrument` where nothing configures OpenTelemetry: our instrumentor does the whole set-up."""
    run_app(code + APPLICATION, environment(receiver, **variables), zero_code=True, python=python_without_distro)
    receiver.wait_for(lambda: len(receiver.spans) >= 3 and receiver.events)

    assert reference == arrived(receiver)


def test_zero_code_with_distro_and_otlp_feeds_both(
    receiver: Receiver,
    run_app: Any,
    otlp_sink: Any,
    reference: list[str],
) -> None:
    """`OTEL_TRACES_EXPORTER=sentry,otlp`: both backends have the same spans, and OTLP sees nothing of Sentry's."""
    variables = environment(
        receiver,
        **{**SENTRY, "OTEL_TRACES_EXPORTER": "sentry,otlp"},
        OTEL_EXPORTER_OTLP_PROTOCOL="http/protobuf",
        OTEL_EXPORTER_OTLP_ENDPOINT=otlp_sink.endpoint,
    )
    run_app(APPLICATION, variables, zero_code=True)
    receiver.wait_for(lambda: len(receiver.spans) >= 3 and receiver.events)

    assert reference == arrived(receiver)
    assert {span.name for span in otlp_sink.spans} == {"db.get_user", "SELECT", "risky"}
    assert {
        attribute.key for span in otlp_sink.spans for attribute in span.attributes if "sentry" in attribute.key
    } == set()


def test_configure_fans_out(receiver: Receiver, run_app: Any, otlp_sink: Any) -> None:
    """The same list of exporters with `configure()`: the same two backends."""
    variables = environment(
        receiver,
        OTEL_TRACES_EXPORTER="sentry,otlp",
        OTEL_EXPORTER_OTLP_PROTOCOL="http/protobuf",
        OTEL_EXPORTER_OTLP_ENDPOINT=otlp_sink.endpoint,
    )
    run_app(CONFIGURE + APPLICATION, variables)
    receiver.wait_for(lambda: len(receiver.spans) == 3)

    assert {span["span_id"] for span in receiver.spans} == {span.span_id.hex() for span in otlp_sink.spans}


@pytest.mark.parametrize("way", ["configure", "zero code"])
def test_swapping_sentry_out_leaves_nothing_of_it(way: str, receiver: Receiver, run_app: Any, otlp_sink: Any) -> None:
    """`OTEL_TRACES_EXPORTER=otlp`: no Sentry attribute, thread, request, import; the wallet stays as the user."""
    look = "\nimport sys, threading\nprint('sentry_sdk' in sys.modules, [t.name for t in threading.enumerate()])\n"
    variables = environment(
        receiver,
        **{**SENTRY, "OTEL_TRACES_EXPORTER": "otlp"},
        OTEL_EXPORTER_OTLP_PROTOCOL="http/protobuf",
        OTEL_EXPORTER_OTLP_ENDPOINT=otlp_sink.endpoint,
    )
    zero_code = way == "zero code"
    ended = run_app((APPLICATION if zero_code else CONFIGURE + APPLICATION) + look, variables, zero_code=zero_code)
    attributes = {
        attribute.key: attribute.value.string_value
        for span in otlp_sink.spans
        if span.name == "db.get_user"
        for attribute in span.attributes
    }

    assert ended.stdout.startswith("False ")
    assert "otel_sentry" not in ended.stdout
    assert receiver.requests == 0
    assert attributes == {
        "wallet.address": "0x" + "AB" * 20,
        "user.id": "0x" + "ab" * 20,
        "user.name": "0x" + "ab" * 20,
    }


def test_declarative_yaml_gives_the_same(
    receiver: Receiver,
    run_app: Any,
    reference: list[str],
) -> None:
    """`OTEL_CONFIG_FILE`: the exporter's mapping is all that Sentry needs."""
    pytest.importorskip("opentelemetry.configuration")
    variables = {"SENTRY_DSN": receiver.dsn, "OTEL_CONFIG_FILE": "otel.yaml", **PATIENCE}
    run_app(APPLICATION, variables, files={"otel.yaml": YAML}, zero_code=True)
    receiver.wait_for(lambda: len(receiver.spans) >= 3 and receiver.events)

    assert reference == arrived(receiver)


def test_declarative_yaml_needs_no_distro(
    receiver: Receiver, run_app: Any, python_without_distro: str, reference: list[str]
) -> None:
    """Without a distro nobody else reads the file: the instrumentor carries it out."""
    pytest.importorskip("opentelemetry.configuration")
    variables = {"SENTRY_DSN": receiver.dsn, "OTEL_CONFIG_FILE": "otel.yaml", **PATIENCE}
    run_app(APPLICATION, variables, files={"otel.yaml": YAML}, zero_code=True, python=python_without_distro)
    receiver.wait_for(lambda: len(receiver.spans) >= 3 and receiver.events)

    assert reference == arrived(receiver)


def test_configure_carries_a_declarative_file_out(receiver: Receiver, run_app: Any, reference: list[str]) -> None:
    """`configure()` reads the same file as `opentelemetry-instrument`."""
    pytest.importorskip("opentelemetry.configuration")
    variables = {"SENTRY_DSN": receiver.dsn, "OTEL_CONFIG_FILE": "otel.yaml", **PATIENCE}
    run_app(f"import otel_sentry\notel_sentry.configure()\n{APPLICATION}", variables, files={"otel.yaml": YAML})
    receiver.wait_for(lambda: len(receiver.spans) >= 3 and receiver.events)

    assert reference == arrived(receiver)
