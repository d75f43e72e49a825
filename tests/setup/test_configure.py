"""`configure()`: quiet without DSN, loud about mistakes, harmless when called again."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from otel_sentry.errors import InvalidSetting
from otel_sentry.setup.configure import configure

if TYPE_CHECKING:
    from otel_sentry.local.receiver import Receiver

NO_DSN = """
import json, logging, socket, sys, threading
logging.basicConfig(level=logging.INFO, stream=sys.stderr, format="%(levelname)s %(message)s")
opened = []
sys.addaudithook(lambda event, args: opened.append(event) if event == "socket.__new__" else None)
import otel_sentry
telemetry = otel_sentry.configure()
with telemetry.start_span("work") as span:
    recording = span.is_recording()
@telemetry.start_span("function")
def answer():
    return 42
print(json.dumps({
    "answer": answer(), "recording": recording, "flushed": telemetry.flush(0.1), "url": telemetry.trace_url(),
    "shut": telemetry.shutdown(), "threads": threading.active_count(), "sockets": len(opened),
    "sentry_sdk": "sentry_sdk" in sys.modules,
}))
"""
TWICE = """
import json
from opentelemetry import trace
import otel_sentry
first = otel_sentry.configure()
second = otel_sentry.configure(environment="other")
processors = trace.get_tracer_provider()._active_span_processor._span_processors
print(json.dumps([first is second, second.settings.environment, len(processors)]))
"""
FOREIGN_PROVIDER = """
import logging
from opentelemetry import trace
class Foreign(trace.TracerProvider):
    def get_tracer(self, *args, **keywords):
        return trace.NoOpTracer()
provider = Foreign()
trace.set_tracer_provider(provider)
import otel_sentry
with otel_sentry.configure().start_span("work"):
    pass
print(trace.get_tracer_provider() is provider)
"""
SAMPLER_AND_IDS = """
import json
from opentelemetry import trace
import otel_sentry
telemetry = otel_sentry.configure(service_name="named", release="9")
provider = trace.get_tracer_provider()
service = provider.resource.attributes["service.name"]
print(json.dumps([provider.sampler.get_description(), service, telemetry.settings.release]))
"""
LOADED = """
import json, sys
import otel_sentry
otel_sentry.configure()
print(json.dumps(sorted(sys.modules)))
"""
OUTGOING = """
import json, urllib.request
from http.server import BaseHTTPRequestHandler, HTTPServer
import threading
from opentelemetry import baggage, context, trace
import otel_sentry

class Handler(BaseHTTPRequestHandler):
    def do_GET(self):
        self.server.seen = dict(self.headers)
        self.send_response(204)
        self.end_headers()
    def log_message(self, *_):
        pass

telemetry = otel_sentry.configure()
server = HTTPServer(("127.0.0.1", 0), Handler)
threading.Thread(target=server.serve_forever, daemon=True).start()
context.attach(baggage.set_baggage("tenant", "acme"))
with telemetry.start_span("checkout"):
    urllib.request.urlopen(f"http://127.0.0.1:{server.server_port}/").close()
print(json.dumps({name.lower(): value for name, value in server.seen.items()}))
"""


def test_without_dsn_it_is_a_quiet_no_op(run_app: Any) -> None:
    """No thread, no socket, no sentry-sdk, one info line; the application's code runs the same."""
    ended = run_app(NO_DSN)

    assert json.loads(ended.stdout) == {
        "answer": 42,
        "recording": False,
        "flushed": True,
        "url": None,
        "shut": True,
        "threads": 1,
        "sockets": 0,
        "sentry_sdk": False,
    }
    assert ended.stderr.splitlines() == ["INFO otel_sentry sends nothing to Sentry: SENTRY_DSN is not set"]


def test_a_second_call_gives_the_first_handle(receiver: Receiver, run_app: Any) -> None:
    """Nothing is set up twice, and keywords that come too late are named in a warning."""
    ended = run_app(TWICE, {"SENTRY_DSN": receiver.dsn, "SENTRY_ENVIRONMENT": "first"})
    is_same, environment, processors = json.loads(ended.stdout)

    assert (is_same, environment) == (True, "first")
    assert processors == 1
    assert "otel_sentry is configured already; ignored: environment" in ended.stderr


