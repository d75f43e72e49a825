"""Every setting of the browser side, read and refused."""

from __future__ import annotations

import pytest

from otel_sentry.errors import InvalidSetting
from otel_sentry.settings.browser_settings import BrowserSettings
from otel_sentry.settings.choices import ClientAddress, ReplayMasking
from otel_sentry.settings.declaration import declarations
from otel_sentry.settings.settings import Settings

ROWS = [
    ("OTEL_SENTRY_BROWSER_SDK", "static/sentry.js", "browser_sdk", "static/sentry.js"),
    ("OTEL_SENTRY_BROWSER_SDK_INTEGRITY", "sha384-ab+/cd==", "browser_sdk_integrity", "sha384-ab+/cd=="),
    ("OTEL_SENTRY_BROWSER_TRACES_SAMPLE_RATE", "0.25", "browser_traces_sample_rate", 0.25),
    ("OTEL_SENTRY_REPLAYS_SESSION_SAMPLE_RATE", "0.1", "replays_session_sample_rate", 0.1),
    ("OTEL_SENTRY_REPLAYS_ON_ERROR_SAMPLE_RATE", "0", "replays_on_error_sample_rate", 0.0),
    ("OTEL_SENTRY_REPLAY_MASKING", "inputs", "replay_masking", ReplayMasking.INPUTS),
    ("OTEL_SENTRY_TUNNEL_PATH", "/monitoring/", "tunnel_path", "/monitoring"),
    ("OTEL_SENTRY_TUNNEL_MAX_BYTES", "1024", "tunnel_max_bytes", 1024),
    ("OTEL_SENTRY_TUNNEL_MAX_RATE", "5", "tunnel_max_rate", 5),
    ("OTEL_SENTRY_TUNNEL_ORIGINS", "https://a.example", "tunnel_origins", ("https://a.example",)),
    ("OTEL_SENTRY_TUNNEL_CLIENT_ADDRESS", "peer", "tunnel_client_address", ClientAddress.PEER),
]


@pytest.mark.parametrize(("variable", "text", "field", "expected"), ROWS, ids=[row[0] for row in ROWS])
def test_each_variable_gives_its_field(variable: str, text: str, field: str, expected: object) -> None:
    """A variable of the table is read into its field, and the origin names the variable."""
    settings = Settings.from_env({variable: f" {text} "})

    assert expected == getattr(settings, field)
    assert variable == settings.origins[field]


def test_each_declared_variable_is_tried() -> None:
    """The table above names every variable of the browser side."""
    assert {row[0] for row in ROWS} == {name for row in declarations(BrowserSettings) for name in row.variables}


@pytest.mark.parametrize(
    ("variable", "text"),
    [
        ("OTEL_SENTRY_BROWSER_SDK_INTEGRITY", "md5-abc"),
        ("OTEL_SENTRY_BROWSER_SDK_INTEGRITY", 'sha384-a"b'),
        ("OTEL_SENTRY_REPLAY_MASKING", "some"),
        ("OTEL_SENTRY_TUNNEL_PATH", "tunnel"),
        ("OTEL_SENTRY_TUNNEL_PATH", "//evil.example/tunnel"),
        ("OTEL_SENTRY_TUNNEL_PATH", "https://evil.example/tunnel"),
        ("OTEL_SENTRY_TUNNEL_PATH", "/tunnel?x=1"),
        ("OTEL_SENTRY_TUNNEL_CLIENT_ADDRESS", "all"),
    ],
)
def test_what_cannot_be_used_is_refused(variable: str, text: str) -> None:
    """One line that names the variable."""
    with pytest.raises(InvalidSetting, match=variable):
        Settings.from_env({variable: text})
