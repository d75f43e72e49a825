"""`otel-sentry settings` says what is in effect and why, and no secret."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from otel_sentry.cli.main import EXIT_USAGE, main

if TYPE_CHECKING:
    from collections.abc import Callable

DSN = "https://0123456789abcdef0123456789abcdef@o7.ingest.sentry.io/1"


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Callable[..., tuple[int, str, str]]:
    """Runs the command in an environment that holds only what is given."""

    def run(*arguments: str, **variables: str) -> tuple[int, str, str]:
        import os  # noqa: PLC0415 - to see what to hide

        for name in [name for name in os.environ if name.startswith(("SENTRY_", "OTEL_", "NEXT_PUBLIC_"))]:
            monkeypatch.delenv(name)
        for name, value in variables.items():
            monkeypatch.setenv(name, value)
        status = main(["settings", *arguments])
        out, err = capsys.readouterr()
        return status, out, err

    return run


def test_values_and_origins_are_shown_and_keys_are_not(run: Callable[..., tuple[int, str, str]]) -> None:
    """What is set is listed with its variable; the key of the DSN is masked."""
    status, out, _ = run(SENTRY_DSN=DSN, OTEL_SENTRY_WALLET_PRIVACY="hash", OTEL_SENTRY_WALLET_HASH_KEY="hunter2")

    assert status == 0
    assert "SENTRY_DSN" in out
    assert "OTEL_SENTRY_WALLET_PRIVACY" in out
    assert "0123456789abcdef" not in out
    assert "hunter2" not in out


def test_json_has_value_and_origin(run: Callable[..., tuple[int, str, str]]) -> None:
    """The machine-readable form names each setting by its keyword."""
    _, out, _ = run("--json", SENTRY_TRACES_SAMPLE_RATE="0.25")

    assert json.loads(out)["traces_sample_rate"] == {"value": "0.25", "origin": "SENTRY_TRACES_SAMPLE_RATE"}


def test_defaults_are_shown_when_asked_for(run: Callable[..., tuple[int, str, str]]) -> None:
    """`--all` lists settings nobody set; without it one line says that there are none."""
    _, everything, _ = run("--all")
    _, nothing, _ = run()

    assert "wire_format" in everything
    assert "wire_format" not in nothing
    assert "SENTRY_DSN" in nothing


def test_a_value_that_cannot_be_used_is_one_line(run: Callable[..., tuple[int, str, str]]) -> None:
    """The refusal names variable, value and what is allowed."""
    status, out, err = run(OTEL_SENTRY_WIRE_FORMAT="protobuf")

    assert (status, out) == (EXIT_USAGE, "")
    assert err.count("\n") == 1
    assert "OTEL_SENTRY_WIRE_FORMAT" in err
    assert "transaction" in err
