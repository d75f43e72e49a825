"""Declaration: what may be shown of a value."""

from __future__ import annotations

import pytest

from otel_sentry.protocol.dsn import Dsn
from otel_sentry.settings.choices import Role
from otel_sentry.settings.declaration import declarations
from otel_sentry.settings.settings import Settings

ROWS = {row.name: row for row in declarations(Settings)}


@pytest.mark.parametrize(
    ("name", "value", "expected"),
    [
        pytest.param("debug", True, "true", id="boolean"),
        pytest.param("role", Role.WORKER, "worker", id="choice"),
        pytest.param("traces_exporters", ("sentry", "otlp"), "sentry,otlp", id="list"),
        pytest.param("traces_sampler", Dsn.parse, "Dsn.parse", id="function"),
        pytest.param("dsn", Dsn.parse("https://key@host/1"), "https://***@host/1", id="DSN"),
        pytest.param("wallet_hash_key", "pepper", "***", id="secret"),
        pytest.param("wallet_hash_key", None, "", id="no secret"),
        pytest.param("url", "https://me:pass@host/", "https://***@host/", id="credentials in a URL"),
        pytest.param("spool_max_bytes", 5, "5", id="number"),
    ],
)
def test_values_are_shown_as_typed_without_secrets(name: str, value: object, expected: str) -> None:
    """A value is shown the way users type it, on one line, secrets masked."""
    assert expected == ROWS[name].shown(value)


def test_every_setting_has_a_sentence() -> None:
    """Each row explains itself in one sentence."""
    assert [row.name for row in ROWS.values() if not row.sentence.endswith(".") or "\n" in row.sentence] == []