def test_loads_what_the_start_needs(receiver: Receiver, run_app: Any) -> None:
    """What only an issue, an envelope, a log record or a dump needs waits until there is one."""
    late = ("otel_sentry.issues.workbench", "otel_sentry.delivery.desk", "otel_sentry.delivery.spooling.spool")
    late += ("otel_sentry.facts.facts", "otel_sentry.otel.log_exporter")
    loaded = json.loads(run_app(LOADED, {"SENTRY_DSN": receiver.dsn}).stdout)

    assert "otel_sentry.delivery.transport" in loaded
    assert not set(late) & set(loaded)


def test_a_foreign_provider_is_left_alone(receiver: Receiver, run_app: Any) -> None:
    """A provider that takes no span processors stays; one warning says that nothing is sent."""
    ended = run_app(FOREIGN_PROVIDER, {"SENTRY_DSN": receiver.dsn})

    assert ended.stdout == "True\n"
    assert "otel_sentry is off: the tracer provider" in ended.stderr
    assert receiver.requests == 0


@pytest.mark.parametrize(
    ("name", "argument", "described"),
    [
        ("always_off", "", "AlwaysOffSampler"),
        ("traceidratio", "0.25", "TraceIdRatioBased{0.25}"),
        ("parentbased_traceidratio", "", "ParentBased{root:TraceIdRatioBased{1.0}"),
        ("sentry", "0.5", "SentrySampler{rate=0.5}"),
    ],
    ids=["always_off", "ratio", "parent-based ratio", "sentry"],
)
def test_a_new_provider_has_the_sampler_of_the_environment(
    name: str, argument: str, described: str, receiver: Receiver, run_app: Any
) -> None:
    """OTEL_TRACES_SAMPLER and its argument, the service's name as keyword, as `opentelemetry-instrument` would."""
    variables = {"SENTRY_DSN": receiver.dsn, "OTEL_TRACES_SAMPLER": name, "OTEL_TRACES_SAMPLER_ARG": argument}
    sampler, service, release = json.loads(run_app(SAMPLER_AND_IDS, variables).stdout)

    assert sampler.startswith(described)
    assert (service, release) == ("named", "9")


def test_requests_carry_one_header_of_each_kind(receiver: Receiver, run_app: Any) -> None:
    """W3C and Sentry headers of one trace; one baggage header with both Sentry's members and the application's."""
    sent = json.loads(run_app(OUTGOING, {"SENTRY_DSN": receiver.dsn}).stdout)
    trace_id = sent["traceparent"].split("-")[1]

    assert sent["sentry-trace"].startswith(trace_id)
    assert f"sentry-trace_id={trace_id}" in sent["baggage"]
    assert "tenant=acme" in sent["baggage"]


@pytest.mark.parametrize(
    ("keywords", "parts"),
    [
        pytest.param(
            {"traces_exporters": "sentri"}, ["OTEL_TRACES_EXPORTER", "sentri", "console", "sentry"], id="exporter"
        ),
        pytest.param({"traces_sampler_name": "nope"}, ["OTEL_TRACES_SAMPLER", "nope", "always_on"], id="sampler"),
        pytest.param(
            {"traces_sampler_name": "traceidratio", "traces_sampler_argument": "2"},
            ["OTEL_TRACES_SAMPLER_ARG", "2", "0 to 1"],
            id="argument",
        ),
        pytest.param({"id_generator": "nope"}, ["OTEL_PYTHON_ID_GENERATOR", "nope", "random"], id="id generator"),
        pytest.param(
            {"traces_exporters": "otlp", "otlp_traces_protocol": "smoke"},
            ["OTEL_EXPORTER_OTLP_PROTOCOL", "smoke", "grpc, http/protobuf"],
            id="protocol",
        ),
        pytest.param({"dsn": "https://secret-key@h/x"}, ["dsn", "https://***@h/x", "project id"], id="DSN"),
        pytest.param({"traces_sample_rate": 2}, ["traces_sample_rate", "2", "0 to 1"], id="rate"),
    ],
)
def test_a_bad_setting_is_raised_before_anything_changes(keywords: dict[str, Any], parts: list[str]) -> None:
    """One line names what was typed and what is allowed; the provider is still nobody's."""
    from opentelemetry import trace  # noqa: PLC0415 - read after the fixtures

    before = trace.get_tracer_provider()
    with pytest.raises(InvalidSetting) as refusal:
        configure(**{"dsn": "http://k@127.0.0.1:1/1", **keywords})

    assert [part for part in parts if part not in str(refusal.value)] == []
    assert "secret-key" not in str(refusal.value)
    assert "\n" not in str(refusal.value)
    assert trace.get_tracer_provider() is before
