"""`otel-sentry`: finds the command, loads its one file, turns what is raised into one line. Nobody imports this room.

A command is a module with `main(arguments) -> exit status`; to add one, add a row to `COMMANDS`.
"""

from __future__ import annotations

import argparse
import difflib
import os
import sys
from dataclasses import dataclass
from importlib import import_module
from typing import TYPE_CHECKING, Final

from otel_sentry._version import __version__
from otel_sentry.errors import InvalidSetting, OtelSentryError

if TYPE_CHECKING:
    from collections.abc import Sequence
    from types import ModuleType

EXIT_DONE: Final = 0
EXIT_FAILED: Final = 1
EXIT_USAGE: Final = 2
EXIT_INTERRUPTED: Final = 130


@dataclass(frozen=True, slots=True)
class Command:
    """One row of the table: what is typed, where it lives, what the help says of it."""

    name: str
    module: str
    summary: str


COMMANDS: Final = (
    Command(
        "browser",
        "otel_sentry.cli.browser",
        "make a script of Sentry's browser SDK; print what a page's policy must allow",
    ),
    Command("demo", "otel_sentry.cli.demo", "run the example dapp and see its traces, issues and wallets"),
    Command("dev", "otel_sentry.cli.dev", "run a Sentry on this machine; traces appear in the terminal as they arrive"),
    Command(
        "doctor", "otel_sentry.cli.doctor", "say what would happen to telemetry here, why, and what to type instead"
    ),
    Command("release", "otel_sentry.cli.release", "make a release in Sentry: commits, source maps, deploys"),
    Command("settings", "otel_sentry.cli.settings", "print the settings in effect and where each came from"),
    Command("show", "otel_sentry.cli.show", "show saved envelopes the same way"),
    Command("wallet-id", "otel_sentry.cli.wallet_id", "print what a wallet is called in Sentry"),
)

_EPILOG: Final = """\
examples:
  otel-sentry demo                       nothing needed: the example dapp against a local Sentry
  otel-sentry dev                        then, in another terminal:
  export SENTRY_DSN=http://local@127.0.0.1:8969/1
  OTEL_TRACES_EXPORTER=sentry opentelemetry-instrument python app.py
  otel-sentry dev --save today.envelopes
  otel-sentry show today.envelopes
  otel-sentry doctor                     nothing arrives? says why, and what to type instead

exit status:
  0    done
  1    could not be done, or something is wrong with what was looked at; standard error says what
  2    cannot be done as typed; standard error says what to type
  130  interrupted

otel-sentry COMMAND --help says more about a command."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command.

    Args:
        arguments: what was typed behind `otel-sentry`; None reads the command line.

    Returns:
        The exit status; see the epilogue of `otel-sentry --help`.
    """
    _make_streams_forgiving()
    typed = list(sys.argv[1:] if arguments is None else arguments)
    if not typed or typed[0].startswith("-"):
        _parser().parse_args(typed)
        _parser().print_help()
        return EXIT_DONE
    command = next((command for command in COMMANDS if command.name == typed[0]), None)
    if command is None:
        return _unknown(typed[0])
    return _run(command, typed[1:])


def _run(command: Command, rest: Sequence[str]) -> int:
    try:
        status = _load(command).main(rest)
        sys.stdout.flush()
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return EXIT_DONE
    except KeyboardInterrupt:
        return EXIT_INTERRUPTED
    except OtelSentryError as exc:
        status = EXIT_USAGE if isinstance(exc, InvalidSetting) else EXIT_FAILED
        return _complain(f"otel-sentry {command.name}: {exc}", status)
    return int(status)


def _load(command: Command) -> ModuleType:
    try:
        return import_module(command.module)
    except ModuleNotFoundError as exc:
        raise OtelSentryError(f"needs the package {exc.name}, which is not installed") from exc


def _parser() -> argparse.ArgumentParser:
    width = max(len(command.name) for command in COMMANDS)
    commands = "\n".join(f"  {command.name:<{width}}  {command.summary}" for command in COMMANDS)
    parser = argparse.ArgumentParser(
        prog="otel-sentry",
        usage="otel-sentry COMMAND [OPTIONS]",
        description=f"Write OpenTelemetry, see Sentry, leave any time.\n\ncommands:\n{commands}",
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--version", action="version", version=f"otel-sentry {__version__}")
    return parser


def _unknown(typed: str) -> int:
    names = [command.name for command in COMMANDS]
    near = difflib.get_close_matches(typed, names, n=2, cutoff=0.5)
    meant = f"did you mean {' or '.join(near)}?" if near else f"commands: {', '.join(names)}"
    return _complain(f"otel-sentry: there is no command {typed!r}; {meant}", EXIT_USAGE)


def _complain(line: str, status: int) -> int:
    sys.stderr.write(f"{line}\n")
    return status


def _make_streams_forgiving() -> None:
    """A stream that cannot carry a character shows its escape instead of ending the command."""
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="backslashreplace")


if __name__ == "__main__":
    raise SystemExit(main())
