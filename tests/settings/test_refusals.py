"""Refused settings: one line that names what was typed, its value (secrets masked), and what is allowed."""

from __future__ import annotations

from typing import Any

import pytest

from otel_sentry.errors import InvalidSetting
from otel_sentry.settings.settings import Settings


@pytest.mark.parametrize(
    ("environ", "keywords", "parts"),
    [
        pytest.param({"SENTRY_DSN": "https://o7.io/1"}, {}, ["SENTRY_DSN", "public key is missing"], id="DSN, no key"),
        pytest.param(
            {"SENTRY_DSN": "ftp://k@h/1"}, {}, ["SENTRY_DSN", "scheme must be http or https"], id="DSN scheme"
        ),
        pytest.param({"SENTRY_WORKER_DSN": "https://k@h/x"}, {}, ["SENTRY_WORKER_DSN", "project id"], id="DSN project"),
        pytest.param({"NEXT_PUBLIC_SENTRY_DSN": "x"}, {}, ["NEXT_PUBLIC_SENTRY_DSN", "***"], id="public DSN"),
        pytest.param({}, {"dsn": 5}, ["dsn", "https://<public key>@<host>/<project id>"], id="DSN is no text"),
        pytest.param(
            {"SENTRY_TRACES_SAMPLE_RATE": "1.5"}, {}, ["SENTRY_TRACES_SAMPLE_RATE", "1.5", "0 to 1"], id="rate above 1"
        ),
        pytest.param({"SENTRY_TRACES_SAMPLE_RATE": "-0.1"}, {}, ["-0.1", "0 to 1"], id="rate below 0"),
        pytest.param({"SENTRY_TRACES_SAMPLE_RATE": "nan"}, {}, ["nan", "0 to 1"], id="rate NaN"),
        pytest.param({"SENTRY_TRACES_SAMPLE_RATE": "half"}, {}, ["half", "0 to 1"], id="rate text"),
        pytest.param({}, {"traces_sample_rate": True}, ["traces_sample_rate", "true", "0 to 1"], id="rate bool"),
        pytest.param(
            {"OTEL_SENTRY_WIRE_FORMAT": "otlp"}, {}, ["OTEL_SENTRY_WIRE_FORMAT", "otlp", "span, transaction"], id="wire"
        ),
        pytest.param({"OTEL_SENTRY_ROLE": "cron"}, {}, ["OTEL_SENTRY_ROLE", "cron", "web, worker"], id="role"),
        pytest.param({"OTEL_SENTRY_WALLET_PRIVACY": "x"}, {}, ["plain, short, hash, off"], id="privacy"),
        pytest.param(
            {"OTEL_SENTRY_WALLET_PRIVACY": "hash"},
            {},
            ["OTEL_SENTRY_WALLET_PRIVACY", "OTEL_SENTRY_WALLET_HASH_KEY"],
            id="hash without key",
        ),
        pytest.param(
            {}, {"wallet_privacy": "hash"}, ["wallet_privacy", "OTEL_SENTRY_WALLET_HASH_KEY"], id="hash keyword"
        ),
        pytest.param({"OTEL_SENTRY_SPAN_EVENTS": "x"}, {}, ["breadcrumbs, logs, off"], id="span events"),
        pytest.param({"SENTRY_DEBUG": "maybe"}, {}, ["SENTRY_DEBUG", "maybe", "true or false"], id="boolean"),
        pytest.param(
            {"OTEL_SDK_DISABLED": "1"}, {}, ["OTEL_SDK_DISABLED", "true or false"], id="OpenTelemetry's boolean"
        ),
        pytest.param({"OTEL_BSP_MAX_QUEUE_SIZE": "0"}, {}, ["OTEL_BSP_MAX_QUEUE_SIZE", "whole number"], id="size 0"),
        pytest.param({"OTEL_SENTRY_SPOOL_MAX_BYTES": "1.5"}, {}, ["1.5", "whole number"], id="size fraction"),
        pytest.param({"OTEL_SENTRY_TUNNEL_MAX_BYTES": "inf"}, {}, ["inf", "whole number"], id="size infinite"),
        pytest.param({"OTEL_BSP_SCHEDULE_DELAY": "-1"}, {}, ["-1", "milliseconds"], id="delay"),
        pytest.param({"OTEL_SENTRY_SHUTDOWN_TIMEOUT": "soon"}, {}, ["soon", "seconds"], id="timeout"),
        pytest.param({"OTEL_SENTRY_SPOOL_MAX_AGE": "inf"}, {}, ["inf", "seconds"], id="endless age"),
        pytest.param(
            {"OTEL_BSP_MAX_QUEUE_SIZE": "10", "OTEL_BSP_MAX_EXPORT_BATCH_SIZE": "11"},
            {},
            ["OTEL_BSP_MAX_EXPORT_BATCH_SIZE", "11", "at most the queue's size, 10"],
            id="batch above queue",
        ),
        pytest.param(
            {"OTEL_SENTRY_TRACE_PROPAGATION_TARGETS": "ok,/(/"},
            {},
            ["OTEL_SENTRY_TRACE_PROPAGATION_TARGETS", "regular expression"],
            id="expression",
        ),
        pytest.param({}, {"trace_propagation_targets": 3}, ["trace_propagation_targets", "comma list"], id="targets"),
        pytest.param({"OTEL_SENTRY_KEEP": "slow:fast"}, {}, ["OTEL_SENTRY_KEEP", "slow:<duration"], id="keep"),
        pytest.param({"OTEL_SENTRY_TRACE_URL": "https://x/"}, {}, ["{trace_id}"], id="template without id"),
        pytest.param({"OTEL_SENTRY_TRACE_URL": "{trace_id}"}, {}, ["http(s) URL"], id="template without scheme"),
        pytest.param({"SENTRY_URL": "sentry.io"}, {}, ["SENTRY_URL", "http://"], id="URL"),
        pytest.param({"OTEL_SENTRY_ORG_ID": "acme"}, {}, ["OTEL_SENTRY_ORG_ID", "a number"], id="organisation"),
        pytest.param({"OTEL_TRACES_EXPORTER": ","}, {}, ["OTEL_TRACES_EXPORTER", "at least one"], id="no exporter"),
        pytest.param({}, {"traces_exporters": 1}, ["traces_exporters", "comma list"], id="list is none"),
        pytest.param({}, {"traces_sampler": "f"}, ["traces_sampler", "a function"], id="function"),
        pytest.param({}, {"environment": 1}, ["environment", "text"], id="text"),
        pytest.param(
            {}, {"traces_sampel_rate": 1}, ["traces_sampel_rate", "did you mean traces_sample_rate"], id="near"
        ),
        pytest.param({}, {"zzz": 1}, ["zzz", "a setting"], id="unknown keyword"),
        pytest.param({}, {"origins": {}}, ["origins"], id="origins are no setting"),
    ],
)
def test_a_bad_value_is_refused_in_one_line(
    environ: dict[str, str], keywords: dict[str, Any], parts: list[str]
) -> None:
    """The message names what was typed, the value, and what is allowed, on one line."""
    with pytest.raises(InvalidSetting) as refusal:
        Settings.from_env(environ, **keywords)

    assert [part for part in parts if part not in str(refusal.value)] == []
    assert "\n" not in str(refusal.value)


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("https://s3cr3t0123456789@host/x", id="key before host"),
        pytest.param("https://s3cr3t0123456789:s3cr3t0123456789@host/x", id="both keys"),
        pytest.param("s3cr3t0123456789@host/1", id="no scheme"),
        pytest.param("https://host/s3cr3t0123456789", id="key in the path"),
        pytest.param("s3cr3t0123456789", id="key alone"),
    ],
)
def test_a_refused_dsn_does_not_show_its_key(text: str) -> None:
    """Whatever is wrong with a DSN, what may be its key stays hidden."""
    with pytest.raises(InvalidSetting) as refusal:
        Settings.from_env({"SENTRY_DSN": text})

    assert "s3cr3t" not in str(refusal.value)
    assert "SENTRY_DSN" in str(refusal.value)


def test_a_long_bad_value_is_cut() -> None:
    """A message stays readable whatever was put into a variable."""
    with pytest.raises(InvalidSetting) as refusal:
        Settings.from_env({"SENTRY_DEBUG": "x\n" * 5000})

    assert len(str(refusal.value)) < 300
