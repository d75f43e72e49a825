"""Settings: every row of the table, keywords against environment, what is chosen when both are silent."""

from __future__ import annotations

import ast
import dataclasses
import os
from pathlib import Path
from typing import Any

import pytest

import otel_sentry
from otel_sentry.masking.patterns import SecretPatterns
from otel_sentry.protocol.dsn import Dsn
from otel_sentry.settings.browser_settings import BrowserSettings
from otel_sentry.settings.choices import Role, SpanEvents, WalletPrivacy, WireFormat
from otel_sentry.settings.declaration import declarations
from otel_sentry.settings.settings import Settings

DSN = "https://0123456789abcdef0123456789abcdef@o7.ingest.sentry.io/42"
OTHER_DSN = "http://fedcba@127.0.0.1:8969/1"

ROWS = [
    ("SENTRY_DSN", DSN, "dsn", Dsn.parse(DSN)),
    ("SENTRY_ENVIRONMENT", "prod", "environment", "prod"),
    ("SENTRY_RELEASE", "app@1.0", "release", "app@1.0"),
    ("SENTRY_DEBUG", "1", "debug", True),
    ("SENTRY_TRACES_SAMPLE_RATE", "0.25", "traces_sample_rate", 0.25),
    ("OTEL_SENTRY_ROLE", "Worker", "role", Role.WORKER),
    ("SENTRY_WORKER_DSN", DSN, "worker_dsn", Dsn.parse(DSN)),
    ("SENTRY_BROWSER_DSN", DSN, "browser_dsn", Dsn.parse(DSN)),
    ("NEXT_PUBLIC_SENTRY_DSN", DSN, "browser_dsn", Dsn.parse(DSN)),
    ("SENTRY_AUTH_TOKEN", "sntrys_x", "auth_token", "sntrys_x"),
    ("SENTRY_ORG", "acme", "org", "acme"),
    ("SENTRY_PROJECT", "dapp", "project", "dapp"),
    ("SENTRY_URL", "https://sentry.acme.org", "url", "https://sentry.acme.org"),
    ("OTEL_TRACES_EXPORTER", "sentry, otlp,sentry", "traces_exporters", ("sentry", "otlp")),
    ("OTEL_LOGS_EXPORTER", "none", "logs_exporters", ("none",)),
    ("OTEL_METRICS_EXPORTER", "otlp", "metrics_exporters", ("otlp",)),
    ("OTEL_PROPAGATORS", "tracecontext,baggage", "propagators", ("tracecontext", "baggage")),
    ("OTEL_TRACES_SAMPLER", "sentry", "traces_sampler_name", "sentry"),
    ("OTEL_TRACES_SAMPLER_ARG", "0.5", "traces_sampler_argument", "0.5"),
    ("OTEL_SERVICE_NAME", "dapp-web", "service_name", "dapp-web"),
    ("OTEL_RESOURCE_ATTRIBUTES", "a=b", "resource_attributes", "a=b"),
    ("OTEL_PYTHON_ID_GENERATOR", "xray", "id_generator", "xray"),
    ("OTEL_EXPORTER_OTLP_PROTOCOL", "http/protobuf", "otlp_traces_protocol", "http/protobuf"),
    ("OTEL_EXPORTER_OTLP_LOGS_PROTOCOL", "grpc", "otlp_logs_protocol", "grpc"),
    ("OTEL_EXPORTER_OTLP_METRICS_PROTOCOL", "grpc", "otlp_metrics_protocol", "grpc"),
    ("OTEL_BSP_SCHEDULE_DELAY", "250", "schedule_delay_seconds", 0.25),
    ("OTEL_BSP_MAX_QUEUE_SIZE", "2048", "max_queue_size", 2048),
    ("OTEL_BSP_MAX_EXPORT_BATCH_SIZE", "512", "max_export_batch_size", 512),
    ("OTEL_BSP_EXPORT_TIMEOUT", "5000", "export_timeout_seconds", 5.0),
    ("OTEL_CONFIG_FILE", "otel.yaml", "config_file", "otel.yaml"),
    ("OTEL_SDK_DISABLED", "TRUE", "sdk_disabled", True),
    ("OTEL_PYTHON_DISABLED_INSTRUMENTATIONS", "redis,urllib", "disabled_instrumentations", ("redis", "urllib")),
    ("OTEL_PYTHON_LOGGING_AUTO_INSTRUMENTATION_ENABLED", "true", "logging_handler", True),
    ("OTEL_SENTRY_WIRE_FORMAT", "transaction", "wire_format", WireFormat.TRANSACTION),
    ("OTEL_SENTRY_WALLET_PRIVACY", "short", "wallet_privacy", WalletPrivacy.SHORT),
    ("OTEL_SENTRY_WALLET_HASH_KEY", "pepper", "wallet_hash_key", "pepper"),
    ("OTEL_SENTRY_WALLET_ATTRIBUTES", "account,wallet", "wallet_attributes", ("account", "wallet")),
    ("OTEL_SENTRY_WALLET_ON_ALL_SPANS", "true", "wallet_on_all_spans", True),
    ("OTEL_SENTRY_WALLET_BAGGAGE", "api.acme.org", "wallet_baggage", ("api.acme.org",)),
    ("OTEL_SENTRY_TRACE_PROPAGATION_TARGETS", "acme.org", "trace_propagation_targets", ("acme.org",)),
    ("OTEL_SENTRY_STRICT_TRACE_CONTINUATION", "yes", "strict_trace_continuation", True),
    ("OTEL_SENTRY_ORG_ID", "7", "org_id", "7"),
    ("OTEL_SENTRY_IGNORE_SPANS", "health,http.route=/ping", "ignore_spans", ("health", "http.route=/ping")),
    ("OTEL_SENTRY_TRACES_SAMPLE_RULES", "/ready=0,a=b=0.5", "traces_sample_rules", ("/ready=0", "a=b=0.5")),
    ("OTEL_SENTRY_ERRORS_ONLY", "on", "errors_only", True),
    ("OTEL_SENTRY_TRACE_URL", "https://j.acme.org/{trace_id}", "trace_url", "https://j.acme.org/{trace_id}"),
    ("OTEL_SENTRY_UNSAMPLED_ERRORS", "off", "unsampled_errors", False),
    ("OTEL_SENTRY_EXPECTED_REVERTS", "paused,Sold*", "expected_reverts", ("paused", "Sold*")),
    ("OTEL_SENTRY_SPAN_EVENTS", "logs", "span_events", SpanEvents.LOGS),
    ("OTEL_SENTRY_KEEP", "errors,slow:2s,wallet:0xab", "keep", ("errors", "slow:2s", "wallet:0xab")),
    ("OTEL_SENTRY_LONG_SPAN", "5", "long_span_seconds", 5.0),
    ("OTEL_SENTRY_SPOOL_DIR", "spool", "spool_dir", "spool"),
    ("OTEL_SENTRY_SPOOL_MAX_BYTES", "1000", "spool_max_bytes", 1000),
    ("OTEL_SENTRY_SPOOL_MAX_AGE", "60", "spool_max_age_seconds", 60.0),
    ("OTEL_SENTRY_SHUTDOWN_TIMEOUT", "0.5", "shutdown_timeout_seconds", 0.5),
    ("OTEL_SENTRY_SIGTERM", "false", "sigterm", False),
    ("OTEL_SENTRY_FILES_MIN_DURATION", "0.001", "files_min_duration_seconds", 0.001),
    ("OTEL_SENTRY_FILES_SAMPLE_RATE", "0.5", "files_sample_rate", 0.5),
    ("OTEL_SENTRY_FILES_MAX_PER_SPAN", "7", "files_max_per_span", 7),
    ("OTEL_SENTRY_EXPECTED_REVERTS", "SoldOut,Paused", "expected_reverts", ("SoldOut", "Paused")),
    ("OTEL_SENTRY_DUMP_DIR", "dumps", "dump_dir", "dumps"),
    ("OTEL_SENTRY_SECRET_PATTERNS", os.devnull, "secret_patterns", SecretPatterns(source=os.devnull)),
]


