"""Broken set-ups as users have them: what is wrong, and the code and words with which the doctor names it."""

from __future__ import annotations

from dataclasses import dataclass, field

DSN = "http://key@127.0.0.1:9/1"
"""Nobody listens there; set-ups of this table are looked at, nothing is sent."""
WHOLE = "import otel_sentry\notel_sentry.configure()\n"
PROVIDER = """
from opentelemetry import trace
from opentelemetry.sdk.trace import TracerProvider, sampling
from opentelemetry.sdk.trace.export import BatchSpanProcessor, ConsoleSpanExporter
import otel_sentry
provider = TracerProvider({arguments})
trace.set_tracer_provider(provider)
"""
FOREIGN = """
from opentelemetry import trace

class Ours(trace.TracerProvider):
    def get_tracer(self, *_, **__):
        return trace.NoOpTracer()

trace.set_tracer_provider(Ours())
"""
INIT = "import sentry_sdk\nsentry_sdk.init({options})\n"
METADATA = "Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n"


def distribution(name: str, entry_points: str, requires: str = "") -> dict[str, str]:
    """Files of an installed distribution that does nothing but register names."""
    folder = f"{name.replace('-', '_')}-1.0.dist-info"
    return {f"{folder}/METADATA": METADATA.format(name=name) + requires, f"{folder}/entry_points.txt": entry_points}


@dataclass(frozen=True)
class Broken:
    """One set-up.

    Attributes:
        name: what is wrong, in a few words.
        code: of the finding that names it.
        says: words of its cause.
        variables: environment, on top of a DSN; an empty value unsets.
        application: imported by `doctor --import`; the doctor's own `configure()` if empty.
        files: beside it.
        needs: a module; sentry-sdk 3 has its old bridge no more.
    """

    name: str
    code: str
    says: str
    variables: dict[str, str] = field(default_factory=dict)
    application: str = ""
    files: dict[str, str] = field(default_factory=dict)
    needs: str = "sentry_sdk"


