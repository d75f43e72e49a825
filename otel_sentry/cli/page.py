"""The command line reference of the documentation, printed from the commands' own help.

`COLUMNS=100 NO_COLOR=1 python -m otel_sentry.cli.page`
"""

from __future__ import annotations

import contextlib
import io
import sys
from typing import Final

from otel_sentry.cli.main import COMMANDS, main

_OPENING: Final = """\
# Command line

This page is printed from the commands' own `--help`.
"""


def cli_page() -> str:
    """The page as Markdown."""
    sections = [("otel-sentry", ["--help"])]
    sections += [(f"otel-sentry {command.name}", [command.name, "--help"]) for command in COMMANDS]
    return _OPENING + "".join(f"\n## {title}\n\n```text\n{_help(typed)}```\n" for title, typed in sections)


def _help(typed: list[str]) -> str:
    shown = io.StringIO()
    with contextlib.redirect_stdout(shown), contextlib.suppress(SystemExit):
        main(typed)
    return "".join(f"{line.rstrip()}\n" for line in shown.getvalue().rstrip().splitlines())


if __name__ == "__main__":
    sys.stdout.write(cli_page())