@pytest.mark.parametrize(("variable", "text", "field", "expected"), ROWS, ids=[row[0] for row in ROWS])
def test_each_variable_gives_its_field(variable: str, text: str, field: str, expected: object) -> None:
    """A variable of the table is read into its field, and the origin names the variable."""
    settings = Settings.from_env({variable: f" {text} "})

    assert expected == getattr(settings, field)
    assert variable == settings.origins[field]


def test_each_declared_variable_is_tried() -> None:
    """The table above names every variable that any setting reads, but for the general form of a special one."""
    browser = declarations(BrowserSettings)  # has a file and a table of its own
    declared = {variable for row in declarations(Settings) if row not in browser for variable in row.variables}
    tried = {row[0] for row in ROWS}

    assert declared - tried == {"OTEL_EXPORTER_OTLP_TRACES_PROTOCOL"}
    assert tried <= declared


def test_nothing_set_gives_the_defaults() -> None:
    """An empty environment gives each field its declared default, marked so."""
    settings = Settings.from_env({})

    assert Settings() == settings
    assert set(settings.origins.values()) == {"default"}
    assert (settings.max_queue_size, settings.max_export_batch_size, settings.schedule_delay_seconds) == (
        131072,
        1000,
        1,
    )


@pytest.mark.parametrize("blank", ["", "  ", "\t\n"], ids=["empty", "blanks", "tab and newline"])
def test_a_blank_variable_counts_as_unset(blank: str) -> None:
    """A blank variable never shadows the default nor the next variable of the row."""
    settings = Settings.from_env({"SENTRY_DSN": blank, "SENTRY_BROWSER_DSN": blank, "NEXT_PUBLIC_SENTRY_DSN": DSN})

    assert Dsn.parse(DSN) == settings.browser_dsn
    assert Dsn.parse(DSN) == settings.dsn


