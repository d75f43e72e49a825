"""Every setting, declared once: name, variable, parser, default, sentence. The only reader of `os.environ`."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

from otel_sentry.masking.patterns import SecretPatterns
from otel_sentry.protocol.dsn import Dsn
from otel_sentry.settings import parsers, pattern_parsers, secret_file
from otel_sentry.settings.choices import Role, SpanEvents, WalletPrivacy, WireFormat
from otel_sentry.settings.declaration import declarations, setting
from otel_sentry.settings.instrumentation_settings import InstrumentationSettings
from otel_sentry.settings.reading import read


@dataclass(frozen=True, slots=True, repr=False)
class Settings(InstrumentationSettings):
    """What users configure; build it with `Settings.from_env()`. Every field is also a keyword of `configure()`.

    `dsn` is already the one of this process's role. `origins` says where each value came from: a variable's name,
    `keyword`, `inferred` or `default`.
    """

    dsn: Dsn | None = setting(
        "SENTRY_DSN", parsers.dsn, None, "Where telemetry goes; without it everything is a quiet no-op."
    )
    environment: str | None = setting(
        "SENTRY_ENVIRONMENT", parsers.text, None, "Environment in Sentry, such as `production`."
    )
    release: str | None = setting(
        "SENTRY_RELEASE", parsers.text, None, "Release in Sentry, such as a version or commit."
    )
    debug: bool = setting("SENTRY_DEBUG", parsers.boolean, False, "Log what the SDK does.")
    server_name: str | None = setting(
        "", parsers.text, None, "Name of the machine; otherwise `host.name` of the resource."
    )
    dist: str | None = setting("", parsers.text, None, "Distribution of the release.")
    traces_sample_rate: float | None = setting(
        "SENTRY_TRACES_SAMPLE_RATE",
        parsers.rate,
        None,
        "Share of traces that Sentry keeps, 0 to 1; unset: that of the application's own `sentry_sdk.init`, else 1.",
    )
    traces_sampler: Callable[..., Any] | None = setting(
        "",
        parsers.function,
        None,
        "Function that gives the rate of a trace, with the signature of sentry-sdk's `traces_sampler`.",
    )
    traces_sample_rules: tuple[str, ...] = setting(
        "OTEL_SENTRY_TRACES_SAMPLE_RULES",
        pattern_parsers.sample_rules,
        (),
        "Rates of traces that begin with certain spans: comma list of `<pattern>=<rate>`, the first that fits counts, "
        "such as `GET /health*=0,/api/*=0.5,messaging.system=kafka=0.1`; patterns as in `OTEL_SENTRY_IGNORE_SPANS`.",
    )
    role: Role = setting(
        "OTEL_SENTRY_ROLE",
        parsers.one_of(Role),
        Role.WEB,
        "`web` or `worker`; recognised under celery, rq, dramatiq, arq and huey workers.",
    )
    worker_dsn: Dsn | None = setting(
        "SENTRY_WORKER_DSN", parsers.dsn, None, "DSN when the role is `worker`; `SENTRY_DSN` is used if it is unset."
    )
    browser_dsn: Dsn | None = setting(
        "SENTRY_BROWSER_DSN NEXT_PUBLIC_SENTRY_DSN",
        parsers.dsn,
        None,
        "DSN handed to the browser page; `NEXT_PUBLIC_SENTRY_DSN` is also the web role's DSN if `SENTRY_DSN` is unset.",
    )
    auth_token: str | None = setting(
        "SENTRY_AUTH_TOKEN", parsers.text, None, "Token for `otel-sentry release` and `doctor --verify`.", secret=True
    )
    org: str | None = setting(
        "SENTRY_ORG", parsers.text, None, "Organisation for `otel-sentry release` and `doctor --verify`."
    )
    project: str | None = setting(
        "SENTRY_PROJECT", parsers.text, None, "Project for `otel-sentry release` and `doctor --verify`."
    )
    url: str | None = setting(
        "SENTRY_URL", parsers.url, None, "Sentry's address for `otel-sentry release` and `doctor --verify`."
    )

    traces_exporters: tuple[str, ...] | None = setting(
        "OTEL_TRACES_EXPORTER",
        parsers.some_names,
        None,
        "Where spans go: comma list of `sentry`, `otlp`, `console`, `none` and other exporters that are installed.",
    )
    logs_exporters: tuple[str, ...] | None = setting(
        "OTEL_LOGS_EXPORTER", parsers.some_names, None, "The same for logs."
    )
    metrics_exporters: tuple[str, ...] | None = setting(
        "OTEL_METRICS_EXPORTER", parsers.some_names, None, "The same for metrics."
    )
    propagators: tuple[str, ...] | None = setting(
        "OTEL_PROPAGATORS",
        parsers.names,
        None,
        "Header formats; unset: `tracecontext` and `otel_sentry`, which writes W3C baggage too.",
    )
    traces_sampler_name: str | None = setting(
        "OTEL_TRACES_SAMPLER",
        parsers.text,
        None,
        "Sampler of OpenTelemetry; `sentry` takes Sentry's decision at the head of the trace.",
    )
    traces_sampler_argument: str | None = setting(
        "OTEL_TRACES_SAMPLER_ARG", parsers.text, None, "Argument of that sampler."
    )
    service_name: str | None = setting("OTEL_SERVICE_NAME", parsers.text, None, "Name of the service in the resource.")
    resource_attributes: str | None = setting(
        "OTEL_RESOURCE_ATTRIBUTES",
        parsers.text,
        None,
        "Attributes of the resource; release and environment are read from it if unset.",
    )
    id_generator: str | None = setting(
        "OTEL_PYTHON_ID_GENERATOR", parsers.text, None, "Generator of trace and span ids."
    )
    otlp_traces_protocol: str | None = setting(
        "OTEL_EXPORTER_OTLP_TRACES_PROTOCOL OTEL_EXPORTER_OTLP_PROTOCOL",
        parsers.text,
        None,
        "`grpc` or `http/protobuf` for the exporter `otlp`.",
    )
    otlp_logs_protocol: str | None = setting(
        "OTEL_EXPORTER_OTLP_LOGS_PROTOCOL OTEL_EXPORTER_OTLP_PROTOCOL", parsers.text, None, "The same for logs."
    )
    otlp_metrics_protocol: str | None = setting(
        "OTEL_EXPORTER_OTLP_METRICS_PROTOCOL OTEL_EXPORTER_OTLP_PROTOCOL", parsers.text, None, "The same for metrics."
    )
    schedule_delay_seconds: float = setting(
        "OTEL_BSP_SCHEDULE_DELAY",
        parsers.seconds,
        1.0,
        "Longest wait of an ended span; the variable counts milliseconds.",
        parse_variable=parsers.milliseconds,
    )
    max_queue_size: int = setting("OTEL_BSP_MAX_QUEUE_SIZE", parsers.size, 131072, "Spans that may wait.")
    max_export_batch_size: int = setting(
        "OTEL_BSP_MAX_EXPORT_BATCH_SIZE", parsers.size, 1000, "Spans taken from the queue at once."
    )
    export_timeout_seconds: float = setting(
        "OTEL_BSP_EXPORT_TIMEOUT",
        parsers.seconds,
        30.0,
        "Longest export; the variable counts milliseconds.",
        parse_variable=parsers.milliseconds,
    )
    config_file: str | None = setting(
        "OTEL_CONFIG_FILE", parsers.text, None, "Declarative configuration (extra `yaml`)."
    )
    sdk_disabled: bool = setting(
        "OTEL_SDK_DISABLED", parsers.otel_boolean, False, "`true` turns OpenTelemetry and this package off."
    )
    logging_handler: bool = setting(
        "OTEL_PYTHON_LOGGING_AUTO_INSTRUMENTATION_ENABLED",
        parsers.boolean,
        False,
        "Send what `logging` records through OpenTelemetry.",
    )

    wire_format: WireFormat = setting(
        "OTEL_SENTRY_WIRE_FORMAT",
        parsers.one_of(WireFormat),
        WireFormat.SPAN,
        "`span`: streamed span v2; `transaction`: for self-hosted Sentry before 26.4.2, Spotlight, GlitchTip.",
    )
    wallet_privacy: WalletPrivacy = setting(
        "OTEL_SENTRY_WALLET_PRIVACY",
        parsers.one_of(WalletPrivacy),
        WalletPrivacy.PLAIN,
        "How Sentry sees a wallet: `plain`, `short` (`0x1234…abcd`), `hash` (keyed, needs the key), `off`.",
    )
    wallet_hash_key: str | None = setting(
        "OTEL_SENTRY_WALLET_HASH_KEY", parsers.text, None, "Key of `hash`.", secret=True
    )
    wallet_attributes: tuple[str, ...] = setting(
        "OTEL_SENTRY_WALLET_ATTRIBUTES",
        parsers.some_names,
        ("wallet.address",),
        "Span attributes that are read as the wallet, in order.",
    )
    wallet_on_all_spans: bool = setting(
        "OTEL_SENTRY_WALLET_ON_ALL_SPANS",
        parsers.boolean,
        False,
        "Write `user.*` and `wallet.*` on every span, for other backends; otherwise local roots and spans that say it.",
    )
    wallet_baggage: tuple[str, ...] = setting(
        "OTEL_SENTRY_WALLET_BAGGAGE", parsers.hosts, (), "Hosts that may receive the wallet in W3C baggage."
    )
    trace_propagation_targets: tuple[str, ...] | None = setting(
        "OTEL_SENTRY_TRACE_PROPAGATION_TARGETS",
        parsers.targets,
        None,
        "URLs that get `sentry-trace` and `baggage`: plain text is a substring of `scheme://host:port/path`, "
        "`/…/` a regular expression; unset: all.",
    )
    strict_trace_continuation: bool = setting(
        "OTEL_SENTRY_STRICT_TRACE_CONTINUATION",
        parsers.boolean,
        False,
        "Continue only traces of the same organisation.",
    )
    org_id: str | None = setting(
        "OTEL_SENTRY_ORG_ID", parsers.number_text, None, "Id of the organisation; otherwise read from the DSN's host."
    )
    ignore_spans: tuple[str, ...] = setting(
        "OTEL_SENTRY_IGNORE_SPANS",
        pattern_parsers.span_patterns,
        (),
        "Spans that Sentry does not get: comma list of names, `/routes`, `attribute=value` (`*` and `?` stand for "
        "any text and any character), `/regular expressions/`, and the preset `health`.",
    )
    ignore_rules: tuple[Any, ...] = setting(
        "",
        pattern_parsers.ignore_rules,
        (),
        "More of them, as sentry-sdk's option `ignore_spans` says it; that of the application's own `init` counts too.",
    )
    before_send_span: Callable[..., Any] | None = setting(
        "",
        parsers.function,
        None,
        "sentry-sdk's hook: may change name and attributes of each span; that of the application's own `init` counts.",
    )
    before_send_transaction: Callable[..., Any] | None = setting(
        "", parsers.function, None, "The same for the wire format `transaction`; None drops the transaction."
    )
    errors_only: bool = setting(
        "OTEL_SENTRY_ERRORS_ONLY", parsers.boolean, False, "Issues go to Sentry, spans elsewhere."
    )
    trace_url: str | None = setting(
        "OTEL_SENTRY_TRACE_URL", parsers.trace_url, None, "URL of a trace elsewhere, with `{trace_id}` and `{span_id}`."
    )
    unsampled_errors: bool = setting(
        "OTEL_SENTRY_UNSAMPLED_ERRORS", parsers.boolean, True, "Issues from traces that are not sampled."
    )
    expected_errors: tuple[str, ...] = setting(
        "",
        parsers.names,
        (),
        "More exceptions that are no issue: names with their modules, as in `shop.errors.SoldOut`; subclasses count.",
    )
    span_events: SpanEvents = setting(
        "OTEL_SENTRY_SPAN_EVENTS",
        parsers.one_of(SpanEvents),
        SpanEvents.BREADCRUMBS,
        "What span events become: `breadcrumbs`, `logs`, `off`.",
    )
    keep: tuple[str, ...] = setting(
        "OTEL_SENTRY_KEEP",
        parsers.keep_rules,
        (),
        "Traces kept in spite of the rate: `errors`, `slow:2s`, `wallet:0x…`.",
    )
    long_span_seconds: float = setting(
        "OTEL_SENTRY_LONG_SPAN",
        parsers.seconds,
        60.0,
        "Seconds after which a span that is still open is told of; 0: never.",
    )
    spool_dir: str | None = setting(
        "OTEL_SENTRY_SPOOL_DIR", parsers.text, None, "Folder that keeps telemetry through outages; unset: none."
    )
    spool_max_bytes: int = setting("OTEL_SENTRY_SPOOL_MAX_BYTES", parsers.size, 268_435_456, "Most bytes in it.")
    spool_max_age_seconds: float = setting(
        "OTEL_SENTRY_SPOOL_MAX_AGE", parsers.seconds, 86_400.0, "Oldest telemetry in it, seconds."
    )
    shutdown_timeout_seconds: float = setting(
        "OTEL_SENTRY_SHUTDOWN_TIMEOUT", parsers.seconds, 2.0, "Seconds that exit may take in all."
    )
    sigterm: bool = setting(
        "OTEL_SENTRY_SIGTERM",
        parsers.boolean,
        True,
        "Deliver on SIGTERM, then do what would have happened; `false` leaves signals alone.",
    )
    secret_patterns: SecretPatterns | None = setting(
        "OTEL_SENTRY_SECRET_PATTERNS",
        secret_file.secret_patterns,
        None,
        "File of further secrets to mask: one regular expression or `name: <name>` a line.",
    )
    dump_dir: str | None = setting(
        "OTEL_SENTRY_DUMP_DIR",
        parsers.text,
        None,
        "Folder where each process keeps a file for `otel-sentry doctor --dump`; unset: none.",
    )

    origins: Mapping[str, str] = field(default_factory=dict, compare=False)

    @classmethod
    def from_env(cls, environ: Mapping[str, str] | None = None, **keywords: Any) -> Settings:
        """Read the settings.

        Args:
            environ: environment variables; those of the process if None. Blank ones count as unset.
            keywords: fields by name; they beat the environment, None counts as not given, blank text as empty.

        Raises:
            InvalidSetting: one line that names variable or keyword, masked value, and what is allowed.
        """
        variables = os.environ if environ is None else environ
        values, origins = read(declarations(cls), variables, keywords, command_lines=(sys.argv, sys.orig_argv))
        return cls(**values, origins=MappingProxyType(origins))

    def __repr__(self) -> str:
        shown = (
            f"{row.name}={row.shown(value)!r}"
            for row in declarations(type(self))
            if (value := getattr(self, row.name)) != row.default
        )
        return f"Settings({', '.join(shown)})"
