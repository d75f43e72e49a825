"""The command line itself: help, version, unknown commands, exit statuses, laziness."""

from __future__ import annotations

import importlib
import subprocess
import sys
from types import ModuleType
from typing import TYPE_CHECKING, NoReturn

import pytest

from otel_sentry._version import __version__
from otel_sentry.cli import main as cli
from otel_sentry.errors import InvalidSetting, MissingExtra, OtelSentryError

if TYPE_CHECKING:
    from pathlib import Path


def test_help_teaches(capsys: pytest.CaptureFixture[str]) -> None:
    """Every command with a sentence, examples, exit statuses."""
    with pytest.raises(SystemExit) as left:
        cli.main(["--help"])
    text = capsys.readouterr().out

    assert left.value.code == 0
    assert all(f"  {command.name}" in text and command.summary in text for command in cli.COMMANDS)
    assert "export SENTRY_DSN=" in text
    assert "exit status:" in text


def test_without_a_command_help_is_shown(capsys: pytest.CaptureFixture[str]) -> None:
    """Nobody who types the bare name is refused."""
    assert cli.main([]) == 0
    assert "commands:" in capsys.readouterr().out


def test_the_version_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    """Of the package."""
    with pytest.raises(SystemExit):
        cli.main(["--version"])

    assert capsys.readouterr().out == f"otel-sentry {__version__}\n"


@pytest.mark.parametrize(
    ("typed", "told"),
    [
        pytest.param("shwo", "there is no command 'shwo'; did you mean show?", id="near"),
        pytest.param("walletid", "did you mean wallet-id?", id="nearly the same"),
        pytest.param("zzz", "commands: browser, demo, dev,", id="far"),
    ],
)
def test_an_unknown_command_is_met_with_help(typed: str, told: str, capsys: pytest.CaptureFixture[str]) -> None:
    """One line, status 2."""
    assert cli.main([typed]) == 2
    assert told in capsys.readouterr().err


@pytest.mark.parametrize("command", [pytest.param(command, id=command.name) for command in cli.COMMANDS])
def test_every_row_of_the_table_is_a_command_that_explains_itself(
    command: cli.Command, capsys: pytest.CaptureFixture[str]
) -> None:
    """`--help` of each says how it is called and with which statuses it ends."""
    with pytest.raises(SystemExit) as left:
        cli.main([command.name, "--help"])
    text = capsys.readouterr().out

    assert left.value.code == 0
    assert f"usage: otel-sentry {command.name}" in text
    assert "exit status" in text.lower()


@pytest.fixture
def raising(monkeypatch: pytest.MonkeyPatch) -> list[BaseException]:
    """Makes the command `dev` raise what is put here."""
    errors: list[BaseException] = []
    module = ModuleType("otel_sentry.cli.dev")

    def fail(_: object) -> NoReturn:
        raise errors[0]

    module.main = fail  # type: ignore[attr-defined] # a command that fails
    monkeypatch.setitem(sys.modules, "otel_sentry.cli.dev", module)
    return errors


@pytest.mark.parametrize(
    ("error", "status", "told"),
    [
        (MissingExtra("the terminal view", "dev"), 1, "otel-sentry dev: the terminal view needs packages"),
        (InvalidSetting("SENTRY_DSN", "***", "a DSN"), 2, "otel-sentry dev: SENTRY_DSN"),
        (OtelSentryError("broken"), 1, "otel-sentry dev: broken"),
        (KeyboardInterrupt(), 130, ""),
    ],
)
def test_what_is_raised_becomes_a_line_and_a_status(
    raising: list[BaseException], error: BaseException, status: int, told: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """No traceback for what the user can put right."""
    raising.append(error)

    assert cli.main(["dev"]) == status
    assert capsys.readouterr().err.startswith(told)


def test_a_command_whose_package_is_missing_says_so(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """In a line, without a traceback."""
    monkeypatch.delitem(sys.modules, "otel_sentry.cli.dev", raising=False)
    monkeypatch.delitem(sys.modules, "otel_sentry.local.receiver", raising=False)
    monkeypatch.delitem(sys.modules, "otel_sentry.local.app", raising=False)
    monkeypatch.setitem(sys.modules, "starlette.requests", None)

    assert cli.main(["dev"]) == 1
    assert capsys.readouterr().err == (
        "otel-sentry dev: the embedded Sentry needs packages that are not installed: pip install 'otel-sentry[dev]'\n"
    )


def test_a_command_that_needs_what_no_extra_brings_names_it(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """The package that was looked for."""
    missing = cli.Command("lost", "no_such_package.lost", "is not there")
    monkeypatch.setattr(cli, "COMMANDS", (missing,))

    assert cli.main(["lost"]) == 1
    assert capsys.readouterr().err == "otel-sentry lost: needs the package no_such_package, which is not installed\n"


def test_a_fault_of_ours_is_not_hidden(raising: list[BaseException]) -> None:
    """What nobody foresaw keeps its traceback."""
    raising.append(ZeroDivisionError())

    with pytest.raises(ZeroDivisionError):
        cli.main(["dev"])


HEAVY = ("rich", "uvicorn", "starlette", "sentry_sdk", "opentelemetry", "orjson")


def test_help_loads_no_command() -> None:
    """The table is enough: no server, terminal or SDK is imported."""
    code = f"import sys, otel_sentry.cli.main as m; m.main([]); sys.exit(str({{*{HEAVY}}} & {{*sys.modules}}))"
    done = _python("-c", code)

    assert done.stderr == "set()\n"


def test_a_closed_pipe_ends_quietly(tmp_path: Path) -> None:
    """`otel-sentry show FILE | head -1` is no error."""
    file = tmp_path / "many.envelopes"
    file.write_bytes(b"{}\n" + b'{"type":"client_report"}\n{"discarded_events":[]}\n' * 20_000)
    process = subprocess.Popen(
        [sys.executable, "-m", "otel_sentry.cli.main", "show", str(file), "--json"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    assert process.stdout is not None
    process.stdout.readline()
    process.stdout.close()
    _, errors = process.communicate(timeout=60)

    assert (process.returncode, errors) == (0, b"")


def _python(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, *arguments], capture_output=True, text=True, check=False, timeout=60)


def test_the_script_of_the_package_is_this() -> None:
    """`otel-sentry` is installed as this function."""
    assert importlib.import_module("otel_sentry.cli.main").main is cli.main