def test_a_keyword_beats_the_environment() -> None:
    """What the caller writes wins, and the origin says so."""
    settings = Settings.from_env({"SENTRY_ENVIRONMENT": "prod", "SENTRY_DSN": DSN}, environment="test", dsn=OTHER_DSN)

    assert (settings.environment, settings.dsn) == ("test", Dsn.parse(OTHER_DSN))
    assert settings.origins["dsn"] == "keyword"


def test_a_keyword_of_none_is_not_given() -> None:
    """None as keyword leaves the environment its say, so that callers may pass on what they have."""
    assert Settings.from_env({"SENTRY_RELEASE": "1"}, release=None).release == "1"


def test_a_blank_keyword_asks_for_the_default() -> None:
    """A blank keyword switches a variable off, as `sentry_sdk.init(dsn="")` does."""
    settings = Settings.from_env({"SENTRY_DSN": DSN}, dsn="")

    assert settings.dsn is None
    assert settings.origins["dsn"] == "keyword"


def test_durations_as_keywords_are_seconds() -> None:
    """OTEL_BSP_* counts milliseconds; the keyword of the same setting says seconds in its name."""
    settings = Settings.from_env({"OTEL_BSP_EXPORT_TIMEOUT": "1500"}, schedule_delay_seconds=0.5)

    assert (settings.schedule_delay_seconds, settings.export_timeout_seconds) == (0.5, 1.5)