BROKEN = (
    Broken("no DSN", "no-dsn", "SENTRY_DSN is not set", {"SENTRY_DSN": ""}),
    Broken("DSN of workers only", "no-dsn", "counts in workers only", {"SENTRY_DSN": "", "SENTRY_WORKER_DSN": DSN}),
    Broken("DSN without project", "setting-refused", "project id", {"SENTRY_DSN": "https://topsecret@host/"}),
    Broken("rate in percent", "setting-refused", "a number from 0 to 1", {"SENTRY_TRACES_SAMPLE_RATE": "20"}),
    Broken("hash without key", "setting-refused", "WALLET_HASH_KEY", {"OTEL_SENTRY_WALLET_PRIVACY": "hash"}),
    Broken("exporter misspelt", "setting-refused", "OTEL_TRACES_EXPORTER='sentri'", {"OTEL_TRACES_EXPORTER": "sentri"}),
    Broken("another exporter", "exporter-not-named", "=console does not name", {"OTEL_TRACES_EXPORTER": "console"}),
    Broken("exporter none", "exporter-not-named", "=none does not name", {"OTEL_TRACES_EXPORTER": "none"}),
    Broken("all off", "sdk-disabled", "OTEL_SDK_DISABLED=true", {"OTEL_SDK_DISABLED": "true"}),
    Broken("rate of zero", "rate-zero", "no trace that begins here", {"SENTRY_TRACES_SAMPLE_RATE": "0"}),
    Broken("OpenTelemetry drops all", "sampler-off", "AlwaysOff", {"OTEL_TRACES_SAMPLER": "always_off"}),
    Broken(
        "OpenTelemetry drops most",
        "sampler-foreign",
        "TraceIdRatioBased{0.01}",
        {"OTEL_TRACES_SAMPLER": "parentbased_traceidratio", "OTEL_TRACES_SAMPLER_ARG": "0.01"},
    ),
    Broken("rate without sampler", "variable-ignored", "OTEL_TRACES_SAMPLER_ARG", {"OTEL_TRACES_SAMPLER_ARG": "0.5"}),
    Broken("rate misspelt", "variable-ignored", "SENTRY_TRACE_SAMPLE_RATE", {"SENTRY_TRACE_SAMPLE_RATE": "0.5"}),
    Broken("filter of everything", "ignore-everything", "every span", {"OTEL_SENTRY_IGNORE_SPANS": "health,*"}),
    Broken(
        "first rule drops all",
        "rules-zero",
        "later rules are not asked",
        {"OTEL_SENTRY_TRACES_SAMPLE_RULES": "*=0,GET /api*=1"},
    ),
    Broken("propagator not installed", "opentelemetry-unusable", "Propagator b3 not found", {"OTEL_PROPAGATORS": "b3"}),
    Broken(
        "propagator trap",
        "propagator-trap",
        "sentry-sdk's own",
        {"OTEL_PROPAGATORS": "tracecontext,sentry"},
        needs="sentry_sdk.integrations.opentelemetry",
    ),
    Broken(
        "propagator missing",
        "propagator-missing",
        "do not write `sentry-trace`",
        {"OTEL_PROPAGATORS": "tracecontext,baggage"},
    ),
    Broken(
        "target with a star",
        "target-glob",
        "`*` stands for itself",
        {"OTEL_SENTRY_TRACE_PROPAGATION_TARGETS": "*.example.com"},
    ),
    Broken(
        "target with a query",
        "target-query",
        "never counts",
        {"OTEL_SENTRY_TRACE_PROPAGATION_TARGETS": "api.example.com/?key=1"},
    ),
    Broken("spool on a file", "spool-unusable", "is no folder", {"OTEL_SENTRY_SPOOL_DIR": "app.py/spool"}),
    Broken("schedule in seconds", "slow-schedule", "600 s", {"OTEL_BSP_SCHEDULE_DELAY": "600000"}),
    Broken(
        "YAML without Sentry",
        "config-file-without-sentry",
        "names no exporter",
        {"OTEL_CONFIG_FILE": "otel.yaml"},
        files={"otel.yaml": 'file_format: "1.0"\ntracer_provider: {processors: [{simple: {exporter: {console: }}}]}\n'},
        needs="opentelemetry.configuration",
    ),
    Broken("YAML not there", "setting-refused", "OTEL_CONFIG_FILE", {"OTEL_CONFIG_FILE": "missing.yaml"}),
    Broken("nobody configures", "not-set-up", "does not set otel_sentry up", application="import json\n"),
    Broken("foreign provider", "provider-barred", "takes no span processors", application=FOREIGN + WHOLE),
    Broken(
        "provider with a sampler",
        "sampler-off",
        "AlwaysOff",
        application=PROVIDER.format(arguments="sampling.ALWAYS_OFF") + WHOLE,
    ),
    Broken(
        "processor twice",
        "processor-twice",
        "2 times",
        application=PROVIDER.format(arguments="")
        + "provider.add_span_processor(otel_sentry.SentrySpanProcessor())\n"
        + WHOLE,
    ),
    Broken(
        "exporter alone",
        "exporter-alone",
        "under a stock processor",
        application=PROVIDER.format(arguments="")
        + "provider.add_span_processor(BatchSpanProcessor(otel_sentry.SentrySpanExporter()))\n",
    ),
    Broken(
        "another exporter twice",
        "exporter-twice",
        "ConsoleSpanExporter is on the provider 2 times",
        application=PROVIDER.format(arguments="")
        + "for _ in range(2): provider.add_span_processor(BatchSpanProcessor(ConsoleSpanExporter()))\n"
        + WHOLE,
    ),
    Broken(
        "OpenTelemetryIntegration",
        "opentelemetry-integration",
        "a second time",
        application="from sentry_sdk.integrations.opentelemetry.integration import OpenTelemetryIntegration\n"
        + INIT.format(options="traces_sample_rate=1.0, instrumenter='otel', integrations=[OpenTelemetryIntegration()]")
        + WHOLE,
        needs="sentry_sdk.integrations.opentelemetry",
    ),
    Broken(
        "OTLPIntegration",
        "otlp-integration",
        "by OTLP",
        application="from sentry_sdk.integrations.otlp import OTLPIntegration\n"
        + INIT.format(options="integrations=[OTLPIntegration()]")
        + WHOLE,
    ),
    Broken(
        "native tracing alone",
        "native-tracing",
        "own tracing is on",
        application=INIT.format(options="traces_sample_rate=1.0"),
    ),
    Broken(
        "init with another DSN",
        "dsn-of-init",
        "http://***@127.0.0.1:9/2",
        application=INIT.format(options="dsn='http://key@127.0.0.1:9/2'") + WHOLE,
    ),
    Broken(
        "init without DSN",
        "init-without-dsn",
        "turns sentry-sdk off",
        application=INIT.format(options="dsn=''") + WHOLE,
    ),
    Broken(
        "application broken",
        "import-failed",
        "no database at postgres://",
        application="raise OSError('no database at postgres://dapp:topsecret@db')\n",
    ),
    Broken(
        "uWSGI without threads",
        "uwsgi-without-threads",
        "never sent",
        application="import sys, types\nsys.modules['uwsgi'] = types.SimpleNamespace(opt={'processes': b'4'})\n"
        + WHOLE,
    ),
    Broken(
        "names collide",
        "entry-point-collision",
        "someones-bridge registers `sentry`",
        files=distribution("someones-bridge", "[opentelemetry_traces_exporter]\nsentry = someone:Exporter\n"),
    ),
    Broken(
        "instrumented twice",
        "instrumentation-doubled",
        "both instrument httpx",
        files=distribution(
            "someones-httpx",
            "[opentelemetry_instrumentor]\nhttpx_too = someone:Instrumentor\n",
            'Provides-Extra: instruments\nRequires-Dist: httpx>=0.1; extra == "instruments"\n',
        ),
    ),
    Broken(
        "framework without instrumentation",
        "instrumentation-missing",
        "flask is installed",
        files=distribution("flask", ""),
    ),
)