@pytest.mark.parametrize(
    ("environ", "keywords", "expected", "origin"),
    [
        pytest.param({"SENTRY_DSN": DSN}, {}, DSN, "SENTRY_DSN", id="web"),
        pytest.param(
            {"SENTRY_DSN": DSN, "SENTRY_WORKER_DSN": OTHER_DSN}, {}, DSN, "SENTRY_DSN", id="web ignores the worker's"
        ),
        pytest.param(
            {"SENTRY_DSN": DSN, "NEXT_PUBLIC_SENTRY_DSN": OTHER_DSN}, {}, DSN, "SENTRY_DSN", id="own beats public"
        ),
        pytest.param({"NEXT_PUBLIC_SENTRY_DSN": DSN}, {}, DSN, "NEXT_PUBLIC_SENTRY_DSN", id="web falls back to public"),
        pytest.param(
            {"NEXT_PUBLIC_SENTRY_DSN": DSN, "SENTRY_BROWSER_DSN": OTHER_DSN},
            {},
            DSN,
            "NEXT_PUBLIC_SENTRY_DSN",
            id="the browser's own DSN is not the web's",
        ),
        pytest.param({"SENTRY_BROWSER_DSN": DSN}, {}, None, "default", id="browser only"),
        pytest.param(
            {"SENTRY_DSN": DSN, "SENTRY_WORKER_DSN": OTHER_DSN},
            {"role": "worker"},
            OTHER_DSN,
            "SENTRY_WORKER_DSN",
            id="worker",
        ),
        pytest.param({"SENTRY_DSN": DSN}, {"role": "worker"}, DSN, "SENTRY_DSN", id="worker falls back"),
        pytest.param({"NEXT_PUBLIC_SENTRY_DSN": DSN}, {"role": "worker"}, None, "default", id="worker is no page"),
        pytest.param(
            {"SENTRY_WORKER_DSN": OTHER_DSN}, {"role": "worker", "dsn": DSN}, DSN, "keyword", id="keyword beats worker"
        ),
        pytest.param(
            {},
            {"role": "worker", "dsn": DSN, "worker_dsn": OTHER_DSN},
            OTHER_DSN,
            "keyword",
            id="both as keywords",
        ),
    ],
)
def test_the_role_chooses_the_dsn(
    environ: dict[str, str], keywords: dict[str, Any], expected: str | None, origin: str
) -> None:
    """`dsn` is the one of this process's role, with the fall-backs of the table."""
    settings = Settings.from_env(environ, **keywords)

    assert (None if expected is None else Dsn.parse(expected)) == settings.dsn
    assert origin == settings.origins["dsn"]


def test_secrets_are_masked_in_repr() -> None:
    """A printed Settings shows what differs from the default, and no key."""
    settings = Settings.from_env(
        {"SENTRY_DSN": DSN, "SENTRY_AUTH_TOKEN": "t0ken", "OTEL_SENTRY_WALLET_HASH_KEY": "pepper", "SENTRY_ORG": "acme"}
    )

    assert "org='acme'" in repr(settings)
    assert [secret for secret in ("0123456789abcdef", "t0ken", "pepper") if secret in repr(settings)] == []


@pytest.mark.parametrize(
    ("keywords", "expected"),
    [
        pytest.param({"max_queue_size": 100}, (100, 100), id="small queue"),
        pytest.param({"max_export_batch_size": 200_000}, (200_000, 200_000), id="large batch"),
    ],
)
def test_the_size_nobody_chose_gives_way(keywords: dict[str, int], expected: tuple[int, int]) -> None:
    """One size alone never contradicts the default of the other."""
    settings = Settings.from_env({}, **keywords)

    assert expected == (settings.max_queue_size, settings.max_export_batch_size)


def test_settings_are_frozen() -> None:
    """Nobody changes settings that someone else holds."""
    with pytest.raises(dataclasses.FrozenInstanceError):
        Settings().debug = True  # type: ignore[misc]  # the assignment is what must fail


def test_the_process_environment_is_the_default(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without a mapping the variables of the process are read."""
    monkeypatch.setenv("SENTRY_RELEASE", "from-process")

    assert Settings.from_env().release == "from-process"


def test_nobody_else_reads_the_environment() -> None:
    """Only the settings room touches `os.environ`, and the test kit, which changes it around tests of applications."""
    package = Path(otel_sentry.__file__).parent
    readers = {
        path.relative_to(package).parts[0]
        for path in package.rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if _reads_environment(node)
    }

    assert readers == {"settings", "testing"}


def _reads_environment(node: ast.AST) -> bool:
    """Whether a syntax node names the environment."""
    readers = {"environ", "environb", "getenv", "getenvb"}
    if isinstance(node, ast.ImportFrom):
        return node.module == "os" and any(alias.name in readers for alias in node.names)
    is_of_os = isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id == "os"
    return is_of_os and node.attr in readers
